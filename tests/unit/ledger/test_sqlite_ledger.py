"""What only the SQLite ledger has: files that are no ledger, versions of the schema, statements, durability."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from tidegate.errors import LedgerUnreachable
from tidegate.ledger.base import BatchRow
from tidegate.ledger.sql import SqlLedger, sqlite
from tidegate.ledger.sql.migrations import MIGRATIONS
from tidegate.model.batch import BatchState, FileEntry
from tidegate.model.names import TableName

NOW = datetime(2026, 1, 2, tzinfo=UTC)
ORDERS = TableName("public", "orders")
BATCH = BatchRow("b1", ORDERS, "j", BatchState.PLANNED, "archive", "p/", 1, 1, NOW, NOW)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def ledger(path: Path) -> Iterator[SqlLedger]:
    ledger = SqlLedger(path)
    yield ledger
    ledger.close()


def change(path: Path, *statements: str) -> list[Any]:
    """Run statements in the file by other means; the rows of the last."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        rows: list[Any] = []
        for statement in statements:
            rows = connection.execute(statement).fetchall()
        return rows
    finally:
        connection.close()


def refused(place: Path) -> LedgerUnreachable:
    with pytest.raises(LedgerUnreachable) as caught:
        SqlLedger(place)
    return caught.value


def test_the_port_does_not_load_the_driver() -> None:
    code = "import sys, tidegate.ledger.base, tidegate.ledger; print('sqlalchemy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_the_ledger_is_one_file(path: Path) -> None:
    first, second = SqlLedger(path), SqlLedger(path)
    first.save_batch(BATCH)
    assert second.batch("b1") == BATCH
    first.close()
    second.close()
    assert [file.name for file in path.parent.iterdir()] == ["ledger.sqlite"]


def test_a_file_that_is_no_database_is_named(path: Path) -> None:
    path.write_bytes(b"certainly not a database, but long enough to look at" * 100)
    error = refused(path)
    assert error.message == f"the ledger {str(path)!r} cannot be used: file is not a database"
    assert error.hint.startswith("Point url under [ledger] to another file, or move this one away")
    assert path.read_bytes().startswith(b"certainly not")


def test_a_damaged_database_is_named(ledger: SqlLedger, path: Path) -> None:
    ledger.save_batch(BATCH)
    ledger.save_files("b1", [FileEntry(f"{n}", date(2020, 1, 1), 1, 1, "e") for n in range(2000)])
    ledger.close()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\xff" * (size - size // 2))
    with pytest.raises(LedgerUnreachable) as caught:
        SqlLedger(path).files("b1")
    assert caught.value.message == f"the ledger {str(path)!r} cannot be used: database disk image is malformed"
    assert caught.value.hint == "Move the file away; a new ledger can be rebuilt from the lake."


def test_a_folder_and_a_missing_folder_are_named(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "missing" / "ledger.sqlite"):
        error = refused(place)
        assert error.message == f"the ledger {str(place)!r} cannot be used: unable to open database file"
        assert error.hint == (
            "Check that the folder exists, that this is a file, and that its user may read and write both."
        )
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_may_not_be_written_is_named() -> None:
    error = refused(Path("/proc/ledger.sqlite"))
    assert error.message == "the ledger '/proc/ledger.sqlite' cannot be used: unable to open database file"


def test_a_query_only_file_says_so(ledger: SqlLedger, path: Path) -> None:
    event.listen(Engine, "checkout", _query_only)
    try:
        with pytest.raises(LedgerUnreachable, match="cannot be used: attempt to write a readonly database") as caught:
            ledger.save_batch(BATCH)
    finally:
        event.remove(Engine, "checkout", _query_only)
    assert caught.value.hint == "Give the user of this process the right to write the file and its folder."


def _query_only(connection: sqlite3.Connection, *_: object) -> None:
    connection.execute("PRAGMA query_only = ON")


