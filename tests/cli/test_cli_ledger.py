"""`tidegate ledger rebuild`."""

import shutil

from tests.cli.conftest import Cli
from tests.cli.shop import error_text, parquet, rows, snapshot
from tests.masking import mask

RESULT = {
    "message_type": "result",
    "warehouse": "<warehouse>",
    "warehouse_rebuilt": False,
    "tables": 1,
    "batches": 1,
    "rows": 4,
    "holds": 0,
    "unrecorded": [],
    "differences": [],
}


def rebuilt(cli: Cli, *options: str) -> dict[str, object]:
    document = cli.ok("ledger", "rebuild", *options, "--json").document
    return document | {"warehouse": mask(document["warehouse"])}  # type: ignore[no-any-return]


def test_a_lost_ledger_comes_back(archived: Cli) -> None:
    before = archived.ok("status", "--json").document["tables"][0]
    lake = snapshot(archived.folder / "lake")
    (archived.folder / "tidegate.sqlite").unlink()
    assert rebuilt(archived) == RESULT
    after = archived.ok("status", "--json").document["tables"][0]
    assert after | {"last_job": None} == before | {"last_job": None}
    assert snapshot(archived.folder / "lake") == lake
    archived.ok("verify", "--deep")


def test_people_see_what_was_found(archived: Cli) -> None:
    archived.ok("hold", "add", "public.orders", "--reason", "audit")
    assert archived.ok("ledger", "rebuild").stdout == "1 table, 1 batch, 4 archived rows, 1 hold\n"


def test_a_warehouse_that_is_gone_comes_back_from_the_lake_alone(archived: Cli) -> None:
    archived.ok("hold", "add", "public.orders", "--from", "2020-01", "--to", "2020-01", "--reason", "audit")
    (archived.folder / "warehouse.duckdb").unlink()
    (archived.folder / "tidegate.sqlite").unlink()
    files = snapshot(archived.folder / "lake")
    assert rebuilt(archived) == RESULT | {"warehouse_rebuilt": True, "holds": 1}
    assert snapshot(archived.folder / "lake") == files
    archived.ok("verify", "--deep")
    restored = archived.ok("restore", "public.orders", "--json").document
    assert restored["rows"] == 4
    assert rows(archived, "SELECT order_id, amount FROM public.orders ORDER BY 1") == [
        [1, "1.25"],
        [2, "2.25"],
        [7, "7.25"],
        [8, "8.25"],
    ]


def test_a_batch_that_no_record_knows_is_listed_and_not_counted(archived: Cli) -> None:
    original = parquet(archived)[0].parents[1]
    batch = original.name.partition("=")[2]
    stray = f"{batch[:-1]}{'0' if batch[-1] != '0' else '1'}"
    shutil.copytree(original, original.with_name(f"tg_batch={stray}"))
    descriptor = original.with_name(f"tg_batch={stray}") / "_tidegate/batch.json"
    descriptor.write_text(descriptor.read_text().replace(batch, stray))
    result = rebuilt(archived)
    assert result | {"unrecorded": []} == RESULT
    detail = "4 rows were unloaded, but no record says that they count; they are not counted"
    assert result["unrecorded"] == [
        {"table": "public.orders", "kind": "batch.unrecorded", "object": stray, "detail": detail}
    ]
    assert archived.ok("ledger", "rebuild").stdout.splitlines()[1] == (
        f"public.orders batch.unrecorded {stray}: {detail}"
    )


def test_what_cannot_be_read_is_named_and_the_exit_code_says_so(archived: Cli) -> None:
    descriptor = parquet(archived)[0].parents[1] / "_tidegate/batch.json"
    descriptor.unlink()
    batch = descriptor.parents[1].name.partition("=")[2]
    told = archived("ledger", "rebuild")
    key = descriptor.relative_to(archived.folder / "lake")
    assert told.exit_code == 6
    assert told.stdout.splitlines()[1] == f"public.orders descriptor.unreadable {batch}: {key} is missing"


def test_a_lake_without_a_folder_for_the_warehouse(shop: Cli) -> None:
    (shop.folder / "warehouse.duckdb").unlink()
    shutil.rmtree(shop.folder / "lake/_tidegate")
    told = shop("ledger", "rebuild")
    assert told.exit_code == 3
    assert error_text(told.stderr) == (
        "the lake has 0 folders of a warehouse at ../warehouse.duckdb",
        "Name one with --warehouse. The lake knows: none.",
    )


def test_a_warehouse_folder_can_be_named(archived: Cli) -> None:
    (archived.folder / "warehouse.duckdb").unlink()
    claim = next((archived.folder / "lake/_tidegate").iterdir()).name
    assert rebuilt(archived, "--warehouse", claim) == RESULT | {"warehouse_rebuilt": True}
    assert rows(archived, "SELECT COUNT(*) FROM tidegate.published") == [[2]]
    archived.ok("status")


def test_a_record_that_is_missing_in_the_lake_is_written_again(archived: Cli) -> None:
    first = next((archived.folder / "lake").rglob("0000000001.json"))
    text = first.read_bytes()
    first.unlink()
    assert archived("verify").exit_code == 6
    archived.ok("ledger", "rebuild")
    assert first.read_bytes() == text
    archived.ok("verify", "--deep")


def test_a_record_that_nobody_has_any_more_is_named(archived: Cli) -> None:
    (archived.folder / "warehouse.duckdb").unlink()
    next((archived.folder / "lake").rglob("0000000001.json")).unlink()
    told = archived("ledger", "rebuild")
    assert told.exit_code == 6
    assert error_text(told.stderr) == (
        "record 1 of public.orders is missing in the lake",
        "Restore the object from a backup of the lake; nothing was changed.",
    )
