"""COMMENT ON (COMMENT)."""

from tidegate.errors import StatementError
from tidegate.warehouse.base import Result
from tidegate.warehouse.embedded import catalog
from tidegate.warehouse.embedded.bootstrap import ENGINE
from tidegate.warehouse.embedded.context import Context, Statement
from tidegate.warehouse.embedded.definitions import StoredTable
from tidegate.warehouse.embedded.token_reader import TokenReader


def handle_comment(ctx: Context, statement: Statement) -> Result:
    """Remember a comment on a table, view, column or schema; NULL forgets it."""
    reader = TokenReader(statement.tokens, "COMMENT")
    reader.expect("COMMENT", "ON")
    kind = reader.word("TABLE, VIEW, COLUMN or SCHEMA")
    if kind not in ("TABLE", "VIEW", "COLUMN", "SCHEMA"):
        reader.fail("TABLE, VIEW, COLUMN or SCHEMA")
    parts = [reader.identifier("a name")]
    while reader.accept("."):
        parts.append(reader.identifier("a name"))
    reader.expect("IS")
    comment = None if reader.accept("NULL") else reader.string("a string or NULL")
    reader.end()
    subject = _subject(ctx, kind, parts)
    ctx.writes(catalog.CATALOG, False)
    ctx.cursor.execute(f"DELETE FROM {ENGINE}.comments WHERE object = ?", [subject])
    if comment is not None:
        ctx.cursor.execute(f"INSERT INTO {ENGINE}.comments VALUES (?, ?)", [subject, comment])
    return Result()


def _subject(ctx: Context, kind: str, parts: list[str]) -> str:
    """What is commented on, as text that names it; it must exist."""
    if kind == "SCHEMA":
        if len(parts) != 1 or not catalog.schema_exists(ctx, catalog.checked_schema(parts[0])):
            raise StatementError(f'schema "{".".join(parts)}" does not exist', hint="Check the name.")
        return f"schema {parts[0]}"
    column = parts.pop() if kind == "COLUMN" else None
    if len(parts) not in (1, 2):
        raise StatementError(f'"{".".join(parts)}" is not a table name', hint="Write table or schema.table.")
    name = catalog.resolve(ctx, parts[0] if len(parts) == 2 else None, parts[-1])
    found = catalog.relation(ctx, name)
    if found is None:
        raise StatementError(f'relation "{name}" does not exist', hint="Check the schema and the name.")
    if column is None:
        return f"relation {name}"
    if isinstance(found, StoredTable) and found.table.column(column) is None:
        raise StatementError(f'column "{column}" of relation "{name}" does not exist', hint="Check the name.")
    return f"column {name}.{column}"
