"""`tidegate verify`."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.conftest import Cli
from tests.cli.shop import parquet, snapshot
from tests.masking import mask

CLEAN = {
    "message_type": "result",
    "tables": 1,
    "batches": 1,
    "files": 2,
    "rows": 4,
    "deep": False,
    "unread_rows": 0,
    "differences": [],
}


def only(cli: Cli, pattern: str) -> Path:
    (path,) = (cli.folder / "lake").rglob(pattern)
    return path


def flip_last_byte(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


def test_no_difference(archived: Cli) -> None:
    before = snapshot(archived.folder)
    assert archived.ok("verify", "--json").document == CLEAN
    assert archived.ok("verify", "--deep", "--json").document == CLEAN | {"deep": True}
    told = archived.ok("verify", "public.orders", "--deep")
    assert (told.stdout, told.stderr) == ("1 table, 1 batch, 2 files, 4 rows: no difference\n", "")
    assert snapshot(archived.folder) == before


def test_nothing_archived_is_no_difference(shop: Cli) -> None:
    assert shop.ok("verify").stdout == "1 table, 0 batches, 0 files, 0 rows: no difference\n"


Damage = Callable[[Cli], object]
FILE = "<warehouse>/public/orders/tg_batch=<id>/tg_period=2020-01-01/000.parquet"

DAMAGES: dict[str, tuple[Damage, str, str]] = {
    "a byte changed": (
        lambda cli: flip_last_byte(parquet(cli)[0]),
        f"file.bytes {FILE}",
        "its bytes are not those that were written",
    ),
    "a file shortened": (
        lambda cli: parquet(cli)[0].write_bytes(b"x"),
        f"file.size {FILE}",
        "1 bytes, 648 described",
    ),
    "a file deleted": (lambda cli: parquet(cli)[0].unlink(), f"file.missing {FILE}", "2 rows of 2020-01-01"),
    "a file added": (
        lambda cli: parquet(cli)[0].with_name("001.parquet").write_bytes(b"x"),
        f"file.extra {FILE.replace('000', '001')}",
        "it does not belong to the batch",
    ),
    "the descriptor damaged": (
        lambda cli: only(cli, "batch.json").write_text("{"),
        "descriptor.unreadable <id>",
        "<warehouse>/public/orders/tg_batch=<id>/_tidegate/batch.json is not a readable descriptor: invalid json: "
        "eof while parsing an object at line 1 column 1",
    ),
    "a record deleted": (
        lambda cli: only(cli, "log/public/orders/0000000001.json").unlink(),
        "record.missing 1",
        "the lake has no record of this number",
    ),
    "the ledger deleted": (
        lambda cli: (cli.folder / "tidegate.sqlite").unlink(),
        "ledger.missing <id>",
        "the ledger does not know the batch; run `tidegate ledger rebuild`",
    ),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_difference_is_named(archived: Cli, name: str) -> None:
    damage, what, detail = DAMAGES[name]
    damage(archived)
    told = archived("verify")
    lines = [mask(line) for line in told.stdout.splitlines()]
    assert told.exit_code == 6
    assert lines[0] == f"public.orders {what}: {detail}"
    assert lines[-1].endswith(": 1 difference")
    document = archived("verify", "--json").document
    (difference,) = document["differences"]
    kind, _, object_name = what.partition(" ")
    assert {key: mask(value) for key, value in difference.items()} == {
        "table": "public.orders",
        "kind": kind,
        "object": object_name,
        "detail": detail,
    }


def test_only_deep_reads_the_rows(archived: Cli) -> None:
    first, second = parquet(archived)
    first.write_bytes(second.read_bytes())
    found = [archived("verify", *options, "--json").document["differences"] for options in ((), ("--deep",))]
    kinds = [[difference["kind"].partition(".")[0] for difference in differences] for differences in found]
    assert kinds == [["file"], ["file", "rows"]]
    assert found[1][1]["kind"] == "rows.fingerprint"
    assert found[1][1]["detail"] == "2020-01-01: the rows are not those that were archived"


def test_a_table_whose_name_is_none(archived: Cli) -> None:
    told = archived("verify", "a.b.c")
    assert (told.exit_code, told.stdout) == (2, "")
    assert told.stderr.startswith("error: 'a.b.c' is not a table name\nhint: ")
