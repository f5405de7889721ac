"""The query that COPY … TO gets for an UNLOAD: values as Redshift writes them, and what it cannot unload."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import duckdb

from tidegate.errors import StatementRefused
from tidegate.model.names import fold
from tidegate.redshift.unload import Unload, UnloadFormat
from tidegate.warehouse.embedded.lexer import TokenKind, tokenize
from tidegate.warehouse.embedded.manifest import OutputColumn

_CAST_TO = {
    "TINYINT": "SMALLINT",
    "UTINYINT": "SMALLINT",
    "USMALLINT": "INTEGER",
    "UINTEGER": "BIGINT",
    "UBIGINT": "DECIMAL(38,0)",
    "HUGEINT": "DECIMAL(38,0)",
    "UHUGEINT": "DECIMAL(38,0)",
    "TIMESTAMP_S": "TIMESTAMP",
    "TIMESTAMP_MS": "TIMESTAMP",
    "TIMESTAMP_NS": "TIMESTAMP",
    '"NULL"': "VARCHAR",
}
"""DuckDB types that Redshift has not. Left alone, a HUGEINT would be written to Parquet as DOUBLE."""

_BASES: dict[str, dict[str, str | int]] = {
    "BOOLEAN": {"base": "boolean"},
    "SMALLINT": {"base": "smallint"},
    "INTEGER": {"base": "integer"},
    "BIGINT": {"base": "bigint"},
    "FLOAT": {"base": "real"},
    "DOUBLE": {"base": "double precision"},
    "VARCHAR": {"base": "character varying", "max_length": 65_535},
    "DATE": {"base": "date"},
    "TIMESTAMP": {"base": "timestamp without time zone"},
    "TIMESTAMP WITH TIME ZONE": {"base": "timestamp with time zone"},
    "JSON": {"base": "super"},
    "TIME": {"base": "time without time zone"},
    "TIME WITH TIME ZONE": {"base": "time with time zone"},
    "BLOB": {"base": "binary varying"},
    "INTERVAL": {"base": "interval"},
}
_TEXT_ONLY = {
    "TIME": "time without time zone",
    "TIME WITH TIME ZONE": "time with time zone",
    "BLOB": "varbyte",
    "INTERVAL": "interval",
}
"""Types that Parquet does not take, as the message of Redshift names them."""

_PARTITION_TYPES = frozenset({"SMALLINT", "INTEGER", "BIGINT", "FLOAT", "BOOLEAN", "VARCHAR", "DATE", "TIMESTAMP"})
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")


@dataclass(frozen=True)
class OutputQuery:
    """`sql` is DuckDB's. `columns` are those of the files, `partition_by` the others (or some of them: INCLUDE)."""

    sql: str
    columns: tuple[OutputColumn, ...]
    partition_by: tuple[str, ...]


@dataclass(frozen=True)
class _Column:
    """`source` as the query names it, `name` folded, `type` DuckDB's after the cast, if one is needed."""

    source: str
    name: str
    type: str
    cast: bool

    @property
    def value(self) -> str:
        return f"CAST({_quote(self.source)} AS {self.type})" if self.cast else _quote(self.source)


def refuse_limit(select: str) -> None:
    """Redshift takes no LIMIT in the outermost SELECT of an UNLOAD (developer guide, UNLOAD, Usage notes)."""
    depth = 0
    for token in tokenize(select):
        if token.kind is TokenKind.SYMBOL:
            depth += {"(": 1, ")": -1}.get(token.value, 0)
        elif token.kind is TokenKind.WORD and token.value == "LIMIT" and depth == 0:
            raise StatementRefused(
                "UNLOAD: a LIMIT clause is not supported in the outermost SELECT",
                hint="Nest it: UNLOAD ('select * from (select … limit 10)').",
            )


def output_query(cursor: duckdb.DuckDBPyConnection, select: str, options: Unload) -> OutputQuery:
    """Wrap a DuckDB query so that its values are written as Redshift writes them.

    Raises:
        StatementRefused: a column that the format, or PARTITION BY, cannot take.
    """
    relation = cursor.query(select)
    columns = [_column(name, str(type)) for name, type in zip(relation.columns, relation.types, strict=True)]
    _check_names(columns)
    partition_by = _partition_columns(columns, options.partition_by)
    written = [c for c in columns if options.include or c.name not in partition_by]
    if not written or len(partition_by) == len(columns):
        raise StatementRefused(
            "UNLOAD: every output column is a partition column",
            hint="Leave at least one column out of PARTITION BY.",
        )
    if options.format is UnloadFormat.PARQUET:
        return OutputQuery(_parquet(select, columns), _schema(columns, written), partition_by)
    return OutputQuery(_lines(select, columns, options), _schema(columns, written), partition_by)


