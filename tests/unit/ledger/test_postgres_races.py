"""Many at once, and transactions that the server ends."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from threading import Barrier
from typing import Any

import psycopg
import pytest
from tests.servers.postgres import PASSWORD, Postgres

from tidegate.config.settings import PostgresSettings
from tidegate.errors import LeaseHeld, LedgerUnreachable
from tidegate.ledger.base import BatchRow, Job, JobState
from tidegate.ledger.sql import SqlLedger
from tidegate.ledger.sql import postgres as driver
from tidegate.ledger.sql.migrations import MIGRATIONS
from tidegate.model.batch import BatchState, FileEntry
from tidegate.model.names import TableName
from tidegate.model.records import Hold

NOW = datetime(2026, 1, 2, tzinfo=UTC)
ORDERS = TableName("public", "orders")
BATCH = BatchRow("b1", ORDERS, "j", BatchState.PLANNED, "archive", "p/", 1, 1, NOW, NOW)
THREADS = 12
"""More than there are connections."""


@pytest.fixture
def ledger(postgres_database: PostgresSettings) -> Iterator[SqlLedger]:
    ledger = SqlLedger(postgres_database)
    yield ledger
    ledger.close()


def together(work: Callable[[int], Any]) -> list[Any]:
    barrier = Barrier(THREADS, timeout=60)

    def start(number: int) -> Any:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(start, range(THREADS)))


def test_many_open_a_fresh_ledger_and_one_migrates(postgres: Postgres, postgres_database: PostgresSettings) -> None:
    together(lambda _: SqlLedger(postgres_database).close())
    versions = postgres.execute("SELECT version FROM schema_version", postgres_database.database)
    assert versions == [(number + 1,) for number in range(len(MIGRATIONS))]


@pytest.mark.parametrize("held", [False, True])
def test_of_many_threads_one_claims_the_job(ledger: SqlLedger, held: bool) -> None:
    def claim(number: int) -> Job | str:
        try:
            return ledger.claim("archive", ORDERS, f"host/{number}", now, 60, lambda _: False)
        except LeaseHeld as error:
            return error.message

    for turn in range(5):
        now = NOW + timedelta(days=turn)
        if held:
            claim(0)
            now += timedelta(hours=1)
        results = together(claim)
        (winner,) = (result for result in results if isinstance(result, Job))
        refusal = f"archive of public.orders is held by job {winner.id} of {winner.owner} until"
        assert sum(isinstance(result, str) and result.startswith(refusal) for result in results) == THREADS - 1
        assert winner.attempts == (2 if held else 1)
        ledger.finish(winner, JobState.DONE, now, "")
    assert len(ledger.jobs()) == (10 if held else 5)


def test_a_job_is_not_renewed_while_it_is_taken_over(
    postgres: Postgres, postgres_database: PostgresSettings, ledger: SqlLedger
) -> None:
    first = ledger.claim("archive", ORDERS, "host/1", NOW, 60, lambda _: False)
    activity = f"pg_stat_activity WHERE datname = '{postgres_database.database}'"
    waiting = f"SELECT 1 FROM {activity} AND wait_event_type = 'Lock'"
    with ThreadPoolExecutor(1) as pool:
        renewals: list[Future[Job]] = []

        def renewing(_: str) -> bool:
            renewals.append(pool.submit(ledger.renew, first, NOW, 60))
            while not renewals[0].done() and not postgres.execute(waiting):
                pass
            return True

        second = ledger.claim("archive", ORDERS, "host/2", NOW, 60, renewing)
        with pytest.raises(LeaseHeld, match=f"was taken over by job {second.id} of host/2"):
            renewals[0].result()


def test_whole_replacements_never_mix(ledger: SqlLedger) -> None:
    ledger.save_batch(BATCH)

    def replace_both(number: int) -> None:
        for _ in range(5):
            ledger.replace_holds([Hold(f"h{n}", ORDERS, None, None, str(number), "") for n in range(3)])
            ledger.save_files("b1", [FileEntry(f"f{n}", date(2020, 1, 1), number, 1, "e") for n in range(3)])

    together(replace_both)
    assert len({hold.reason for hold in ledger.holds()}) == 1
    assert len({file.rows for file in ledger.files("b1")}) == 1
    assert (len(ledger.holds()), len(ledger.files("b1"))) == (3, 3)


def test_a_clean_slate_meets_batches_that_are_being_written(ledger: SqlLedger) -> None:
    refusals: list[str] = []

    def work(number: int) -> None:
        for _ in range(5):
            if number % 4 == 0:
                ledger.clear()
                continue
            ledger.save_batch(replace(BATCH, id=f"b{number % 4}"))
            try:
                ledger.begin_step(f"b{number % 4}", "unloaded", NOW)
            except LedgerUnreachable as error:
                refusals.append(error.message)

    together(work)
    ledger.clear()
    assert [text for text in refusals if " lacks batch b" not in text] == []
    assert ledger.batches() == ()


def test_a_connection_lost_between_two_calls_is_replaced(
    postgres: Postgres, postgres_database: PostgresSettings, ledger: SqlLedger
) -> None:
    ledger.save_batch(BATCH)
    assert postgres.disconnect(postgres_database.database) == 1
    ledger.save_batch(replace(BATCH, rows=2))
    assert postgres.disconnect(postgres_database.database) == 1
    assert ledger.batch("b1") == replace(BATCH, rows=2)


def test_a_connection_lost_in_a_transaction_is_reported_and_nothing_was_done(
    postgres: Postgres, postgres_database: PostgresSettings, ledger: SqlLedger
) -> None:
    first = ledger.claim("archive", ORDERS, "host/1", NOW, 60, lambda _: False)

    def disconnecting(_: str) -> bool:
        return postgres.disconnect(postgres_database.database) > 0

    with pytest.raises(LedgerUnreachable) as caught:
        ledger.claim("archive", ORDERS, "host/2", NOW, 60, disconnecting)
    assert caught.value.message == (
        f"the ledger {postgres_database.address!r} cannot be used: terminating connection due to administrator command"
    )
    assert caught.value.hint == "The server ended the connection: when it is up again, run the command again."
    assert ledger.jobs() == (first,)


def test_a_writer_that_never_ends_is_named(
    postgres_database: PostgresSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "BUSY_SECONDS", 0.05)
    ledger = SqlLedger(postgres_database)
    ledger.save_batch(BATCH)
    s = postgres_database
    with psycopg.connect(host=s.host, port=s.port, dbname=s.database, user=s.user, password=PASSWORD) as other:
        other.execute("UPDATE batches SET rows = 7")
        with pytest.raises(LedgerUnreachable) as caught:
            ledger.save_batch(BATCH)
        assert ledger.batch("b1") == BATCH
    assert caught.value.message.endswith("cannot be used: canceling statement due to lock timeout")
    assert caught.value.hint == (
        "Another process has been writing for long: see pg_stat_activity, then run the command again."
    )
    ledger.save_batch(BATCH)
    ledger.close()


FAIL = """
CREATE SEQUENCE tries;
CREATE FUNCTION fail() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql AS $$
BEGIN
    IF nextval('tries') < {tries} THEN RAISE 'not now' USING ERRCODE = '{code}'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER fail BEFORE INSERT ON batches FOR EACH ROW EXECUTE FUNCTION fail();
"""


@pytest.mark.parametrize(("code", "tries"), [("40001", 5), ("40P01", 5), ("40001", 6), ("53000", 2)])
def test_a_transaction_given_up_by_the_server_is_run_again(
    postgres: Postgres, postgres_database: PostgresSettings, ledger: SqlLedger, code: str, tries: int
) -> None:
    """Five times in all; for other errors, once."""
    postgres.execute(FAIL.format(tries=tries, code=code), postgres_database.database)
    if tries == 5:
        ledger.save_batch(BATCH)
        assert ledger.batch("b1") == BATCH
        return
    with pytest.raises(LedgerUnreachable, match=r"cannot be used: not now$"):
        ledger.save_batch(BATCH)
    assert postgres.execute("SELECT last_value FROM tries", postgres_database.database) == [(tries - 1,)]
