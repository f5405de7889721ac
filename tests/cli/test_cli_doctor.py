"""`tidegate doctor`."""

from tests.cli.conftest import Cli
from tests.cli.shop import edit, snapshot
from tests.servers.emulator import Emulator

NAMES = [
    "warehouse",
    "identity",
    "privileges",
    "isolation",
    "clock of the warehouse",
    "lake",
    "conditional put",
    "clock of the lake",
    "lifecycle rules",
    "region",
    "unload",
    "external table",
    "copy",
    "ledger",
]


def verdicts(document: dict[str, list[dict[str, str]]]) -> dict[str, str]:
    return {check["name"]: check["verdict"] for check in document["checks"]}


def test_all_is_well_and_nothing_is_left_behind(shop: Cli) -> None:
    before = snapshot(shop.folder / "lake")
    document = shop.ok("doctor", "--json").document
    assert list(verdicts(document)) == NAMES
    assert verdicts(document) == dict.fromkeys(NAMES, "ok") | {"region": "skipped"}
    assert (document["role_policy"], document["caller_policy"]) == (None, None)
    assert snapshot(shop.folder / "lake") == before
    left = "SELECT table_schema, table_name FROM svv_tables WHERE table_name LIKE '%doctor%'"
    assert shop.ok("query", left, "--json").document["rows"] == []


def test_before_init_it_says_what_is_missing(cli: Cli) -> None:
    (cli.folder / "lake").mkdir()
    found = verdicts(cli.ok("doctor", "--json").document)
    assert {name: v for name, v in found.items() if v != "ok"} == {
        "identity": "warning",
        "region": "skipped",
        "external table": "skipped",
        "copy": "skipped",
    }


def test_a_lake_that_is_not_there_fails_and_the_rest_is_told(shop: Cli) -> None:
    edit(shop, 'url = "lake"', 'url = "nowhere"')
    outcome = shop("doctor")
    assert outcome.exit_code == 7
    lines = outcome.stdout.splitlines()
    lake = f"'{shop.folder}/nowhere'"
    assert [line.split(maxsplit=2)[2] for line in lines if line.startswith("failed   lake")] == [
        f"the lake folder {lake} does not exist or cannot be entered"
    ]
    assert "skipped  unload                  lake or warehouse cannot be used" in lines
    assert lines[-1] == "2 checks failed"


def test_a_table_of_a_policy_that_does_not_exist_is_a_warning(shop: Cli) -> None:
    shop.configure('\n[[archive]]\ntable = "public.gone"\ncolumn = "d"\nretention = 1\n')
    (found,) = [c for c in shop.ok("doctor", "--json").document["checks"] if c["name"] == "privileges"]
    assert (found["verdict"], found["detail"]) == ("warning", "tables of policies that do not exist: public.gone")


def test_a_bucket_that_does_not_exist_is_no_matter_of_rights(shop: Cli, aws_environment: Emulator) -> None:
    edit(shop, 'url = "lake"', f'url = "s3://no-such-bucket/cold"\nendpoint = "{aws_environment.endpoint}"')
    told = shop("doctor", "--json")
    (lake,) = (check for check in told.document["checks"] if check["name"] == "lake")
    assert (told.exit_code, lake["verdict"], told.document["caller_policy"]) == (7, "failed", None)
    assert lake["detail"].endswith("the bucket 'no-such-bucket' does not exist")
    assert lake["hint"] == "Create the bucket, or correct url under [lake] in tidegate.toml."
