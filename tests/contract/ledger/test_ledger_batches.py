"""Batches with their steps, periods and files; checkpoints, holds, and a clean slate."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from tests.contract.ledger.drivers import DRIVERS, NOW, ORDERS, begin_steps, nobody_is_dead, run_together

from tidegate.errors import LedgerUnreachable
from tidegate.ledger.base import BatchRow, JobState, Ledger, StepRow
from tidegate.model.batch import BatchState, FileEntry, PeriodProof
from tidegate.model.names import TableName
from tidegate.model.records import Hold

REBUILT = "The ledger was rebuilt or replaced meanwhile: run the command again."
BATCH = BatchRow(
    id="b1",
    table=ORDERS,
    job="archive-1",
    state=BatchState.PLANNED,
    action="archive",
    prefix="public/orders/batch=b1/",
    rows=6_000_000_000,
    bytes=9_000_000_000_000_000_000,
    planned_at=NOW,
    updated_at=NOW,
)
PROOFS = (
    PeriodProof(date(2020, 1, 1), 10, "9" * 38),
    PeriodProof(date(2020, 2, 1), 0, "0"),
    PeriodProof(date(2020, 3, 1), 5_000_000_000, "-12"),
)
FILES = (
    FileEntry("tg_period=2020-01-01/a!b.parquet", date(2020, 1, 1), 4, 100, "e1"),
    FileEntry("tg_period=2020-01-01/a.parquet", date(2020, 1, 1), 6, 5_000_000_000, "e2", "v1", "ab" * 32),
    FileEntry("tg_period=2020-01-01/aé'\"日.parquet", date(2020, 1, 1), 6, 0, "e3", None, "cd" * 32),
)


def test_a_batch_comes_back_as_it_was_saved(ledger: Ledger) -> None:
    ledger.save_batch(BATCH)
    assert ledger.batch("b1") == BATCH
    full = replace(
        BATCH,
        table=TableName("Ünï", 'odd "name".x'),
        state=BatchState.PUBLISHED,
        external=TableName("tidegate_cold", "orders__v2"),
        detail="two\nlines; it's \x00 odd",
        updated_at=NOW + timedelta(microseconds=1),
    )
    ledger.save_batch(full)
    assert ledger.batch("b1") == full
    assert ledger.batches() == (full,)
    assert ledger.batch("b2") is None


def test_saving_a_batch_again_keeps_its_parts(ledger: Ledger) -> None:
    ledger.save_batch(BATCH)
    ledger.save_periods("b1", PROOFS)
    ledger.save_files("b1", FILES)
    ledger.begin_step("b1", "unloaded", NOW)
    ledger.save_batch(replace(BATCH, state=BatchState.UNLOADED))
    assert ledger.periods("b1") == PROOFS
    assert ledger.files("b1") == FILES
    assert len(ledger.steps("b1")) == 1


def test_batches_are_by_id_and_by_table_and_state(ledger: Ledger) -> None:
    states = [BatchState.PLANNED, BatchState.PUBLISHED, BatchState.ABANDONED]
    saved = [
        replace(BATCH, id=f"b{n}", state=states[n % 3], table=TableName("s", f"t{n % 2}")) for n in (5, 3, 0, 4, 1, 2)
    ]
    for batch in saved:
        ledger.save_batch(batch)
    by_id = sorted(saved, key=lambda batch: batch.id)
    assert list(ledger.batches()) == by_id
    assert list(ledger.batches(TableName("s", "t1"))) == by_id[1::2]
    assert list(ledger.batches(states=[BatchState.PLANNED])) == by_id[0::3]
    wanted = iter([BatchState.PLANNED, BatchState.ABANDONED])
    assert [batch.id for batch in ledger.batches(TableName("s", "t0"), wanted)] == ["b0", "b2"]
    assert ledger.batches(ORDERS) == ()
    assert ledger.batches(states=[BatchState.RETIRED]) == ()


def test_periods_are_replaced_as_a_whole(ledger: Ledger) -> None:
    ledger.save_batch(BATCH)
    ledger.save_batch(replace(BATCH, id="b2"))
    ledger.save_periods("b2", PROOFS[:1])
    ledger.save_periods("b1", PROOFS[::-1])
    assert ledger.periods("b1") == PROOFS
    ledger.save_periods("b1", PROOFS[1:2])
    assert ledger.periods("b1") == PROOFS[1:2]
    ledger.save_periods("b1", ())
    assert ledger.periods("b1") == ()
    assert ledger.periods("b2") == PROOFS[:1]


def test_files_are_replaced_as_a_whole_and_in_the_order_of_bytes(ledger: Ledger) -> None:
    ledger.save_batch(BATCH)
    ledger.save_batch(replace(BATCH, id="b2"))
    ledger.save_files("b2", FILES[:1])
    ledger.save_files("b1", FILES[::-1])
    assert ledger.files("b1") == FILES
    ledger.save_files("b1", FILES[1:2])
    assert ledger.files("b1") == FILES[1:2]
    ledger.save_files("b1", [])
    assert ledger.files("b1") == ()
    assert ledger.files("b2") == FILES[:1]


def test_files_are_counted_and_summed_for_each_period_of_each_batch(ledger: Ledger) -> None:
    ledger.save_batch(BATCH)
    ledger.save_batch(replace(BATCH, id="b2"))
    assert ledger.file_sizes() == {}
    ledger.save_files("b1", [*FILES[:2], replace(FILES[2], period=date(2020, 2, 1), size=7)])
    ledger.save_files("b2", FILES[:1])
    assert ledger.file_sizes() == {
        ("b1", date(2020, 1, 1)): (2, 5_000_000_100),
        ("b1", date(2020, 2, 1)): (1, 7),
        ("b2", date(2020, 1, 1)): (1, 100),
    }


def test_a_failed_replacement_leaves_the_former_files(ledger: Ledger) -> None:
    ledger.save_batch(BATCH)
    ledger.save_files("b1", FILES[:2])
    with pytest.raises(LedgerUnreachable, match="files"):
        ledger.save_files("b1", [FILES[2], FILES[2]])
    assert ledger.files("b1") == FILES[:2]


def test_parts_of_an_unknown_batch_are_refused(ledger: Ledger) -> None:
    calls = (
        lambda: ledger.save_periods("gone", PROOFS),
        lambda: ledger.save_files("gone", FILES),
        lambda: ledger.begin_step("gone", "unloaded", NOW),
    )
    for call in calls:
        with pytest.raises(LedgerUnreachable, match=r"^the ledger '.*' lacks batch gone$") as caught:
            call()
        assert caught.value.hint == REBUILT
    assert ledger.periods("gone") == ledger.files("gone") == ledger.steps("gone") == ()


def test_steps_count_their_attempts(ledger: Ledger) -> None:
    ledger.save_batch(BATCH)
    ledger.save_batch(replace(BATCH, id="b2"))
    times = [NOW + timedelta(seconds=n) for n in range(6)]
    assert ledger.begin_step("b1", "unloaded", times[0]) == 1
    assert ledger.begin_step("b1", "unloaded", times[1]) == 2
    ledger.end_step("b1", "unloaded", 2, times[2], "12 files")
    assert ledger.begin_step("b1", "cataloged", times[3]) == 1
    assert ledger.begin_step("b2", "unloaded", times[4]) == 1
    ledger.end_step("b1", "cataloged", 1, times[5])
    assert ledger.steps("b1") == (
        StepRow("b1", "unloaded", 1, times[0], None),
        StepRow("b1", "unloaded", 2, times[1], times[2], "12 files"),
        StepRow("b1", "cataloged", 1, times[3], times[5], ""),
    )


def test_the_end_of_an_unknown_step_is_refused(ledger: Ledger) -> None:
    ledger.save_batch(BATCH)
    ledger.begin_step("b1", "unloaded", NOW)
    with pytest.raises(LedgerUnreachable, match=r"lacks attempt 2 at step 'unloaded' of batch b1$") as caught:
        ledger.end_step("b1", "unloaded", 2, NOW)
    assert caught.value.hint == REBUILT
    assert ledger.steps("b1") == (StepRow("b1", "unloaded", 1, NOW, None),)


def test_attempts_are_numbered_without_a_gap_among_threads_and_processes(driver: str, tmp_path: Path) -> None:
    ledger = DRIVERS[driver](tmp_path)
    ledger.save_batch(BATCH)
    ledger.close()
    attempts = run_together(4, begin_steps, driver, tmp_path, 15)
    assert sorted(attempt for some in attempts for attempt in some) == list(range(1, 61))


def test_checkpoints_are_one_date_a_table(ledger: Ledger) -> None:
    other = TableName("other", "orders")
    assert ledger.checkpoints() == {}
    ledger.set_checkpoint(ORDERS, date(2020, 1, 1), NOW)
    ledger.set_checkpoint(other, date(2019, 1, 1), NOW)
    ledger.set_checkpoint(ORDERS, date(2020, 2, 1), NOW)
    assert ledger.checkpoints() == {other: date(2019, 1, 1), ORDERS: date(2020, 2, 1)}


def test_holds_are_replaced_as_a_whole(ledger: Ledger) -> None:
    first = Hold("h1", ORDERS, date(2020, 1, 1), None, "audit's", "2026-01-01T00:00:00Z")
    second = Hold("h0", ORDERS, None, date(2021, 1, 1), "", "2026-01-02T00:00:00Z")
    ledger.replace_holds([second, first])
    assert ledger.holds() == (first, second)
    ledger.replace_holds([second])
    assert ledger.holds() == (second,)
    ledger.replace_holds([])
    assert ledger.holds() == ()


def test_clear_forgets_everything_but_running_jobs(ledger: Ledger) -> None:
    running = ledger.claim("rebuild", ORDERS, "o", NOW, 60, nobody_is_dead)
    done = ledger.claim("archive", ORDERS, "o", NOW, 60, nobody_is_dead)
    ledger.finish(done, JobState.DONE, NOW, "")
    ledger.save_batch(BATCH)
    ledger.save_periods("b1", PROOFS)
    ledger.save_files("b1", FILES)
    ledger.begin_step("b1", "unloaded", NOW)
    ledger.set_checkpoint(ORDERS, date(2020, 1, 1), NOW)
    ledger.replace_holds([Hold("h", ORDERS, None, None, "", "")])
    ledger.clear()
    assert ledger.jobs() == (running,)
    assert ledger.batches() == ledger.periods("b1") == ledger.files("b1") == ledger.steps("b1") == ledger.holds() == ()
    assert ledger.checkpoints() == {}
    assert ledger.renew(running, NOW, 60) == running


def test_what_was_recorded_outlives_the_connection(driver: str, tmp_path: Path) -> None:
    first = DRIVERS[driver](tmp_path)
    first.save_batch(BATCH)
    first.close()
    second = DRIVERS[driver](tmp_path)
    assert second.batch("b1") == BATCH
    first.save_batch(replace(BATCH, rows=1))
    assert second.batch("b1") == replace(BATCH, rows=1)
    first.close()
    second.close()


def test_planned_at_keeps_microseconds_and_old_years(ledger: Ledger) -> None:
    old = replace(BATCH, planned_at=datetime(1, 1, 1, tzinfo=UTC), updated_at=datetime.max.replace(tzinfo=UTC))
    ledger.save_batch(old)
    assert ledger.batch("b1") == old
