"""A condition that a person gives: ONE boolean expression over a table's columns, written anew from its parsed tree.

What is in it is taken from a list of operators and functions that give the same value for the same row at any time,
in the hot table and in the archive. Everything else is refused by name.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegate.errors import UsageError
from tidegate.model.names import fold
from tidegate.model.tables import Column, Table, TypeKind
from tidegate.redshift.identifiers import literal, quote

if TYPE_CHECKING:
    from sqlglot import exp

MAX_BYTES = 20_000
"""What a condition may take: it stands several times in a statement of 100 KB."""

_LOGIC = "And Or Not Paren EQ NEQ GT GTE LT LTE Is In Between Like ILike Escape SimilarTo RegexpLike Boolean"
_VALUES = "Column Identifier Literal Null Add Sub Mul Div Mod Neg DPipe Cast DataType DataTypeParam Case If"
_CALLS = "Coalesce Nullif Lower Upper Trim Length Left Right Substring Abs MD5 SHA2"
_JSON = "JSONExtractScalar JSONPath JSONPathRoot JSONPathKey JSONPathSubscript"
_KNOWN = frozenset(f"{_LOGIC} {_VALUES} {_CALLS} {_JSON}".split())
_NAMED = frozenset({"JSON_SERIALIZE"})
"""Functions that the parser has no node for."""
_BOOLEAN = frozenset(_LOGIC.split())
_CHANGING = ("Current", "Rand", "Uuid", "Localtime", "Session")
"""How the nodes of functions begin whose value is another one at each run."""
_MOMENTS = frozenset({"now", "today", "tomorrow", "yesterday"})
"""Texts that mean another time at each run, where a time is expected (PostgreSQL 8, Special date/time inputs)."""
_TIMES = frozenset({TypeKind.DATE, TypeKind.TIME, TypeKind.TIMETZ, TypeKind.TIMESTAMP, TypeKind.TIMESTAMPTZ})
_HINT = 'Write one condition over the table\'s columns, e.g. --where "customer_id = 4711".'
_ALLOWED = (
    "Comparisons, AND, OR, NOT, IN, BETWEEN, LIKE, IS NULL, arithmetic, CASE, casts, COALESCE, NULLIF, LOWER, UPPER, "
    "TRIM, LEN, LEFT, RIGHT, SUBSTRING, ABS, MD5, SHA2 and JSON_EXTRACT_PATH_TEXT can be used."
)


@dataclass(frozen=True)
class Condition:
    """`columns` are those it reads, in the table's order. `sha256` is that of its text as written anew."""

    tree: "exp.Expr"
    columns: tuple[str, ...]
    sha256: str

    def over(self, values: Mapping[str, str]) -> str:
        """The condition over other values: `values` gives each column's expression, which binds as a name does."""
        return _render(self.tree, values)

    @property
    def over_table(self) -> str:
        """The condition over the hot table."""
        return self.over({name: quote(name) for name in self.columns})


def parse_condition(text: str, table: Table) -> Condition:
    """Read a condition over the columns of `table`.

    Raises:
        UsageError: it is not one expression, not a condition, hides text in a comment, names an unknown column, or
            has something in it that may give another value at another time.
    """
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    if not text.strip() or len(text.encode()) > MAX_BYTES:
        raise UsageError(f"the condition has {len(text.encode())} bytes", hint=f"Give 1 to {MAX_BYTES} bytes.")
    try:
        tree = _tree(text)
        nodes = list(tree.walk())
    except (SqlglotError, RecursionError) as error:
        raise UsageError("the condition is not one SQL expression", hint=_HINT) from error
    for node in nodes:
        _check(node, table)
    names = {fold(node.name) for node in nodes if isinstance(node, exp.Column)}
    columns = tuple(c.name for c in table.columns if fold(c.name) in names)
    if not columns:
        raise UsageError("the condition names no column", hint=_HINT)
    if type(tree).__name__ not in _BOOLEAN and not _is_flag(tree, table):
        raise UsageError("the condition is a value, neither true nor false", hint=_HINT)
    _check_moments(nodes, table, columns)
    canonical = _render(tree, {name: quote(name) for name in columns})
    return Condition(tree, columns, hashlib.sha256(canonical.encode()).hexdigest())


