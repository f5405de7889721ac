"""Checks of staged rows, as queries: the rows that break a rule, and what a batch is as a whole."""

from tidegate.model.names import TableName, fold
from tidegate.model.route import CheckKind, CheckRule
from tidegate.redshift.identifiers import column_list, literal, qualified, quote
from tidegate.redshift.load import Stage

MEAN_LOADS = 10
"""How many loads before make the mean number of rows."""


def broken_by(rule: CheckRule, stage: Stage) -> str | None:
    """The predicate over the staging table for rows that break the rule; None where it is about the whole batch."""
    names = [quote(fold(column)) for column in rule.columns]
    if rule.kind is CheckKind.NOT_NULL:
        return " OR ".join(f"{name} IS NULL" for name in names)
    if rule.kind is CheckKind.RANGE:
        bounds = (("<", rule.least), (">", rule.most))
        return " OR ".join(f"{name} {sign} {bound}" for name in names for sign, bound in bounds if bound is not None)
    if rule.kind is CheckKind.VALUES:
        listed = ", ".join(map(literal, rule.values))
        return " OR ".join(f"CAST({name} AS VARCHAR(65535)) NOT IN ({listed})" for name in names)
    if rule.kind is CheckKind.UNIQUE:
        return _repeated(stage, [fold(column) for column in rule.columns])
    if rule.kind is CheckKind.SQL:
        return f"NOT COALESCE(({rule.expression}), FALSE)"
    return None


def count_broken(stage: Stage, condition: str) -> str:
    """tg_rows of a condition over the staging table."""
    return f"SELECT COUNT(*) AS tg_rows FROM {qualified(stage.name)} WHERE {condition}"


def delete_broken(stage: Stage, condition: str) -> str:
    return f"DELETE FROM {qualified(stage.name)} WHERE {condition}"


def is_stale(stage: Stage, column: str, since: str) -> str:
    """One row, tg_stale: 1 when no staged value of the column is as late as `since`, a TIMESTAMP literal's text."""
    newest = f"MAX({quote(fold(column))})"
    return (
        f"SELECT CASE WHEN COALESCE({newest} >= TIMESTAMP '{since}', FALSE) THEN 0 ELSE 1 END AS tg_stale "
        f"FROM {qualified(stage.name)}"
    )


def mean_rows(loaded: TableName, table: TableName) -> str:
    """One row, tg_mean: the mean number of rows of the last loads of the table; NULL before the first."""
    return (
        "SELECT CAST(AVG(CAST(tg_rows AS DOUBLE PRECISION)) AS DOUBLE PRECISION) AS tg_mean FROM ("
        f"SELECT batch, SUM(row_count) AS tg_rows, MAX(loaded_at) AS tg_at FROM {qualified(loaded)} "
        f"WHERE table_name = {literal(str(table))} GROUP BY batch ORDER BY tg_at DESC LIMIT {MEAN_LOADS}) AS recent"
    )


def _repeated(stage: Stage, columns: list[str]) -> str:
    listed = column_list(columns)
    same = " AND ".join(f"tg_r.{quote(name)} = {quote(stage.name.name)}.{quote(name)}" for name in columns)
    return (
        f"EXISTS (SELECT 1 FROM (SELECT {listed} FROM {qualified(stage.name)} GROUP BY {listed} HAVING COUNT(*) > 1) "
        f"AS tg_r WHERE {same})"
    )
