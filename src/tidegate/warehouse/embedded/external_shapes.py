"""What columns Parquet files really have, and how they are read as the columns that an external table declares."""

import re
from collections.abc import Sequence

import duckdb

from tidegate.errors import StatementError
from tidegate.model.names import TableName, fold
from tidegate.model.tables import SqlType, TypeKind
from tidegate.redshift.types import render
from tidegate.warehouse.embedded.context import Context
from tidegate.warehouse.embedded.objects.addresses import is_object
from tidegate.warehouse.embedded.objects.reading import WARM, let_read, warm
from tidegate.warehouse.embedded.types import duckdb_type

Shape = tuple[tuple[str, str], ...]
"""(name as in the file, DuckDB type) of each column of a file, in its order."""

_GLOB = re.compile(r"[\[*?]")

_INTEGERS = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "HUGEINT"}
)
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
_SIGNATURES = """
    SELECT file_name, md5(string_agg(concat_ws('|', name, type, type_length, repetition_type, num_children,
        converted_type, scale, precision, logical_type, duckdb_type), chr(10) ORDER BY column_id))
    FROM parquet_schema($1::VARCHAR[])
    GROUP BY file_name
"""


def glob_free(path: str) -> str:
    """The path as one that DuckDB's readers take literally."""
    return _GLOB.sub(lambda m: f"[{m.group()}]", path)


def shapes_of(ctx: Context, paths: Sequence[str]) -> dict[str, Shape]:
    """The shape of each file, from the footers."""
    local = [path for path in paths if not is_object(path)]
    shapes = _shapes(ctx.cursor, local) if local else {}
    objects = [path for path in paths if is_object(path)]
    if objects:
        let_read(ctx.cursor, ctx.settings.s3)
    for at in range(0, len(objects), WARM):
        some = objects[at : at + WARM]
        warm(ctx.settings.s3, some)
        shapes |= _shapes(ctx.cursor, some)
    return {path: shapes[path] for path in paths}


def _shapes(cursor: duckdb.DuckDBPyConnection, paths: Sequence[str]) -> dict[str, Shape]:
    signatures = dict(cursor.execute(_SIGNATURES, [[glob_free(path) for path in paths]]).fetchall())
    shapes: dict[str, Shape] = {}
    for path in paths:
        if signatures[path] not in shapes:
            shapes[signatures[path]] = _shape(cursor, path)
    return {path: shapes[signatures[path]] for path in paths}


def _shape(cursor: duckdb.DuckDBPyConnection, path: str) -> Shape:
    rows = cursor.execute(
        "DESCRIBE SELECT * FROM read_parquet($1, hive_partitioning = false)", [glob_free(path)]
    ).fetchall()
    return tuple((row[0], row[1]) for row in rows)


def read_column(table: TableName, column: str, type: SqlType, shape: Shape) -> str:
    """The SQL over file columns (alias `r`) that gives a declared column; NULL where the file has none.

    Names are matched without regard to case, as Spectrum does. Where the file's type is the declared one there is
    no cast, so that predicates reach the row groups' statistics.

    Raises:
        StatementError: the file's type cannot be read as the declared one without loss.
    """
    wanted = duckdb_type(type)
    found = next(((name, actual) for name, actual in shape if fold(name) == column), None)
    if found is None:
        return f"CAST(NULL AS {wanted})"
    name, actual = found
    value = 'r."' + name.replace('"', '""') + '"'
    if actual == wanted:
        return value
    if actual == "TIMESTAMP WITH TIME ZONE" and type.kind is TypeKind.TIMESTAMP:
        return f"timezone('UTC', {value})"
    if not _lossless(type, actual):
        raise StatementError(
            f'the files of {table} have an incompatible Parquet type for column "{column}": '
            f"declared {render(type)}, found {actual}",
            hint="Declare the column with the type that the files have.",
        )
    return f"CAST({value} AS {wanted})"


def _lossless(type: SqlType, actual: str) -> bool:
    """May a file's type be cast to a declared one? What is out of range then fails."""
    if type.kind in (TypeKind.SMALLINT, TypeKind.INTEGER, TypeKind.BIGINT):
        return actual in _INTEGERS
    if type.kind is TypeKind.DECIMAL:
        decimal = _DECIMAL.fullmatch(actual)
        return actual in _INTEGERS or (decimal is not None and int(decimal[2]) <= (type.scale or 0))
    if type.kind is TypeKind.DOUBLE:
        return actual == "FLOAT"
    if type.kind in (TypeKind.CHAR, TypeKind.VARCHAR):
        return actual == "JSON" or actual.startswith("ENUM")
    return type.kind is TypeKind.TIMESTAMP and actual in ("TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS")
