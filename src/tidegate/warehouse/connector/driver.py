"""Redshift through its SQL endpoint, provisioned or serverless (redshift_connector)."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TypeVar

from tidegate.config.settings import ConnectorSettings
from tidegate.errors import StatementRefused, TidegateError
from tidegate.warehouse.base import Result, RowStream, Session
from tidegate.warehouse.cluster.statements import read
from tidegate.warehouse.cluster.warehouse import ClusterWarehouse
from tidegate.warehouse.connector.failures import ConnectionLost
from tidegate.warehouse.connector.link import Link
from tidegate.warehouse.connector.login import region
from tidegate.warehouse.connector.session import ConnectorSession

_IDLE = 4
"""Connections that wait for the next statement."""

MAX_STATEMENT_BYTES = 16_000_000
"""Developer guide, Quotas: a statement has 16 MB."""

MAX_TRANSACTION_STATEMENTS = 1000
"""Redshift has no limit; one round trip each."""

_T = TypeVar("_T")


class ConnectorWarehouse(ClusterWarehouse):
    """A warehouse behind the PostgreSQL protocol, always encrypted and verified. Safe for many threads.

    A connection that a statement used comes back to be used again, unless the statement left something in its
    session. One that died meanwhile is replaced. A statement whose outcome is unknown is never repeated, but for a
    query outside of a transaction, which is repeated once.
    """

    def __init__(self, settings: ConnectorSettings) -> None:
        super().__init__(MAX_STATEMENT_BYTES, MAX_TRANSACTION_STATEMENTS)
        self._settings = settings
        self._idle: list[Link] = []
        self._process = os.getpid()
        self._changing = threading.Lock()

    def execute(self, sql: str) -> Result:
        try:
            return self._with_link([sql], lambda session: session.execute(sql))
        except ConnectionLost:
            if not _may_repeat(sql):
                raise
        return self._with_link([sql], lambda session: session.execute(sql))

    def transaction(self, statements: Sequence[str]) -> list[Result]:
        return self._with_link(statements, lambda session: session.transaction(statements))

    @contextmanager
    def stream(self, sql: str) -> Iterator[RowStream]:
        with self._session() as session, session.stream(sql) as rows:
            yield rows

    def session(self) -> AbstractContextManager[Session]:
        return self._session()

    def _region(self) -> str | None:
        return region(self._settings)

    def close(self) -> None:
        with self._changing:
            idle, self._idle = self._idle, []
        for link in idle:
            link.close()

    @contextmanager
    def _session(self) -> Iterator[ConnectorSession]:
        session = ConnectorSession(Link(self._settings))
        try:
            yield session
        finally:
            session.close()

    def _with_link(self, statements: Sequence[str], work: Callable[[ConnectorSession], _T]) -> _T:
        link = self._borrowed()
        session = ConnectorSession(link)
        clean = False
        try:
            result = work(session)
            clean = not any(read(sql).stateful for sql in statements)
            return result
        except TidegateError:
            clean = link.alive and not link.in_transaction and not _leaves_something(statements)
            raise
        finally:
            self._returned(link, clean)

    def _borrowed(self) -> Link:
        while True:
            with self._changing:
                if self._process != os.getpid():  # a fork: these connections are the parent's
                    self._idle, self._process = [], os.getpid()
                link = self._idle.pop() if self._idle else None
            if link is None:
                return Link(self._settings)
            if link.usable:
                return link

    def _returned(self, link: Link, clean: bool) -> None:
        with self._changing:
            if clean and link.alive and not link.in_transaction and len(self._idle) < _IDLE:
                self._idle.append(link)
                return
        link.close()


def _leaves_something(statements: Sequence[str]) -> bool:
    with suppress(StatementRefused):
        return any(read(sql).stateful for sql in statements)
    return False


def _may_repeat(sql: str) -> bool:
    """Whether a statement is one query that changes nothing."""
    with suppress(StatementRefused):
        text = read(sql)
        return text.reads and text.first == "select"
    return False
