"""SELECT, WITH and the set operations."""

from collections.abc import Callable, Iterator
from typing import cast

from sqlglot import exp

from tidegate.errors import StatementError
from tidegate.model.tables import SqlType
from tidegate.warehouse.embedded.catalog import quoted
from tidegate.warehouse.embedded.conditions import condition, related
from tidegate.warehouse.embedded.emitter import Emitter, Query, folded, only, refused, spelled
from tidegate.warehouse.embedded.scope import Columns, Scope, Source
from tidegate.warehouse.embedded.values import Projected, Value, wider

_SELECT_PARTS = (
    *("with_", "distinct", "expressions", "from_", "joins", "where"),
    *("group", "having", "qualify", "order", "limit", "offset", "windows"),
)
LATE_BINDING_COLUMNS = "pg_get_late_binding_view_cols"
_SET_WORDS = {exp.Union: "UNION", exp.Except: "EXCEPT", exp.Intersect: "INTERSECT"}
_JOIN_WORDS = {("", ""): "JOIN", ("", "INNER"): "JOIN", ("", "CROSS"): "CROSS JOIN"}
_JOIN_WORDS |= {(side, kind): f"{side} JOIN" for side in ("LEFT", "RIGHT", "FULL") for kind in ("", "OUTER")}


def query(emit: Emitter, node: exp.Expr, scope: Scope) -> Query:
    """A query of any form, in a scope of its own inside of `scope`."""
    if isinstance(node, exp.Select):
        return _select(emit, node, Scope(parent=scope))
    if isinstance(node, exp.SetOperation):
        return _set_operation(emit, node, Scope(parent=scope, open=True))
    if isinstance(node, exp.Subquery):
        return _parenthesised(emit, node, Scope(parent=scope, open=True))
    raise refused(spelled(node))


def _parenthesised(emit: Emitter, node: exp.Subquery, scope: Scope) -> Query:
    only(node, "this", "with_", "order", "limit", "offset")
    ctes = with_clause(emit, node, scope)
    inner = emit.query(node.this, scope)
    return Query(f"{ctes}({inner.sql}){_tail(emit, node, scope)}", inner.columns)


def with_clause(emit: Emitter, node: exp.Expr, scope: Scope) -> str:
    """Write WITH and let the names mean something in `scope`."""
    clause = node.args.get("with_")
    if clause is None:
        return ""
    only(clause, "expressions", "recursive")
    recursive = bool(clause.args.get("recursive"))
    parts = [_cte(emit, item, scope, recursive) for item in clause.expressions]
    return f"WITH {'RECURSIVE ' if recursive else ''}{', '.join(parts)} "


def _cte(emit: Emitter, item: exp.CTE, scope: Scope, recursive: bool) -> str:
    only(item, "this", "alias")
    alias = item.args["alias"]
    name, renamed = folded(alias.this), [folded(c) for c in alias.args.get("columns") or ()]
    if recursive and isinstance(item.this, exp.SetOperation):
        anchor = item.this.this
        scope.ctes[name] = Source(_output(lambda: emit.query(anchor, Scope(parent=scope)).columns(), renamed))
    body = emit.query(item.this, scope)
    scope.ctes[name] = Source(_output(body.columns, renamed))
    names = f"({', '.join(quoted(c) for c in renamed)})" if renamed else ""
    return f"{quoted(name)}{names} AS ({body.sql})"


def _output(columns: Callable[[], list[Projected]], renamed: list[str]) -> Callable[[], Columns]:
    """The columns of a derived table, the first ones renamed."""

    def read() -> Columns:
        projected = columns()
        names = renamed + [p.name for p in projected[len(renamed) :]]
        return {name: p.value.type for name, p in zip(names, projected, strict=False)}

    return read


def _select(emit: Emitter, node: exp.Select, scope: Scope) -> Query:
    only(node, *_SELECT_PARTS)
    ctes = with_clause(emit, node, scope)
    source, merged = from_clause(emit, node, scope)
    _name_expressions(emit, node, scope)
    projections = [_projection(emit, item, scope, merged) for item in node.expressions]
    if not projections:
        raise StatementError("a SELECT names no columns", hint="Write what to select, or *.")
    sql = f"{ctes}SELECT {_distinct(node)}{', '.join(text for text, _ in projections)}{source}"
    sql += _clauses(emit, node, scope)
    return Query(sql, lambda: [p for _, columns in projections for p in columns()])


