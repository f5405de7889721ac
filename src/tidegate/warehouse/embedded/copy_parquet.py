"""COPY of Parquet: columns by position, never by name (developer guide, COPY from columnar data formats)."""

import re
from collections.abc import Sequence

from tidegate.errors import StatementError
from tidegate.model.tables import Column, SqlType, TypeKind
from tidegate.redshift.copy import Copy
from tidegate.redshift.identifiers import literal
from tidegate.redshift.types import render
from tidegate.warehouse.embedded.context import Context
from tidegate.warehouse.embedded.external_shapes import Shape, glob_free, shapes_of
from tidegate.warehouse.embedded.types import duckdb_type

_NARROW = frozenset({"TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", '"NULL"'})
"""Types that Parquet holds as INT32; so does a column that was written without a type, since it holds only NULL."""

_WIDE = frozenset({"BIGINT", "UINTEGER"})
_MOMENTS = frozenset({TypeKind.DATE, TypeKind.TIMESTAMP, TypeKind.TIMESTAMPTZ})
_TIMESTAMPS = frozenset({"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"})
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
_EXACT_DIGITS = 15
"""Every number of so many digits comes back from a double as it was."""

_NESTED = re.compile(r".*(\[\]|\[\d+\])$|(STRUCT|MAP|UNION)\(")


def select_rows(
    ctx: Context, targets: Sequence[Column], paths: Sequence[str], options: Copy
) -> tuple[str, list[object]]:
    """A DuckDB query with its parameters that yields the target columns of all files.

    Raises:
        StatementError: a file with more or, without FILLRECORD, fewer columns than the target, or with a type that
            does not fit.
    """
    by_shape: dict[Shape, list[str]] = {}
    shapes = shapes_of(ctx, list(dict.fromkeys(paths)))
    for path in paths:
        by_shape.setdefault(shapes[path], []).append(path)
    branches: list[str] = []
    parameters: list[object] = []
    for shape, of_shape in by_shape.items():
        values = _values(targets, shape, of_shape[0], options)
        parameters.append([glob_free(path) for path in of_shape])
        branches.append(
            f"SELECT {', '.join(f'{v} AS value{at}' for at, v in enumerate(values))} "
            f"FROM read_parquet(${len(parameters)}, hive_partitioning = false)"
        )
    return " UNION ALL ".join(branches), parameters


def _values(targets: Sequence[Column], shape: Shape, path: str, options: Copy) -> list[str]:
    missing = len(targets) - len(shape)
    if missing < 0 or (missing > 0 and not options.fill_record):
        raise StatementError(
            "unmatched number of columns between table and file. "
            f"Table columns: {len(targets)}, Data columns: {len(shape)}, File name: {path}",
            hint="COPY of Parquet goes by position: give a column list with one column for each of the file.",
        )
    values = [
        _value(column, name, actual, path, options) for column, (name, actual) in zip(targets, shape, strict=False)
    ]
    return values + [f"CAST(NULL AS {duckdb_type(column.type)})" for column in targets[len(shape) :]]


def _value(column: Column, name: str, actual: str, path: str, options: Copy) -> str:
    source = '"' + name.replace('"', '""') + '"'
    if column.type.kind is TypeKind.SUPER:
        if _NESTED.match(actual) and not options.serialize_to_json:
            raise StatementError(
                f'column "{column.name}" is SUPER and its data in {path} is nested ({actual})',
                hint="Add SERIALIZETOJSON after FORMAT PARQUET.",
            )
        if any(int(digits) > _EXACT_DIGITS for digits, _ in _DECIMAL.findall(actual)):
            return _exact_json(source, column.name)
        return f"to_json({source})" if actual != "JSON" else f"to_json(CAST({source} AS VARCHAR))"
    if not _fits(column.type, actual):
        raise StatementError(
            f'file {path} has an incompatible Parquet schema for column "{column.name}". '
            f"Column type: {render(column.type)}, Parquet column {name!r}: {actual}",
            hint="Load it into a column of the type that the file has.",
        )
    value = _converted(column, source, actual)
    return _finite(value, column) if column.type.kind in _MOMENTS else value


def _converted(column: Column, source: str, actual: str) -> str:
    if actual == duckdb_type(column.type):
        return source
    if column.type.kind is TypeKind.TIMESTAMPTZ and actual in _TIMESTAMPS:
        return f"timezone('UTC', CAST({source} AS TIMESTAMP))"
    if column.type.kind is TypeKind.TIMESTAMP and actual == "TIMESTAMP WITH TIME ZONE":
        return f"timezone('UTC', {source})"
    return f"CAST({source} AS {duckdb_type(column.type)})"


def _finite(value: str, column: Column) -> str:
    """The last day and moment that the bits hold are infinite to DuckDB (as run on 2.0.0), and out of range there."""
    said = literal(f'column "{column.name}": a {column.type.kind.value} is out of range')
    return f"CASE WHEN isinf({value}) THEN CAST(error({said}) AS {duckdb_type(column.type)}) ELSE {value} END"


def _exact_json(source: str, name: str) -> str:
    """Numbers with a point are doubles in JSON here: one that a double does not hold must not become another."""
    numbers = f"regexp_extract_all(CAST(to_json({source}) AS VARCHAR), '[\\[:,]-?[0-9]+[.][0-9]*[1-9]')"
    inexact = f"list_filter({numbers}, lambda n: strlen(replace(n, '-', '')) > {_EXACT_DIGITS + 2})"
    said = literal(
        f'column "{name}": SUPER keeps {_EXACT_DIGITS} digits of a number with a point here, a value has more'
    )
    return f"CASE WHEN len({inexact}) > 0 THEN CAST(error({said}) AS JSON) ELSE to_json({source}) END"


def _fits(type: SqlType, actual: str) -> bool:
    """Spectrum, which does the reading, wants the physical type of the column; a TIMESTAMP without zone is UTC."""
    if type.kind is TypeKind.DECIMAL:
        decimal = _DECIMAL.fullmatch(actual)
        return decimal is not None and int(decimal[2]) == (type.scale or 0)
    return actual in _ACCEPTED.get(type.kind, frozenset()) or (
        type.kind in (TypeKind.CHAR, TypeKind.VARCHAR) and actual.startswith("ENUM")
    )


_ACCEPTED: dict[TypeKind, frozenset[str]] = {
    TypeKind.SMALLINT: _NARROW,
    TypeKind.INTEGER: _NARROW,
    TypeKind.BIGINT: _WIDE,
    TypeKind.REAL: frozenset({"FLOAT"}),
    TypeKind.DOUBLE: frozenset({"DOUBLE"}),
    TypeKind.BOOLEAN: frozenset({"BOOLEAN"}),
    TypeKind.CHAR: frozenset({"VARCHAR", "JSON"}),
    TypeKind.VARCHAR: frozenset({"VARCHAR", "JSON"}),
    TypeKind.DATE: frozenset({"DATE"}),
    TypeKind.TIMESTAMP: _TIMESTAMPS | {"TIMESTAMP WITH TIME ZONE"},
    TypeKind.TIMESTAMPTZ: _TIMESTAMPS | {"TIMESTAMP WITH TIME ZONE"},
    TypeKind.VARBYTE: frozenset({"BLOB"}),
}
"""DuckDB types of a file's column by the type of the column that they may be loaded into. TIME is not loadable."""
