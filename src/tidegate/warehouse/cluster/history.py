"""Statements found again by their comment: what became of one whose answer was lost."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tidegate.redshift.catalog import select_history
from tidegate.warehouse.cluster.definitions import Run


class Fate(StrEnum):
    """RUNNING: it has not ended. FAILED: it, or somebody who cancelled it, left nothing behind."""

    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"


_FATES = {
    **dict.fromkeys(("planning", "queued", "running", "returning"), Fate.RUNNING),
    "success": Fate.SUCCESS,
}
"""SYS_QUERY_HISTORY.status; all others are failures."""


@dataclass(frozen=True)
class PastStatement:
    """Times are UTC; `ended` is None while it runs. A success inside of a transaction may still be rolled back: ask
    whether the transaction's COMMIT is among the statements too.
    """

    query_id: int
    transaction_id: int
    session_id: int
    fate: Fate
    error: str
    rows: int
    started: datetime
    ended: datetime | None


def find(run: Run, mark: str) -> list[PastStatement]:
    """The statements whose text holds the comment `mark`, newest first (SYS_QUERY_HISTORY)."""
    return [
        PastStatement(
            int(str(query)),
            int(str(transaction)),
            int(str(session)),
            _FATES.get(str(status).strip(), Fate.FAILED),
            str(error or "").strip(),
            int(str(rows or 0)),
            _moment(started),
            None if ended is None else _moment(ended),
        )
        for query, transaction, session, status, error, rows, started, ended in run(select_history(mark)).rows
    ]


def _moment(value: object) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
