"""The walk over a parsed statement that writes DuckDB's text. Every kind of node is known, or refused by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from sqlglot import exp

from tidegate.errors import StatementRefused
from tidegate.model.names import check_identifier
from tidegate.warehouse.embedded.facts import SessionFacts
from tidegate.warehouse.embedded.scope import Columns, Scope
from tidegate.warehouse.embedded.values import Projected, Value


@dataclass(frozen=True)
class FromTable:
    """What a table reference becomes: the text after FROM, and its columns when asked for."""

    sql: str
    columns: Callable[[], Columns]


@dataclass(frozen=True)
class Query:
    """A query's text in DuckDB and its output columns. The columns are read once something asks for them."""

    sql: str
    columns: Callable[[], list[Projected]]


Expression = Callable[["Emitter", exp.Expr, Scope], Value]
TableReader = Callable[["Emitter", exp.Table, exp.Select | None], FromTable]
Queries = Callable[["Emitter", exp.Expr, Scope], Query]


@dataclass(frozen=True)
class Emitter:
    """`expressions` by node class; `read_table` gives meaning to a table's name; `queries` writes a SELECT; `facts` are
    what the session's own functions tell.
    """

    expressions: Mapping[type[exp.Expr], Expression]
    queries: Queries
    read_table: TableReader
    facts: SessionFacts

    def expr(self, node: exp.Expr, scope: Scope) -> Value:
        handler = self.expressions.get(type(node))
        if handler is None:
            raise refused(spelled(node))
        return handler(self, node, scope)

    def query(self, node: exp.Expr, scope: Scope) -> Query:
        return self.queries(self, node, scope)

    def sql(self, node: exp.Expr, scope: Scope) -> str:
        return self.expr(node, scope).sql

    def list(self, nodes: list[exp.Expr], scope: Scope) -> str:
        return ", ".join(self.sql(node, scope) for node in nodes)


def refused(what: str, hint: str = "Write the statement without it.") -> StatementRefused:
    return StatementRefused(f"{what} is not supported by the embedded warehouse", hint=hint)


def spelled(node: exp.Expr) -> str:
    """How a node that cannot be carried out is named: its own text, shortened."""
    text = node.sql(dialect="redshift")
    return text if len(text) <= 60 else f"{node.key.upper()} ({text[:57]}…)"


def only(node: exp.Expr, *known: str) -> None:
    """Refuse a node that carries anything beyond `known`: what is not written out must not get lost."""
    for name, value in node.args.items():
        if name not in known and value not in (None, False) and value != []:
            raise refused(f"{name.rstrip('_').upper().replace('_', ' ')} in {spelled(node)}")


def text(value: str) -> str:
    """A string as DuckDB reads it."""
    if "\x00" in value:
        raise refused("a NUL character in a string", hint="Remove the NUL character.")
    return "'" + value.replace("'", "''") + "'"


def folded(node: exp.Expr | None) -> str:
    """An identifier's name, folded as Redshift folds it, quoted or not."""

    return _folded(node.name if node is not None else "")


@lru_cache(maxsize=4096)
def _folded(name: str) -> str:
    return check_identifier(name)
