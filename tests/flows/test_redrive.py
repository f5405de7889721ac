"""What loads put aside is tried again: the same version, once, and what does not come in says why."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.flows.landing import Land, appending, upserting
from tests.flows.redriving import SALES, Redrive
from tests.world import World

from tidegate.errors import ObjectMissing
from tidegate.flows.landing.quarantine import count_files, forget_batch, read_batches
from tidegate.model.names import TableName
from tidegate.model.quarantine import QuarantineFilter
from tidegate.model.route import CheckKind, CheckRule, Contract, FormatOptions, LoadMode, OnArchived, Severity
from tidegate.redshift.table_checks import last_loads

POSITIVE = CheckRule(CheckKind.RANGE, ("id",), least="1", severity=Severity.QUARANTINE)


@pytest.fixture
def frozen(empty: World) -> Redrive:
    """`b.parquet` and `c.parquet` have a column more than the table may get."""
    redrive = Redrive(Land(empty), appending(contract=Contract.FREEZE))
    redrive.land.world.sql("CREATE TABLE public.sales (id BIGINT)")
    redrive.land.write("a.parquet", {"id": [1]})
    for minute, name in enumerate("bc", 1):
        redrive.land.write(f"{name}.parquet", {"id": [minute, minute], "more": ["x", "y"]}, minute=minute)
    redrive.load()
    assert redrive.land.quarantined() == [("b.parquet", "file.refused", None), ("c.parquet", "file.refused", None)]
    return redrive


@pytest.fixture
def aside(empty: World) -> Redrive:
    """Two rows of `a.parquet` and one of `b.parquet` lie aside."""
    redrive = Redrive(Land(empty), appending(checks=(POSITIVE,)))
    redrive.land.write("a.parquet", {"id": [1, 0, -1], "note": ["a", "b", "c"]})
    redrive.land.write("b.parquet", {"id": [2, 0], "note": ["d", "e"]}, minute=1)
    redrive.load()
    assert redrive.land.quarantined() == [("a.parquet", "load.check", 2), ("b.parquet", "load.check", 1)]
    return redrive


def test_files_that_can_be_loaded_now_come_in_once_and_leave_the_list(frozen: Redrive) -> None:
    frozen.land.world.sql("ALTER TABLE public.sales ADD COLUMN more VARCHAR(20)")
    first, second = frozen.plan(), frozen.plan()
    assert [(retry.table, len(retry.files)) for retry in first.retries] == [(SALES, 2)]
    outcome = frozen.run(first)
    assert ([load.rows for load in outcome.loads], outcome.failures) == ([4], ())
    assert frozen.land.quarantined() == []
    late = frozen.run(second)
    assert (sum(load.rows for load in late.loads), late.forgotten) == (0, 2)
    assert [row[0] for row in frozen.land.rows("id")] == [1, 1, 1, 2, 2]
    assert frozen.run() == type(outcome)(())


def test_a_file_that_still_cannot_be_loaded_stays_with_the_new_reason(frozen: Redrive) -> None:
    outcome = frozen.run(frozen.plan(QuarantineFilter(table=SALES, code="file.refused")))
    assert [load.files for load in outcome.loads] == [0]
    assert len(outcome.loads[0].quarantined) == 2
    frozen.land.world.sql("ALTER TABLE public.sales ADD COLUMN more BIGINT")
    frozen.run()
    assert [reason.partition(":")[0] for reason in frozen.reasons()] == [
        'column "more" of public.sales is BIGINT, and VARCHAR(65535) in the file'
    ] * 2
    assert frozen.plan(QuarantineFilter(code="other")).files == 0


def test_files_that_changed_or_are_gone_are_told_and_forgotten_by_hand(frozen: Redrive) -> None:
    (frozen.land.folder / "b.parquet").unlink()
    frozen.land.write("c.parquet", {"id": [7]}, minute=9)
    outcome = frozen.run()
    assert [(failure.code, Path(failure.name).name) for failure in outcome.failures] == [
        ("load.gone", "b.parquet"),
        ("load.changed", "c.parquet"),
    ]
    assert outcome.failures[1].message.endswith("c.parquet is another version than the one in quarantine")
    with frozen.context() as ctx:
        (batch,) = read_batches(ctx, QuarantineFilter(), 10)
        assert (batch.table, batch.files, batch.code, count_files(ctx)) == (SALES, 2, "file.refused", {SALES: 2})
        assert f"`tidegate jobs cancel {batch.batch}`" in outcome.failures[0].hint
        assert [Path(entry.aside.file.uri).name for entry in forget_batch(ctx, batch.batch)] == [
            "b.parquet",
            "c.parquet",
        ]
        with pytest.raises(ObjectMissing, match=f"there is no batch {batch.batch} in quarantine"):
            forget_batch(ctx, batch.batch)
    assert (frozen.land.quarantined(), frozen.land.rows("id")) == ([], [(1,)])


def test_files_that_no_route_takes_there_are_one_error(frozen: Redrive) -> None:
    outcome = frozen.by(table=TableName("public", "other")).run()
    (failure,) = outcome.failures
    file = frozen.land.folder / "b.parquet"
    assert failure.message == f"no route takes {file} into public.sales, nor 1 more files"
    assert failure.hint.startswith(f"Load it by `tidegate load {file} --table public.sales`")
    assert len(frozen.land.quarantined()) == 2


def test_rows_that_lie_aside_come_in_once_and_leave_the_list(aside: Redrive) -> None:
    loose = aside.by(checks=(CheckRule(CheckKind.ROWS, least="1000"),))
    first, second = loose.plan(), loose.plan()
    assert [(one.table, one.rows) for one in first.asides] == [(SALES, 3)]
    outcome = loose.run(first)
    assert ([load.rows for load in outcome.loads], outcome.failures) == ([3], ())
    assert aside.land.quarantined() == []
    assert loose.run(second).forgotten == 1
    assert aside.land.rows("id, note") == [(-1, "c"), (0, "b"), (0, "e"), (1, "a"), (2, "d")]
    assert len(aside.land.loaded()) == 3
    assert loose.run().loads == ()
    loads = aside.land.world.sql(last_loads(TableName("tidegate", "loaded_files"), SALES))
    assert [row[0] for row in loads] == [5], "what was left of a load is none"


def test_rows_that_still_break_a_rule_stay_all_of_them(aside: Redrive) -> None:
    lake = aside.land.world.folder / "lake"
    before = sorted(lake.rglob("*.parquet"))
    stricter = CheckRule(CheckKind.RANGE, ("id",), least="0", severity=Severity.QUARANTINE)
    outcome = aside.by(checks=(stricter,)).run()
    (failure,) = outcome.failures
    assert (failure.code, "1 of its 3 rows have a id that is not at least 0" in failure.message) == ("refused", True)
    assert aside.reasons() == [failure.message] * 2
    assert aside.land.rows("id") == [(1,), (2,)]
    assert sorted(lake.rglob("*.parquet")) == before, "nothing is left of the try"
    assert aside.by(checks=()).run().failures == ()


def test_rows_of_archived_keys_come_in_where_they_may(archived: World) -> None:
    (order,) = archived.sql("SELECT order_id, order_date FROM public.orders_all ORDER BY 2, 1 LIMIT 1")
    land = Land(archived)
    land.write("a.parquet", {"order_id": [order[0]], "order_date": [order[1]]})
    redrive = Redrive(land, upserting("order_id", table=TableName("public", "orders")))
    redrive.load()
    assert [row[1] for row in land.quarantined()] == ["load.archived"]
    assert "on_archived" in redrive.run().failures[0].hint
    outcome = redrive.by(on_archived=OnArchived.ALLOW).run()
    assert ([load.rows for load in outcome.loads], land.quarantined()) == ([1], [])
    assert archived.value(f"SELECT COUNT(*) FROM public.orders_all WHERE order_id = {order[0]}") == 2


def test_rows_that_are_not_all_of_what_came_with_them_are_refused(aside: Redrive) -> None:
    (failure,) = aside.by(mode=LoadMode.REPLACE).run().failures
    assert failure.message.endswith("are of a file that was the whole table")
    (failure,) = aside.by(options=FormatOptions(flatten=True)).run().failures
    assert failure.message.endswith("are of flattened JSON, whose lists do not lie there")
    assert aside.land.rows("id") == [(1,), (2,)]


def test_other_rows_than_were_put_aside_are_not_loaded(aside: Redrive) -> None:
    (file,) = (aside.land.world.folder / "lake").rglob("quarantine/**/*.parquet")
    pq.write_table(pq.read_table(file).slice(0, 1), file)
    (failure,) = aside.by(checks=()).run().failures
    assert (failure.code, ": 1 rows lie at " in failure.message) == ("difference", True)
    file.unlink()
    (failure,) = aside.by(checks=()).run().failures
    assert failure.message.startswith("public.sales: there are no rows at ")
    assert (aside.land.rows("id"), len(aside.land.quarantined())) == ([(1,), (2,)], 2)
