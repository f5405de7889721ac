"""INSERT, UPDATE, DELETE and TRUNCATE. Rows stay inside DuckDB."""

from sqlglot import exp

from tidegate.errors import StatementError, StatementRefused
from tidegate.model.names import TableName
from tidegate.model.tables import Column, Table
from tidegate.redshift.identifiers import TEMPORARY_SCHEMA
from tidegate.warehouse.base import Result
from tidegate.warehouse.embedded import catalog, transpile
from tidegate.warehouse.embedded.casts import column_value
from tidegate.warehouse.embedded.catalog import physical, quoted
from tidegate.warehouse.embedded.conditions import condition
from tidegate.warehouse.embedded.context import Context, Statement
from tidegate.warehouse.embedded.ddl import default_value
from tidegate.warehouse.embedded.definitions import StoredTable
from tidegate.warehouse.embedded.dialect import parse
from tidegate.warehouse.embedded.emitter import folded, only, refused, spelled
from tidegate.warehouse.embedded.queries import from_item, with_clause
from tidegate.warehouse.embedded.scope import Scope, Source
from tidegate.warehouse.embedded.token_reader import TokenReader
from tidegate.warehouse.embedded.values import Value


def handle_insert(ctx: Context, statement: Statement) -> Result:
    tree = parse(statement.text)
    if not isinstance(tree, exp.Insert):
        raise refused("this form of INSERT")
    only(tree, "this", "expression", "default", "with_")
    target = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    name = _target(ctx, target)
    ctx.writes(name, False)
    table = catalog.existing_table(ctx, name).table
    columns = _insert_columns(table, tree)
    if tree.args.get("default"):
        return _changed(ctx, f"INSERT INTO {physical(name)} DEFAULT VALUES")
    source = tree.expression
    listed = ", ".join(quoted(c.name) for c in columns)
    if isinstance(source, exp.Values):
        rows = _rows(ctx, columns, source)
        return _changed(ctx, f"INSERT INTO {physical(name)} ({listed}) VALUES {rows}")
    return _changed(ctx, f"INSERT INTO {physical(name)} ({listed}) {_selected(ctx, columns, tree)}")


def _target(ctx: Context, node: exp.Expr) -> TableName:
    if not isinstance(node, exp.Table) or not isinstance(node.this, exp.Identifier):
        raise refused(spelled(node))
    only(node, "this", "db", "alias", "joins")
    return catalog.resolve(ctx, folded(node.args["db"]) if node.args.get("db") else None, folded(node.this))


def _insert_columns(table: Table, tree: exp.Insert) -> list[Column]:
    """The columns that get values. One that IDENTITY generates takes none."""
    if isinstance(tree.this, exp.Schema):
        names = [folded(each) for each in tree.this.expressions]
    else:
        generated = tree.args.get("default")
        names = [c.name for c in table.columns if not generated]
    columns = []
    for at, name in enumerate(names):
        column = known_column(table, name)
        if name in names[:at]:
            raise StatementError(f'column "{name}" is specified more than once', hint="Name each column once.")
        if column.identity is not None and not column.identity.by_default:
            if not isinstance(tree.this, exp.Schema):
                continue
            raise StatementError(
                f'cannot set an identity column to a value: "{name}" of {table.name}',
                hint="Leave the column out, or load it with COPY … EXPLICIT_IDS.",
            )
        columns.append(column)
    return columns


def known_column(table: Table, name: str) -> Column:
    column = table.column(name)
    if column is None:
        raise StatementError(f'column "{name}" of relation "{table.name}" does not exist', hint="Check the name.")
    return column


def _rows(ctx: Context, columns: list[Column], source: exp.Values) -> str:
    emit, scope = transpile.emitter(ctx), Scope()
    rows = []
    for row in source.expressions:
        if not isinstance(row, exp.Tuple) or len(row.expressions) != len(columns):
            raise _wrong_count(len(columns), len(row.expressions) if isinstance(row, exp.Tuple) else 1)
        values = [
            _default(ctx, column) if _is_default(each) else column_value(emit.expr(each, scope), column)
            for column, each in zip(columns, row.expressions, strict=True)
        ]
        rows.append(f"({', '.join(values)})")
    return ", ".join(rows)


def _is_default(node: exp.Expr) -> bool:
    if isinstance(node, exp.Column):
        node = node.this
    return (
        isinstance(node, (exp.Var, exp.Identifier)) and node.name.upper() == "DEFAULT" and not node.args.get("quoted")
    )


def _default(ctx: Context, column: Column) -> str:
    return "DEFAULT" if column.identity is not None else default_value(ctx, column)


def _wrong_count(columns: int, values: int) -> StatementError:
    return StatementError(
        f"INSERT has {columns} target columns and {values} values", hint="Give each target column one value."
    )


def _selected(ctx: Context, columns: list[Column], tree: exp.Insert) -> str:
    if tree.args.get("with_") is not None:
        raise refused("WITH before INSERT", hint="Write WITH after INSERT INTO the table.")
    query = transpile.compiled(ctx, tree.expression)
    projected = query.columns()
    if len(projected) != len(columns):
        raise _wrong_count(len(columns), len(projected))
    names = [f"value{at}" for at in range(len(columns))]
    values = [
        column_value(Value(name, each.value.type), column)
        for column, each, name in zip(columns, projected, names, strict=True)
    ]
    return f"SELECT {', '.join(values)} FROM ({query.sql}) AS source({', '.join(names)})"


