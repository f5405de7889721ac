"""The drivers that the ledger suite runs on, and what its child processes do."""

import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tidegate.config.settings import PostgresSettings
from tidegate.errors import LeaseHeld
from tidegate.ledger.base import Ledger
from tidegate.ledger.sql import SqlLedger
from tidegate.model.names import TableName

ORDERS = TableName("public", "orders")
POSTGRES = "postgres.pickle"
"""Holds the settings of the test's database, for all its processes."""

NOW = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)


def _sqlite(place: Path) -> Ledger:
    return SqlLedger(place / "led ger%20#1?.sqlite")


def _postgres(place: Path) -> Ledger:
    settings: PostgresSettings = pickle.loads((place / POSTGRES).read_bytes())
    return SqlLedger(settings)


DRIVERS: dict[str, Callable[[Path], Ledger]] = {"postgres": _postgres, "sqlite": _sqlite}
"""Each opens the ledger that belongs to a test's folder; opening again, in any process, gives the same ledger."""


def nobody_is_dead(_: str) -> bool:
    return False


def run_together(count: int, work: Callable[..., Any], *args: object) -> list[Any]:
    """Run `work(number, barrier, *args)` in threads of two processes, all at once; what each returned, in any order."""
    context = get_context("spawn")
    with context.Manager() as manager, context.Pool(2) as pool:
        barrier = manager.Barrier(count, timeout=60)
        shares = [(work, range(first, count, 2), barrier, args) for first in range(2)]
        return [result for share in pool.starmap(_run_threads, shares, chunksize=1) for result in share]


def _run_threads(work: Callable[..., Any], numbers: range, barrier: Any, args: tuple[object, ...]) -> list[Any]:
    with ThreadPoolExecutor(len(numbers)) as pool:
        return list(pool.map(lambda number: work(number, barrier, *args), numbers))


def open_fresh(number: int, barrier: Any, driver: str, place: Path) -> str:
    """Open a ledger that nobody has made yet, and use it."""
    barrier.wait()
    ledger = DRIVERS[driver](place)
    ledger.set_checkpoint(TableName("public", f"t{number}"), NOW.date(), NOW)
    ledger.close()
    return "ok"


def claim_job(number: int, barrier: Any, driver: str, place: Path) -> tuple[str, str]:
    """Claim the same job as all others: what came of it, and the job's id or the error's message."""
    ledger = DRIVERS[driver](place)
    barrier.wait()
    try:
        return "won", ledger.claim("archive", ORDERS, f"host/{number}", NOW, 60, nobody_is_dead).id
    except LeaseHeld as error:
        return "held", error.message
    finally:
        ledger.close()


def begin_steps(number: int, barrier: Any, driver: str, place: Path, count: int) -> list[int]:
    ledger = DRIVERS[driver](place)
    barrier.wait()
    attempts = [ledger.begin_step("b1", "unloaded", NOW) for _ in range(count)]
    ledger.close()
    return attempts
