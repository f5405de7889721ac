"""Which partitions a query can need: its predicates on partition columns, evaluated over the partitions' values."""

from collections.abc import Sequence

from sqlglot import exp

from tidegate.model.names import fold
from tidegate.model.tables import SqlType, TypeKind
from tidegate.warehouse.embedded.types import duckdb_type

_COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_MIRRORED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_TEXT_KINDS = frozenset({TypeKind.CHAR, TypeKind.VARCHAR})
_TIME_KINDS = frozenset({TypeKind.DATE, TypeKind.TIMESTAMP})
_NUMBER_KINDS = frozenset(
    {TypeKind.SMALLINT, TypeKind.INTEGER, TypeKind.BIGINT, TypeKind.DECIMAL, TypeKind.REAL, TypeKind.DOUBLE}
)


def typed_values(partitions: Sequence[tuple[str, SqlType]], values: str) -> dict[str, str]:
    """The SQL of each partition column's value from the SQL of the list of its texts."""
    return {name: f"CAST({values}[{at}] AS {duckdb_type(type)})" for at, (name, type) in enumerate(partitions, 1)}


def partition_predicate(partitions: Sequence[tuple[str, SqlType]], values: str, conjuncts: Sequence[exp.Expr]) -> str:
    """The SQL that is true for every partition that may hold rows for which all `conjuncts` are true.

    `values` is the SQL of the list of a partition's values. Of the conjuncts only comparisons of one partition
    column with literals count (=, <>, <, <=, >, >=, BETWEEN, IN); any other keeps all partitions. A partition for
    which a comparison is NULL is kept.
    """
    types = dict(partitions)
    columns = typed_values(partitions, values)
    kept = []
    for conjunct in conjuncts:
        comparison = _comparison(conjunct.unnest(), types, columns)
        if comparison is not None:
            kept.append(f"(({comparison}) IS NOT FALSE)")
    return " AND ".join(kept) or "true"


def _comparison(node: exp.Expr, types: dict[str, SqlType], columns: dict[str, str]) -> str | None:
    if operator := _COMPARISONS.get(type(node)):
        if not isinstance(node.this, exp.Column):
            node, operator = type(node)(this=node.expression, expression=node.this), _MIRRORED[operator]
        return _compare(node.this, [(operator, node.expression)], types, columns)
    if isinstance(node, exp.Between) and not node.args.get("symmetric"):
        bounds = [(">=", node.args["low"]), ("<=", node.args["high"])]
        return _compare(node.this, bounds, types, columns)
    if isinstance(node, exp.In) and node.expressions and not node.args.get("query"):
        return _one_of(node.this, node.expressions, types, columns)
    return None


def _one_of(
    column: exp.Expr, operands: Sequence[exp.Expr], types: dict[str, SqlType], columns: dict[str, str]
) -> str | None:
    """IN, as a list: thousands of comparisons for each of thousands of partitions would take minutes."""
    if not isinstance(column, exp.Column) or (name := fold(column.name)) not in types:
        return None
    literals = [_literal(operand.unnest(), types[name]) for operand in operands]
    known = [literal for literal in literals if literal is not None]
    if len(known) < len(literals):
        return None
    value = columns[name]
    test = f"{value} IN ({', '.join(known)})"
    if types[name].kind not in _TEXT_KINDS:
        return test
    trimmed = ", ".join(f"rtrim({literal}, ' ')" for literal in known)
    return f"({test} OR rtrim({value}, ' ') IN ({trimmed}))"


def _compare(
    column: exp.Expr,
    tests: Sequence[tuple[str, exp.Expr]],
    types: dict[str, SqlType],
    columns: dict[str, str],
) -> str | None:
    if not isinstance(column, exp.Column) or (name := fold(column.name)) not in types:
        return None
    parts = []
    for operator, operand in tests:
        literal = _literal(operand.unnest(), types[name])
        if literal is None:
            return None
        parts.append(_test(columns[name], operator, literal, types[name]))
    return " AND ".join(parts)


def _test(value: str, operator: str, literal: str, type: SqlType) -> str:
    """Trailing blanks may or may not count when texts are compared: the partition is kept if either way says so."""
    if type.kind not in _TEXT_KINDS:
        return f"{value} {operator} {literal}"
    return f"({value} {operator} {literal} OR rtrim({value}, ' ') {operator} rtrim({literal}, ' '))"


def _literal(node: exp.Expr, type: SqlType) -> str | None:
    """A literal as SQL that cannot fail, when comparing it with the column's type has one meaning."""
    if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal) and not node.this.is_string:
        return f"-{node.this.this}" if type.kind in _NUMBER_KINDS else None
    if isinstance(node, exp.Literal):
        if not node.is_string:
            return str(node.this) if type.kind in _NUMBER_KINDS else None
        return _text_literal(str(node.this), type)
    if isinstance(node, exp.Cast) and isinstance(node.this, exp.Literal) and node.this.is_string:
        if node.to.is_type(exp.DataType.Type.DATE) and type.kind in _TIME_KINDS:
            return f"TRY_CAST({_quoted(str(node.this.this))} AS DATE)"
        if node.to.is_type(exp.DataType.Type.TIMESTAMP) and type.kind in _TIME_KINDS:
            return f"TRY_CAST({_quoted(str(node.this.this))} AS TIMESTAMP)"
        if node.to.is_type(*exp.DataType.TEXT_TYPES) and type.kind in _TEXT_KINDS and not node.to.expressions:
            return _quoted(str(node.this.this))
    return None


def _text_literal(text: str, type: SqlType) -> str | None:
    if type.kind in _TEXT_KINDS:
        return _quoted(text)
    if type.kind in _TIME_KINDS:
        return f"TRY_CAST({_quoted(text)} AS {duckdb_type(type)})"
    return None


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