def _name_expressions(emit: Emitter, node: exp.Select, scope: Scope) -> None:
    for item in node.expressions:
        if isinstance(item, exp.Alias):
            scope.aliases.setdefault(folded(item.args["alias"]), _type_of(emit, item.this, scope))
        elif not isinstance(item, exp.Column):
            scope.aliases.setdefault(_figured_name(item), _type_of(emit, item, scope))


def _type_of(emit: Emitter, node: exp.Expr, scope: Scope) -> Callable[[], SqlType | None]:
    return lambda: emit.expr(node, scope).type


def _distinct(node: exp.Select) -> str:
    distinct = node.args.get("distinct")
    if distinct is None:
        return ""
    only(distinct)
    return "DISTINCT "


def _clauses(emit: Emitter, node: exp.Select, scope: Scope) -> str:
    parts = []
    if where := node.args.get("where"):
        parts.append(f" WHERE {condition(emit, where.this, scope, 'WHERE')}")
    if group := node.args.get("group"):
        parts.append(f" GROUP BY {_group(emit, group, scope)}")
    for name in ("having", "qualify"):
        if clause := node.args.get(name):
            parts.append(f" {name.upper()} {condition(emit, clause.this, scope, name.upper())}")
    if windows := node.args.get("windows"):
        raise refused(f"WINDOW {windows[0].name}", hint="Write the window inside OVER.")
    return "".join(parts) + _tail(emit, node, scope)


def _group(emit: Emitter, group: exp.Group, scope: Scope) -> str:
    only(group, "expressions")
    return ", ".join(_group_item(emit, item, scope) for item in group.expressions)


def _group_item(emit: Emitter, item: exp.Expr, scope: Scope) -> str:
    words: dict[type[exp.Expr], str] = {exp.Rollup: "ROLLUP", exp.Cube: "CUBE", exp.GroupingSets: "GROUPING SETS"}
    word = words.get(type(item))
    if word is not None:
        inner = ", ".join(_group_item(emit, each, scope) for each in item.expressions)
        return f"{word} ({inner})"
    if isinstance(item, exp.Tuple):
        return f"({emit.list(item.expressions, scope)})"
    return emit.sql(item, scope)


def _tail(emit: Emitter, node: exp.Expr, scope: Scope) -> str:
    """ORDER BY, LIMIT and OFFSET."""
    sql = ""
    if order := node.args.get("order"):
        sql += f" ORDER BY {ordering(emit, order, scope)}"
    for name in ("limit", "offset"):
        if clause := node.args.get(name):
            only(clause, "expression")
            sql += f" {name.upper()} {emit.sql(clause.expression, scope)}"
    return sql


def ordering(emit: Emitter, order: exp.Order, scope: Scope) -> str:
    """ORDER BY items; NULL counts as larger than any value, as in PostgreSQL."""
    only(order, "expressions")
    items = []
    for item in order.expressions:
        only(item, "this", "desc", "nulls_first")
        direction = "DESC" if item.args.get("desc") else "ASC"
        nulls = "FIRST" if item.args.get("nulls_first") else "LAST"
        items.append(f"{emit.sql(item.this, scope)} {direction} NULLS {nulls}")
    return ", ".join(items)


def _projection(
    emit: Emitter, item: exp.Expr, scope: Scope, merged: list[str]
) -> tuple[str, Callable[[], list[Projected]]]:
    if isinstance(item, exp.Star):
        only(item)
        if merged:
            return _merged_star(scope, merged)
        return "*", lambda: [p for s in scope.sources.values() for p in _columns_of(s)]
    if isinstance(item, exp.Column) and isinstance(item.this, exp.Star):
        only(item, "this", "table")
        alias = folded(item.args["table"])
        source = scope.sources.get(alias)
        if source is None:
            raise StatementError(f'missing FROM item for "{alias}.*"', hint="Name a table of this SELECT.")
        return f"{quoted(alias)}.*", lambda: list(_columns_of(source))
    if isinstance(item, exp.Alias):
        only(item, "this", "alias")
        name, value = folded(item.args["alias"]), emit.expr(item.this, scope)
    else:
        name, value = _figured_name(item), emit.expr(item, scope)
    return f"{value.sql} AS {quoted(name)}", lambda: [Projected(name, value)]


def _columns_of(source: Source) -> Iterator[Projected]:
    for name, type in source.columns.items():
        yield Projected(name, Value(quoted(name), type))


