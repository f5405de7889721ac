"""Definitions and sizes of tables, read from the catalog of a Redshift by few statements."""

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

from tidegate.errors import StatementError, UsageError
from tidegate.model.names import TableName
from tidegate.model.tables import Column, ForeignKey, Identity, SqlType, Table, TableStats, TypeKind
from tidegate.redshift.catalog import select_definitions, select_present, select_table_stats
from tidegate.redshift.types import parse
from tidegate.warehouse.base import Result, Row

Run = Callable[[str], Result]
"""Runs one statement and fetches all its rows."""

TOGETHER = 500
"""Tables of one statement: with names of 127 bytes it stays below the 100 KB that the Data API takes."""

_BLOCK = 1_048_576
_DIST_STYLES = {0: "EVEN", 1: "KEY", 8: "ALL"}
"""PG_CLASS.reldiststyle; 9 and above are AUTO (v_generate_tbl_ddl; PG_CLASS_INFO)."""

_DEFAULT_ENCODINGS = {
    **dict.fromkeys((TypeKind.CHAR, TypeKind.VARCHAR, TypeKind.VARBYTE), "lzo"),
    **dict.fromkeys((TypeKind.BOOLEAN, TypeKind.REAL, TypeKind.DOUBLE), "none"),
    **dict.fromkeys((TypeKind.GEOMETRY, TypeKind.GEOGRAPHY, TypeKind.HLLSKETCH), "none"),
    TypeKind.SUPER: "zstd",
}
_IDENTITY = re.compile(r"\"?(default_)?identity\"?\(\d+, ?\d+, ?'(-?\d+), ?(-?\d+)'::text\)")
_LIST = r'((?:"(?:[^"]|"")*"|[^"()])*)'
_KEY = re.compile(rf"(PRIMARY KEY|UNIQUE|FOREIGN KEY) \({_LIST}\)(?: REFERENCES {_LIST}(?:\({_LIST}\))?)?")
_NAME = re.compile(r'"((?:[^"]|"")*)"|([^\s",.()]+)')


def tables(run: Run, names: Sequence[TableName]) -> dict[TableName, Table]:
    """The definitions of those local tables that exist, by one statement for up to 500 names.

    Sources: PG_CLASS, PG_ATTRIBUTE, PG_ATTRDEF and PG_CONSTRAINT (`select_definitions`). An encoding is told where it
    is not the one that ENCODE AUTO would begin with, so that a copy of the table keeps being tuned.

    Raises:
        StatementError: a column's type is none that Tidegate knows. Raises as `run` does.
    """
    found: dict[TableName, Table] = {}
    for part in _parts(names):
        rows = run(select_definitions(part)).rows
        for (schema, name), of_table in itertools.groupby(rows, key=lambda row: (str(row[0]), str(row[1]))):
            table = _table(TableName(schema, name), list(of_table))
            found[table.name] = table
    return found


def table_stats(run: Run, names: Sequence[TableName]) -> dict[TableName, TableStats]:
    """What the warehouse estimates of those local tables that exist; bytes are whole megabytes.

    Source: SVV_TABLE_INFO, one statement for up to 500 names. It leaves empty tables out and cannot be joined with
    the catalog that knows them, so a second one asks PG_CLASS for the names that are missing, if any are.
    """
    found: dict[TableName, TableStats] = {}
    for part in _parts(names):
        for schema, name, *measures in run(select_table_stats(part)).rows:
            found[TableName(str(schema), str(name))] = _stats(measures)
        absent = [name for name in part if name not in found]
        if absent:
            for schema, name in run(select_present(absent)).rows:
                found[TableName(str(schema), str(name))] = TableStats(rows=0, bytes=0, deleted=0.0)
    return found


def _parts(names: Sequence[TableName]) -> Iterator[list[TableName]]:
    waiting = iter(dict.fromkeys(names))
    while part := list(itertools.islice(waiting, TOGETHER)):
        yield part


def _stats(measures: Sequence[object]) -> TableStats:
    size, stored, visible, unsorted, stats_off = (None if m is None else Decimal(str(m)) for m in measures)
    rows = int(stored or 0) if visible is None else int(visible)
    held = max(int(stored or 0), rows)
    deleted = None if visible is None else (held - rows) / held if held else 0.0
    return TableStats(
        rows=rows,
        bytes=int(size or 0) * _BLOCK,
        unsorted=None if unsorted is None else float(unsorted / 100),
        deleted=deleted,
        stats_off=None if stats_off is None else float(stats_off / 100),
    )


def _table(name: TableName, rows: Sequence[Row]) -> Table:
    columns = [row for row in rows if row[2] == "column"]
    keys = [_key(name, row) for row in rows if row[2] == "key"]
    sorted_by = sorted((row for row in columns if _integer(row[9])), key=lambda row: abs(_integer(row[9])))
    style = _DIST_STYLES.get(_integer(columns[0][11]), "AUTO")
    return Table(
        name,
        tuple(_column(name, row) for row in columns),
        primary_key=next((key for kind, key, _ in keys if kind == "PRIMARY KEY"), ()),
        unique_keys=tuple(key for kind, key, _ in keys if kind == "UNIQUE"),
        foreign_keys=tuple(reference for _, _, reference in keys if reference is not None),
        dist_style=style,
        dist_key=next((str(row[4]) for row in columns if row[8]), None) if style == "KEY" else None,
        sort_keys=tuple(str(row[4]) for row in sorted_by),
        interleaved=any(_integer(row[9]) < 0 for row in sorted_by),
    )


def _column(table: TableName, row: Row) -> Column:
    name, written, default = str(row[4]), str(row[5]), row[6]
    try:
        type = parse(written)
    except UsageError as error:
        raise StatementError(f'column "{name}" of {table}: {error.message}', hint="Leave the table out.") from error
    identity = None if default is None else _IDENTITY.fullmatch(str(default))
    return Column(
        name,
        type,
        nullable=not row[7],
        default=None if default is None or identity else str(default),
        identity=Identity(int(identity[2]), int(identity[3]), bool(identity[1])) if identity else None,
        encoding=_encoding(type, str(row[10]), bool(_integer(row[9]))),
    )


def _encoding(type: SqlType, shown: str, sort_key: bool) -> str | None:
    usual = _DEFAULT_ENCODINGS.get(type.kind, "az64")
    if shown == usual or (sort_key and shown == "none"):
        return None
    return "raw" if shown == "none" else shown


def _key(table: TableName, row: Row) -> tuple[str, tuple[str, ...], ForeignKey | None]:
    """Kind, columns and, of a foreign key, what it refers to."""
    match = _KEY.fullmatch(str(row[5]))
    if match is None:
        raise StatementError(f"the key {row[4]} of {table} is not understood: {row[5]}", hint="Drop the constraint.")
    kind, columns = match[1], _names(match[2])
    if kind != "FOREIGN KEY":
        return kind, columns, None
    schema, name = (row[6], row[10]) if row[10] is not None else ("public", *_names(match[3]))[-2:]
    return kind, columns, ForeignKey(columns, TableName(str(schema), str(name)), _names(match[4] or ""))


def _names(text: str) -> tuple[str, ...]:
    return tuple(plain or quoted.replace('""', '"') for quoted, plain in _NAME.findall(text))


def _integer(value: object) -> int:
    return int(str(value))
