"""Statements that move or remove rows of a hot table."""

from collections.abc import Mapping, Sequence

from tidegate.model.batch import BATCH_COLUMN, PERIOD_COLUMN, StoredColumn
from tidegate.model.names import TableName
from tidegate.model.tables import Table
from tidegate.redshift.fingerprint import fingerprint
from tidegate.redshift.identifiers import column_list, literal, qualified, quote
from tidegate.redshift.storage import select_list
from tidegate.redshift.view import ExternalVersion, restored_list


def stored_rows(columns: Sequence[StoredColumn], period: str, table: TableName, where: str) -> str:
    """The UNLOAD's query: every column in its stored form, and the period as the last column."""
    return f"SELECT {select_list(columns)}, {period} AS {quote(PERIOD_COLUMN)} FROM {qualified(table)} WHERE {where}"


def delete_rows(table: TableName, where: str) -> str:
    return f"DELETE FROM {qualified(table)} WHERE {where}"


def of_batch(batch: str, periods: Sequence[str], alias: str) -> str:
    """The predicate over the external table for some periods (ISO dates) of one batch."""
    days = ", ".join(f"DATE '{p}'" for p in periods)
    return f"{alias}.{quote(BATCH_COLUMN)} = {literal(batch)} AND {alias}.{quote(PERIOD_COLUMN)} IN ({days})"


def of_batches(parts: Sequence[tuple[str, Sequence[str]]], alias: str) -> str:
    """The predicate for some periods of several batches.

    What every row must fulfil comes first, one condition a partition column, by which partitions are pruned.
    """
    each = [of_batch(batch, periods, alias) for batch, periods in parts]
    if len(each) == 1:
        return each[0]
    batches = ", ".join(literal(batch) for batch, _ in parts)
    days = ", ".join(f"DATE '{p}'" for p in sorted({p for _, periods in parts for p in periods}))
    return (
        f"{alias}.{quote(BATCH_COLUMN)} IN ({batches}) AND {alias}.{quote(PERIOD_COLUMN)} IN ({days}) "
        f"AND ({' OR '.join(f'({one})' for one in each)})"
    )


def restored_rows(table: Table, version: ExternalVersion, where: str) -> str:
    """Archived rows (external table as `e`) in the form of the hot table's columns."""
    return f"SELECT {restored_list(table, version, 'e')} FROM {qualified(version.name)} AS e WHERE {where}"


def totals(columns: Sequence[StoredColumn], hash_function: str, source: str, where: str = "TRUE") -> str:
    """One row: tg_rows and tg_fingerprint of all rows of `source` (text after FROM)."""
    return (
        f"SELECT COUNT(*) AS tg_rows, {fingerprint(columns, hash_function)} AS tg_fingerprint "
        f"FROM {source} WHERE {where}"
    )


def insert_restored(target: TableName, table: Table, version: ExternalVersion, where: str) -> str:
    columns = column_list(c.name for c in table.columns)
    return f"INSERT INTO {qualified(target)} ({columns}) {restored_rows(table, version, where)}"


def select_values(values: Mapping[str, str]) -> str:
    """One row of expressions by column name."""
    return f"SELECT {', '.join(f'{value} AS {quote(name)}' for name, value in values.items())}"


def select_columns(table: TableName, columns: Sequence[str]) -> str:
    """All rows of a small table."""
    return f"SELECT {column_list(columns)} FROM {qualified(table)}"
