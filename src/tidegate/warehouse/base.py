"""The warehouse port: Redshift SQL in, rows out."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from tidegate.model.names import TableName
from tidegate.model.tables import Table, TableStats

Row = tuple[object, ...]


@dataclass(frozen=True)
class ResultColumn:
    """`type` is the Redshift type as text, e.g. `decimal(38,0)`."""

    name: str
    type: str


@dataclass(frozen=True)
class Result:
    """`rows` are all fetched. `rowcount` counts the rows returned, or changed, or unloaded, or loaded.

    `command` is what was done, in the words of a PostgreSQL command tag without its counts: `SELECT`, `CREATE TABLE`,
    `UNLOAD`; empty where the driver does not tell.
    """

    columns: tuple[ResultColumn, ...] = ()
    rows: tuple[Row, ...] = ()
    rowcount: int = 0
    command: str = ""


@dataclass(frozen=True)
class RowStream:
    """A result that is read in chunks of rows, for results that may not fit in memory."""

    columns: tuple[ResultColumn, ...]
    chunks: Iterator[Sequence[Row]]


@dataclass(frozen=True)
class Capabilities:
    """How a driver differs from the others; flows ask this record and never the driver's type.

    `engine` and `engine_version` name what computes row hashes. `hash_function` is the SQL name of the row hash:
    `FNV_HASH` nests (value, seed), any other takes all columns at once. `serializable`: the database runs
    SERIALIZABLE, so all transactions take one and the same lock table.
    """

    engine: str
    engine_version: str
    hash_function: str
    serializable: bool = False
    max_statement_bytes: int = 16_000_000
    max_transaction_statements: int = 40
    external_region: str | None = None
    notes: tuple[str, ...] = field(default=())


class Session(Protocol):
    """One connection: temporary tables and settings live as long as it does. Not for use by two threads at once."""

    def execute(self, sql: str) -> Result:
        """Run one Redshift statement. BEGIN, COMMIT and ROLLBACK open and end a transaction of this session.

        Raises:
            StatementRefused: Redshift, or this driver by name, does not do this; nothing was run.
            StatementError: the statement failed; it left nothing behind, an open transaction is aborted.
            GuardFailed: a guard statement (redshift/guard.py) did not hold.
            SerializationConflict: another session changed the same table; the whole transaction may be retried.
            WarehouseUnreachable: the outcome is unknown; look at the data before repeating.
        """
        ...

    def transaction(self, statements: Sequence[str]) -> list[Result]:
        """Run all statements in one transaction, all or nothing, in order, one result each.

        No code of ours runs between them (that is what BatchExecuteStatement of the Data API gives), so a
        decision inside is a guard statement. Raises as `execute`.
        """
        ...

    def stream(self, sql: str) -> AbstractContextManager[RowStream]:
        """Run one query and read its rows in chunks; they are gone when the context ends. Raises as `execute`."""
        ...


class Warehouse(Session, Protocol):
    """A warehouse. Its own `execute`, `transaction` and `stream` use a session each. Safe for many threads."""

    @property
    def capabilities(self) -> Capabilities: ...

    def session(self) -> AbstractContextManager[Session]:
        """Hold one session for several calls. An open transaction is rolled back at its end."""
        ...

    def tables(self, names: Sequence[TableName]) -> dict[TableName, Table]:
        """The definitions of those tables that exist: columns in order, types, keys. One request for all."""
        ...

    def table_stats(self, names: Sequence[TableName]) -> dict[TableName, TableStats]:
        """The warehouse's estimates, for those tables that exist; an empty table has zero rows. One request for all."""
        ...

    def place(self) -> str:
        """Where this warehouse lives: the cluster's namespace and database, or the absolute path of its file."""
        ...

    def close(self) -> None: ...
