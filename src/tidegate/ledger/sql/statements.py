"""Statements that several methods need, for both dialects."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, Table, and_, delete, insert, text
from sqlalchemy.dialects import postgresql, sqlite

from tidegate.errors import LedgerUnreachable
from tidegate.ledger.sql.engine import Database
from tidegate.ledger.sql.rows import Values, table_values
from tidegate.model.names import TableName

T = TypeVar("T")


def read_rows(database: Database, found: Select[Any], of: Callable[[RowMapping], T]) -> tuple[T, ...]:
    """Raises LedgerUnreachable, also when `of` raises ValueError at a row."""
    rows = database.read(lambda connection: connection.execute(found).mappings().all())
    try:
        return tuple(map(of, rows))
    except ValueError as error:
        raise LedgerUnreachable(
            f"the ledger {database.name} holds a value that this Tidegate cannot read: {error}",
            hint="Upgrade Tidegate if a newer one wrote it; otherwise rebuild the ledger from the lake.",
        ) from error


def upserting(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that takes ON CONFLICT."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def upsert(connection: Connection, table: Table, values: Values) -> None:
    """Insert, or update the row of the same primary key without touching what refers to it."""
    keys = list(table.primary_key.columns)
    changed = {name: value for name, value in values.items() if name not in table.primary_key.columns}
    statement = upserting(connection, table).values(**values)
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed))


def replace(connection: Connection, table: Table, old: ColumnElement[bool], new: Sequence[Values]) -> None:
    """All rows go in by one statement, however many they are."""
    connection.execute(delete(table).where(old))
    if new:
        connection.execute(insert(table), new)


def exclude_writers(connection: Connection, *names: Table) -> None:
    """Until the transaction ends, nobody else changes these tables or locks rows of them.

    PostgreSQL: EXCLUSIVE (its documentation, 13.3.1) lets others read. A writing transaction of SQLite is alone.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"LOCK TABLE {', '.join(table.name for table in names)} IN EXCLUSIVE MODE"))


def of_table(table: Table, name: TableName) -> ColumnElement[bool]:
    return and_(*(table.c[column] == value for column, value in table_values(name).items()))