def handle_update(ctx: Context, statement: Statement) -> Result:
    tree = parse(statement.text)
    if not isinstance(tree, exp.Update):
        raise refused("this form of UPDATE")
    only(tree, "this", "expressions", "from_", "where", "with_")
    stored, scope, head, alias = _changing(ctx, tree, tree.this)
    tables = ""
    if clause := tree.args.get("from_"):
        tables = f" FROM {_joined(ctx, clause.this, scope)}"
    changes = ", ".join(_assignment(ctx, stored.table, each, scope) for each in tree.expressions)
    where = _where(ctx, tree, scope)
    sql = f"{head}UPDATE {physical(stored.table.name)} AS {quoted(alias)} SET {changes}{tables}{where}"
    return _changed(ctx, sql)


def _changing(ctx: Context, tree: exp.Expr, node: exp.Expr) -> tuple[StoredTable, Scope, str, str]:
    """The table that UPDATE or DELETE changes, as the first source of its scope, and its WITH."""
    name = _target(ctx, node)
    ctx.writes(name, True)
    stored = catalog.existing_table(ctx, name)
    scope = Scope()
    head = with_clause(transpile.emitter(ctx), tree, scope)
    alias_node = node.args.get("alias")
    alias = folded(alias_node.this) if alias_node is not None else name.name
    schema = None if alias_node is not None or name.schema == TEMPORARY_SCHEMA else name.schema
    scope.sources[alias] = Source(lambda: {c.name: c.type for c in stored.table.columns}, schema)
    return stored, scope, head, alias


def _where(ctx: Context, tree: exp.Expr, scope: Scope) -> str:
    where = tree.args.get("where")
    return "" if where is None else f" WHERE {condition(transpile.emitter(ctx), where.this, scope, 'WHERE')}"


def _joined(ctx: Context, item: exp.Expr, scope: Scope) -> str:
    """The further tables of UPDATE … FROM and DELETE … USING."""
    emit = transpile.emitter(ctx)
    joins = item.args.pop("joins", None) or []
    sql = from_item(emit, item, scope, None)
    for join in joins:
        only(join, "this", "side", "kind", "on")
        inner = from_item(emit, join.this, scope, None)
        side, on = str(join.args.get("side") or ""), join.args.get("on")
        if side not in ("", "LEFT") or str(join.args.get("kind") or "") not in ("", "INNER", "CROSS", "OUTER"):
            raise refused(spelled(join))
        sql += f", {inner}" if on is None else f" {side} JOIN {inner} ON {emit.sql(on, scope)}"
    return sql


def _assignment(ctx: Context, table: Table, node: exp.Expr, scope: Scope) -> str:
    if not isinstance(node, exp.EQ) or not isinstance(node.this, exp.Column) or node.this.args.get("table"):
        raise StatementError(f"SET {spelled(node)} is not column = value", hint="Name the column without its table.")
    column = known_column(table, folded(node.this.this))
    if column.identity is not None:
        raise StatementError(f'cannot set an identity column to a value: "{column.name}"', hint="Leave it out.")
    value = node.args["expression"]
    if _is_default(value):
        return f"{quoted(column.name)} = {default_value(ctx, column)}"
    emitted = transpile.emitter(ctx).expr(value, scope)
    return f"{quoted(column.name)} = {column_value(emitted, column)}"


def handle_delete(ctx: Context, statement: Statement) -> Result:
    tree = parse(statement.text)
    if not isinstance(tree, exp.Delete):
        raise refused("this form of DELETE")
    only(tree, "this", "tables", "using", "where", "with_")
    bare = tree.args.get("tables")
    if bare and tree.args.get("using"):
        raise StatementError("DELETE without FROM takes no USING", hint="Write DELETE FROM.")
    stored, scope, head, alias = _changing(ctx, tree, bare[0] if bare else tree.this)
    using = [_joined(ctx, item, scope) for item in tree.args.get("using") or ()]
    tables = f" USING {', '.join(using)}" if using else ""
    name = physical(stored.table.name)
    return _changed(ctx, f"{head}DELETE FROM {name} AS {quoted(alias)}{tables}{_where(ctx, tree, scope)}")


def handle_truncate(ctx: Context, statement: Statement) -> Result:
    """TRUNCATE; the session commits after it, as Redshift does."""
    reader = TokenReader(statement.tokens, "TRUNCATE")
    reader.expect("TRUNCATE")
    reader.accept("TABLE")
    first = reader.identifier("a table name")
    second = reader.identifier("a table name") if reader.accept(".") else None
    reader.end()
    name = catalog.resolve(ctx, first if second else None, second or first)
    ctx.writes(name, True)
    stored = catalog.existing_table(ctx, name)
    ctx.cursor.execute(f"TRUNCATE {physical(stored.table.name)}")
    return Result()


def _changed(ctx: Context, sql: str) -> Result:
    row = ctx.cursor.execute(sql).fetchone()
    if row is None or not isinstance(row[0], int):
        raise StatementRefused("the statement returned no count of rows", hint="Report this statement.")
    return Result(rowcount=row[0])
