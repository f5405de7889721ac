"""Subqueries as values."""

from sqlglot import exp

from tidegate.model.tables import SqlType
from tidegate.warehouse.embedded.emitter import Emitter
from tidegate.warehouse.embedded.scope import Scope
from tidegate.warehouse.embedded.values import Value


def subquery(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    """A subquery in parentheses; its type is that of its first column."""
    inner = emit.query(node.this if isinstance(node, exp.Subquery) and _bare(node) else node, scope)

    def type() -> SqlType | None:
        columns = inner.columns()
        return columns[0].value.type if columns else None

    return Value(f"({inner.sql})", type)


def _bare(node: exp.Subquery) -> bool:
    return not any(value for name, value in node.args.items() if name != "this")
