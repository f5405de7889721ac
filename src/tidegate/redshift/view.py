"""The `_all` view: hot rows, and the published rows of every version of the external table."""

from collections.abc import Sequence
from dataclasses import dataclass

from tidegate.model.batch import BATCH_COLUMN, PERIOD_COLUMN, StoredColumn
from tidegate.model.names import TableName
from tidegate.model.tables import Column, Table
from tidegate.redshift.identifiers import literal, qualified, quote
from tidegate.redshift.storage import from_stored
from tidegate.redshift.types import render


@dataclass(frozen=True)
class ExternalVersion:
    """One version of a table's external table, with the columns it has."""

    name: TableName
    columns: tuple[StoredColumn, ...]


def restored_value(column: Column, version: ExternalVersion, alias: str) -> str:
    """The external version's value as the hot table's column has it; NULL where the version lacks the column."""
    stored = next((c for c in version.columns if c.name == column.name), None)
    return _restored(render(column.type), stored, alias)


def restored_list(table: Table, version: ExternalVersion, alias: str) -> str:
    """The external version's values as the hot table's columns, by name; a column it lacks is NULL."""
    stored = {c.name: c for c in version.columns}
    return ", ".join(
        _value(column.name, render(column.type), stored.get(column.name), alias) for column in table.columns
    )


def _value(name: str, type_text: str, stored: StoredColumn | None, alias: str) -> str:
    value = _restored(type_text, stored, alias)
    return value if value == quote(name) else f"{value} AS {quote(name)}"


def _restored(type_text: str, stored: StoredColumn | None, alias: str) -> str:
    if stored is None:
        return f"CAST(NULL AS {type_text})"
    value = from_stored(stored, alias)
    return value if render(stored.type) == type_text else f"CAST({value} AS {type_text})"


def all_view(view: TableName, table: Table, versions: Sequence[ExternalVersion], published: TableName) -> str:
    """CREATE OR REPLACE the view. One snapshot of `published` decides which external rows count.

    It is late binding, the only kind that may read external tables (developer guide, CREATE VIEW).
    """
    hot = f"SELECT {', '.join(quote(c.name) for c in table.columns)} FROM {qualified(table.name)}"
    cold = [
        f"SELECT {restored_list(table, version, 'e')} FROM {counted_rows(version, table.name, published)}"
        for version in versions
    ]
    body = " UNION ALL ".join([hot, *cold])
    return f"CREATE OR REPLACE VIEW {qualified(view)} AS {body} WITH NO SCHEMA BINDING"


def cold_extent(column: str, version: ExternalVersion, table: TableName, published: TableName) -> str:
    """The least and the greatest published value of a column, in one row; NULL where there is none."""
    name = f"e.{quote(column)}"
    return f"SELECT MIN({name}), MAX({name}) FROM {counted_rows(version, table, published)}"


def counted_rows(version: ExternalVersion, table: TableName, published: TableName) -> str:
    """The published rows of one version: text after FROM, with the external table as `e`."""
    return (
        f"{qualified(version.name)} AS e JOIN {qualified(published)} AS p ON p.batch = e.{quote(BATCH_COLUMN)} "
        f"AND p.period = e.{quote(PERIOD_COLUMN)} AND p.table_name = {literal(str(table))}"
    )
