"""Redshift queries and expressions as DuckDB text, with views and external tables expanded."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlglot import exp

from tidegate.errors import StatementError, StatementRefused
from tidegate.model.names import TableName
from tidegate.warehouse.embedded import catalog, external, external_catalog, system_views
from tidegate.warehouse.embedded.aggregates import AGGREGATES
from tidegate.warehouse.embedded.casts import CASTS
from tidegate.warehouse.embedded.context import Context
from tidegate.warehouse.embedded.definitions import View
from tidegate.warehouse.embedded.demands import Demanded, demanded, output_names
from tidegate.warehouse.embedded.dialect import parse
from tidegate.warehouse.embedded.emitter import Emitter, FromTable, Query, folded, text
from tidegate.warehouse.embedded.expressions import EXPRESSIONS
from tidegate.warehouse.embedded.functions import FunctionTable
from tidegate.warehouse.embedded.functions_catalog import CATALOG_FUNCTIONS
from tidegate.warehouse.embedded.functions_other import OTHER_FUNCTIONS
from tidegate.warehouse.embedded.functions_session import SESSION_FUNCTIONS, session_expressions
from tidegate.warehouse.embedded.functions_text import TEXT_FUNCTIONS
from tidegate.warehouse.embedded.functions_time import TIME_FUNCTIONS
from tidegate.warehouse.embedded.queries import LATE_BINDING_COLUMNS
from tidegate.warehouse.embedded.queries import query as emit_query
from tidegate.warehouse.embedded.scope import Columns, Scope
from tidegate.warehouse.embedded.types import catalog_text
from tidegate.warehouse.embedded.values import INTEGER, TEXT, Value

_FUNCTIONS = FunctionTable(
    {
        **{**OTHER_FUNCTIONS, **TEXT_FUNCTIONS, **TIME_FUNCTIONS, **AGGREGATES},
        **{**SESSION_FUNCTIONS, **CATALOG_FUNCTIONS},
    }
)
_EXPRESSIONS = session_expressions({**EXPRESSIONS, **CASTS, **_FUNCTIONS.expressions()}, _FUNCTIONS)


def query(ctx: Context, sql: str) -> str:
    """A SELECT of Redshift as DuckDB runs it.

    External tables leave lists of files in variables of `ctx.cursor`, which the session forgets after the statement.

    Raises:
        StatementError: not valid SQL, or a relation that does not exist.
        StatementRefused: a function or form whose meaning is not known to be the same, by name.
    """
    return compiled(ctx, parse(sql)).sql


def compiled(ctx: Context, tree: exp.Expr) -> Query:
    """A parsed query with its output columns."""
    if not isinstance(tree, (exp.Select, exp.SetOperation, exp.Subquery)):
        raise StatementRefused(f"{tree.key.upper()} is not a query", hint="Write a SELECT.")
    try:
        return emitter(ctx).query(tree, Scope())
    except RecursionError as error:
        raise StatementRefused(
            "the statement is nested too deeply", hint="Split it, or use IN (…) instead of many conditions."
        ) from error


def constant(ctx: Context, written: str) -> Value:
    """An expression without columns, such as a column's default.

    Raises:
        StatementRefused: it reads columns or tables.
    """
    tree = parse(f"SELECT {written}")
    expression = tree.expressions[0] if len(tree.expressions) == 1 else tree
    if expression.find(exp.Column, exp.Select) is not None:
        raise StatementRefused(f"the expression {written} reads columns", hint="Use a constant or a function of none.")
    return emitter(ctx).expr(expression, Scope())


def emitter(ctx: Context) -> Emitter:
    """What writes the parts of a statement in a context."""
    return Emitter(_EXPRESSIONS, emit_query, _Reader(ctx).read, ctx.facts)


@dataclass(frozen=True)
class _Reader:
    """Gives meaning to the tables of FROM. `inside` are the views that are being expanded, `demanded` what the reader
    of such a view asks of each of its SELECTs.
    """

    ctx: Context
    inside: tuple[TableName, ...] = field(default=())
    demanded: Demanded = field(default_factory=dict)

    def read(self, emit: Emitter, node: exp.Table, select: exp.Select | None) -> FromTable:
        name, schema = folded(node.this), folded(node.args["db"]) if node.args.get("db") else None
        if schema is None and name == LATE_BINDING_COLUMNS:
            return self._late_binding_columns()
        system = system_views.find(schema, name)
        if system is not None and name not in self.ctx.definitions.temporary:
            return FromTable(f"({system.query(self.ctx)})", lambda: system.columns)
        table = catalog.resolve(self.ctx, schema, name)
        found = catalog.relation(self.ctx, table)
        if isinstance(found, View):
            return self._expanded(found, node, select)
        if found is not None:
            definition = found.table
            return FromTable(catalog.physical(table), lambda: {c.name: c.type for c in definition.columns})
        return self._external(table, node, select)

    def _expanded(self, view: View, node: exp.Table | None = None, select: exp.Select | None = None) -> FromTable:
        if view.name in self.inside:
            raise StatementError(f"the view {view.name} reads itself", hint="Create one of the views anew.")
        tree = parse(view.text)
        asked = [] if node is None else _conjuncts(node, select, dict.fromkeys(output_names(tree)))
        reader = _Reader(self.ctx, (*self.inside, view.name), demanded(tree, asked))
        body = Emitter(_EXPRESSIONS, emit_query, reader.read, self.ctx.facts).query(tree, Scope())
        return FromTable(f"({body.sql})", _named(body))

    def _late_binding_columns(self) -> FromTable:
        """The columns of views that are not bound, as they are now; one that cannot be read has none."""
        rows = []
        for view in catalog.late_binding_views(self.ctx):
            with contextlib.suppress(StatementError):
                for at, (name, type) in enumerate(self._expanded(view).columns().items(), 1):
                    shown = "unknown" if type is None else catalog_text(type)
                    rows.append(
                        f"({text(view.name.schema)}, {text(view.name.name)}, {text(name)}, {text(shown)}, {at})"
                    )
        names = {"view_schema": TEXT, "view_name": TEXT, "col_name": TEXT, "col_type": TEXT, "col_num": INTEGER}
        values = ", ".join(rows or ["(NULL, NULL, NULL, NULL, NULL)"])
        source = f"(SELECT * FROM (VALUES {values}) AS v ({', '.join(names)}) WHERE view_name IS NOT NULL)"
        return FromTable(source, lambda: names)

    def _external(self, table: TableName, node: exp.Table, select: exp.Select | None) -> FromTable:
        found = external_catalog.find(self.ctx, table)
        if found is None:
            raise StatementError(f'relation "{table}" does not exist', hint="Check the schema and the name.")
        columns = dict(found.columns + found.partitions)
        name = folded((node.args.get("alias") or node).this)
        asked = [each for each in self.demanded.get(id(select), []) if _is_of(each, name, False, columns)]
        sql = external.source(self.ctx, table, _conjuncts(node, select, columns), asked)
        self.ctx.definitions.reads_files = True
        if sql is None:
            raise StatementError(f'relation "{table}" does not exist', hint="Check the schema and the name.")
        return FromTable(sql, lambda: columns)


def _named(body: Query) -> Callable[[], Columns]:
    return lambda: {p.name: p.value.type for p in body.columns()}


def _conjuncts(node: exp.Table, select: exp.Select | None, columns: Columns) -> list[exp.Expr]:
    """What WHERE demands of one table: the conditions whose columns are all its own.

    Of a SELECT over several tables only conditions on qualified columns count.
    """
    where = None if select is None else select.args.get("where")
    alias = node.args.get("alias")
    if where is None or select is None or (alias is not None and alias.args.get("columns")):
        return []
    name = folded(alias.this) if alias is not None else folded(node.this)
    alone = not select.args.get("joins")
    return [each for each in _terms(where.this) if _is_of(each, name, alone, columns)]


def _terms(node: exp.Expr) -> list[exp.Expr]:
    terms: list[exp.Expr] = []
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each, exp.Paren):
            waiting.append(each.this)
        elif isinstance(each, exp.And):
            waiting += [each.this, each.args["expression"]]
        else:
            terms.append(each)
    return terms


def _is_of(condition: exp.Expr, name: str, alone: bool, columns: Columns) -> bool:
    used = list(condition.find_all(exp.Column))
    return bool(used) and all(
        folded(c.this) in columns and (folded(c.args["table"]) == name if c.args.get("table") else alone) for c in used
    )
