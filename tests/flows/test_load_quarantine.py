"""One bad file never keeps the good ones out, and no good one is blamed for what is wrong with the warehouse."""

import re
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from tests.flows.landing import TABLE, Land, names, upserting
from tests.world import World

from tidegate.errors import SerializationConflict, StatementError, WarehouseUnreachable
from tidegate.flows.load.run import TRIES

FILES = 32


@pytest.fixture
def land(empty: World) -> Land:
    return Land(empty)


@dataclass
class Spied:
    """A warehouse whose sessions note what they run, and fail where `fail` says so. None = let it through."""

    target: Any
    fail: Callable[[str], Exception | None] = lambda sql: None
    ran: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.target, name)

    @contextmanager
    def session(self) -> Any:
        with self.target.session() as session:
            yield replace(self, target=session)

    def execute(self, sql: str) -> Any:
        self._note(sql)
        return self.target.execute(sql)

    def transaction(self, statements: Sequence[str]) -> Any:
        for statement in statements:
            self._note(statement)
        return self.target.transaction(statements)

    def _note(self, sql: str) -> None:
        if (error := self.fail(sql)) is not None:
            raise error
        self.ran.append(sql)


def spied(land: Land, spy: Spied) -> Land:
    def wrap(port: Any, name: str) -> Any:
        if name == "warehouse":
            spy.target = port
            return spy
        return port

    return Land(replace(land.world, wrap=wrap))


def damage(path: Path) -> None:
    """Overwrite the first page; the footer stays as it is."""
    data = bytearray(path.read_bytes())
    data[4:60] = b"\xff" * 56
    (path.with_suffix(".new")).write_bytes(bytes(data))


def test_bad_files_are_found_by_halving_and_the_rest_is_loaded(land: Land) -> None:
    for n in range(FILES):
        land.write(f"{n:02}.parquet", {"id": [n], "note": ["x" * 70_000 if n == 21 else "x"]}, minute=n % 60)
    damage(land.folder / "07.parquet")
    land.landed(land.folder / "07.parquet", 7)
    spy = Spied(None)
    outcome = spied(land, spy).load()
    assert sorted(names(outcome.quarantined)) == ["07.parquet", "21.parquet"]
    assert (outcome.rows, land.world.value(f"SELECT COUNT(*) FROM {TABLE}")) == (FILES - 2, FILES - 2)
    reasons = {names([q])[0]: q.reason for q in outcome.quarantined}
    assert 'value too long for column "note" (VARCHAR(65535))' in reasons["21.parquet"]
    assert land.quarantined() == [("07.parquet", "sql.failed", None), ("21.parquet", "sql.failed", None)]
    copies = sum(" COPY " in sql for sql in spy.ran)
    assert copies <= 2 * 2 * FILES.bit_length(), "two bad files take two paths down, with a good half beside each step"
    again = land.load()
    assert (len(again.already), sorted(names(again.quarantined))) == (FILES - 2, ["07.parquet", "21.parquet"])
    assert len(land.quarantined()) == 2


def test_a_file_that_was_made_good_leaves_the_quarantine(land: Land) -> None:
    land.world.sql(f"CREATE TABLE {TABLE} (code CHAR(2))")
    path = land.write("a.parquet", {"code": ["three"]})
    (quarantined,) = land.load().quarantined
    assert quarantined.code == "sql.failed"
    assert quarantined.reason == "value too long for type character(2)"
    land.world.sql(f"DROP TABLE {TABLE}")
    assert land.load(path).rows == 1
    assert (land.quarantined(), land.rows()) == ([], [("three",)])


def test_values_that_no_insert_takes_are_found_by_halving_too(land: Land) -> None:
    land.world.sql(f"CREATE TABLE {TABLE} (id INTEGER, code CHAR(2))")
    for n in range(5):
        land.write(f"{n}.parquet", {"id": [n], "code": [{1: "é", 3: "abc"}.get(n, "ab")]}, minute=n)
    assert sorted(names(land.load().quarantined)) == ["1.parquet", "3.parquet"]
    assert land.rows("id") == [(0,), (2,), (4,)]


