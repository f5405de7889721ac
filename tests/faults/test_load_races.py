"""Loads at once, and files that change while they are loaded: each version of each file is there exactly once."""

import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.faults.children import in_child, start
from tests.faults.write_skew import statements_of
from tests.flows.landing import TABLE, Land, appending, names
from tests.flows.test_load_quarantine import Spied, spied
from tests.world import World

from tidegate.errors import GuardFailed, Refused, TidegateError
from tidegate.flows.context import Context
from tidegate.flows.load.run import MAX_SEALS, run_load
from tidegate.redshift.loaded import ALREADY_LOADED


@pytest.fixture
def land(tmp_path: Path) -> Land:
    world = World(tmp_path)
    world.initialise()
    return Land(world)


def test_one_file_by_eight_threads_is_loaded_once(land: Land) -> None:
    path = land.write("a.parquet", {"id": [1, 2, 3]})
    outcomes: list[int] = []
    with land.world.context() as ctx:
        plans = [land.plan(land.context(ctx), appending(), [path]) for _ in range(8)]

        def work(number: int) -> None:
            outcome = run_load(replace(land.context(ctx), suffix=lambda: f"{number:08x}"), plans[number])
            outcomes.append(outcome.rows)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(outcomes) == [0] * 7 + [3]
    assert land.rows() == [(1,), (2,), (3,)]
    assert land.loaded() == [("a.parquet", 3)]


def test_one_file_by_two_processes_is_loaded_once(tmp_path: Path) -> None:
    land = Land(World(tmp_path))
    in_child(land.world.initialise)
    for n in range(3):
        land.write(f"{n}.parquet", {"id": [n]}, minute=n)
    ready, go = os.pipe()

    def work(suffix: str) -> int:
        os.read(ready, 1)
        return Land(replace(land.world, suffix=suffix)).load().rows

    children = [start(lambda s=s: work(s)) for s in ("a", "b")]
    os.write(go, b"..")
    assert sum(child.answer() for child in children) == 3
    assert land.rows() == [(0,), (1,), (2,)]


def _both_commit(land: Land, *, locked: bool) -> tuple[list[str], int]:
    """Two sessions that both saw nothing loaded; one commits between the guard and the rows of the other."""
    path = land.write("a.parquet", {"id": [1]})
    land.world.sql(f"CREATE TABLE {TABLE} (id BIGINT)")

    def load(ctx: Context) -> None:
        run_load(land.context(ctx), land.plan(land.context(ctx), appending(), [path]))

    statements = []
    for suffix in ("a", "b"):
        found = statements_of(replace(land.world, suffix=suffix), " load */", load)
        staged = next(sql for sql in found if " INSERT INTO " in sql and "tg_stage" in sql)
        plain = 'INSERT INTO "public"."sales" ("id") SELECT 1'
        statements.append([plain if sql == staged else sql for sql in found])
    first, second = ([s for s in one if locked or " LOCK " not in s] for one in statements)
    guards = next(n for n, sql in enumerate(first) if sql.startswith("INSERT INTO"))
    errors: list[str] = []
    with land.world.context() as ctx:
        begun = threading.Event()

        def other() -> None:
            begun.set()
            try:
                ctx.warehouse.transaction(second)
            except TidegateError as error:
                errors.append(error.message)

        thread = threading.Thread(target=other)
        with ctx.warehouse.session() as session:
            for sql in ["BEGIN", *first[:guards]]:
                session.execute(sql)
            thread.start()
            begun.wait()
            if not locked:
                thread.join()
            for sql in [*first[guards:], "COMMIT"]:
                session.execute(sql)
        thread.join()
    return errors, len(land.rows())


def test_only_the_lock_keeps_two_sessions_from_loading_one_file(tmp_path: Path) -> None:
    """Write skew: each sees that nothing is loaded, and each inserts a row that the other does not see."""
    for locked, expected in ((True, ([f"{ALREADY_LOADED}: 1"], 1)), (False, ([], 2))):
        world = World(tmp_path / str(locked))
        world.folder.mkdir()
        world.initialise()
        assert _both_commit(Land(world), locked=locked) == expected


def acting(word: str, act: Callable[[], object], times: int = 1) -> Spied:
    """A warehouse before whose first statements with `word` something else happens."""
    left = [None] * times

    def fail(sql: str) -> None:
        if word in sql and left:
            left.pop()
            act()

    return Spied(None, fail)