def _merged_star(scope: Scope, merged: list[str]) -> tuple[str, Callable[[], list[Projected]]]:
    """`*` after JOIN … USING: the joined columns first, as in PostgreSQL."""
    columns = [Projected(name, Value(quoted(name), scope.type_of(name))) for name in merged]
    for alias, source in scope.sources.items():
        columns += [
            Projected(p.name, Value(f"{quoted(alias)}.{quoted(p.name)}", p.value.type))
            for p in _columns_of(source)
            if p.name not in merged
        ]
    return ", ".join(f"{p.value.sql} AS {quoted(p.name)}" for p in columns), lambda: columns


def _figured_name(item: exp.Expr) -> str:
    """The name of a column that has none of its own, as PostgreSQL chooses it."""
    if isinstance(item, exp.Column):
        return folded(item.this)
    if isinstance(item, (exp.Paren, exp.Window, exp.WithinGroup, exp.IgnoreNulls)):
        return _figured_name(item.this)
    if isinstance(item, exp.Cast):
        inner = _figured_name(item.this)
        return item.to.sql("redshift").lower().partition("(")[0] if inner == "?column?" else inner
    if isinstance(item, exp.Dot):
        return folded(item.expression)
    if isinstance(item, exp.Anonymous):
        return str(item.this).lower()
    names = {
        exp.Case: "case",
        exp.Substring: "substring",
        exp.Trim: "btrim",
        exp.StrPosition: "position",
        exp.Extract: "date_part",
        exp.CurrentDate: "date",
        exp.CurrentUser: "current_user",
        exp.SessionUser: "session_user",
        exp.CurrentSchema: "current_schema",
        exp.CurrentTimestamp: "timestamp",
        exp.Exists: "exists",
        exp.AtTimeZone: "timezone",
    }
    return names.get(type(item), "?column?")


def from_clause(emit: Emitter, node: exp.Select, scope: Scope) -> tuple[str, list[str]]:
    """FROM and its joins, and the columns that JOIN … USING merged."""
    clause = node.args.get("from_")
    if clause is None:
        return "", []
    merged: list[str] = []
    sql = f" FROM {from_item(emit, clause.this, scope, node)}"
    for join in node.args.get("joins") or ():
        sql += _join(emit, join, scope, node, merged)
    return sql, merged


def _join(emit: Emitter, join: exp.Join, scope: Scope, node: exp.Select, merged: list[str]) -> str:
    only(join, "this", "side", "kind", "on", "using")
    item = from_item(emit, join.this, scope, node)
    on, using = join.args.get("on"), join.args.get("using")
    side, kind = (str(join.args.get(name) or "").upper() for name in ("side", "kind"))
    if not side and not kind and on is None and not using:
        return f", {item}"
    word = _JOIN_WORDS.get((side, kind))
    if word is None:
        raise refused(f"{side} {kind} JOIN".replace("  ", " ").strip())
    sql = f" {word} {item}"
    if on is not None:
        sql += f" ON {condition(emit, on, scope, 'JOIN/ON')}"
    if using:
        names = [folded(c) for c in using]
        merged += [name for name in names if name not in merged]
        sql += f" USING ({', '.join(quoted(name) for name in names)})"
    return sql


def from_item(emit: Emitter, item: exp.Expr, scope: Scope, select: exp.Select | None) -> str:
    """A table, a CTE or a subquery, with its alias; it becomes a source of `scope`."""
    if isinstance(item, exp.Subquery):
        only(item, "this", "alias")
        inner = emit.query(item.this, scope)
        return f"({inner.sql}){_alias(item, scope, _output(inner.columns, []), None)}"
    if isinstance(item, exp.Table) and isinstance(item.this, exp.Anonymous) and not item.this.expressions:
        if str(item.this.this).lower() != LATE_BINDING_COLUMNS:
            return _function_item(emit, item, scope)
        item = _as_table(item)
    if not isinstance(item, exp.Table) or not isinstance(item.this, exp.Identifier):
        raise refused(f"{spelled(item)} in FROM")
    only(item, "this", "db", "alias")
    name, schema = folded(item.this), folded(item.args["db"]) if item.args.get("db") else None
    cte = scope.cte(name) if schema is None else None
    if cte is not None:
        return f"{quoted(name)}{_alias(item, scope, lambda: cte.columns, name)}"
    found = emit.read_table(emit, item, select)
    return f"{found.sql}{_alias(item, scope, found.columns, name, schema)}"


