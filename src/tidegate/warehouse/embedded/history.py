"""What this process has run on a warehouse file, as SYS_QUERY_HISTORY shows it."""

import itertools
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

KEPT = 1000
"""Statements that are remembered."""

_TEXT = 4000
"""`query_text` and `error_message` are cut to so many characters (SYS_QUERY_HISTORY)."""

_TYPES = {
    **{kind: kind for kind in ("SELECT", "INSERT", "UPDATE", "DELETE", "COPY", "UNLOAD")},
    **dict.fromkeys(("BEGIN", "COMMIT", "ROLLBACK", "SET", "RESET", "SHOW", "VACUUM", "ANALYZE", "LOCK"), "UTILITY"),
}


@dataclass
class Entry:
    """One statement. `status` is running, success, failed or canceled; times are UTC without a zone."""

    query_id: int
    session_id: int
    label: str
    kind: str
    text: str
    start: datetime
    status: str = "running"
    transaction_id: int = 0
    end: datetime | None = None
    error: str = ""
    rows: int = 0

    def ended(self, status: str, *, rows: int = 0, error: str = "") -> None:
        self.rows, self.error, self.end = rows, error[:_TEXT], _now()
        self.status = status

    def row(self) -> Mapping[str, object]:
        """The entry as JSON values, by the view's column names; times as text, `elapsed_time` in microseconds."""
        start, end = self.start, self.end or _now()
        return {
            "query_id": self.query_id,
            "query_label": self.label,
            "transaction_id": self.transaction_id,
            "session_id": self.session_id,
            "query_type": _TYPES.get(self.kind, "DDL"),
            "status": self.status,
            "start_time": start.isoformat(" "),
            "end_time": None if self.end is None else self.end.isoformat(" "),
            "elapsed_time": round((end - start).total_seconds() * 1_000_000),
            "error_message": self.error,
            "query_text": self.text,
            "returned_rows": self.rows,
        }


class History:
    """The last statements of all sessions. Safe for many threads."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def begun(self, session_id: int, label: str, kind: str, text: str) -> Entry:
        with self._lock:
            entry = Entry(next(self._numbers), session_id, label, kind, text[:_TEXT], _now())
            self._entries.append(entry)
            return entry

    def rows(self) -> list[Mapping[str, object]]:
        """Oldest first."""
        with self._lock:
            entries = list(self._entries)
        return [entry.row() for entry in entries]


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
