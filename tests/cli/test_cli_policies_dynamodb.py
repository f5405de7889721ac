"""Policies in a DynamoDB table, as AWS's data-lifecycle sample keeps them."""

import uuid
from typing import Any

import pytest
from tests.cli.conftest import Cli
from tests.servers.emulator import Emulator
from tests.unit.config.lifecycle_csv import SAMPLE, file, row

NAMES = {"schema_name": "public", "table_name": "Orders", "column_name": "order_date"}
RULE = row(**NAMES, granularity_level="monthly", retention_period="3", s3_path="", partition_column="")


@pytest.fixture
def rules(aws_environment: Emulator) -> str:
    """The address of a table that is not there yet."""
    return f"dynamodb://rules-{uuid.uuid4().hex[:12]}?endpoint={aws_environment.endpoint}"


@pytest.fixture
def bare(shop: Cli) -> Cli:
    """The shop without a policy of its own."""
    own = (shop.folder / "tidegate.toml").read_text()
    (shop.folder / "tidegate.toml").write_text(own.partition("[[archive]]")[0])
    return shop


def name_of(rules: str) -> str:
    return rules.removeprefix("dynamodb://").partition("?")[0]


def items(emulator: Emulator, rules: str) -> list[dict[str, Any]]:
    found = emulator.client("dynamodb").scan(TableName=name_of(rules))["Items"]
    return sorted(found, key=lambda item: str(item["table_name"]))


def test_rules_go_from_a_file_to_the_table_and_back(cli: Cli, emulator: Emulator, rules: str) -> None:
    (cli.folder / "rules.csv").write_bytes(SAMPLE)
    cli.ok("policies", "import", "rules.csv")
    assert cli.ok("policies", "export", rules).stdout == f"4 policies exported to {rules}\n"
    table = emulator.client("dynamodb").describe_table(TableName=name_of(rules))["Table"]
    assert [(key["AttributeName"], key["KeyType"]) for key in table["KeySchema"]] == [
        ("schema_name", "HASH"),
        ("table_name", "RANGE"),
    ]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert items(emulator, rules)[3]["unload_region"] == {"S": "us-east-1"}
    cli.ok("policies", "import", rules, "--replace")
    assert {p["source"] for p in cli.ok("policies", "list", "--json").document["policies"]} == {rules}
    cli.ok("policies", "export", "again.csv")
    assert (cli.folder / "again.csv").read_bytes() == SAMPLE.removeprefix(b"\xef\xbb\xbf") + b"\n"


def test_an_archive_tells_the_table_how_far_it_came(bare: Cli, emulator: Emulator, rules: str) -> None:
    (bare.folder / "rules.csv").write_bytes(file(RULE))
    bare.ok("policies", "import", "rules.csv")
    bare.ok("policies", "export", rules)
    bare.ok("policies", "import", rules, "--replace")
    bare.ok("archive", "--as-of", "2020-06-20", "--yes")
    assert [item["checkpoint"] for item in items(emulator, rules)] == [{"S": "2020-02-01"}]
    emulator.client("dynamodb").delete_item(
        TableName=name_of(rules), Key={"schema_name": {"S": "public"}, "table_name": {"S": "Orders"}}
    )
    told = bare.ok("archive", "--as-of", "2020-07-20", "--yes")
    assert (
        "the checkpoint 2020-03-01 of public.orders could not be written back: the rule of public.Orders is gone from "
        f"{rules}"
    ) in told.stderr.splitlines()
    assert items(emulator, rules) == []
    assert bare.ok("policies", "list", "--json").document["policies"][0]["checkpoint"] == "2020-03-01"
    emulator.client("dynamodb").put_item(
        TableName=name_of(rules), Item={"schema_name": {"S": "public"}, "table_name": {"S": "Orders"}}
    )
    bare.ok("archive", "--as-of", "2020-07-20", "--yes")
    assert [item["checkpoint"] for item in items(emulator, rules)] == [{"S": "2020-03-01"}]


def test_numbers_and_booleans_are_read_and_what_is_none_is_named(bare: Cli, emulator: Emulator, rules: str) -> None:
    bare.ok("policies", "export", rules)
    client = emulator.client("dynamodb")
    key = {"schema_name": {"S": "public"}, "table_name": {"S": "orders"}}
    rest = {"column_name": {"S": "order_date"}, "granularity_level": {"S": "daily"}, "retention_period": {"N": "90"}}
    item = {**key, **rest, "update_delete_flag": {"N": "2"}, "parallel": {"BOOL": False}, "null_as": {"NULL": True}}
    client.put_item(TableName=name_of(rules), Item=item)
    (found,) = bare.ok("policies", "import", rules, "--json").document["imported"]
    assert (found["retention"], found["action"], found["format"]) == (90, "archive", "text")
    client.put_item(TableName=name_of(rules), Item={**item, "owner": {"S": "me"}})
    client.put_item(TableName=name_of(rules), Item={**item, "table_name": {"S": "b"}, "header": {"SS": ["x"]}})
    outcome = bare("policies", "import", rules)
    assert (outcome.exit_code, outcome.stderr.splitlines()[1:3]) == (
        3,
        [
            "  item public.b: header is of the type SS, must be text or a number",
            "  item public.orders: owner is no field of a rule",
        ],
    )


def test_a_table_that_is_not_there_or_cannot_be_reached(cli: Cli, rules: str) -> None:
    outcome = cli("policies", "import", rules)
    assert (outcome.exit_code, outcome.stderr.splitlines()[0]) == (
        3,
        f"error: cannot read {rules}: there is no such table",
    )
    outcome = cli("policies", "import", "dynamodb://rules?endpoint=http://127.0.0.1:9")
    assert (outcome.exit_code, outcome.stderr.splitlines()[0]) == (
        7,
        "error: cannot read dynamodb://rules?endpoint=http://127.0.0.1:9: EndpointConnectionError",
    )
