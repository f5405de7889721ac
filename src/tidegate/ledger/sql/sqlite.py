"""A ledger in a SQLite file. Its writing transactions exclude every other writer from their beginning."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import URL, Connection, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from tidegate.ledger.sql.engine import BUSY_SECONDS, Database, Failure, one_line

_WRITES = "tidegate_writes"
_HINTS: Mapping[str, str] = {
    "file is not a database": "Point url under [ledger] to another file, or move this one away: a new ledger can be "
    "rebuilt from the lake.",
    "malformed": "Move the file away; a new ledger can be rebuilt from the lake.",
    "unable to open": "Check that the folder exists, that this is a file, and that its user may read and write both.",
    "readonly": "Give the user of this process the right to write the file and its folder.",
    "locked": "Another process has been writing for long: see which one holds the file, then run the command again.",
    "disk is full": "Free space on the disk, then run the command again.",
    "already exists": "The database belongs to another program: point url under [ledger] to one of its own.",
    "no such": "The database belongs to another program, or was changed by hand: point url under [ledger] to another.",
}
_HINT = "Check the database that url under [ledger] in tidegate.toml names, then run the command again."


def connect(file: Path) -> Database:
    """No connection outlives its transaction, so a process may fork between two calls. Nothing is opened yet."""
    url = URL.create("sqlite", database=str(file))
    reader = create_engine(url, poolclass=NullPool, connect_args={"timeout": BUSY_SECONDS})
    event.listen(reader, "connect", _set_up)
    event.listen(reader, "begin", _begin)
    return Database(repr(str(file)), reader, reader.execution_options(**{_WRITES: True}), _explain, _nothing_to_exclude)


def _set_up(connection: sqlite3.Connection, _: object) -> None:
    """Transactions begin where we say, references hold, and a commit is on the disk when it returns.

    EXTRA is FULL that also flushes the removal of the rollback journal (SQLite, PRAGMA synchronous). That journal,
    rather than write-ahead logging, lets the file be copied between two commands and lie on a network disk.
    """
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = EXTRA")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _nothing_to_exclude(_: Connection) -> None:
    """A writing transaction is alone."""


def _explain(error: DBAPIError) -> Failure:
    reason = one_line(str(error.orig))
    return Failure(reason, next((hint for text, hint in _HINTS.items() if text in reason), _HINT))
