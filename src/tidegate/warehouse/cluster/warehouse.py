"""What both drivers ask a Redshift about itself, each by its own way of running a statement."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence

from tidegate.config.settings import ConnectorSettings, DataApiSettings
from tidegate.model.names import TableName
from tidegate.model.tables import Table, TableStats
from tidegate.redshift.maintenance import set_query_group, set_statement_timeout
from tidegate.warehouse.base import Capabilities, Result
from tidegate.warehouse.cluster import definitions
from tidegate.warehouse.cluster.capabilities import discover, place


class ClusterWarehouse(ABC):
    """The questions of the port that a query answers. Safe for many threads."""

    def __init__(self, max_statement_bytes: int, max_transaction_statements: int) -> None:
        self._max_statement_bytes = max_statement_bytes
        self._max_transaction_statements = max_transaction_statements
        self._known: Capabilities | None = None
        self._asking = threading.Lock()

    @abstractmethod
    def execute(self, sql: str) -> Result:
        """See warehouse/base.py."""

    @abstractmethod
    def _region(self) -> str | None:
        """The AWS region of the warehouse, where that is known."""

    @property
    def capabilities(self) -> Capabilities:
        """Asked once, when they are first needed."""
        with self._asking:
            if self._known is None:
                self._known = discover(
                    self.execute,
                    max_statement_bytes=self._max_statement_bytes,
                    max_transaction_statements=self._max_transaction_statements,
                    region=self._region(),
                )
            return self._known

    def tables(self, names: Sequence[TableName]) -> dict[TableName, Table]:
        return definitions.tables(self.execute, names)

    def table_stats(self, names: Sequence[TableName]) -> dict[TableName, TableStats]:
        return definitions.table_stats(self.execute, names)

    def place(self) -> str:
        return place(self.execute)


def session_settings(settings: ConnectorSettings | DataApiSettings) -> list[str]:
    """The statements that make a session ours."""
    wanted = [set_query_group(settings.query_group)] if settings.query_group else []
    if settings.statement_timeout is not None:
        wanted.append(set_statement_timeout(settings.statement_timeout))
    return wanted
