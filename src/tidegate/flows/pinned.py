"""One session for several statements: the embedded file is opened once, a Data API session is used again."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace

from tidegate.flows.context import Context
from tidegate.model.names import TableName
from tidegate.model.tables import Table, TableStats
from tidegate.warehouse.base import Capabilities, Result, RowStream, Session, Warehouse


@dataclass(frozen=True)
class PinnedWarehouse:
    """A warehouse whose statements run in one session."""

    warehouse: Warehouse
    pinned: Session

    @property
    def capabilities(self) -> Capabilities:
        return self.warehouse.capabilities

    def execute(self, sql: str) -> Result:
        return self.pinned.execute(sql)

    def transaction(self, statements: Sequence[str]) -> list[Result]:
        return self.pinned.transaction(statements)

    def stream(self, sql: str) -> AbstractContextManager[RowStream]:
        return self.pinned.stream(sql)

    def session(self) -> AbstractContextManager[Session]:
        return self.warehouse.session()

    def tables(self, names: Sequence[TableName]) -> dict[TableName, Table]:
        return self.warehouse.tables(names)

    def table_stats(self, names: Sequence[TableName]) -> dict[TableName, TableStats]:
        return self.warehouse.table_stats(names)

    def place(self) -> str:
        return self.warehouse.place()

    def close(self) -> None:
        self.warehouse.close()


@contextmanager
def pinned(ctx: Context) -> Iterator[Context]:
    """The same context with all statements in one session, which ends with the block."""
    with ctx.warehouse.session() as session:
        yield replace(ctx, warehouse=PinnedWarehouse(ctx.warehouse, session))
