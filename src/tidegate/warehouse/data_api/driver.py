"""Redshift through its Data API: no connection, no driver, one HTTPS call a statement (boto3, redshift-data)."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from tidegate.config.settings import DataApiSettings
from tidegate.warehouse.base import Result, RowStream, Session
from tidegate.warehouse.cluster.warehouse import ClusterWarehouse, session_settings
from tidegate.warehouse.data_api.client import Caller, make_client
from tidegate.warehouse.data_api.runs import MAX_STATEMENTS, Runs
from tidegate.warehouse.data_api.session import MAX_STATEMENT_BYTES, DataApiSession


class DataApiWarehouse(ClusterWarehouse):
    """A warehouse behind the Data API, provisioned or serverless. Safe for many threads.

    A statement or transaction that writes and carries our comment is submitted under a token made of its text, so
    that the same call, made again after a lost answer, a killed process or StillRunning, finds it: what was committed
    counts, what failed is tried anew (API reference, ClientToken: remembered for 8 hours). Reads are never taken up.

    `deadline` tells the seconds that are left for a call, None for ever. `pause` waits between tries.
    """

    def __init__(
        self,
        settings: DataApiSettings,
        *,
        deadline: Callable[[], float | None] | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        left = deadline or _for_ever
        super().__init__(MAX_STATEMENT_BYTES, MAX_STATEMENTS)
        self._settings = settings
        client = make_client(settings)
        self._client = client
        self._runs = Runs(settings, client, Caller(settings.address, left, pause), left)

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

    @contextmanager
    def _session(self) -> Iterator[DataApiSession]:
        session = DataApiSession(self._runs, session_settings(self._settings))
        try:
            yield session
        finally:
            session.close()

    def _region(self) -> str | None:
        return self._client.meta.region_name

    def close(self) -> None:
        """Let go of the connections to the API."""
        self._client.close()


def _for_ever() -> float | None:
    return None
