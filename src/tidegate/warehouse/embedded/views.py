"""CREATE VIEW and DROP VIEW. A view is its text; it is expanded when it is read."""

from sqlglot import exp

from tidegate.errors import StatementError
from tidegate.model.names import TableName
from tidegate.model.tables import Column
from tidegate.redshift.identifiers import TEMPORARY_SCHEMA
from tidegate.warehouse.base import Result
from tidegate.warehouse.embedded import catalog, external_catalog, transpile
from tidegate.warehouse.embedded.context import Context, Statement
from tidegate.warehouse.embedded.definitions import StoredTable, View
from tidegate.warehouse.embedded.dialect import parse
from tidegate.warehouse.embedded.emitter import folded
from tidegate.warehouse.embedded.token_reader import TokenReader
from tidegate.warehouse.embedded.types import declared_type


def handle_create_view(ctx: Context, statement: Statement) -> Result:
    """CREATE [OR REPLACE] VIEW. A bound view is checked now; a late binding one when it is read (CREATE VIEW)."""
    reader = TokenReader(statement.tokens, "CREATE VIEW")
    reader.expect("CREATE")
    replaces = reader.accept("OR", "REPLACE")
    reader.expect("VIEW")
    name = reader.table("a view name")
    catalog.checked_schema(name.schema)
    names = reader.identifiers("a column name") if reader.looking_at("(") else ()
    reader.expect("AS")
    first = reader.peek()
    if first is None:
        reader.fail("a query")
    tokens = statement.tokens
    late = [token.value for token in tokens[-4:]] == ["WITH", "NO", "SCHEMA", "BINDING"]
    text = statement.text[first.start : tokens[-5].end if late else tokens[-1].end]
    tree = parse(text)
    if not isinstance(tree, exp.Query):
        raise StatementError("a view is a SELECT", hint="Write CREATE VIEW name AS SELECT ….")
    if names:
        text = f"SELECT * FROM ({text}) AS body ({', '.join(catalog.quoted(n) for n in names)})"
        tree = parse(text)
    _check_free(ctx, name, replaces)
    ctx.writes(name, True)
    reads = _read_tables(ctx, tree)
    columns: tuple[Column, ...] = ()
    if late:
        _check_qualified(tree)
    else:
        _check_bound(ctx, reads)
        columns = _columns(ctx, tree)
    catalog.put_view(ctx, View(name, text, late, columns, () if late else reads))
    return Result()


def _check_free(ctx: Context, name: TableName, replaces: bool) -> None:
    if not catalog.schema_exists(ctx, name.schema):
        raise StatementError(f'schema "{name.schema}" does not exist', hint="Create the schema first.")
    found = catalog.relation(ctx, name)
    if isinstance(found, StoredTable):
        raise StatementError(f'"{name}" is a table', hint="Choose another name for the view.")
    if found is not None and not replaces:
        raise StatementError(f'relation "{name}" already exists', hint="Write CREATE OR REPLACE VIEW.")


def _tables(tree: exp.Expr) -> list[exp.Table]:
    """The tables that a query names; a name that one of its WITH items has is none."""
    items = {folded(cte.args["alias"].this) for cte in tree.find_all(exp.CTE)}
    return [t for t in tree.find_all(exp.Table) if t.args.get("db") or folded(t.this) not in items]


def _read_tables(ctx: Context, tree: exp.Expr) -> tuple[TableName, ...]:
    return tuple(
        dict.fromkeys(
            catalog.resolve(ctx, folded(t.args["db"]) if t.args.get("db") else None, folded(t.this))
            for t in _tables(tree)
        )
    )


def _check_qualified(tree: exp.Expr) -> None:
    for table in _tables(tree):
        if not table.args.get("db"):
            raise StatementError(
                f'the late binding view must name the schema of "{folded(table.this)}"',
                hint="Write schema.table for every table of the view (CREATE VIEW, WITH NO SCHEMA BINDING).",
            )


def _check_bound(ctx: Context, reads: tuple[TableName, ...]) -> None:
    for name in reads:
        if name.schema == TEMPORARY_SCHEMA:
            raise StatementError(f"the view reads the temporary table {name.name}", hint="Use a permanent table.")
        if external_catalog.find(ctx, name) is not None:
            raise StatementError(
                f"the view reads the external table {name}", hint="Add WITH NO SCHEMA BINDING: only such a view may."
            )


def _columns(ctx: Context, tree: exp.Expr) -> tuple[Column, ...]:
    compiled = transpile.compiled(ctx, tree)
    ctx.cursor.execute(f"SELECT * FROM ({compiled.sql}) AS q LIMIT 0")
    described = [(str(d[0]), str(d[1])) for d in ctx.cursor.description or ()]
    types = [p.value.type for p in compiled.columns()]
    return tuple(
        Column(name, known if known is not None and known.length is not None else declared_type(duck))
        for (name, duck), known in zip(described, types, strict=True)
    )


def handle_drop_view(ctx: Context, statement: Statement) -> Result:
    reader = TokenReader(statement.tokens, "DROP VIEW")
    reader.expect("DROP", "VIEW")
    if_exists = reader.accept("IF", "EXISTS")
    names = [reader.table("a view name")]
    while reader.accept(","):
        names.append(reader.table("a view name"))
    cascade = reader.accept("CASCADE") or (reader.accept("RESTRICT") and False)
    reader.end()
    for name in names:
        catalog.checked_schema(name.schema)
        _drop(ctx, name, if_exists, cascade)
    return Result()


def _drop(ctx: Context, name: TableName, if_exists: bool, cascade: bool) -> None:
    found = catalog.relation(ctx, name)
    if found is None:
        if if_exists:
            return
        raise StatementError(f'view "{name}" does not exist', hint="Check the name, or write IF EXISTS.")
    if isinstance(found, StoredTable):
        raise StatementError(f'"{name}" is not a view', hint="Use DROP TABLE.")
    ctx.writes(name, True)
    drop_dependents(ctx, name, cascade)
    catalog.remove(ctx, name)


def drop_dependents(ctx: Context, name: TableName, cascade: bool) -> None:
    """Drop the bound views that read a table or view; without `cascade` there must be none."""
    for view in catalog.views(ctx):
        if not view.late_binding and name in view.reads:
            if not cascade:
                raise StatementError(
                    f"cannot drop {name}: view {view.name} depends on it", hint="Drop the view first, or use CASCADE."
                )
            drop_dependents(ctx, view.name, cascade)
            catalog.remove(ctx, view.name)
