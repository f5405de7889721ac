"""`tidegate policies` and `tidegate doctor --policies`: the CSV of AWS's data-lifecycle sample."""

import errno

import pytest
from tests.cli.conftest import Cli
from tests.unit.config.lifecycle_csv import SAMPLE, file, row


def put(cli: Cli, data: bytes, name: str = "rules.csv") -> str:
    (cli.folder / name).write_bytes(data)
    return name


def tables(cli: Cli) -> list[tuple[str, str | None]]:
    """Tables of all policies in their order, each with its checkpoint."""
    return [(p["table"], p["checkpoint"]) for p in cli.ok("policies", "list", "--json").document["policies"]]


def test_the_samples_file_is_imported_and_comes_back_as_it_was(cli: Cli) -> None:
    told = cli.ok("policies", "import", put(cli, SAMPLE))
    assert told.stdout == f"4 policies imported from {cli.folder}/rules.csv\n"
    assert told.stderr.splitlines()[0] == (
        f"line 2, test.ret_test_1: the lake is the folder {cli.folder}/lake, so s3_path "
        "s3://redshift-data-test-vikas/ret_test_1 becomes redshift-data-test-vikas/ret_test_1 in it"
    )
    assert tables(cli) == [(f"test.ret_test_{n}", None) for n in (1, 2, 3, 4)]
    assert cli.ok("policies", "list").stdout.splitlines()[2].split() == (
        ["test.ret_test_1", "archive", "load_date", "daily", "90", "10", f"{cli.folder}/rules.csv"]
    )
    cli.ok("policies", "export", "again.csv")
    assert (cli.folder / "again.csv").read_bytes() == SAMPLE.removeprefix(b"\xef\xbb\xbf") + b"\n"
    outcome = cli("policies", "export", "again.csv")
    assert (outcome.exit_code, outcome.stderr) == (
        2,
        f"error: the file {cli.folder}/again.csv exists already\nhint: Name another file, or remove this one.\n",
    )


def test_an_import_follows_its_source_and_keeps_checkpoints(cli: Cli) -> None:
    rules = put(cli, file(row(s3_path="", checkpoint="2020-03-21"), row(s3_path="", table_name="b")))
    cli.ok("policies", "import", rules)
    put(cli, file(row(s3_path="", priority="")))
    told = cli.ok("policies", "import", rules)
    assert told.stdout.splitlines() == [
        f"1 policy imported from {cli.folder}/rules.csv",
        "test.b has no imported policy any more",
    ]
    assert tables(cli) == [("test.ret_test_1", "2020-03-21")]


def test_a_file_is_the_same_source_however_its_path_is_written(cli: Cli) -> None:
    cli.ok("policies", "import", put(cli, file(row(s3_path=""))))
    told = cli.ok("policies", "import", f"../{cli.folder.name}/rules.csv")
    assert told.stdout == f"1 policy imported from {cli.folder}/rules.csv\n"


