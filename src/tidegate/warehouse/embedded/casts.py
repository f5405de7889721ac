"""CAST and `::` with Redshift's rules, and the literals DATE '…' and TIMESTAMP '…' (CAST and CONVERT functions)."""

import re
from collections.abc import Callable
from functools import lru_cache

from sqlglot import exp

from tidegate.errors import StatementError, UsageError
from tidegate.model.tables import Column, SqlType, TypeKind
from tidegate.redshift.types import parse
from tidegate.warehouse.embedded.emitter import Emitter, Expression, only, refused, spelled, text
from tidegate.warehouse.embedded.fit import fitted
from tidegate.warehouse.embedded.scope import Scope
from tidegate.warehouse.embedded.types import duckdb_type
from tidegate.warehouse.embedded.values import FLOATS, INTEGERS, NUMBERS, TEXTS, Value

_WHOLE = re.compile(r"\s*[-+]?[0-9]+\s*")
_ZONED = r":[0-9]{2}(\.[0-9]+)?\s*([-+]|[A-Za-z])"
_TRUE = "'t', 'true', 'y', 'yes', '1', 'on'"
_FALSE = "'f', 'false', 'n', 'no', '0', 'off'"
_TYPE_NAMES = {
    exp.DType.SMALLINT: "smallint",
    exp.DType.INT: "integer",
    exp.DType.BIGINT: "bigint",
    exp.DType.DECIMAL: "decimal",
    exp.DType.FLOAT: "real",
    exp.DType.DOUBLE: "double precision",
    exp.DType.BOOLEAN: "boolean",
    exp.DType.CHAR: "char",
    exp.DType.VARCHAR: "varchar",
    exp.DType.DATE: "date",
    exp.DType.TIMESTAMP: "timestamp",
    exp.DType.TIMESTAMPTZ: "timestamptz",
    exp.DType.SUPER: "super",
}
_TIMES = (TypeKind.DATE, TypeKind.TIMESTAMP, TypeKind.TIMESTAMPTZ)
_CLOCKS = (TypeKind.TIME, TypeKind.TIMETZ)


