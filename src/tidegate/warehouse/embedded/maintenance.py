"""LOCK, VACUUM and ANALYZE."""

from tidegate.errors import StatementError, StatementRefused
from tidegate.model.names import TableName
from tidegate.warehouse.base import Result
from tidegate.warehouse.embedded import catalog
from tidegate.warehouse.embedded.context import Context, Statement
from tidegate.warehouse.embedded.token_reader import TokenReader

_MODES = (("SORT", "ONLY"), ("DELETE", "ONLY"), ("FULL",), ("REINDEX",), ("RECLUSTER",))


def handle_lock(ctx: Context, statement: Statement) -> Result:
    """LOCK [TABLE]: this transaction becomes the one that writes. The session has taken the lock already."""
    if not ctx.in_block:
        raise StatementRefused("LOCK outside of a transaction", hint="Use it after BEGIN, as the first statement.")
    reader = TokenReader(statement.tokens, "LOCK")
    reader.expect("LOCK")
    reader.accept("TABLE")
    names = [_table_name(ctx, reader)]
    while reader.accept(","):
        names.append(_table_name(ctx, reader))
    reader.end()
    for name in names:
        catalog.existing_table(ctx, name)
    return Result()


def handle_vacuum(ctx: Context, statement: Statement) -> Result:
    """VACUUM: the checkpoint that reclaims the space of deleted rows is made by the session, after this."""
    if ctx.in_block:
        raise StatementRefused("VACUUM cannot run inside a transaction block", hint="Run it on its own.")
    reader = TokenReader(statement.tokens, "VACUUM")
    reader.expect("VACUUM")
    for mode in _MODES:
        if reader.accept(*mode):
            break
    name = None if reader.at_end else _table_name(ctx, reader)
    if reader.accept("TO") and (reader.integer("a percentage") > 100 or not reader.accept("PERCENT")):
        reader.fail("0 to 100 PERCENT")
    reader.accept("BOOST")
    reader.end()
    if name is not None:
        catalog.existing_table(ctx, name)
    return Result()


def handle_analyze(ctx: Context, statement: Statement) -> Result:
    reader = TokenReader(statement.tokens, "ANALYZE")
    reader.next()
    reader.accept("VERBOSE")
    if reader.accept("COMPRESSION"):
        raise StatementRefused("ANALYZE COMPRESSION is not supported by the embedded warehouse", hint="Leave it out.")
    if reader.at_end:
        return Result()
    name = _table_name(ctx, reader)
    columns = reader.identifiers("a column name") if reader.looking_at("(") else ()
    if not reader.accept("PREDICATE", "COLUMNS"):
        reader.accept("ALL", "COLUMNS")
    reader.end()
    table = catalog.existing_table(ctx, name).table
    for column in columns:
        if table.column(column) is None:
            raise StatementError(f'column "{column}" of {name} does not exist', hint="Check the name.")
    ctx.cursor.execute(f"ANALYZE {catalog.physical(name)}")
    return Result()


def _table_name(ctx: Context, reader: TokenReader) -> TableName:
    first = reader.identifier("a table name")
    if reader.accept("."):
        return catalog.resolve(ctx, first, reader.identifier("a table name"))
    return catalog.resolve(ctx, None, first)