def test_a_writer_that_never_ends_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.01)
    ledger = SqlLedger(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(LedgerUnreachable, match="cannot be used: database is locked") as caught:
            ledger.save_batch(BATCH)
        assert ledger.batches() == ()
        other.execute("COMMIT")
        ledger.save_batch(BATCH)
    finally:
        other.close()
        ledger.close()
    assert caught.value.hint.startswith("Another process has been writing for long")


def test_the_schema_is_at_the_newest_version(ledger: SqlLedger, path: Path) -> None:
    versions = [(number + 1,) for number in range(len(MIGRATIONS))]
    assert change(path, "SELECT version FROM schema_version") == versions
    SqlLedger(path).close()
    assert change(path, "SELECT version FROM schema_version") == versions


def test_a_newer_schema_is_refused_and_untouched(ledger: SqlLedger, path: Path) -> None:
    change(path, "INSERT INTO schema_version VALUES (700, 'later')")
    error = refused(path)
    assert error.message == (
        f"the ledger {str(path)!r} has schema version 700, this Tidegate knows versions up to {len(MIGRATIONS)}"
    )
    assert error.hint.startswith("Upgrade Tidegate, or point url under [ledger]")


def test_another_programs_database_is_refused_whole(path: Path) -> None:
    change(path, "CREATE TABLE jobs (mine)", "INSERT INTO jobs VALUES (1)")
    error = refused(path)
    assert error.message == f"the ledger {str(path)!r} cannot be used: table jobs already exists"
    assert error.hint == "The database belongs to another program: point url under [ledger] to one of its own."
    assert change(path, "SELECT name FROM sqlite_master WHERE type = 'table'") == [("jobs",)]


def test_a_value_that_nobody_knows_is_named(ledger: SqlLedger, path: Path) -> None:
    ledger.save_batch(BATCH)
    change(path, "UPDATE batches SET state = 'frozen'")
    with pytest.raises(LedgerUnreachable, match="holds a value that this Tidegate cannot read: 'frozen'") as caught:
        ledger.batches()
    assert caught.value.hint.startswith("Upgrade Tidegate if a newer one wrote it")


def test_one_statement_stores_any_number_of_files(ledger: SqlLedger) -> None:
    ledger.save_batch(BATCH)
    files = [FileEntry(f"f{n:06}", date(2020, 1, 1), n, n, "e") for n in range(20_000)]
    statements: list[tuple[str, bool]] = []

    def record(_c: object, _cursor: object, statement: str, _p: object, _x: object, executemany: bool) -> None:
        statements.append((statement.split()[0], executemany))

    event.listen(Engine, "before_cursor_execute", record)
    try:
        ledger.save_files("b1", files)
    finally:
        event.remove(Engine, "before_cursor_execute", record)
    assert statements == [("BEGIN", False), ("SELECT", False), ("DELETE", False), ("INSERT", True)]
    assert ledger.files("b1") == tuple(files)


def test_every_connection_is_durable_and_strict(ledger: SqlLedger) -> None:
    found: list[tuple[int, ...]] = []

    def look(connection: Any) -> None:
        raw = connection.connection.driver_connection
        found.append(tuple(raw.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "foreign_keys")))

    event.listen(Engine, "begin", look)
    try:
        ledger.batches()
        ledger.clear()
    finally:
        event.remove(Engine, "begin", look)
    assert found == [(3, 1), (3, 1)]


FORKED = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from tidegate.ledger.sql import SqlLedger
from tidegate.model.names import TableName

ledger = SqlLedger(Path(sys.argv[1]))
child = os.fork()
now = datetime.now(UTC)
for n in range(50):
    ledger.set_checkpoint(TableName("child" if child == 0 else "parent", f"t{n}"), now.date(), now)
if child == 0:
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
print(len(ledger.checkpoints()))
"""


def test_a_process_may_fork_between_two_calls(path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FORKED, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout == "100\n"


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from sqlalchemy import Engine, event
from tidegate.ledger.sql import SqlLedger
from tidegate.model.names import TableName

ledger = SqlLedger(Path(sys.argv[1]))
ledger.set_checkpoint(TableName("public", "kept"), datetime(2020, 1, 1).date(), datetime.now(UTC))
event.listen(Engine, "commit", lambda _: os.kill(os.getpid(), signal.SIGKILL))
ledger.set_checkpoint(TableName("public", "lost"), datetime(2020, 1, 1).date(), datetime.now(UTC))
"""


def test_a_killed_writer_leaves_what_was_committed(path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False, env=os.environ)
    assert done.returncode == -signal.SIGKILL
    ledger = SqlLedger(path)
    assert ledger.checkpoints() == {TableName("public", "kept"): date(2020, 1, 1)}
    ledger.save_batch(BATCH)
    ledger.close()
