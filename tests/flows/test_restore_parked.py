"""Parked periods: what it takes to read them, each file asked for once, readable in place for a while."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from tests.flows.aging import told
from tests.flows.parking import park, slow
from tests.flows.tables import archive
from tests.world import AS_OF, ORDERS, World

from tidegate.errors import DifferenceFound, ObjectMissing, PolicyError, Refused, UsageError
from tidegate.flows.hold import add_hold
from tidegate.flows.replay import replay
from tidegate.flows.restore import run_restore
from tidegate.flows.restore_plan import RestorePlan, RestoreRequest, plan_restore
from tidegate.model.outcome import RestoreOutcome
from tidegate.model.records import LogRecord, RecordKind
from tidegate.model.thawing import Amount, FileStates
from tidegate.model.tiers import Retrieval, Tier

JANUARY = date(2020, 1, 1)
FEBRUARY = date(2020, 2, 1)
ALL = "SELECT COUNT(*), SUM(order_id) FROM public.orders_all"
WHOLE = (60, 1830)
PARKED = (40, 1260)


def plan(world: World, first: date | None = None, last: date | None = None, **options: Any) -> RestorePlan:
    with world.context() as ctx:
        return plan_restore(ctx, RestoreRequest(ORDERS, first, last, **options))


def run(world: World, first: date | None = None, last: date | None = None, **options: Any) -> RestoreOutcome:
    with world.context() as ctx:
        return run_restore(ctx, plan_restore(ctx, RestoreRequest(ORDERS, first, last, **options)))


def records(world: World, kind: RecordKind) -> list[LogRecord]:
    from tidegate.flows.identity import attach
    from tidegate.flows.records import RecordLog

    with world.context() as ctx:
        found = list(RecordLog(ctx, attach(ctx).warehouse).read(ORDERS))
    assert replay(found).gaps == []
    return [record for record in found if record.kind is kind]


def sizes(world: World) -> dict[date, int]:
    """Of the files of January and February, before they are parked."""
    found = sorted((world.folder / "lake").glob("w*/public/orders/tg_batch=*/tg_period=*/*.parquet"))
    return {date.fromisoformat(path.parent.name[10:]): path.stat().st_size for path in found}


def test_a_plan_tells_where_the_files_stand_and_what_each_way_takes(archived: World) -> None:
    size = sizes(archived)
    park(archived, JANUARY)
    made = plan(archived, days=5)
    assert made.states == FileStates(readable=Amount(1, size[FEBRUARY]), parked=Amount(1, size[JANUARY]))
    assert (made.until, [part.parked for part in made.parts]) == (date(2020, 6, 26), [False, True])
    assert made.thaw is not None
    assert [(way.retrieval, way.time, way.hours) for way in made.thaw.ways] == [
        (Retrieval.EXPEDITED, "1 to 5 minutes", 0.1),
        (Retrieval.STANDARD, "3 to 5 hours", 5.0),
        (Retrieval.BULK, "5 to 12 hours", 12.0),
    ]
    assert made.thaw.ways[2].price == Decimal(0)
    assert plan(archived, FEBRUARY, days=5).thaw is None


def test_the_slowest_of_several_tiers_decides(archived: World) -> None:
    park(archived, JANUARY)
    park(archived, FEBRUARY, tier=Tier.DEEP_ARCHIVE)
    made = plan(archived)
    assert made.thaw is not None
    assert [(way.retrieval, way.time) for way in made.thaw.ways] == [
        (Retrieval.STANDARD, "up to 12 hours"),
        (Retrieval.BULK, "up to 48 hours"),
    ]
    with pytest.raises(UsageError) as refused:
        plan(archived, retrieval=Retrieval.EXPEDITED)
    assert refused.value.message == ("public.orders: files in DEEP_ARCHIVE cannot be asked for by expedited retrieval")
    assert refused.value.hint == "Use standard or bulk instead."


def test_parked_periods_can_be_read_in_place_for_a_while(archived: World) -> None:
    keys = park(archived)
    assert archived.sql(ALL) == [PARKED]
    outcome = run(archived, JANUARY, JANUARY, days=5)
    assert (outcome.rows, outcome.until, outcome.already) == (10, date(2020, 6, 26), False)
    assert [proof.period for proof in outcome.periods] == [JANUARY]
    assert archived.value("SELECT COUNT(*) FROM public.orders_all") == 50
    assert archived.sql("SELECT period, tier, thawed_until FROM tidegate.published") == [
        (JANUARY, "GLACIER", date(2020, 6, 26))
    ]
    assert archived.sql("SELECT period FROM tidegate.parked") == [(FEBRUARY,)]
    (record,) = records(archived, RecordKind.THAW)
    assert [part.periods for part in record.published] == [(JANUARY,)]
    assert record.until == "2020-06-26"
    copies = [
        p.relative_to(archived.folder / "lake") for p in (archived.folder / "lake").rglob("tg_thaw=*/**/*.parquet")
    ]
    batch, file = keys[0].split("tg_period=")
    assert list(map(str, copies)) == [f"{batch}tg_thaw=2020-06-26/tg_period={file}"]
    assert archived.value("SELECT COUNT(*) FROM public.orders") == 40


def test_what_can_be_read_is_left_alone_and_a_longer_time_is_given(archived: World) -> None:
    park(archived, JANUARY)
    run(archived, days=5)
    again = run(archived, days=5)
    assert (again.already, again.rows, len(again.periods)) == (True, 0, 2)
    assert run(archived, days=2).already
    with slow(archived, 1) as (world, lake):
        longer = run(world, days=30)
    assert (longer.already, longer.rows, [p.period for p in longer.periods]) == (False, 10, [JANUARY])
    assert lake.asked == [], "the copies that are there are copied"
    assert archived.sql("SELECT period, thawed_until FROM tidegate.published ORDER BY 1") == [
        (JANUARY, date(2020, 7, 21)),
        (FEBRUARY, None),
    ]
    with archived.context() as ctx:
        ctx.lake.delete([info.key for info in ctx.lake.list("w") if "tg_thaw=2020-06-26" in info.key])
    assert archived.sql(ALL) == [WHOLE], "the first copies are read no more"
    assert [record.until for record in records(archived, RecordKind.THAW)] == ["2020-06-26", "2020-07-21"]


def test_each_file_is_asked_for_once_and_the_same_command_goes_on(archived: World) -> None:
    size = sizes(archived)
    keys = park(archived)
    with slow(archived, 3) as (world, lake):
        first = run(world, days=5, retrieval=Retrieval.BULK)
        assert lake.asked == [(key, Retrieval.BULK) for key in keys]
        assert first.states == FileStates(thawing=Amount(2, sum(size.values())))
        assert (first.states.waiting, first.rows, first.periods) == (True, 0, ())
        assert run(world, days=5).states.waiting
        assert archived.sql(ALL) == [PARKED]
        last = run(world, days=5)
    assert (last.states.waiting, last.rows, len(lake.asked)) == (False, 20, 2)
    assert last.states == FileStates(thawed=Amount(2, sum(size.values())))
    assert archived.sql(ALL) == [WHOLE]


def test_waiting_looks_again_after_longer_and_longer_pauses(archived: World) -> None:
    park(archived)
    pauses: list[float] = []
    with slow(archived, 8) as (world, lake), world.context() as ctx:
        ctx = replace(ctx, sleep=pauses.append)
        outcome = run_restore(ctx, plan_restore(ctx, RestoreRequest(ORDERS, days=5)), wait=True)
    assert pauses == [15.0, 30.0, 60.0, 120.0, 240.0, 480.0, 900.0, 900.0]
    assert (outcome.rows, len(lake.asked)) == (20, 2)


def test_the_days_count_from_the_day_on_which_the_wait_ends(archived: World) -> None:
    park(archived)
    with slow(archived, 1) as (world, _), world.context() as ctx:
        ctx = replace(ctx, sleep=lambda _: archived.clock.advance(days=2))
        outcome = run_restore(ctx, plan_restore(ctx, RestoreRequest(ORDERS, days=1)), wait=True)
    assert outcome.until == date(2020, 6, 24)


def test_into_the_hot_table_parked_rows_are_hot_again_and_counted_nowhere_else(archived: World) -> None:
    park(archived, JANUARY)
    outcome = run(archived)
    assert (outcome.rows, outcome.until, outcome.states.thawed.files) == (20, None, 1)
    assert outcome.hold is not None
    assert archived.sql(ALL) == archived.sql(ALL.replace("_all", "")) == [WHOLE]
    assert archived.value("SELECT COUNT(*) FROM tidegate.published") == 0
    assert archived.value("SELECT COUNT(*) FROM tidegate.parked") == 0
    assert archived.value("SELECT COUNT(*) FROM tidegate.retired") == 2
    with archived.context() as ctx:
        assert [row.state.value for row in ctx.ledger.batches()] == ["retired"]
    assert archived.verify().differences == ()


def test_a_batch_with_parked_periods_left_is_not_retired_in_the_ledger(archived: World) -> None:
    park(archived, JANUARY)
    run(archived, FEBRUARY, FEBRUARY)
    with archived.context() as ctx:
        assert [row.state.value for row in ctx.ledger.batches()] == ["reclaimed"]


def test_into_a_new_table_parked_rows_stay_cold(archived: World) -> None:
    park(archived)
    assert run(archived, JANUARY, JANUARY, into=replace(ORDERS, name="january")).rows == 10
    assert archived.sql("SELECT COUNT(*), SUM(order_id) FROM public.january") == [(10, 280)]
    assert archived.sql("SELECT period, thawed_until FROM tidegate.published") == [(JANUARY, date(2020, 6, 24))]


def test_rows_with_an_identity_come_back_from_the_copies(empty: World) -> None:
    world = empty
    world.sql(
        "CREATE TABLE public.orders (id BIGINT IDENTITY(7, 3), order_date DATE, note VARCHAR(9))",
        "INSERT INTO public.orders (order_date, note) VALUES ('2020-01-05', 'a'), ('2020-01-06', 'b'), "
        "('2020-06-01', 'c')",
    )
    before = world.sql("SELECT id, note FROM public.orders ORDER BY 1")
    archive(world, AS_OF)
    world.clock.advance(days=1)
    park(world)
    assert run(world).rows == 2
    assert world.sql("SELECT id, note FROM public.orders ORDER BY 1") == before
    assert not list((world.folder / "lake").rglob("*.manifest"))


def test_ids_that_are_parked_are_told_of_when_the_table_is_made_anew(empty: World) -> None:
    world = empty
    world.sql(
        "CREATE TABLE public.orders (id BIGINT IDENTITY(7, 3), order_date DATE)",
        "INSERT INTO public.orders (order_date) VALUES ('2020-01-05'), ('2020-02-06')",
    )
    archive(world.with_policy(max_delete_fraction=1.0), AS_OF)
    world.clock.advance(days=1)
    park(world, FEBRUARY)
    world.sql("DROP TABLE public.orders")
    with world.context() as ctx:
        ctx, notices = told(ctx)
        run_restore(ctx, plan_restore(ctx, RestoreRequest(ORDERS, JANUARY, JANUARY)))
    assert notices == ['public.orders: the ids of parked periods are not known, new values of "id" may repeat them']


REFUSALS: dict[str, tuple[str, type[Exception], str]] = {
    "a column is gone": (
        "ALTER TABLE public.orders DROP COLUMN note",
        PolicyError,
        'public.orders: column "note" of the archive is gone from the table (renamed or dropped)',
    ),
    "a column must have a value": (
        "ALTER TABLE public.orders ADD COLUMN extra INTEGER NOT NULL DEFAULT 1",
        PolicyError,
        'public.orders: column "extra" is NOT NULL, but the archived rows have no value for it',
    ),
}


@pytest.mark.parametrize("name", list(REFUSALS))
@pytest.mark.parametrize("days", [None, 5])
def test_columns_that_cannot_be_mapped_are_refused_before_a_file_is_asked_for(
    archived: World, name: str, days: int | None
) -> None:
    change, kind, message = REFUSALS[name]
    park(archived)
    archived.sql(change)
    with slow(archived, 1) as (world, lake), pytest.raises(kind) as refused:
        run(world, days=days)
    assert str(refused.value) == message
    assert lake.asked == []


def test_a_wider_column_takes_parked_rows(archived: World) -> None:
    park(archived)
    archived.sql("ALTER TABLE public.orders ALTER COLUMN note TYPE VARCHAR(80)")
    assert run(archived).rows == 20
    assert archived.sql(ALL.replace("_all", "")) == [WHOLE]


def test_a_table_with_other_rows_is_refused_before_a_file_is_asked_for(archived: World) -> None:
    park(archived)
    archived.sql("CREATE TABLE public.old AS SELECT * FROM public.orders")
    with slow(archived, 1) as (world, lake), pytest.raises(Refused) as refused:
        run(world, into=replace(ORDERS, name="old"))
    assert refused.value.message == "public.old exists and holds other rows"
    assert lake.asked == []


def test_a_missing_parked_file_is_told_before_another_is_asked_for(archived: World) -> None:
    keys = park(archived)
    with archived.context() as ctx:
        ctx.lake.delete([keys[1]])
    with slow(archived, 1) as (world, lake), pytest.raises(DifferenceFound) as found:
        run(world, days=5)
    assert found.value.message == f"{keys[1]} is missing"
    assert lake.asked == []


def test_a_copy_with_other_rows_is_never_counted(archived: World) -> None:
    """Another process left a file of the same size where the copy goes."""
    keys = park(archived, JANUARY)
    with archived.context() as ctx:
        (info,) = ctx.lake.thaw(keys, 7, Retrieval.STANDARD)
        data = ctx.lake.get(info.key)
        batch, file = keys[0].split("tg_period=")
        ctx.lake.put(f"{batch}tg_thaw=2020-06-26/tg_period={file}", _other(data))
    with pytest.raises(DifferenceFound) as found:
        run(archived, days=5)
    assert "2020-01-01: the rows of batch" in found.value.message
    assert archived.value("SELECT COUNT(*) FROM tidegate.published WHERE period = '2020-01-01'") == 0


def _other(data: bytes) -> bytes:
    """The same Parquet file with one value changed: its size is the same."""
    return data.replace(b"note 1", b"note 2")


def test_a_hold_keeps_nobody_from_reading(archived: World) -> None:
    park(archived)
    with archived.context() as ctx:
        add_hold(ctx, ORDERS, None, None, "audit")
    assert run(archived, days=5).rows == 20
    assert archived.sql(ALL) == [WHOLE]


def test_parked_rows_still_forbid_a_change_that_they_would_not_fit(archived: World) -> None:
    park(archived)
    archived.sql("ALTER TABLE public.orders DROP COLUMN note")
    (table,) = archived.plan(date(2020, 8, 20)).tables
    assert table.error is not None
    assert table.error.message.startswith('public.orders: column "note" of the archive is gone')


def test_a_rebuilt_warehouse_reads_thawed_periods_from_their_copies(archived: World) -> None:
    park(archived)
    run(archived, JANUARY, JANUARY, days=5)
    run(archived, JANUARY, JANUARY, days=9)
    (archived.folder / "warehouse.duckdb").unlink()
    archived.rebuild()
    assert archived.sql("SELECT period, tier, thawed_until FROM tidegate.published") == [
        (JANUARY, "GLACIER", date(2020, 6, 30))
    ]
    assert archived.value("SELECT COUNT(*) FROM tidegate_cold.public__orders") == 10


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"days": 0}, "--days is 0, must be 1 to 3650"),
        ({"days": 1, "into": replace(ORDERS, name="x")}, "--days makes periods readable where they are"),
    ],
)
def test_a_request_that_contradicts_itself_is_refused(archived: World, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as refused:
        plan(archived, **options)
    assert refused.value.message.startswith(message)


def test_nothing_to_read_in_place_is_said(archived: World) -> None:
    archived.restore(JANUARY, JANUARY)
    with pytest.raises(ObjectMissing) as missing:
        run(archived, JANUARY, JANUARY, days=5)
    assert missing.value.message == "public.orders has no archived rows from 2020-01-01 to 2020-01-01"


def test_old_manifests_of_killed_restores_go_with_the_next(archived: World) -> None:
    (root,) = (archived.folder / "lake" / "_tidegate").glob("w*")
    for id_ in ("20200619-110000-00000001", "20200620-130000-00000002", "strange"):
        folder = root / "restore" / id_
        folder.mkdir(parents=True)
        (folder / "1.manifest").write_bytes(b"{}")
    archived.restore(JANUARY, JANUARY)
    assert [path.name for path in sorted((root / "restore").iterdir())] == ["20200620-130000-00000002", "strange"]