@pytest.mark.parametrize("word", [" COPY ", " LOCK ", "COUNT(*) AS tg_rows", " CREATE TABLE "])
def test_a_file_that_is_overwritten_while_it_is_loaded_is_read_anew(land: Land, word: str) -> None:
    """Before COPY, between COPY and the second look, and right before the transaction."""
    land.write("a.parquet", {"id": [1, 2]})
    land.write("b.parquet", {"id": [3]}, minute=1)
    spy = acting(word, lambda: land.write("a.parquet", {"id": [7]}, minute=2))
    outcome = spied(land, spy).load()
    if word == " LOCK ":
        assert land.rows() == [(1,), (2,), (3,)], "what was copied and looked at is what is loaded"
        assert [names(b.files) for b in land.load().batches] == [["a.parquet"]]
        assert land.rows() == [(1,), (2,), (3,), (7,)]
        return
    assert (outcome.rows, land.rows()) == (2, [(3,), (7,)])
    assert sorted(land.loaded()) == [("a.parquet", 1), ("b.parquet", 1)]


def test_a_file_that_goes_while_it_is_loaded_is_told(land: Land) -> None:
    path = land.write("a.parquet", {"id": [1]})
    land.write("b.parquet", {"id": [2]}, minute=1)
    outcome = spied(land, acting(" COPY ", path.unlink)).load()
    assert (names(outcome.gone), land.rows(), outcome.quarantined) == (["a.parquet"], [(2,)], ())


def test_another_session_that_is_first_takes_its_file_out_of_the_batch(land: Land) -> None:
    path = land.write("a.parquet", {"id": [1]})
    land.write("b.parquet", {"id": [2]}, minute=1)
    other = Land(replace(land.world, suffix="z"))
    outcome = spied(land, acting(" LOCK ", lambda: other.load(path))).load()
    assert (outcome.rows, names(outcome.already)) == (1, ["a.parquet"])
    assert (land.rows(), len(land.loaded())) == ([(1,), (2,)], 2)


def test_another_session_that_is_first_with_every_batch_is_no_change_of_files(land: Land) -> None:
    """Twelve kinds of columns are twelve batches, and each of them is lost to the other session."""
    for n in range(MAX_SEALS + 2):
        land.write(f"{n:02}.parquet", {"id": [n], f"c{n}": [n]}, minute=n)
    other = Land(replace(land.world, suffix="z"))
    with land.world.context() as ctx:
        ctx = land.context(ctx)
        plan = land.plan(ctx, appending())
        assert other.load().rows == MAX_SEALS + 2
        outcome = run_load(ctx, plan)
    assert (outcome.rows, len(outcome.already), len(land.loaded())) == (0, MAX_SEALS + 2, MAX_SEALS + 2)


def test_another_session_widens_the_table_meanwhile(land: Land) -> None:
    land.world.sql(f"CREATE TABLE {TABLE} (id BIGINT)")
    land.write("a.parquet", {"id": [1], "note": ["x" * 100]})
    add = f"ALTER TABLE {TABLE} ADD COLUMN note VARCHAR(5)"
    other = replace(land.world, suffix="z")
    spy = acting(" COPY ", lambda: other.sql(add))
    outcome = spied(land, spy).load()
    assert outcome.batches[0].statements == ('ALTER TABLE "public"."sales" ALTER COLUMN "note" TYPE VARCHAR(150)',)
    assert land.rows() == [(1, "x" * 100)]


def test_a_file_that_never_holds_still_ends_the_load(land: Land) -> None:
    path = land.write("a.parquet", {"id": [1]})
    minutes = iter(range(1, 60))
    spy = acting("COUNT(*) AS tg_rows", lambda: land.write("a.parquet", {"id": [1]}, minute=next(minutes)), 60)
    with pytest.raises(Refused, match=f"files keep changing while they are loaded into public.sales: {path}"):
        spied(land, spy).load()
    assert land.loaded() == []


def test_a_guard_of_another_kind_is_not_taken_for_a_race(land: Land) -> None:
    land.write("a.parquet", {"id": [1]})

    def fail(sql: str) -> Exception | None:
        return GuardFailed("something else: 1") if " LOCK " in sql else None

    with pytest.raises(GuardFailed, match="something else: 1"):
        spied(land, Spied(None, fail)).load()
    assert land.loaded() == []
