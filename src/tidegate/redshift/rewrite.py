"""Statements that rewrite archived periods from the external table, and that find the rows of a condition."""

from collections.abc import Sequence

from tidegate.model.batch import BATCH_COLUMN, PERIOD_COLUMN, StoredColumn
from tidegate.model.names import TableName
from tidegate.model.records import BatchPeriods
from tidegate.model.tables import Table
from tidegate.redshift.condition import Condition
from tidegate.redshift.control import Control
from tidegate.redshift.fingerprint import fingerprint_by_period
from tidegate.redshift.guard import guard, guard_none
from tidegate.redshift.identifiers import literal, qualified, quote
from tidegate.redshift.rows import of_batches
from tidegate.redshift.view import ExternalVersion, restored_value

_PERIOD = f"e.{quote(PERIOD_COLUMN)}"
_BATCH = f"e.{quote(BATCH_COLUMN)}"


def over_archive(condition: Condition, table: Table, version: ExternalVersion) -> str:
    """The condition over the external table (as `e`), on values as the hot `table` has them."""
    columns = {c.name: c for c in table.columns}
    return condition.over({name: restored_value(columns[name], version, "e") for name in condition.columns})


def of_parts(parts: Sequence[BatchPeriods]) -> str:
    """The predicate over the external table (as `e`) for some periods of some batches."""
    return of_batches([(part.batch, [p.isoformat() for p in part.periods]) for part in parts], "e")


def going(parts: Sequence[BatchPeriods], condition: str) -> str:
    """The predicate for rows of `parts` for which the condition is true."""
    return f"{of_parts(parts)} AND ({condition})"


def staying(parts: Sequence[BatchPeriods], condition: str | None) -> str:
    """The predicate for the other rows of `parts`: those for which it is false or NULL; all of them without one."""
    return of_parts(parts) if condition is None else f"{of_parts(parts)} AND NOT COALESCE({condition}, FALSE)"


def archived_proofs(columns: Sequence[StoredColumn], hash_function: str, external: TableName, where: str) -> str:
    """Rows and fingerprint per period of rows of the external table: tg_period, tg_rows, tg_fingerprint."""
    return fingerprint_by_period(columns, hash_function, _PERIOD, f"{qualified(external)} AS e", where, alias="e")


def archived_rows(columns: Sequence[StoredColumn], external: TableName, where: str) -> str:
    """The UNLOAD's query over the external table: the stored values as they are, and the period as last column."""
    values = ", ".join(f"e.{quote(c.name)}" for c in columns)
    return f"SELECT {values}, {_PERIOD} FROM {qualified(external)} AS e WHERE {where}"


def count_archived(external: TableName, where: str) -> str:
    """Rows by batch and period: tg_batch, tg_period, tg_rows."""
    return (
        f"SELECT {_BATCH}, {_PERIOD}, COUNT(*) AS tg_rows FROM {qualified(external)} AS e "
        f"WHERE {where} GROUP BY 1, 2 ORDER BY 1, 2"
    )


def count_hot(table: TableName, period: str, condition: str) -> str:
    """Hot rows of a condition by period, whose expression may give NULL: tg_period, tg_rows."""
    return (
        f"SELECT {period} AS tg_period, COUNT(*) AS tg_rows FROM {qualified(table)} "
        f"WHERE {condition} GROUP BY 1 ORDER BY 1"
    )


def count_rows(table: TableName) -> str:
    return f"SELECT COUNT(*) AS tg_rows FROM {qualified(table)}"


def guard_hot(table: TableName, condition: str, rows: int, reason: str) -> str:
    """As many hot rows as before are those of the condition."""
    return guard(f"{qualified(table)} WHERE {condition}", f"COUNT(*) = {rows}", reason)


def guard_new(control: Control, batches: Sequence[str]) -> list[str]:
    """None of the ids is published, parked, retired or copied: one statement a control table, however many ids."""
    if not batches:
        return []
    listed = ", ".join(literal(batch) for batch in batches)
    name = f"batch {batches[0]}" if len(batches) == 1 else f"batch {batches[0]} or another of {len(batches)}"
    sources = (
        (control.published, "published"),
        (control.parked, "parked"),
        (control.retired, "retired"),
        (control.copies, "copied"),
    )
    return [guard_none(f"{qualified(t)} WHERE batch IN ({listed})", f"{name} is already {word}") for t, word in sources]
