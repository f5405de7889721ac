"""Checks of rows: what breaks a rule, in a staging table or in a table that stands, and what a batch is as a whole."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation

from tidegate.model.layout import CLAIMS
from tidegate.model.names import TableName, fold
from tidegate.model.route import CheckKind, CheckRule
from tidegate.model.tables import SqlType, TypeKind
from tidegate.redshift.identifiers import column_list, literal, qualified, quote
from tidegate.redshift.load import Stage
from tidegate.redshift.loaded import landed_text
from tidegate.redshift.types import render

MEAN_LOADS = 10
"""How many loads before make the mean number of rows."""

_FLOATS = frozenset({TypeKind.REAL, TypeKind.DOUBLE})
_NUMBERS = _FLOATS | {TypeKind.SMALLINT, TypeKind.INTEGER, TypeKind.BIGINT, TypeKind.DECIMAL}


def row_condition(rule: CheckRule, types: Mapping[str, SqlType]) -> str | None:
    """The predicate for rows that break the rule; None where a row alone does not tell. `types`: by folded name."""
    names = [quote(fold(column)) for column in rule.columns]
    if rule.kind is CheckKind.NOT_NULL:
        return " OR ".join(f"{name} IS NULL" for name in names)
    if rule.kind is CheckKind.RANGE:
        bounds = (("<", rule.least), (">", rule.most))
        return " OR ".join(f"{name} {sign} {bound}" for name in names for sign, bound in bounds if bound is not None)
    if rule.kind is CheckKind.VALUES:
        return " OR ".join(_none_of(column, types[column], rule.values) for column in map(fold, rule.columns))
    if rule.kind is CheckKind.SQL:
        return f"NOT COALESCE(({rule.expression}), FALSE)"
    return None


def _none_of(column: str, type: SqlType, values: Sequence[str]) -> str:
    """Numbers are compared as numbers: the text of 1.5 is another one in each type."""
    name = quote(column)
    if type.kind not in _NUMBERS:
        truth = f"CASE WHEN {name} THEN 'true' WHEN NOT {name} THEN 'false' END"
        text = truth if type.kind is TypeKind.BOOLEAN else f"CAST({name} AS VARCHAR(65535))"
        return f"{text} NOT IN ({', '.join(map(literal, values))})"
    listed = ", ".join(
        f"CAST({number} AS {render(type)})" if type.kind in _FLOATS else number for number in _numbers(values)
    )
    return f"{name} NOT IN ({listed})" if listed else f"{name} IS NOT NULL"


def _numbers(values: Sequence[str]) -> Iterator[str]:
    """Those that are numbers, as SQL literals: no other is the value of a column of numbers."""
    for value in values:
        try:
            number = Decimal(value.strip())
        except InvalidOperation:
            continue
        if number.is_finite():
            yield f"{number:f}"


def repeated_values(relation: TableName, columns: Sequence[str]) -> str:
    """Text after a select list: the values of the columns, none of them NULL, that come more than once."""
    known = " AND ".join(f"{quote(name)} IS NOT NULL" for name in columns)
    return f"FROM {qualified(relation)} WHERE {known} GROUP BY {column_list(columns)} HAVING COUNT(*) > 1"


def since_of(rule: CheckRule, now: datetime) -> str:
    """As a TIMESTAMP literal's text: how late the newest value must be at the aware time `now`."""
    return landed_text(now - timedelta(hours=rule.hours or 0))


def stale(column: str, since: str) -> str:
    """An aggregate: 1 when no value of the column is as late as `since`, a TIMESTAMP literal's text; else 0."""
    return f"CASE WHEN COALESCE(MAX({quote(fold(column))}) >= TIMESTAMP '{since}', FALSE) THEN 0 ELSE 1 END"


def broken_by(rule: CheckRule, stage: Stage) -> str | None:
    """The predicate over the staging table for rows that break the rule; None where it is about the whole batch."""
    if rule.kind is CheckKind.UNIQUE:
        return _repeated(stage, [fold(column) for column in rule.columns])
    return row_condition(rule, {fold(column.name): column.type for column in stage.columns})


def count_broken(stage: Stage, condition: str) -> str:
    """tg_rows of a condition over the staging table."""
    return f"SELECT COUNT(*) AS tg_rows FROM {qualified(stage.name)} WHERE {condition}"


def delete_broken(stage: Stage, condition: str) -> str:
    return f"DELETE FROM {qualified(stage.name)} WHERE {condition}"


def is_stale(stage: Stage, column: str, since: str) -> str:
    """One row, tg_stale: 1 when no staged value of the column is as late as `since`, a TIMESTAMP literal's text."""
    return f"SELECT {stale(column, since)} AS tg_stale FROM {qualified(stage.name)}"


def of_loads(table: TableName) -> str:
    """The predicate for loaded files of a table, without rows that lay aside: they were what was left of a load."""
    return f"table_name = {literal(str(table))} AND STRPOS(uri, '/{CLAIMS}') = 0"


def mean_rows(loaded: TableName, table: TableName) -> str:
    """One row, tg_mean: the mean number of rows of the last loads of the table; NULL before the first."""
    return (
        "SELECT CAST(AVG(CAST(tg_rows AS DOUBLE PRECISION)) AS DOUBLE PRECISION) AS tg_mean FROM ("
        f"SELECT batch, SUM(row_count) AS tg_rows, MAX(loaded_at) AS tg_at FROM {qualified(loaded)} "
        f"WHERE {of_loads(table)} GROUP BY batch ORDER BY tg_at DESC LIMIT {MEAN_LOADS}) AS recent"
    )


def _repeated(stage: Stage, columns: list[str]) -> str:
    same = " AND ".join(f"tg_r.{quote(name)} = {quote(stage.name.name)}.{quote(name)}" for name in columns)
    values = f"SELECT {column_list(columns)} {repeated_values(stage.name, columns)}"
    return f"EXISTS (SELECT 1 FROM ({values}) AS tg_r WHERE {same})"