@pytest.mark.parametrize(
    "error",
    [
        StatementError("permission denied for relation sales", sqlstate="42501"),
        StatementError('permission denied for relation "sales"'),
        StatementError("S3ServiceException: Access Denied, Status 403"),
        StatementError('relation "public.sales" does not exist', sqlstate="42P01"),
        StatementError("disk full"),
    ],
)
def test_what_no_file_is_to_blame_for_stops_the_load(land: Land, error: StatementError) -> None:
    for n in range(3):
        land.write(f"{n}.parquet", {"id": [n]}, minute=n)
    spy = Spied(None, lambda sql: error if " COPY " in sql else None)
    with pytest.raises(StatementError, match=re.escape(error.message)):
        spied(land, spy).load()
    assert land.quarantined() == []
    assert land.load().rows == 3


@pytest.mark.parametrize("word", [" COPY ", " INSERT INTO "])
def test_a_lost_connection_is_tried_again(land: Land, word: str) -> None:
    land.write("a.parquet", {"id": [1]})
    failed: list[str] = []

    def fail(sql: str) -> Exception | None:
        if word not in sql or len(failed) == TRIES - 1:
            return None
        failed.append(sql)
        return WarehouseUnreachable("the connection was lost")

    assert spied(land, Spied(None, fail)).load().rows == 1
    assert (land.rows(), land.loaded()) == ([(1,)], [("a.parquet", 1)])


def test_rows_that_a_try_wrote_aside_before_it_was_lost_are_not_in_the_way_of_the_next(land: Land) -> None:
    land.write("a.parquet", {"id": [1, None]})
    left = [WarehouseUnreachable("the connection was lost")]
    spy = Spied(None, lambda sql: left.pop() if " INSERT INTO " in sql and left else None)
    outcome = spied(land, spy).load(route=upserting("id"))
    assert (land.rows(), [q.rows for q in outcome.quarantined]) == ([(1,)], [1])


def test_a_commit_whose_answer_is_lost_counts_with_what_it_put_aside(land: Land) -> None:
    land.write("a.parquet", {"id": [1, 2, None]})
    spy = Spied(None)

    class Lossy(Spied):
        def transaction(self, statements: Sequence[str]) -> Any:
            result = self.target.transaction(statements)
            if any("loaded_files" in statement for statement in statements):
                raise WarehouseUnreachable("the connection was lost")
            return result

    spy = Lossy(None)
    outcome = spied(land, spy).load(route=upserting("id"))
    assert [(batch.rows, names(batch.files)) for batch in outcome.batches] == [(3, ["a.parquet"])]
    assert [(each.code, each.rows) for each in outcome.quarantined] == [("load.key", 1)]
    assert land.rows() == [(1,), (2,)]


def test_a_conflict_is_run_again_as_a_whole(land: Land) -> None:
    land.write("a.parquet", {"id": [1]})
    left = [1, 1, 1]
    fail = Spied(None, lambda sql: SerializationConflict("1023") if " LOCK " in sql and left and left.pop() else None)
    assert spied(land, fail).load().rows == 1
    assert left == []


def test_files_of_types_that_copy_would_store_wrong_are_written_anew(land: Land) -> None:
    at = pa.array([1_600_000_000_000_001_000, None], pa.timestamp("ns"))
    count = pa.array([2**63 + 1, 1], pa.uint64())
    land.write("a.parquet", {"id": [1, 2], "at": at, "count": count})
    land.write("b.parquet", {"id": [3, 4], "at": at, "count": count}, minute=1)
    outcome = land.load()
    assert [names(batch.files) for batch in outcome.batches] == [["a.parquet", "b.parquet"]]
    assert [tuple(map(str, row)) for row in land.rows("id, at, count")][::2] == [
        ("1", "2020-09-13 12:26:40.000001", str(2**63 + 1)),
        ("3", "2020-09-13 12:26:40.000001", str(2**63 + 1)),
    ]
    assert (len(land.load().already), land.loaded()) == (2, [("a.parquet", 2), ("b.parquet", 2)])
    assert list((land.world.folder / "lake" / "_tidegate").rglob("*.parquet")) == []
