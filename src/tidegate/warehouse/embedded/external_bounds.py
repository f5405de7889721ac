"""The earliest and latest time of each partition's columns, as its files told when it was added.

They decide one thing alone: whether a query needs a file that is missing. A file that is there is read, whatever it
held then. Times are compared with a day to spare on either side, so that neither a time zone nor a cast between DATE
and TIMESTAMP matters.
"""

import os
import re
from collections.abc import Sequence
from datetime import datetime

from sqlglot import exp

from tidegate.model.names import fold
from tidegate.model.tables import TypeKind
from tidegate.warehouse.embedded.context import Context
from tidegate.warehouse.embedded.emitter import text
from tidegate.warehouse.embedded.external_catalog import Bounds, ExternalTable, absolute_file
from tidegate.warehouse.embedded.external_layout import ENGINE
from tidegate.warehouse.embedded.external_shapes import glob_free
from tidegate.warehouse.embedded.objects.addresses import is_object

_TIMES = frozenset({TypeKind.DATE, TypeKind.TIMESTAMP})
_ISO = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d{1,6})?)?)?")
_DAY = "INTERVAL 1 DAY"
_OUTSIDE: dict[type[exp.Expr], str] = {
    exp.EQ: "({0} < b.low - {1} OR {0} > b.high + {1})",
    exp.LT: "{0} < b.low - {1}",
    exp.LTE: "{0} < b.low - {1}",
    exp.GT: "{0} > b.high + {1}",
    exp.GTE: "{0} > b.high + {1}",
}
"""No value between `low` and `high` compares so with the literal."""

_MIRRORED: dict[type[exp.Expr], type[exp.Expr]] = {exp.LT: exp.GT, exp.LTE: exp.GTE, exp.GT: exp.LT, exp.GTE: exp.LTE}
_BOUNDS = """
    SELECT file_name, lower(path_in_schema), min(low), max(high)
    FROM (SELECT file_name, path_in_schema, TRY_CAST(stats_min_value AS TIMESTAMP) AS low,
        TRY_CAST(stats_max_value AS TIMESTAMP) AS high, coalesce(stats_null_count = num_values, false) AS empty
        FROM parquet_metadata($1::VARCHAR[]))
    WHERE list_contains($2::VARCHAR[], lower(path_in_schema))
    GROUP BY ALL
    HAVING bool_and(empty OR (low IS NOT NULL AND high IS NOT NULL)) AND count(low) > 0
"""


def bounds_of(ctx: Context, table: ExternalTable, folders: Sequence[Sequence[str]]) -> list[tuple[Bounds, ...]]:
    """The bounds of each folder's files, of the columns whose every file here tells them; none of files in S3."""
    names = [name for name, type in table.columns if type.kind in _TIMES]
    files = [path for folder in folders for path in folder if not is_object(path)]
    if not names or not files:
        return [() for _ in folders]
    rows = ctx.cursor.execute(_BOUNDS, [[glob_free(path) for path in files], names]).fetchall()
    told: dict[tuple[str, str], tuple[datetime, datetime]] = {
        (path, name): (low, high) for path, name, low, high in rows
    }
    return [
        tuple(_together(told, name, folder) for name in names if _all_told(told, name, folder)) for folder in folders
    ]


def _all_told(told: dict[tuple[str, str], tuple[datetime, datetime]], name: str, folder: Sequence[str]) -> bool:
    return bool(folder) and all((path, name) in told for path in folder)


def _together(told: dict[tuple[str, str], tuple[datetime, datetime]], name: str, folder: Sequence[str]) -> Bounds:
    each = [told[path, name] for path in folder]
    return name, min(low for low, _ in each), max(high for _, high in each)


def dispensable(ctx: Context, table: ExternalTable, conjuncts: Sequence[exp.Expr]) -> list[str]:
    """The absolute paths of files that are missing, and that hold no row for which all `conjuncts` are true."""
    names = {name for name, type in table.columns + table.partitions if type.kind in _TIMES}
    tests = [test for each in conjuncts if (test := _outside(each.unnest(), names)) is not None]
    if not tests:
        return []
    path = absolute_file(ctx.settings, "p.location", "f.path")
    rows = ctx.cursor.execute(
        f"SELECT DISTINCT {path} FROM {ENGINE}.external_files AS f JOIN {ENGINE}.external_partitions AS p "
        f"ON p.id = f.partition_id JOIN ({_known(table)}) AS b ON b.partition_id = p.id "
        f"WHERE f.table_id = {table.id} AND p.table_id = {table.id} AND ({' OR '.join(tests)})"
    ).fetchall()
    return [file for (file,) in rows if not is_object(file) and not os.path.lexists(file)]


def _known(table: ExternalTable) -> str:
    """The bounds of columns, and the values of partition columns as such."""
    rows = [f"SELECT partition_id, column_name, low, high FROM {ENGINE}.external_bounds"]
    for at, (name, type) in enumerate(table.partitions, 1):
        if type.kind in _TIMES:
            value = f'TRY_CAST("values"[{at}] AS TIMESTAMP)'
            partitions = f"{ENGINE}.external_partitions WHERE table_id = {table.id}"
            rows.append(f"SELECT id, {text(name)}, {value}, {value} FROM {partitions}")
    return " UNION ALL ".join(rows)


def without(path: str, files: Sequence[str]) -> str:
    """The SQL that leaves files out by their path, to follow another condition."""
    return f" AND {path} NOT IN ({', '.join(text(file) for file in files)})" if files else ""


def _outside(node: exp.Expr, names: set[str]) -> str | None:
    """The SQL that is true for bounds `b` of which no value fulfils a condition; None when the condition tells none."""
    if isinstance(node, exp.Between) and not node.args.get("symmetric"):
        ends = [
            exp.GTE(this=node.this, expression=node.args["low"]),
            exp.LTE(this=node.this, expression=node.args["high"]),
        ]
        tests = [test for end in ends if (test := _outside(end, names)) is not None]
        return f"({' OR '.join(tests)})" if tests else None
    kind = type(node)
    if kind not in _OUTSIDE:
        return None
    column, literal = node.this, node.args["expression"]
    if not isinstance(column, exp.Column):
        column, literal, kind = literal, column, _MIRRORED.get(kind, kind)
    time = _time(literal.unnest())
    if not isinstance(column, exp.Column) or time is None or (name := fold(column.name)) not in names:
        return None
    return f"(b.column_name = {text(name)} AND {_OUTSIDE[kind].format(time, _DAY)})"


def _time(node: exp.Expr) -> str | None:
    """A literal of a day or a time as SQL."""
    if isinstance(node, exp.Cast) and node.to.is_type(exp.DataType.Type.DATE, exp.DataType.Type.TIMESTAMP):
        node = node.this
    if not isinstance(node, exp.Literal) or not node.is_string or not _ISO.fullmatch(node.name):
        return None
    return f"TRY_CAST('{node.name}' AS TIMESTAMP)"
