"""Where the rules of AWS's data-lifecycle sample put their files, on a lake in S3."""

import pytest
from tests.cli.conftest import Cli
from tests.cli.shop import edit, rows
from tests.servers.emulator import Emulator
from tests.unit.config.lifecycle_csv import file, row

LOADS = (
    "CREATE TABLE public.loads (id INTEGER, load_date DATE); "
    "INSERT INTO public.loads VALUES (1, '2020-03-01'), (2, '2020-03-02'), (3, '2020-06-20')"
)
RULE = {"schema_name": "public", "table_name": "loads"}


@pytest.fixture
def lake(cli: Cli, aws_environment: Emulator) -> str:
    """The bucket of an initialised lake below `cold/`."""
    bucket = aws_environment.new_bucket()
    place = f'url = "s3://{bucket}/cold"\nregion = "{aws_environment.region}"\nendpoint = "{aws_environment.endpoint}"'
    edit(cli, 'url = "lake"', place)
    cli.ok("init")
    cli.ok("query", LOADS)
    return bucket


def under(cli: Cli, **cells: str) -> None:
    (cli.folder / "rules.csv").write_bytes(file(row(**RULE, **cells)))
    assert cli.ok("policies", "import", "rules.csv").stderr == ""


def keys(emulator: Emulator, bucket: str) -> list[str]:
    """Keys of data files, without what stands for ids."""
    return [key.partition("tg_batch=")[2].partition("/")[2] for key in emulator.keys(bucket) if "tg_batch=" in key]


def test_a_path_in_the_lake_is_a_folder_of_it(cli: Cli, emulator: Emulator, lake: str) -> None:
    under(cli, s3_path=f"s3://{lake}/cold/loads", unload_region=emulator.region)
    planned = [s["statement"] for s in cli.ok("plan", "--as-of", "2020-06-20", "--json").document["sql"]]
    (unload,) = [sql for sql in planned if "UNLOAD" in sql]
    assert f"REGION AS '{emulator.region}'" in unload
    cli.ok("archive", "--as-of", "2020-06-20", "--yes")
    found = [key for key in emulator.keys(lake) if key.endswith(".parquet")]
    assert [key.split("/")[2:5] for key in found] == [["loads", "public", "loads"]] * 2
    assert rows(cli, "SELECT COUNT(*) FROM public.loads_all") == [[3]]


def test_a_path_elsewhere_gets_an_export_and_the_lake_what_counts(cli: Cli, emulator: Emulator, lake: str) -> None:
    other = emulator.new_bucket()
    under(cli, s3_path=f"s3://{other}/loads")
    cli.ok("archive", "--as-of", "2020-06-20", "--yes")
    days = ("2020-03-01", "2020-03-02")
    assert keys(emulator, other) == [*(f"load_date={day}/0000_part_00.parquet" for day in days), "manifest"]
    assert [key for key in keys(emulator, lake) if key.endswith(".parquet")] == [
        f"tg_period={day}/tg_part={day}/0000_part_00.parquet" for day in days
    ]
    assert rows(cli, "SELECT id FROM public.loads") == [[3]]
    assert rows(cli, "SELECT COUNT(*) FROM public.loads_all") == [[3]]
    cli.ok("verify", "--deep")


def test_another_region_can_be_copied_to_but_not_archived_to(cli: Cli, emulator: Emulator, lake: str) -> None:
    other = emulator.new_bucket()
    cells = {"s3_path": f"s3://{other}/loads", "unload_region": "us-east-1", "partition_column": ""}
    under(cli, **cells)
    outcome = cli("archive", "--as-of", "2020-06-20", "--yes")
    assert outcome.exit_code == 3
    assert (
        f"public.loads: s3://{other}/loads/ is in us-east-1, the lake in {emulator.region}: an external table cannot "
        "read there"
    ) in outcome.stderr
    assert rows(cli, "SELECT COUNT(*) FROM public.loads") == [[3]]
    under(cli, **cells, update_delete_flag="0", file_format="csv", header="1")
    cli.ok("archive", "--as-of", "2020-06-20", "--yes")
    assert keys(emulator, other) == ["0000_part_00", "manifest"]
    assert [key for key in keys(emulator, lake) if not key.startswith("_tidegate/")] == []
    text = emulator.s3.get_object(Bucket=other, Key=emulator.keys(other)[0])["Body"].read()
    assert text == b"id,load_date\n1,2020-03-01\n2,2020-03-02\n"


def test_a_lake_is_in_one_region(cli: Cli, lake: str) -> None:
    under(cli, s3_path=f"s3://{lake}/cold/loads", unload_region="us-east-1")
    outcome = cli("plan", "--as-of", "2020-06-20")
    assert outcome.exit_code == 3
    assert "public.loads: its location lies in the lake, which is in eu-central-1, not in us-east-1" in outcome.stdout