def _tree(text: str) -> "exp.Expr":
    import sqlglot
    from sqlglot import exp

    tokens = sqlglot.tokenize(text, read="redshift")
    if any(token.comments for token in tokens):
        raise UsageError("the condition has a comment in it", hint="Leave the comment out.")
    if any(token.token_type.name == "SEMICOLON" for token in tokens):
        raise UsageError("the condition has a semicolon in it", hint=_HINT)
    return sqlglot.parse_one(text, read="redshift", into=exp.Condition)


def _check(node: "exp.Expr", table: Table) -> None:
    """Refuse a part of the condition that is not on the list, in the words that fit it."""
    from sqlglot import exp

    kind = type(node).__name__
    if isinstance(node, (exp.Query, exp.Exists)):
        raise UsageError("the condition has a subquery in it", hint=_HINT)
    if isinstance(node, (exp.Parameter, exp.Placeholder)):
        raise UsageError("the condition has a parameter in it", hint="Write the value itself.")
    if isinstance(node, (exp.AggFunc, exp.Window)):
        name = node.sql_name() if isinstance(node, exp.AggFunc) else "OVER"
        raise UsageError(f"the condition uses {name}, which looks at other rows", hint=_HINT)
    if isinstance(node, exp.Column):
        _check_column(node, table)
    elif isinstance(node, exp.Anonymous):
        if node.name.upper() not in _NAMED:
            raise UsageError(f"the condition calls {node.name.upper()}, which cannot be used", hint=_ALLOWED)
    elif isinstance(node, exp.JSONPathKey) and not re.fullmatch(r"[\w .$@-]+", str(node.this)):
        raise UsageError("the condition reads JSON by a key with other characters than letters", hint=_ALLOWED)
    elif kind.startswith(_CHANGING):
        raise UsageError("the condition has the current time, user or chance in it", hint="Write the value itself.")
    elif kind not in _KNOWN:
        name = node.sql_name() if isinstance(node, exp.Func) else kind.upper()
        raise UsageError(f"the condition uses {name}, which cannot be used", hint=_ALLOWED)


def _check_column(node: "exp.Column", table: Table) -> None:
    if node.table:
        raise UsageError(
            f"the condition names {'.'.join(part.name for part in node.parts)}", hint="Name columns of the table alone."
        )
    if _column(table, node) is None:
        names = ", ".join(c.name for c in table.columns)
        raise UsageError(f'{table.name} has no column "{node.name}"', hint=f"Its columns: {names}.")


def _column(table: Table, node: "exp.Column") -> Column | None:
    return next((c for c in table.columns if fold(c.name) == fold(node.name)), None)


def _is_flag(node: "exp.Expr", table: Table) -> bool:
    """A column of truth values, or something that was cast to one; of CASE the engine will tell."""
    from sqlglot import exp

    if isinstance(node, exp.Column):
        column = _column(table, node)
        return column is not None and column.type.kind is TypeKind.BOOLEAN
    return isinstance(node, exp.Case) or (isinstance(node, exp.Cast) and node.is_type("boolean"))


def _check_moments(nodes: "Sequence[exp.Expr]", table: Table, columns: Sequence[str]) -> None:
    from sqlglot import exp

    timed = any(isinstance(node, exp.Cast) for node in nodes)
    timed = timed or any(c.name in columns and c.type.kind in _TIMES for c in table.columns)
    texts = [node.name for node in nodes if isinstance(node, exp.Literal) and node.is_string]
    moment = next((text for text in texts if text.strip().lower() in _MOMENTS), None)
    if timed and moment is not None:
        raise UsageError(
            f"the condition has {moment!r} in it, which is another time at each run", hint="Write the date itself."
        )


def _render(tree: "exp.Expr", values: Mapping[str, str]) -> str:
    """The tree as Redshift's text; texts are written by `literal`, and `values` stand for the columns."""
    from sqlglot import exp

    by_name = {fold(name): value for name, value in values.items()}

    def replaced(node: "exp.Expr") -> "exp.Expr":
        if isinstance(node, exp.Column):
            return exp.Var(this=by_name[fold(node.name)])
        if isinstance(node, exp.Literal) and node.is_string:
            return exp.Var(this=literal(node.name))
        return node

    return tree.transform(replaced).sql("redshift")
