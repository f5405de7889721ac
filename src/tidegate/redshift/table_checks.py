"""Checks of a table that stands: one pass for all rules that a row or an aggregate tells, one more for each key."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from tidegate.model.names import TableName, fold
from tidegate.model.route import CheckKind, CheckRule
from tidegate.model.tables import SqlType
from tidegate.redshift.identifiers import qualified
from tidegate.redshift.load_checks import MEAN_LOADS, of_loads, repeated_values, row_condition, since_of, stale


def count_all(relation: TableName, rules: Sequence[CheckRule], types: Mapping[str, SqlType], now: datetime) -> str:
    """One row: tg_rows, then tg_rule_<n> for each rule but UNIQUE and ROWS: how many rows break it.

    Of FRESH: how many of its columns are stale at the aware time `now`. `types`: those of the columns.
    """
    counts = [
        f"{broken} AS tg_rule_{at}"
        for at, rule in enumerate(rules)
        if (broken := _broken(rule, types, now)) is not None
    ]
    return f"SELECT {', '.join(['COUNT(*) AS tg_rows', *counts])} FROM {qualified(relation)}"


def count_repeated(relation: TableName, columns: Sequence[str]) -> str:
    """One row, tg_rows: how many rows share their values of the columns with others."""
    values = repeated_values(relation, [fold(column) for column in columns])
    return f"SELECT COALESCE(SUM(tg_same), 0) AS tg_rows FROM (SELECT COUNT(*) AS tg_same {values}) AS repeated"


def last_loads(loaded: TableName, table: TableName) -> str:
    """tg_rows of the table's last loads, the newest first: one more than make the mean."""
    return (
        f"SELECT SUM(row_count) AS tg_rows, MAX(loaded_at) AS tg_at FROM {qualified(loaded)} "
        f"WHERE {of_loads(table)} GROUP BY batch "
        f"ORDER BY tg_at DESC, batch DESC LIMIT {MEAN_LOADS + 1}"
    )


def _broken(rule: CheckRule, types: Mapping[str, SqlType], now: datetime) -> str | None:
    if rule.kind is CheckKind.FRESH:
        since = since_of(rule, now)
        return " + ".join(stale(column, since) for column in rule.columns)
    condition = row_condition(rule, types)
    return None if condition is None else f"COALESCE(SUM(CASE WHEN {condition} THEN 1 ELSE 0 END), 0)"
