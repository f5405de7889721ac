"""The embedded warehouse: Redshift SQL on one DuckDB file."""

import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import duckdb

from tidegate.config.settings import EmbeddedSettings
from tidegate.model.names import TableName
from tidegate.model.tables import Table, TableStats
from tidegate.warehouse.base import Capabilities, Result, RowStream, Session
from tidegate.warehouse.embedded import catalog, statistics
from tidegate.warehouse.embedded.context import Context
from tidegate.warehouse.embedded.database import database
from tidegate.warehouse.embedded.definitions import StoredTable
from tidegate.warehouse.embedded.facts import DATABASE, USER, SessionFacts
from tidegate.warehouse.embedded.session import EmbeddedSession


class EmbeddedWarehouse:
    """A warehouse in a DuckDB file. Two of them on one path in one process share the open file; the one that opens
    it decides about memory and threads. Safe for many threads; the file is closed when nobody uses it.
    """

    def __init__(self, settings: EmbeddedSettings) -> None:
        self._settings = settings
        self._database = database(settings.path)

    @property
    def path(self) -> Path:
        """The DuckDB file."""
        return self._settings.path

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(engine="embedded", engine_version=duckdb.__version__, hash_function="TIDEGATE_HASH")

    def execute(self, sql: str) -> Result:
        with self._session() as session:
            return session.execute(sql)

    def transaction(self, statements: Sequence[str]) -> list[Result]:
        with self._session() as session:
            return session.transaction(statements)

    @contextmanager
    def stream(self, sql: str) -> Iterator[RowStream]:
        with self._session() as session, session.stream(sql) as rows:
            yield rows

    def session(self) -> AbstractContextManager[Session]:
        return self._session()

    def connect(self, user: str = USER, database: str = DATABASE) -> EmbeddedSession:
        """A session that the caller closes. CURRENT_USER names `user`, CURRENT_DATABASE() names `database`."""
        return EmbeddedSession(self._database, self._settings, SessionFacts(user, database, self.place()))

    @contextmanager
    def _session(self) -> Iterator[EmbeddedSession]:
        session = self.connect()
        try:
            yield session
        finally:
            session.close()

    def tables(self, names: Sequence[TableName]) -> dict[TableName, Table]:
        found: dict[TableName, Table] = {}

        def look(ctx: Context) -> None:
            relations = catalog.relations(ctx, names) if names else {}
            found.update({name: r.table for name, r in relations.items() if isinstance(r, StoredTable)})

        with self._session() as session:
            session.read(look)
        return found

    def table_stats(self, names: Sequence[TableName]) -> dict[TableName, TableStats]:
        found: dict[TableName, TableStats] = {}
        with self._session() as session:
            session.read(lambda ctx: found.update(statistics.table_stats(ctx, names)))
        return found

    def place(self) -> str:
        return os.path.realpath(self._settings.path)

    def close(self) -> None:
        """Nothing to do: the file is open only while a session uses it."""
