"""`tidegate load`."""

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.cli.conftest import Cli
from tests.cli.shop import error_text, rows, snapshot


@pytest.fixture
def land(shop: Cli) -> Cli:
    folder = shop.folder / "land"
    folder.mkdir()
    columns = {"order_id": [1, 13], "amount": [9.5, 1.5], "note": ["changed", None]}
    pq.write_table(pa.table(columns), folder / "a.parquet")
    return shop


def test_load_prints_what_it_did_and_nothing_is_loaded_twice(land: Cli) -> None:
    first = land.ok("load", "land", "--table", "public.notes", "--key", "order_id", "--json").document
    (batch,) = first["batches"]
    assert (first["table"], batch["rows"], batch["inserted"], first["skipped"]) == ("public.notes", 2, 2, [])
    assert [file["uri"] for file in batch["files"]] == [str(land.folder / "land" / "a.parquet")]
    assert batch["statements"] == [
        'CREATE TABLE IF NOT EXISTS "public"."notes" (\n    "order_id" BIGINT,\n    "amount" DOUBLE PRECISION,\n'
        '    "note" VARCHAR(16)\n)\nDISTSTYLE AUTO'
    ]
    again = land.ok("load", "land/a.parquet", "--table", "notes", "--mode", "append", "--json").document
    assert [(file["why"], file["identity"]) for file in again["skipped"]] == [("loaded", batch["files"][0]["identity"])]
    assert land.ok("load", "land", "--table", "notes").stdout.splitlines() == [
        "1 file already loaded",
        "0 rows of 0 files loaded into public.notes",
    ]
    assert rows(land, "SELECT order_id, note FROM public.notes ORDER BY 1") == [[1, "changed"], [13, None]]


def test_a_link_to_a_file_is_that_file(land: Cli) -> None:
    (land.folder / "link.parquet").symlink_to(land.folder / "land" / "a.parquet")
    (land.folder / "linked").symlink_to(land.folder / "land")
    land.ok("load", "land", "--table", "public.notes")
    for path in ("link.parquet", "linked", "linked/a.parquet"):
        assert land.ok("load", path, "--table", "public.notes").stdout.splitlines()[0] == "1 file already loaded"
    assert rows(land, "SELECT COUNT(*) FROM public.notes") == [[2]]


def test_a_dry_run_changes_nothing(land: Cli) -> None:
    before = snapshot(land.folder)
    arguments = ("load", "land", "--table", "public.orders", "--key", "order_id", "--dry-run")
    lines = land.ok(*arguments).stdout.splitlines()
    assert lines[0] == "quarantine: " + str(land.folder / "land" / "a.parquet") + (
        ': column "amount" of public.orders is DECIMAL(12,2), and DOUBLE PRECISION in the file: one cannot be turned '
        "into the other without loss"
    )
    planned = land.ok(*arguments[:3], "public.new", *arguments[4:], "--json").document
    assert [(c["kind"], c["column"], c["type"], c["measured"]) for c in planned["batches"][0]["changes"]] == [
        ("create", "order_id", "BIGINT", True),
        ("create", "amount", "DOUBLE PRECISION", True),
        ("create", "note", "VARCHAR(16)", True),
    ]
    assert {statement["step"] for statement in planned["sql"]} == {"stage", "change", "load"}
    assert {path: text for path, text in snapshot(land.folder).items() if path in before} == before


def test_a_dry_run_tells_what_is_written_anew_and_what_is_there_already(land: Cli) -> None:
    path = land.folder / "land" / "a.parquet"
    land.ok("load", "land", "--table", "public.notes")
    pq.write_table(pa.table({"order_id": pa.array([1], pa.uint64())}), path)
    (land.folder / "land" / "b.json").write_text('{"order_id": 2}\n', encoding="utf-8")
    lines = land.ok("load", "land", "--table", "public.notes", "--dry-run").stdout.splitlines()
    again = f"{path} was loaded before in another version: append adds its rows to public.notes again"
    reason = "order_id: unsigned 64-bit integers would be loaded as signed"
    assert lines[0] == again
    assert [line for line in lines if "write anew" in line] == [
        f"  write anew {path}: {reason}",
        f"  write anew {path.with_name('b.json')}: COPY reads it as Parquet",
    ]
    planned = land.ok("load", "land", "--table", "public.notes", "--dry-run", "--json").document
    assert planned["notes"] == [again]
    assert [file["rewrites"] for batch in planned["batches"] for file in batch["files"]] == [
        [reason],
        ["COPY reads it as Parquet"],
    ]
    assert again in land.ok("load", str(path), "--table", "public.notes").stderr


def test_a_bad_file_is_told_and_the_others_are_loaded(land: Cli) -> None:
    bad = land.folder / "land" / "bad.parquet"
    bad.write_bytes(b"PAR1 is not enough")
    told = land("load", "land", "--table", "public.notes")
    assert told.exit_code == 5
    assert error_text(told.stderr) == (
        f"{bad} is no Parquet file: it does not end with PAR1",
        "The file is damaged or was not written to its end: write it again.",
    )
    assert told.stdout.splitlines()[-1] == "2 rows of 1 file loaded into public.notes"
    assert rows(land, "SELECT code FROM tidegate.quarantined_files") == [["file.refused"]]


def test_a_history_stays_one_where_only_the_key_is_given_anew(land: Cli) -> None:
    columns = {"order_id": [1, 13, 1], "amount": [1, 2, 3], "note": ["a", "a", "b"]}
    pq.write_table(pa.table(columns), land.folder / "land" / "a.parquet")
    land.configure(
        f'[[load]]\nmatch = "{land.folder}/land/*.parquet"\ntable = "public.notes"\nmode = "history"\n'
        'key = "order_id"\nversion = "amount"\n'
    )
    assert "UPDATE" in land.ok("load", "land", "--dry-run").stdout
    land.ok("load", "land", "--key", "note")
    found = rows(land, "SELECT note, valid_from, valid_to FROM public.notes ORDER BY valid_from")
    assert found == [["a", 1, 2], ["a", 2, None], ["b", 3, None]]