def cast(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    only(node, "this", "to")
    target = target_type(node.args["to"])
    value = emit.expr(node.this, scope)
    if value.sql == "NULL":
        return Value(f"CAST(NULL AS {duckdb_type(target)})", target)
    if value.kind is None:
        raise refused(f"{spelled(node)} of a value whose type is not known", hint="Cast the inner expression first.")
    return converted(value, target, lambda: spelled(node))


def target_type(node: exp.Expr) -> SqlType:
    """The type that a cast names, with Redshift's default measures."""
    written = _TYPE_NAMES.get(node.this) if isinstance(node, exp.DataType) else None
    if written is None:
        written = node.sql(dialect="redshift")
    elif node.expressions:
        written += f"({','.join(measure.name for measure in node.expressions)})"
    try:
        return _parsed(written)
    except UsageError as error:
        raise StatementError(error.message, hint=error.hint) from error


@lru_cache(maxsize=256)
def _parsed(written: str) -> SqlType:
    return parse(written)


def converted(value: Value, target: SqlType, what: Callable[[], str]) -> Value:
    """An explicit cast. `what` names it where it is refused."""
    kind = value.kind
    assert kind is not None
    rule = _RULES.get(target.kind)
    sql = None if rule is None else rule(value, kind, target)
    if sql is None:
        raise refused(f"the cast {what()}", hint=f"{kind.value} cannot be cast to {target.kind.value} here.")
    return Value(sql, target)


def assigned(value: Value, column: Column) -> str:
    """A value that INSERT or UPDATE puts into a column: a text is read as by a cast, all else fits or fails there."""
    kind, target = value.kind, column.type.kind
    if kind is TypeKind.BOOLEAN and target is not TypeKind.BOOLEAN:
        raise StatementError(
            f'column "{column.name}" is of type {target.value.lower()} but the value is boolean', hint="Cast the value."
        )
    if kind in TEXTS and target not in (*TEXTS, TypeKind.SUPER):
        return converted(value, column.type, lambda: f"to column {column.name}").sql
    if kind in (*FLOATS, TypeKind.SUPER) and target in TEXTS:
        raise refused(f'{kind.value if kind else ""} in column "{column.name}"', hint="Cast the value to VARCHAR.")
    return value.sql


def column_value(value: Value, column: Column) -> str:
    """A value converted and checked for a column. What shows that it fits needs no check when the statement runs."""
    sql, kind = assigned(value, column), column.type.kind
    if kind is TypeKind.VARCHAR and sql == "NULL":
        return sql
    if kind is TypeKind.VARCHAR and kind is value.kind and value.literal is not None:
        if len(value.literal.encode()) <= (column.type.length or 0):
            return sql
    elif kind not in _MEASURED and (kind is value.kind or value.kind in TEXTS):
        return sql
    return fitted(column, sql)


def _integer(value: Value, kind: TypeKind, target: SqlType) -> str | None:
    type = duckdb_type(target)
    if kind in NUMBERS or kind is TypeKind.BOOLEAN:
        return f"CAST({value.sql} AS {type})"
    if kind not in TEXTS:
        return None
    if value.literal is not None and _WHOLE.fullmatch(value.literal):
        return f"CAST({value.sql} AS {type})"
    message = f"{text(f'invalid input syntax for {target.kind.value.lower()}: ')} || '\"' || {value.sql} || '\"'"
    return (
        f"(CASE WHEN {value.sql} IS NULL THEN NULL WHEN regexp_full_match({value.sql}, {text(_WHOLE.pattern)}) "
        f"THEN CAST({value.sql} AS {type}) ELSE CAST(error({message}) AS {type}) END)"
    )


def _decimal_or_float(value: Value, kind: TypeKind, target: SqlType) -> str | None:
    if kind in NUMBERS or kind in TEXTS:
        return f"CAST({value.sql} AS {duckdb_type(target)})"
    return None


def _boolean(value: Value, kind: TypeKind, target: SqlType) -> str | None:
    if kind in INTEGERS or kind is TypeKind.BOOLEAN:
        return f"CAST({value.sql} AS BOOLEAN)"
    if kind not in TEXTS:
        return None
    word = f"lower(trim({value.sql}))"
    message = f"'invalid input syntax for type boolean: \"' || {value.sql} || '\"'"
    return (
        f"(CASE WHEN {value.sql} IS NULL THEN NULL WHEN {word} IN ({_TRUE}) THEN TRUE "
        f"WHEN {word} IN ({_FALSE}) THEN FALSE ELSE CAST(error({message}) AS BOOLEAN) END)"
    )


def _varchar(value: Value, kind: TypeKind, target: SqlType) -> str | None:
    """An explicit cast of a text cuts it to the length in bytes; any other value must fit."""
    length = target.length or 65_535
    if kind in TEXTS:
        known = value.type
        if known is not None and known.length is not None and known.length <= length:
            return value.sql
        return cut(value.sql, length)
    if kind is TypeKind.SUPER:
        composed = f"json_type({value.sql}) IN ('OBJECT', 'ARRAY')"
        return cut(f"(CASE WHEN {composed} THEN NULL ELSE {value.sql} ->> '$' END)", length)
    if kind not in (*INTEGERS, TypeKind.DECIMAL, *_TIMES, *_CLOCKS):
        return None
    written = f"CAST({value.sql} AS VARCHAR)"
    if length >= 40:
        return written
    message = f"'Value too long for character type: ' || {written}"
    return f"(CASE WHEN strlen({written}) > {length} THEN CAST(error({message}) AS VARCHAR) ELSE {written} END)"


def cut(sql: str, length: int) -> str:
    """The longest beginning of a text that has at most `length` bytes."""
    fitting = f"list_filter(range(0, strlen({sql}) + 1), lambda n: strlen(left({sql}, n)) <= {length})"
    return (
        f"(CASE WHEN strlen({sql}) <= {length} THEN {sql} "
        f"WHEN strlen({sql}) = length({sql}) THEN left({sql}, {length}) "
        f"ELSE left({sql}, list_max({fitting})) END)"
    )


def _char(value: Value, kind: TypeKind, target: SqlType) -> str | None:
    """CHAR is held without its padding."""
    written = _varchar(value, kind, target)
    return None if written is None else f"rtrim({written}, ' ')"


def _date(value: Value, kind: TypeKind, target: SqlType) -> str | None:
    return f"CAST({value.sql} AS DATE)" if kind in _TIMES or kind in TEXTS else None


def _timestamp(value: Value, kind: TypeKind, target: SqlType) -> str | None:
    """PostgreSQL ignores a zone in the text of a TIMESTAMP and DuckDB applies it: such a text is an error."""
    if kind in TEXTS:
        if value.literal is not None and not re.search(_ZONED, value.literal):
            return f"CAST({value.sql} AS TIMESTAMP)"
        message = f"'time zone in the text of a TIMESTAMP: \"' || {value.sql} || '\"'"
        return (
            f"(CASE WHEN regexp_matches({value.sql}, {text(_ZONED)}) THEN CAST(error({message}) AS TIMESTAMP) "
            f"ELSE CAST({value.sql} AS TIMESTAMP) END)"
        )
    return f"CAST({value.sql} AS TIMESTAMP)" if kind in _TIMES else None


def _timestamptz(value: Value, kind: TypeKind, target: SqlType) -> str | None:
    return f"CAST({value.sql} AS TIMESTAMPTZ)" if kind in _TIMES or kind in TEXTS else None


def _time(value: Value, kind: TypeKind, target: SqlType) -> str | None:
    if kind in TEXTS or kind is target.kind or (kind is TypeKind.TIMESTAMP and target.kind is TypeKind.TIME):
        return f"CAST({value.sql} AS {duckdb_type(target)})"
    return None


def _super(value: Value, kind: TypeKind, target: SqlType) -> str | None:
    """A text becomes a JSON string: only JSON_PARSE reads JSON (SUPER type)."""
    if kind is TypeKind.SUPER:
        return value.sql
    if kind in TEXTS or kind in NUMBERS or kind is TypeKind.BOOLEAN:
        return f"CAST(to_json({value.sql}) AS JSON)"
    return None


def _varbyte(value: Value, kind: TypeKind, target: SqlType) -> str | None:
    if kind is TypeKind.VARBYTE:
        return value.sql
    return f"encode({value.sql})" if kind in TEXTS else None


_MEASURED = (*TEXTS, TypeKind.DECIMAL, TypeKind.SUPER, TypeKind.VARBYTE)
_RULES: dict[TypeKind, Callable[[Value, TypeKind, SqlType], str | None]] = {
    **dict.fromkeys(INTEGERS, _integer),
    TypeKind.DECIMAL: _decimal_or_float,
    TypeKind.REAL: _decimal_or_float,
    TypeKind.DOUBLE: _decimal_or_float,
    TypeKind.BOOLEAN: _boolean,
    TypeKind.VARCHAR: _varchar,
    TypeKind.CHAR: _char,
    TypeKind.DATE: _date,
    TypeKind.TIMESTAMP: _timestamp,
    TypeKind.TIMESTAMPTZ: _timestamptz,
    TypeKind.TIME: _time,
    TypeKind.TIMETZ: _time,
    TypeKind.SUPER: _super,
    TypeKind.VARBYTE: _varbyte,
}

CASTS: dict[type[exp.Expr], Expression] = {exp.Cast: cast}
