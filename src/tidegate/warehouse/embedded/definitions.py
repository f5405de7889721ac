"""What one transaction may remember of the catalog, so that a statement need not read it again."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from tidegate.model.names import TableName
from tidegate.model.tables import Column, Table


@dataclass(frozen=True)
class StoredTable:
    """A table as the catalog holds it. `id` never changes and is never used again."""

    id: int
    table: Table


@dataclass(frozen=True)
class View:
    """`text` is the query as written; it is expanded when the view is read. `reads`: what a bound view depends on."""

    name: TableName
    text: str
    late_binding: bool
    columns: tuple[Column, ...] = ()
    reads: tuple[TableName, ...] = ()


Relation = StoredTable | View


class SharedDefinitions:
    """Definitions that all transactions of a process share, as of the last change of the catalog."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[TableName, Relation] = {}

    def get(self, name: TableName) -> Relation | None:
        return self._known.get(name)

    def put(self, name: TableName, relation: Relation, current: Callable[[], bool]) -> None:
        with self._lock:
            if current():
                self._known[name] = relation

    def clear(self) -> None:
        with self._lock:
            self._known.clear()


class Definitions:
    """A transaction's view of them. `temporary` are the tables of its session, by name.

    `current` says whether the transaction sees the catalog as it is: its snapshot is not older than the catalog's
    last change, and it has changed nothing there itself. `reads_files`: the statement reads an external table, whose
    lists of files are to be forgotten when it is done.
    """

    def __init__(
        self,
        temporary: dict[str, StoredTable] | None = None,
        shared: SharedDefinitions | None = None,
        current: Callable[[], bool] = lambda: False,
    ) -> None:
        self.temporary = {} if temporary is None else temporary
        self.reads_files = False
        self._shared = SharedDefinitions() if shared is None else shared
        self._current = current

    def get(self, name: TableName) -> Relation | None:
        found = self._shared.get(name)
        return found if self._current() else None

    def put(self, name: TableName, relation: Relation) -> None:
        self._shared.put(name, relation, self._current)