def test_an_export_that_cannot_be_written_leaves_nothing(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    cli.ok("policies", "import", put(cli, file(row(s3_path=""))))
    before = sorted(cli.folder.iterdir())

    def full(source: str, target: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tidegate.rules.csv_file.os.replace", full)
    outcome = cli("policies", "export", "out.csv")
    assert outcome.exit_code == 3
    assert outcome.stderr.startswith(f"error: cannot write {cli.folder}/out.csv: no space left on device\n")
    assert sorted(cli.folder.iterdir()) == before


def test_two_sources_have_no_table_in_common(cli: Cli) -> None:
    cli.ok("policies", "import", put(cli, file(row(s3_path=""), row(s3_path="", table_name="b"))))
    other = put(cli, file(row(s3_path="")), "other.csv")
    outcome = cli("policies", "import", other)
    assert outcome.exit_code == 3
    assert outcome.stderr.splitlines()[0] == (
        f"error: test.ret_test_1 has a policy imported from {cli.folder}/rules.csv and one in {cli.folder}/other.csv"
    )
    document = cli.ok("policies", "import", other, "--replace", "--json").document
    assert document["removed"] == ["test.b"]
    assert tables(cli) == [("test.ret_test_1", None)]


def test_a_table_has_one_policy(shop: Cli) -> None:
    rules = put(shop, file(row(schema_name="public", table_name="orders", column_name="order_date", s3_path="")))
    message = (
        f"error: public.orders has a policy in {shop.folder}/tidegate.toml and one imported from "
        f"{shop.folder}/rules.csv"
    )
    outcome = shop("policies", "import", rules)
    assert (outcome.exit_code, outcome.stderr.splitlines()[0]) == (3, message)
    own = (shop.folder / "tidegate.toml").read_text()
    (shop.folder / "tidegate.toml").write_text(own.partition("[[archive]]")[0])
    shop.ok("policies", "import", rules)
    (shop.folder / "tidegate.toml").write_text(own)
    outcome = shop("plan")
    assert (outcome.exit_code, outcome.stderr.splitlines()[0]) == (3, message)


def test_imported_policies_are_carried_out_and_tell_how_far(shop: Cli) -> None:
    own = (shop.folder / "tidegate.toml").read_text()
    (shop.folder / "tidegate.toml").write_text(own.partition("[[archive]]")[0])
    cells = {"schema_name": "public", "table_name": "Orders", "column_name": "ORDER_DATE", "s3_path": ""}
    rules = put(shop, file(row(**cells, granularity_level="Monthly", retention_period="3", partition_column="")))
    shop.ok("policies", "import", rules)
    shop.ok("archive", "--as-of", "2020-06-20", "--yes")
    assert tables(shop) == [("public.orders", "2020-02-01")]
    shop.ok("policies", "import", rules)
    shop.ok("ledger", "rebuild")
    assert tables(shop) == [("public.orders", "2020-02-01")]
    shop.ok("policies", "export", "after.csv")
    assert (shop.folder / "after.csv").read_text().splitlines()[1].endswith(",10,2,2020-02-01")


def test_policies_of_the_configuration_are_exported_as_far_as_a_rule_can_say_them(shop: Cli) -> None:
    shop.configure('batch_periods = 5\nunload = { max_filesize = "64MB", parallel = false }\n')
    told = shop.ok("policies", "export", "own.csv")
    assert told.stderr == "public.orders: a rule cannot say batch_periods\n"
    assert (shop.folder / "own.csv").read_text().splitlines()[1] == (
        "public,orders,order_date,monthly,3,,parquet,,,,,,,,64 mb,0,,100,2,"
    )


def test_nothing_is_imported_before_every_row_is_right(cli: Cli) -> None:
    rules = put(cli, file(row(s3_path=""), row(table_name="b", priority="x"), "1,2"))
    outcome = cli("policies", "import", rules)
    assert (outcome.exit_code, outcome.stderr) == (
        3,
        f"error: nothing was imported: {cli.folder}/rules.csv has 2 rules that cannot be\n"
        "  line 4: 2 values, the header has 20 columns\n"
        '  line 3, test.b: priority is "x", must be a whole number\n'
        "hint: Correct them there, then import again.\n",
    )
    assert tables(cli) == []


@pytest.mark.parametrize(
    ("source", "code", "message"),
    [
        ("gone.csv", 3, "cannot read {folder}/gone.csv: no such file or directory"),
        (
            "s3://a/b.csv",
            2,
            "the address 's3://a/b.csv' must be the path of a CSV file, or written as dynamodb://TABLE",
        ),
        ("dynamodb://a", 2, "the address 'dynamodb://a' must be written as dynamodb://TABLE?region=REGION"),
        ("dynamodb://rules?regio=x", 2, "the address 'dynamodb://rules' has the unknown option regio, did you mean"),
    ],
)
def test_a_source_that_is_none(cli: Cli, source: str, code: int, message: str) -> None:
    outcome = cli("policies", "import", source)
    assert outcome.exit_code == code
    assert outcome.stderr.startswith(f"error: {message.format(folder=cli.folder)}")


def paths(cli: Cli, **cells: str) -> list[str]:
    document = cli.ok("doctor", "--policies", put(cli, file(row(**cells))), "--json").document
    return [exposure["path"] for exposure in document["rules"][0]["exposures"]]


def test_the_lint_names_the_ways_to_loss_of_each_row(cli: Cli) -> None:
    assert paths(cli) == ["L2", "L5", "L6", "L7"]
    assert paths(cli, partition_column="") == ["L1", "L5", "L6", "L7"]
    assert paths(cli, partition_column="region") == ["L1", "L5", "L6", "L7"]
    assert paths(cli, update_delete_flag="0") == ["L3", "L5", "L7"]
    assert paths(cli, update_delete_flag="0", column_name="", partition_column="") == ["L5", "L7"]
    assert paths(cli, update_delete_flag="1") == ["L4"]
    assert paths(cli, update_delete_flag="1", checkpoint="2020-03-01") == ["L3", "L4"]


def test_the_lint_needs_no_configuration_and_tells_why(cli: Cli) -> None:
    (cli.folder / "tidegate.toml").unlink()
    told = cli.ok("doctor", "--policies", put(cli, SAMPLE)).stdout.splitlines()
    assert told[:3] == [
        "line 2  test.ret_test_1  archive",
        "  L2  a row that arrives late overwrites the file of its load_date, whose rows are deleted already",
        "      Late rows become a further batch of their period; the earlier files stay.",
    ]
    assert told[-1] == "4 rules can lose rows with the sample, 0 cannot be read"
    outcome = cli("doctor", "--policies", put(cli, file(row(priority="x"), row(table_name="b"), "1,2")))
    assert (outcome.exit_code, outcome.stdout.splitlines()[-1]) == (
        3,
        "1 rule can lose rows with the sample, 2 cannot be read",
    )
    assert '  line 2, test.ret_test_1: priority is "x", must be a whole number' in outcome.stdout.splitlines()
