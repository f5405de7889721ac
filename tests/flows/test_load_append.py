"""Load: each version of each file becomes rows exactly once, and the table grows as the files do."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from tests.flows.landing import TABLE, Land, Notices, appending, names
from tests.world import World

from tidegate.errors import UsageError
from tidegate.model.names import TableName
from tidegate.model.route import Contract


@pytest.fixture
def land(empty: World) -> Land:
    return Land(empty)


def columns(land: Land) -> dict[str, str]:
    found = land.world.sql(
        "SELECT column_name, data_type, character_maximum_length, numeric_precision FROM svv_columns "
        "WHERE table_schema = 'public' AND table_name = 'sales' ORDER BY ordinal_position"
    )
    return {name: kind if length is None else f"{kind}({length})" for name, kind, length, _ in found}


def test_files_make_the_table_and_the_same_command_again_loads_nothing(land: Land) -> None:
    table = {
        "Id": [1, 2],
        "day": [date(2020, 1, 1), None],
        "at": pa.array([1_577_880_000_000_000, None], pa.timestamp("us")),
        "amount": pa.array([Decimal("1.25"), None], pa.decimal128(9, 2)),
        "paid": [True, False],
        "note": ["é" * 20, None],
        "tags": pa.array([["a", "b"], None]),
    }
    land.write("a.parquet", table)
    land.write("b.parquet", {**table, "Id": [3, 4], "note": ["short", ""]}, minute=1)
    first = land.load()
    assert [(names(b.files), b.rows, b.changed) for b in first.batches] == [(["a.parquet", "b.parquet"], 4, 4)]
    assert columns(land) == {
        "id": "bigint",
        "day": "date",
        "at": "timestamp without time zone",
        "amount": "numeric",
        "paid": "boolean",
        "note": "character varying(60)",
        "tags": "super",
    }
    assert land.rows("id, day, amount, paid, note, JSON_SERIALIZE(tags)")[0] == (
        1,
        date(2020, 1, 1),
        Decimal("1.25"),
        True,
        "é" * 20,
        '["a","b"]',
    )
    again = land.load()
    assert (again.batches, names(again.already)) == ((), ["a.parquet", "b.parquet"])
    assert land.loaded() == [("a.parquet", 2), ("b.parquet", 2)]
    assert land.world.value(f"SELECT COUNT(*) FROM {TABLE}") == 4
    assert [path.name for path in (land.world.folder / "lake").rglob("*manifest*")] == []


def test_a_file_that_is_overwritten_is_a_new_version(land: Land) -> None:
    land.write("a.parquet", {"id": [1]})
    land.load()
    land.write("a.parquet", {"id": [1, 2]}, minute=1)
    notices = Notices()
    assert land.load(notices=notices).rows == 2
    path = land.folder / "a.parquet"
    assert notices.told == [f"{path} was loaded before in another version: append adds its rows to public.sales again"]
    assert land.rows() == [(1,), (1,), (2,)]


def test_columns_are_added_and_texts_widened_by_bytes(land: Land) -> None:
    land.write("a.parquet", {"id": [1], "note": ["x" * 10]})
    land.load()
    land.write("b.parquet", {"note": ["ü" * 50], "more": [1.5], "id": [2]}, minute=1)
    outcome = land.load()
    assert outcome.batches[0].statements == (
        'ALTER TABLE "public"."sales" ALTER COLUMN "note" TYPE VARCHAR(150)',
        'ALTER TABLE "public"."sales" ADD COLUMN "more" DOUBLE PRECISION',
    )
    assert land.rows("id, note, more") == [(1, "x" * 10, None), (2, "ü" * 50, 1.5)]


def test_files_with_other_columns_go_in_batches_of_their_own(land: Land) -> None:
    """COPY of Parquet goes by position: columns of one type in another order would be swapped."""
    land.write("a.parquet", {"id": [1], "other": [10]})
    land.write("b.parquet", {"other": [20], "id": [2]}, minute=1)
    land.write("c.parquet", {"id": [3], "other": [30]}, minute=2)
    assert [names(batch.files) for batch in land.load().batches] == [["a.parquet", "c.parquet"], ["b.parquet"]]
    assert land.rows("id, other") == [(1, 10), (2, 20), (3, 30)]


def test_batches_close_by_files_and_bytes(land: Land) -> None:
    paths = [land.write(f"{n}.parquet", {"id": [n]}, minute=n) for n in range(5)]
    batches = land.load(route=appending(batch_files=2)).batches
    assert [len(batch.files) for batch in batches] == [2, 2, 1]
    land.world.sql(f"DROP TABLE {TABLE}", "DELETE FROM tidegate.loaded_files")
    size = paths[0].stat().st_size
    assert [len(b.files) for b in land.load(route=appending(batch_bytes=3 * size)).batches] == [3, 2]


@pytest.mark.parametrize(
    ("contract", "reason"),
    [
        (Contract.FREEZE, 'public.sales has no column "more", and its contract is freeze'),
        (Contract.DISCARD, None),
    ],
)
def test_a_contract_keeps_the_table_as_it_is(land: Land, contract: Contract, reason: str | None) -> None:
    land.write("a.parquet", {"id": [1]})
    land.load()
    land.write("b.parquet", {"id": [2], "more": ["x"]}, minute=1)
    outcome = land.load(route=appending(contract=contract))
    assert [q.reason for q in outcome.quarantined] == ([reason] if reason else [])
    assert columns(land) == {"id": "bigint"}
    assert land.rows() == ([(1,)] if reason else [(1,), (2,)])


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (
            pa.array([1.5]),
            'column "id" of public.sales is BIGINT, and DOUBLE PRECISION in the file: one cannot be turned into the '
            "other without loss",
        ),
        (
            pa.array([None], pa.timestamp("us")),
            'column "id" of public.sales is BIGINT, and TIMESTAMP in the file: one cannot be turned into the other '
            "without loss",
        ),
    ],
)
def test_a_type_that_would_lose_something_is_refused(land: Land, values: pa.Array, reason: str) -> None:
    land.write("a.parquet", {"id": [1]})
    land.load()
    land.write("b.parquet", {"id": values}, minute=1)
    land.write("c.parquet", {"id": [3]}, minute=2)
    outcome = land.load()
    assert [(names([q]), q.code, q.reason) for q in outcome.quarantined] == [(["b.parquet"], "file.refused", reason)]
    assert land.rows() == [(1,), (3,)]


def test_a_column_without_values_waits_for_a_type(land: Land) -> None:
    land.write("a.parquet", {"id": [1], "later": pa.nulls(1)})
    land.load()
    assert columns(land) == {"id": "bigint"}
    land.write("b.parquet", {"id": [2], "later": [date(2020, 1, 1)]}, minute=1)
    land.write("c.parquet", {"id": [3], "later": pa.nulls(1)}, minute=2)
    land.load()
    assert land.rows("id, later") == [(1, None), (2, date(2020, 1, 1)), (3, None)]


def test_a_plan_prints_every_statement_with_lengths_and_changes_nothing(land: Land) -> None:
    land.write("a.parquet", {"id": [1], "note": ["x" * 40]})
    before = sorted(land.world.folder.rglob("lake/**/*"))
    planned = land.sql(exact=True)
    assert [step for step, _ in planned] == ["stage", "stage", "stage", "change", *["load"] * 4]
    assert [sql.partition("*/ ")[2] for step, sql in planned if step == "change"] == [
        'CREATE TABLE IF NOT EXISTS "public"."sales" (\n    "id" BIGINT,\n    "note" VARCHAR(60)\n)\nDISTSTYLE AUTO'
    ]
    assert sorted(land.world.folder.rglob("lake/**/*")) == before
    with land.world.context() as ctx:
        assert ctx.warehouse.tables([TableName.parse(TABLE)]) == {}


def test_a_path_without_a_file_is_an_error(land: Land) -> None:
    path = land.folder / "gone.parquet"
    with pytest.raises(UsageError, match=f"there is no file at {path}"):
        land.load(path)


def test_a_table_that_needs_a_column_takes_no_file_without_it(land: Land) -> None:
    land.world.sql(f"CREATE TABLE {TABLE} (id BIGINT, day DATE NOT NULL)")
    land.write("a.parquet", {"id": [1]})
    (quarantined,) = land.load().quarantined
    assert quarantined.reason == 'the file has no column "day", which is NOT NULL in public.sales'


def test_a_folder_in_the_lake_itself_can_be_loaded(land: Land) -> None:
    inside: Path = land.world.folder / "lake" / "incoming"
    inside.mkdir()
    path = land.write("a.parquet", {"id": [1]})
    path.rename(inside / "a.parquet")
    assert land.load(inside).rows == 1
    assert land.load(inside / "a.parquet").rows == 0