def _column(source: str, type: str) -> _Column:
    target = _CAST_TO.get(type, type)
    if target not in _BASES and not _DECIMAL.fullmatch(target):
        raise StatementRefused(
            f'UNLOAD: the type {type} of column "{source}" is not one that Redshift has',
            hint="Cast the column to a Redshift type in the query.",
        )
    return _Column(source, fold(source), target, target != type)


def _check_names(columns: Sequence[_Column]) -> None:
    seen: set[str] = set()
    for column in columns:
        if column.name in seen:
            raise StatementRefused(
                f'UNLOAD: the output column "{column.name}" occurs twice', hint="Give each column a name of its own."
            )
        seen.add(column.name)


def _partition_columns(columns: Sequence[_Column], names: Sequence[str]) -> tuple[str, ...]:
    types = {c.name: c.type for c in columns}
    for at, name in enumerate(names):
        if name not in types:
            raise StatementRefused(
                f'UNLOAD: the partition column "{name}" is not in the output of the query',
                hint=f"The output columns are {', '.join(types)}.",
            )
        if name in names[:at]:
            raise StatementRefused(f'UNLOAD: the partition column "{name}" is named twice', hint="Name it once.")
        if types[name] not in _PARTITION_TYPES and not _DECIMAL.fullmatch(types[name]):
            raise StatementRefused(
                f'UNLOAD: column "{name}" of type {_base(types[name])} cannot be a partition column',
                hint="Cast it to SMALLINT, INTEGER, BIGINT, DECIMAL, REAL, BOOLEAN, VARCHAR, DATE or TIMESTAMP.",
            )
    return tuple(names)


def _schema(columns: Sequence[_Column], written: Sequence[_Column]) -> tuple[OutputColumn, ...]:
    return tuple(OutputColumn(c.name, _manifest_type(c.type)) for c in columns if c in written)


def _base(type: str) -> str:
    return str(_manifest_type(type)["base"])


def _manifest_type(type: str) -> dict[str, str | int]:
    if match := _DECIMAL.fullmatch(type):
        return {"base": "numeric", "precision": int(match[1]), "scale": int(match[2])}
    return _BASES[type]


def _parquet(select: str, columns: Sequence[_Column]) -> str:
    for column in columns:
        if name := _TEXT_ONLY.get(column.type):
            raise StatementRefused(
                f'UNLOAD {name} column "{column.name}" is only supported for TEXT/CSV.',
                hint="Cast the column to VARCHAR in the query, or unload as CSV.",
            )
    if not any(c.cast or c.source != c.name for c in columns):
        return select
    return _select(select, [f"{c.value} AS {_quote(c.name)}" for c in columns])


def _lines(select: str, columns: Sequence[_Column], options: Unload) -> str:
    kept = set(options.partition_by)
    if options.format is UnloadFormat.CSV:
        values = [c.value if c.name in kept else _text(c) for c in columns]
        return _select(select, [f"{v} AS {_quote(c.name)}" for v, c in zip(values, columns, strict=True)])
    written = [c for c in columns if options.include or c.name not in kept]
    delimiter = options.delimiter or "|"
    line = f" || {_literal(delimiter)} || ".join(_field(c, options) for c in written)
    header = delimiter.join(c.name for c in written)
    partitions = [f"{c.value} AS {_quote(c.name)}" for c in columns if c.name in kept]
    return _select(select, [f"{line} AS {_quote(header)}", *partitions])


def _text(column: _Column) -> str:
    form = _TEXTS.get(column.type)
    return column.value if form is None else form(column.value)


_TEXTS: dict[str, Callable[[str], str]] = {
    "BOOLEAN": lambda value: f"CASE {value} WHEN true THEN 't' WHEN false THEN 'f' END",
    "BLOB": lambda value: f"lower(hex({value}))",
    "TIMESTAMP WITH TIME ZONE": lambda value: f"(CAST(timezone('UTC', {value}) AS VARCHAR) || '+00')",
}


def _field(column: _Column, options: Unload) -> str:
    value = f"CAST({_text(column)} AS VARCHAR)"
    if options.escape and column.type in ("VARCHAR", "JSON"):
        quotes = ('"', "'") if options.add_quotes else ()
        for character in ("\\", "\n", "\r", options.delimiter or "|", *quotes):
            value = f"replace({value}, {_literal(character)}, {_literal(chr(92) + character)})"
    if options.add_quotes:
        value = f"('\"' || {value} || '\"')"
    return f"coalesce({value}, {_literal(options.null_as or '')})"


def _select(select: str, values: Sequence[str]) -> str:
    return f"SELECT {', '.join(values)} FROM ({select}) AS unloaded"


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    if text in ("\n", "\r"):
        return f"chr({ord(text)})"
    return "'" + text.replace("'", "''") + "'"
