"""Connections to the ledger's database, and its errors in Tidegate's words.

A database is a pair of engines over one pool: one begins transactions that may only read, the other ones that
exclude every other writer from their first statement on, so that reading and then writing is atomic.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import NullPool

from tidegate.errors import ConfigError, LedgerUnreachable

BUSY_SECONDS = 30
"""How long a statement waits for another process that writes."""

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


@dataclass(frozen=True)
class Database:
    """`name` is what errors call it, without any password."""

    name: str
    reader: Engine
    writer: Engine

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One transaction that sees one state. Raises LedgerUnreachable."""
        with self.reported(), self.reader.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction at a time, rolled back by any error. Raises LedgerUnreachable."""
        with self.reported(), self.writer.begin() as connection:
            yield connection

    @contextmanager
    def reported(self) -> Iterator[None]:
        """Turn the database's errors into LedgerUnreachable."""
        try:
            yield
        except DBAPIError as error:
            reason = _reason(error)
            hint = next((hint for text, hint in _HINTS.items() if text in reason), _HINT)
            raise LedgerUnreachable(f"the ledger {self.name} cannot be used: {reason}", hint=hint) from error


def connect(place: str | Path) -> Database:
    """A database by URL or, for SQLite, by path. Nothing is opened yet.

    Raises:
        ConfigError: no URL, or of a kind of database that has no driver.
    """
    url = URL.create("sqlite", database=str(place)) if isinstance(place, Path) else _parse(place)
    name = url.database if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)
    opener = _OPENERS.get(url.get_backend_name())
    if opener is None:
        raise ConfigError(
            f"the ledger cannot be kept in {name}: there is no driver for {url.get_backend_name()}",
            hint=f"Use one of {', '.join(sorted(_OPENERS))} in url under [ledger] in tidegate.toml.",
        )
    reader = opener(url)
    return Database(repr(name), reader, reader.execution_options(**{_WRITES: True}))


def _parse(text: str) -> URL:
    try:
        return make_url(text)
    except ArgumentError as error:
        raise ConfigError(
            "the address of the ledger is not a URL",
            hint="Write url under [ledger] in tidegate.toml as sqlite:///ledger.sqlite.",
        ) from error


def _sqlite(url: URL) -> Engine:
    """No connection outlives its transaction, so a process may fork between two calls."""
    if not url.database or url.database == ":memory:":
        raise ConfigError(
            "the ledger cannot be kept in memory: it must outlive the command",
            hint="Name a file in url under [ledger] in tidegate.toml, such as sqlite:///ledger.sqlite.",
        )
    engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: sqlite3.Connection, _: object) -> None:
    """Transactions begin where we say, references hold, and a commit is on the disk when it returns.

    EXTRA is FULL that also flushes the removal of the rollback journal (SQLite, PRAGMA synchronous). That journal,
    rather than write-ahead logging, lets the file be copied between two commands and lie on a network disk.
    """
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = EXTRA")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


_OPENERS: Mapping[str, Callable[[URL], Engine]] = {"sqlite": _sqlite}


def _reason(error: DBAPIError) -> str:
    """The database's own words on one line, without the statement."""
    original: Any = error.orig
    return " ".join(str(original).split()).lower()