def _as_table(item: exp.Table) -> exp.Table:
    """The one function that returns a table, as a table of its name; types of its columns may follow their names."""
    table = exp.Table(this=exp.to_identifier(str(item.this.this).lower()), alias=item.args.get("alias"))
    alias = table.args.get("alias")
    if alias is not None:
        columns = [c.this if isinstance(c, exp.ColumnDef) else c for c in alias.args.get("columns") or ()]
        table.set("alias", exp.TableAlias(this=alias.this, columns=columns))
    return table


def _function_item(emit: Emitter, item: exp.Table, scope: Scope) -> str:
    """A function without arguments: one row of one column, both called as the function, or by the alias."""
    only(item, "this", "alias")
    own, value = str(item.this.this).lower(), emit.expr(item.this, Scope())
    alias = item.args.get("alias")
    name = own if alias is None else folded(alias.this)
    return f"(SELECT {value.sql} AS {quoted(name)}){_alias(item, scope, lambda: {name: value.type}, own)}"


def _alias(
    item: exp.Expr, scope: Scope, columns: Callable[[], Columns], own: str | None, schema: str | None = None
) -> str:
    alias = item.args.get("alias")
    renamed: list[str] = []
    name = own
    if alias is not None:
        only(alias, "this", "columns")
        name, schema = folded(alias.this), None
        renamed = [folded(c) for c in alias.args.get("columns") or ()]
    if name is None:
        name = f"subquery_{len(scope.sources) + 1}"
    if name in scope.sources:
        raise StatementError(f'the name "{name}" stands twice in FROM', hint="Give each table an alias of its own.")
    scope.sources[name] = Source(_renamed(columns, renamed), schema or ("public" if own and alias is None else None))
    names = f"({', '.join(quoted(c) for c in renamed)})" if renamed else ""
    return f" AS {quoted(name)}{names}"


def _renamed(columns: Callable[[], Columns], renamed: list[str]) -> Callable[[], Columns]:
    if not renamed:
        return columns

    def read() -> Columns:
        known = list(columns().items())
        names = renamed + [name for name, _ in known[len(renamed) :]]
        return {name: type for name, (_, type) in zip(names, known, strict=False)}

    return read


def _set_operation(emit: Emitter, node: exp.SetOperation, scope: Scope) -> Query:
    only(node, "with_", "this", "expression", "distinct", "order", "limit", "offset")
    ctes = with_clause(emit, node, scope)
    word = _SET_WORDS[type(node)]
    if not node.args.get("distinct"):
        if word != "UNION":
            raise refused(f"{word} ALL", hint=f"Redshift has {word} without ALL only.")
        word = "UNION ALL"
    branches = [emit.query(branch, scope) for branch in _branches(node)]
    _check_branches(branches, word)
    sql = f" {word} ".join(f"({branch.sql})" for branch in branches)
    tail = _tail(emit, node, scope)
    return Query(f"{ctes}{sql}{tail}", lambda: _united([branch.columns() for branch in branches]))


def _branches(node: exp.SetOperation) -> list[exp.Expr]:
    """The operands of a chain of one and the same operation, from left to right."""
    branches = [cast(exp.Expr, node.expression)]
    left = node.this
    plain = {"this", "expression", "distinct"}
    while (
        isinstance(left, type(node))
        and bool(left.args.get("distinct")) == bool(node.args.get("distinct"))
        and not isinstance(node, exp.Except)
        and not any(value for name, value in left.args.items() if name not in plain)
    ):
        branches.append(left.expression)
        left = left.this
    return [left, *reversed(branches)]


def _check_branches(branches: list[Query], word: str) -> None:
    """Refuse columns that have nothing in common; DuckDB would make texts of them, of dates beside a literal too."""
    columns = [branch.columns() for branch in branches]
    if len({len(each) for each in columns}) > 1:
        raise StatementError(f"each {word} query must have the same number of columns", hint="Select as many in each.")
    for at, first in enumerate(columns[0]):
        for other in (each[at] for each in columns[1:]):
            one, two = first.value.kind, other.value.kind
            if one is not None and two is not None and not related(one, two):
                raise StatementError(
                    f"{word} types {one.value} and {two.value} cannot be matched", hint="Cast one of them."
                )


def _united(branches: list[list[Projected]]) -> list[Projected]:
    columns = []
    for at, first in enumerate(branches[0]):
        types: list[SqlType] = [
            known for branch in branches if at < len(branch) and (known := branch[at].value.type) is not None
        ]
        columns.append(Projected(first.name, Value(quoted(first.name), wider(types))))
    return columns
