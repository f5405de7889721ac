"""`erase`: the rows of a condition are gone from everywhere, and every other row is where it was."""

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from tests.flows.rewriting import batches, erase, found, in_files, planned_erase
from tests.flows.tables import lake_of, rows_of
from tests.world import AS_OF, ORDERS, World

from tidegate.errors import (
    BlastRadius,
    DifferenceFound,
    HoldInForce,
    LeaseHeld,
    ObjectMissing,
    ObjectParked,
    Refused,
    UsageError,
)
from tidegate.flows.hold import add_hold, release_hold
from tidegate.flows.leases import lease
from tidegate.model.policy import Action
from tidegate.warehouse.base import Result

ALL = "public.orders_all"
ODD = "order_id % 12 = 1"
"""Five rows, all of January: orders 1, 13, 25, 37 and 49."""


def kept(rows: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    return [row for row in rows if int(str(row[0])) % 12 != 1]


def test_rows_go_and_the_others_stay(archived: World) -> None:
    before, (old,) = rows_of(archived, ALL), batches(archived)
    outcome = erase(archived, ODD, reason="asked for by the customer")
    assert found(outcome) == [("archive", "2020-01-01", 5)]
    (new,) = outcome.batches
    assert batches(archived) == {old: {"2020-02-01": 10}, new: {"2020-01-01": 5}}
    assert rows_of(archived, ALL) == kept(before)
    assert len(kept(before)) == len(before) - 5
    assert [row["order_id"] % 12 for row in in_files(archived, new)] == [7] * 5
    assert archived.sql("SELECT batch, reason FROM tidegate.retired") == [(old, "erased")]
    assert archived.verify().differences == ()
    assert (outcome.hot_left, outcome.objects, outcome.waiting) == (0, 0, 1)


def test_old_files_go_after_the_grace(archived: World) -> None:
    erase(archived, ODD)
    assert any(row["order_id"] == 1 for row in in_files(archived))
    assert erase(archived, ODD).id is None, "what is going already is not erased twice"
    assert archived.gc().removed == ()
    archived.clock.advance(days=2)
    (garbage,) = archived.gc().removed
    assert (garbage.reason, [str(p) for p in garbage.periods]) == ("erased", ["2020-01-01"])
    assert all(row["order_id"] % 12 != 1 for row in in_files(archived))
    assert len(in_files(archived)) == 15
    assert archived.verify().differences == ()


def test_now_leaves_no_bytes(archived: World) -> None:
    outcome = erase(archived, ODD, now=True)
    assert outcome.objects == 1
    assert len(in_files(archived)) == 15
    assert archived.verify().differences == ()
    assert erase(archived, ODD, now=True).id is None


def test_a_period_whose_rows_all_go_has_no_batch_any_more(archived: World) -> None:
    before = rows_of(archived, ALL)
    outcome = erase(archived, "order_date < '2020-02-01'", now=True)
    assert outcome.batches == ()
    assert [list(periods) for periods in batches(archived).values()] == [["2020-02-01"]]
    assert rows_of(archived, ALL) == [row for row in before if str(row[1]) >= "2020-02-01"]
    assert erase(archived, "order_date < '2020-03-01' and amount > 0", now=True).objects > 0
    assert (batches(archived), in_files(archived)) == ({}, [])
    assert archived.verify().differences == ()
    assert archived.value("SELECT COUNT(*) FROM public.orders_all") == 40


def test_the_record_says_what_was_done_but_never_the_values(archived: World) -> None:
    outcome = erase(archived, "note = 'note 25' or order_id = 987654321", reason="ticket 17")
    records = archived.sql("SELECT kind, record FROM tidegate.log WHERE kind LIKE 'erase%' ORDER BY number")
    assert [kind for kind, _ in records] == ["erase", "erase", "erased", "erased"]
    texts = [str(text) for _, text in records]
    assert all(outcome.id is not None and outcome.id in text for text in texts)
    assert outcome.sha256 in texts[0]
    assert '"columns":["order_id","note"]' in texts[2]
    assert '"reason":"ticket 17"' in texts[2]
    assert '"rows":{"2020-01-01":1}' in texts[2]
    documents = b"".join(data for key, data in lake_of(archived).items() if key.endswith(".json"))
    assert b"987654321" not in documents
    assert b"note 25" not in documents


def test_a_null_keeps_the_row(archived: World) -> None:
    archived.restore()
    archived.sql("UPDATE public.orders SET note = NULL WHERE order_id IN (1, 2)")
    with archived.context() as ctx:
        for hold in archived.sql("SELECT id FROM tidegate.holds"):
            release_hold(ctx, hold[0])
    archived.clock.advance(days=1)
    archived.archive()
    before = rows_of(archived, ALL)
    outcome = erase(archived, "note <> 'note 7'")
    assert sum(rows or 0 for place, _, rows in found(outcome) if place == "archive") == 17
    left = archived.sql("SELECT order_id FROM public.orders_all WHERE order_date < '2020-03-01' ORDER BY 1")
    assert left == [(1,), (2,), (7,)]
    assert len(rows_of(archived, ALL)) == len(before) - 17
    assert archived.verify().differences == ()


def test_hot_rows_are_told_and_go_when_asked_for(archived: World) -> None:
    everywhere = "order_id % 6 in (1, 3) and order_id < 13"
    outcome = erase(archived, everywhere)
    assert (found(outcome), outcome.hot_left) == ([("archive", "2020-01-01", 2)], 2)
    assert archived.value("SELECT COUNT(*) FROM public.orders") == 40
    outcome = erase(archived, everywhere, hot=True)
    assert (found(outcome), outcome.hot_left) == ([("hot", "2020-03-01", 2)], 0)
    assert archived.value("SELECT COUNT(*) FROM public.orders_all WHERE order_id % 6 IN (1, 3) AND order_id < 13") == 0
    assert archived.value("SELECT COUNT(*) FROM public.orders_all") == 56
    assert archived.verify().differences == ()


def test_hot_rows_that_come_meanwhile_go_too(archived: World) -> None:
    racing = replace(archived, wrap=_at("erase swap", archived, _insert_hot))
    outcome = erase(racing, "note = 'secret' or order_id = 3", hot=True)
    assert archived.value("SELECT COUNT(*) FROM public.orders_all WHERE note = 'secret' OR order_id = 3") == 0
    assert found(outcome) == [("hot", "2020-03-01", 1), ("hot", "2020-06-01", 1)]


def _insert_hot(world: World) -> None:
    world.sql("INSERT INTO public.orders VALUES (777, '2020-06-01', 1.00, 'secret')")


def test_too_many_hot_rows_are_refused(archived: World) -> None:
    with pytest.raises(BlastRadius, match=r"public\.orders: 100% of the hot rows would be erased, more than 95%"):
        erase(archived, "order_id > 0", hot=True)
    assert archived.value("SELECT COUNT(*) FROM public.orders_all") == 60
    erase(archived, "order_id > 0", hot=True, now=True, max_delete_fraction=1.0)
    assert archived.value("SELECT COUNT(*) FROM public.orders_all") == 0
    assert in_files(archived) == []


def test_copies_are_rewritten_too(world: World) -> None:
    copying = world.with_policy(action=Action.COPY)
    copying.archive()
    assert len(in_files(copying)) == 20
    copying.clock.advance(days=1)
    outcome = erase(copying, ODD, hot=True, now=True)
    assert found(outcome) == [("copy", "2020-01-01", 5), ("hot", "2020-01-01", 5)]
    assert sorted(batches(copying, "copies").values(), key=repr) == [{"2020-01-01": 5}, {"2020-02-01": 10}]
    assert batches(copying) == {}
    assert len(in_files(copying)) == 15
    assert copying.verify().differences == ()
    (copying.folder / "tidegate.sqlite").unlink()
    assert copying.rebuild().differences == ()
    copying.archive(AS_OF)
    assert len(in_files(copying)) == 15, "the copies are those of the hot rows that are left"


def test_retired_batches_whose_files_are_there_are_covered(archived: World) -> None:
    archived.restore(date(2020, 1, 1), date(2020, 1, 31))
    _release_all(archived)
    outcome = erase(archived, ODD, hot=True, now=True)
    assert found(outcome) == [("retired", "2020-01-01", 5), ("hot", "2020-01-01", 5)]
    assert len(in_files(archived)) == 10
    assert archived.value("SELECT COUNT(*) FROM public.orders_all") == 55
    assert archived.verify().differences == ()


def test_retired_batches_without_such_rows_are_left_alone(archived: World) -> None:
    archived.restore(date(2020, 1, 1), date(2020, 1, 31))
    _release_all(archived)
    with archived.context() as ctx:
        add_hold(ctx, ORDERS, date(2020, 3, 1), None, "of other periods")
    outcome = erase(archived, "order_id = 2", now=True)
    assert found(outcome) == [("archive", "2020-02-01", 1)]
    assert archived.sql("SELECT DISTINCT reason FROM tidegate.retired ORDER BY 1") == [("erased",), ("restored",)]


def _release_all(world: World) -> None:
    with world.context() as ctx:
        for (hold,) in world.sql("SELECT id FROM tidegate.holds"):
            release_hold(ctx, hold)


class Stop(Exception):
    """A run that dies."""


def _at(mark: str, world: World, act):  # type: ignore[no-untyped-def]
    """Calls `act` once, right before the first transaction with this mark is submitted."""
    pending = [act]

    class Warehouse:
        def __init__(self, target: object) -> None:
            self._target = target

        def __getattr__(self, name: str) -> object:
            return getattr(self._target, name)

        def session(self):  # type: ignore[no-untyped-def]
            return _Wrapped(self._target.session(), Warehouse)  # type: ignore[attr-defined]

        def transaction(self, statements: list[str]) -> object:
            if pending and mark in statements[0]:
                pending.pop()(world)
            return self._target.transaction(statements)  # type: ignore[attr-defined]

    return lambda port, name: Warehouse(port) if name == "warehouse" else port


class _Wrapped:
    def __init__(self, opened, wrap) -> None:  # type: ignore[no-untyped-def]
        self._opened, self._wrap = opened, wrap

    def __enter__(self) -> object:
        return self._wrap(self._opened.__enter__())

    def __exit__(self, *error: object) -> None:
        self._opened.__exit__(*error)


def test_unfinished_batches_are_given_up_and_their_files_go(world: World) -> None:
    def die(_: World) -> None:
        raise Stop

    with pytest.raises(Stop):
        replace(world, wrap=_at(" publish ", world, die)).archive()
    assert len(in_files(world)) == 20
    world.clock.advance(days=1)
    outcome = erase(world, ODD, now=True)
    assert found(outcome) == [("unfinished", "2020-01-01", None), ("unfinished", "2020-02-01", None)]
    assert outcome.hot_left == 5
    assert in_files(world) == []
    assert rows_of(world, "public.orders") == rows_of(world, ALL)
    assert world.verify().differences == ()
    world.clock.advance(days=1)
    world.archive()
    assert len(in_files(world)) == 20


def test_a_prefix_that_nobody_knows_is_a_refusal(archived: World) -> None:
    (folder,) = (archived.folder / "lake").glob("w*/public/orders/tg_batch=*")
    shutil.copytree(folder, folder.with_name("tg_batch=20200101-000000-0badcafe"))
    with pytest.raises(Refused, match=r"tg_batch=20200101-000000-0badcafe/ was unloaded, but no record says"):
        erase(archived, ODD)
    assert archived.value("SELECT COUNT(*) FROM public.orders_all") == 60


def test_parked_periods_are_a_refusal_before_anything_changes(archived: World) -> None:
    archived.sql(
        "INSERT INTO tidegate.parked (table_name, batch, period, row_count, fingerprint, hash, archived_at, tier, "
        "parked_at) SELECT table_name, batch, period, row_count, fingerprint, hash, archived_at, 'GLACIER', "
        "archived_at FROM tidegate.published WHERE period = '2020-02-01'",
        "DELETE FROM tidegate.published WHERE period = '2020-02-01'",
    )
    before = batches(archived)
    with pytest.raises(ObjectParked, match=r"public\.orders: 2020-02-01: parked") as error:
        erase(archived, ODD)
    assert "`tidegate restore public.orders --from 2020-02-01 --to 2020-02-01 --days 7`" in error.value.hint
    assert batches(archived) == before
    assert archived.value("SELECT COUNT(*) FROM tidegate.log WHERE kind = 'erase'") == 0


@pytest.mark.parametrize("moment", ["", "erase swap"])
def test_a_hold_stops_it_at_every_moment(archived: World, moment: str) -> None:
    def hold(world: World) -> None:
        with world.context() as ctx:
            add_hold(ctx, ORDERS, date(2020, 1, 15), date(2020, 1, 15), "asked for")

    before = rows_of(archived, ALL)
    racing = replace(archived, wrap=_at(moment, archived, hold)) if moment else archived
    if not moment:
        hold(archived)
    with pytest.raises(HoldInForce, match="rows are under hold"):
        erase(racing, ODD, now=True)
    assert rows_of(archived, ALL) == before
    kinds = {d.kind for d in archived.verify().differences}
    assert kinds == ({"erase.unfinished"} if moment else set())
    _release_all(archived)
    assert len(erase(archived, ODD, now=True).batches) == 1
    assert rows_of(archived, ALL) == kept(before)
    assert archived.verify().differences == ()


@pytest.mark.parametrize(
    ("moment", "message"),
    [
        ("erase unload", "what is archived was changed meanwhile: restore by "),
        ("erase swap", r"batch \S+ is no longer published: another run changed it meanwhile"),
    ],
)
def test_a_restore_meanwhile_is_a_refusal_and_the_next_run_finishes(archived: World, moment: str, message: str) -> None:
    racing = replace(archived, wrap=_at(moment, archived, _restore_january))
    before = rows_of(archived, ALL)
    with pytest.raises(Refused, match=message) as error:
        erase(racing, ODD)
    assert error.value.hint.startswith("Nothing was erased yet.")
    assert rows_of(archived, ALL) == before
    _release_all(archived)
    archived.clock.advance(days=1)
    outcome = erase(archived, ODD, hot=True, now=True)
    assert found(outcome) == [("retired", "2020-01-01", 5), ("hot", "2020-01-01", 5)]
    assert rows_of(archived, ALL) == kept(before)
    assert archived.verify().differences == ()
    ids = archived.sql("SELECT record FROM tidegate.log WHERE kind = 'erase'")
    assert len(ids) == 2, "the intent of the first run is the second one's"


def _restore_january(world: World) -> None:
    assert world.restore(date(2020, 1, 1), date(2020, 1, 31)).rows == 10


def test_archived_rows_that_are_not_those_that_were_archived_stop_it(archived: World) -> None:
    archived.sql("UPDATE tidegate.published SET fingerprint = '1' WHERE period = '2020-01-01'")
    before = rows_of(archived, ALL)
    with pytest.raises(DifferenceFound, match=r"orders 2020-01-01: the archived rows are not those that were archived"):
        erase(archived, ODD)
    assert rows_of(archived, ALL) == before


def test_a_new_batch_that_does_not_read_back_is_given_up(archived: World) -> None:
    """One row of the new batch is another one than those that should be left."""

    class Lying:
        def __init__(self, target: object) -> None:
            self._target = target

        def __getattr__(self, name: str) -> object:
            return getattr(self._target, name)

        def session(self):  # type: ignore[no-untyped-def]
            return _Wrapped(self._target.session(), Lying)  # type: ignore[attr-defined]

        def execute(self, sql: str) -> Result:
            result: Result = self._target.execute(sql)  # type: ignore[attr-defined]
            if " read back */" not in sql:
                return result
            return replace(result, rows=tuple((day, rows, int(str(total)) + 1) for day, rows, total in result.rows))

    before = rows_of(archived, ALL)
    lying = replace(archived, wrap=lambda port, name: Lying(port) if name == "warehouse" else port)
    with pytest.raises(DifferenceFound, match=r"rows read back from batch \S+ are not those that should be left"):
        erase(lying, ODD)
    assert rows_of(archived, ALL) == before
    assert archived.value("SELECT COUNT(*) FROM tidegate.retired WHERE reason = 'abandoned'") == 1
    assert len(erase(archived, ODD, now=True).batches) == 1
    assert rows_of(archived, ALL) == kept(before)


def test_one_run_at_a_time_works_on_a_table(archived: World) -> None:
    with archived.context() as ctx, lease(ctx, "archive", ORDERS), pytest.raises(LeaseHeld):
        erase(replace(archived, clock=archived.clock), ODD)
    assert archived.value("SELECT COUNT(*) FROM tidegate.log WHERE kind = 'erase'") == 0


def test_a_dry_run_tells_everything_and_changes_nothing(archived: World) -> None:
    before = lake_of(archived)
    plan = planned_erase(archived, "order_id % 12 in (1, 3)", hot=True)
    assert found(plan) == [("archive", "2020-01-01", 5), ("hot", "2020-03-01", 5)]
    assert plan.refusal is None
    assert lake_of(archived) == before


@pytest.mark.parametrize(
    ("table", "where", "error", "message"),
    [
        ("public.orders", "nothing = 1", UsageError, 'public.orders has no column "nothing"'),
        ("public.orders", "order_id = 1 --", UsageError, "the condition has a comment in it"),
        ("public.items", "id = 1", ObjectMissing, "table public.items does not exist, and nothing of it is archived"),
        ("tidegate.published", "row_count = 10", UsageError, "the schema tidegate is Tidegate's own"),
        ("tidegate_cold.public__orders", "order_id = 1", UsageError, "the schema tidegate_cold is Tidegate's own"),
    ],
)
def test_mistakes(archived: World, table: str, where: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        erase(archived, where, table, hot=True)
    assert archived.verify().differences == ()


def test_rebuilt_from_the_lake_it_is_the_same(archived: World, tmp_path: Path) -> None:
    erase(archived, ODD)
    counted = archived.sql("SELECT batch, period, row_count, archived_at FROM tidegate.published ORDER BY 1, 2")
    (archived.folder / "warehouse.duckdb").unlink()
    (archived.folder / "tidegate.sqlite").unlink()
    assert archived.rebuild().differences == ()
    again = archived.sql("SELECT batch, period, row_count, archived_at FROM tidegate.published ORDER BY 1, 2")
    assert (len(counted), again) == (2, counted)
    assert archived.sql("SELECT DISTINCT reason FROM tidegate.retired") == [("erased",)]