@pytest.mark.parametrize("routed", [False, True])
def test_a_name_that_is_not_utf8_keeps_no_other_file_out(land: Cli, routed: bool) -> None:
    folder = land.folder / "land"
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff.parquet")).write_bytes(b"nothing")
    land.configure(f'[[load]]\nmatch = "{folder}/*.parquet"\ntable = "public.notes"\n')
    told = land("load", "land", *([] if routed else ["--table", "public.notes"]))
    assert told.exit_code == 5
    assert error_text(told.stderr) == (
        f"{folder}/\\xff.parquet cannot be loaded: its name is not UTF-8",
        "Rename the file.",
    )
    assert told.stdout.splitlines()[-1] == "2 rows of 1 file loaded into public.notes"


def test_rows_that_go_aside_are_not_counted_as_loaded(land: Cli) -> None:
    pq.write_table(pa.table({"order_id": [1, None, None]}), land.folder / "land" / "a.parquet")
    told = land("load", "land", "--table", "public.notes", "--key", "order_id")
    assert told.exit_code == 5
    assert told.stdout.splitlines()[-1] == "1 row of 1 file loaded into public.notes, 2 rows kept aside"


def test_files_take_the_routes_of_the_configuration(land: Cli) -> None:
    land.configure(
        '[[load]]\nmatch = "in/{table}/*.parquet"\n[[load]]\nmatch = "in/notes/*.csv"\ntable = "public.notes"\n'
        'key = ["order_id"]\n'
    )
    for name in ("in/notes", "in/more"):
        (land.folder / "lake" / name).mkdir(parents=True)
    source = land.folder / "land" / "a.parquet"
    source.rename(land.folder / "lake" / "in" / "notes" / "a.parquet")
    pq.write_table(pa.table({"id": [1]}), land.folder / "lake" / "in" / "more" / "b.parquet")
    (land.folder / "lake" / "in" / "notes" / "c.csv").write_text("order_id,amount,note\n1,2e0,csv\n", encoding="utf-8")
    documents = land.ok("load", "lake/in", "--json").documents
    assert sorted((d["table"], sum(b["rows"] for b in d["batches"])) for d in documents) == [
        ("public.more", 1),
        ("public.notes", 1),
        ("public.notes", 2),
    ]
    assert rows(land, "SELECT order_id, note FROM public.notes ORDER BY 1") == [[1, "csv"], [13, None]]


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ('key = ["oder_id"]\nmode = "upsert"', 'the column "oder_id", which is named as key'),
        ('sort_key = ["at"]', 'the column "at", which is named as sort key'),
        ('dist_key = "at"', 'the column "at", which is named as distribution key'),
    ],
)
def test_a_column_that_a_route_names_wrong_is_one_error(land: Cli, setting: str, message: str) -> None:
    place = land.folder / "land" / "*.parquet"
    land.configure(f'[[load]]\nmatch = "{place}"\ntable = "public.notes"\n{setting}\n')
    told = land("load", "land")
    assert told.exit_code == 3
    assert error_text(told.stderr) == (
        f"no file for public.notes has {message}",
        "The columns of the files are order_id, amount, note.",
    )
    assert rows(land, "SELECT COUNT(*) FROM tidegate.quarantined_files") == [[0]]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("", "--table", "t"), 2, "a path is empty"),
        (("land/gone.parquet", "--table", "t"), 2, "there is no file at land/gone.parquet"),
        (("warehouse.duckdb", "--table", "t"), 2, "warehouse.duckdb is the warehouse"),
        (
            ("land", "--table", "t", "--key", "oder_id"),
            2,
            'no file for public.t has the column "oder_id", which is named as key',
        ),
        (
            ("land", "--table", "t", "--key", "order_id", "--version-column", "at"),
            2,
            'no file for public.t has the column "at", which is named as version',
        ),
        (("land", "--table", "t", "--mode", "merge"), 2, "'merge' is none of append, upsert, replace, history"),
        (
            ("land", "--table", "t", "--mode", "history", "--key", "order_id"),
            2,
            'public.t: version is missing, which mode = "history" needs',
        ),
        (
            ("land", "--table", "t", "--version-column", "at"),
            2,
            'a version means nothing for mode "append" of public.t',
        ),
        (("land", "--table", "t", "--mode", "replace", "--key", "a"), 2, 'a key means nothing for mode "replace"'),
        (
            ("land", "--table", "t", "--key", "at", "--version-column", "At"),
            2,
            'public.t: the version "at" is part of the key',
        ),
        (
            ("land", "--table", "tidegate.published"),
            2,
            "the schema tidegate is tidegate's own, nothing is loaded into it",
        ),
        (("land", "--table", "tidegate_cold.x"), 2, "the schema tidegate_cold is tidegate's own"),
        (("land", "--table", "public.names"), 2, "public.names is a view"),
        (("land",), 3, "no route takes"),
        (("s3://landing/a.parquet", "--table", "t"), 7, "landing"),
    ],
)
def test_mistakes_are_told_by_name(land: Cli, arguments: tuple[str, ...], code: int, message: str) -> None:
    if arguments[0].startswith("s3://"):
        pytest.importorskip("boto3")
        land.monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        land.monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
            land.monkeypatch.setenv(name, "us-east-1")
    land.ok("query", "CREATE VIEW public.names AS SELECT customer FROM public.orders")
    told = land("load", *arguments)
    assert told.exit_code == code
    assert message in error_text(told.stderr)[0].lower()
