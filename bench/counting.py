"""A warehouse that counts what is sent to it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tidegate.warehouse.base import Result, Session, Warehouse


class CountingWarehouse:
    """The warehouse, with the number of statements and requests that were sent to it."""

    def __init__(self, target: Warehouse) -> None:
        self._target = target
        self.statements = 0

    def __getattr__(self, name: str) -> Any:
        """Everything that sends nothing, or one request."""
        value = getattr(self._target, name)
        if name in ("tables", "table_stats"):
            self.statements += 1
        return value

    def execute(self, sql: str) -> Result:
        self.statements += 1
        return self._target.execute(sql)

    def transaction(self, statements: Sequence[str]) -> list[Result]:
        self.statements += len(statements)
        return self._target.transaction(statements)

    @contextmanager
    def session(self) -> Iterator[Session]:
        with self._target.session() as session:
            yield _CountingSession(session, self)


class _CountingSession:
    def __init__(self, target: Session, warehouse: CountingWarehouse) -> None:
        self._target, self._warehouse = target, warehouse

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)

    def execute(self, sql: str) -> Result:
        self._warehouse.statements += 1
        return self._target.execute(sql)

    def transaction(self, statements: Sequence[str]) -> list[Result]:
        self._warehouse.statements += len(statements)
        return self._target.transaction(statements)
