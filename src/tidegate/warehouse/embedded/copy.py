"""COPY: files into a table."""

from collections.abc import Sequence

import duckdb

from tidegate.errors import StatementError, StatementRefused
from tidegate.model.tables import Column, Table
from tidegate.redshift.copy import Copy, CopyFormat
from tidegate.warehouse.base import Result
from tidegate.warehouse.embedded import catalog, copy_syntax, external_catalog, fit
from tidegate.warehouse.embedded.context import Context, Statement
from tidegate.warehouse.embedded.copy_failures import explained
from tidegate.warehouse.embedded.copy_files import files_of
from tidegate.warehouse.embedded.copy_json import select_objects
from tidegate.warehouse.embedded.copy_parquet import select_rows
from tidegate.warehouse.embedded.copy_text import select_lines


def handle_copy(ctx: Context, statement: Statement) -> Result:
    """Carry out COPY; `rowcount` is the number of rows loaded.

    The authorization may be missing. COMPUPDATE, COMPROWS and STATUPDATE are read past: there are no encodings here,
    and DuckDB keeps its statistics itself.

    Raises:
        StatementRefused: an option or a target that Redshift, or this driver by name, does not take.
        StatementError: the target or a file is missing, or a value does not fit.
    """
    options, qualified = copy_syntax.parse(statement)
    table = _target(ctx, options, qualified)
    targets = _columns(table, options)
    paths = files_of(ctx, options)
    ctx.writes(table.name, False)
    source: tuple[str, list[object]] = ("", [])
    try:
        source = _select(ctx, options, targets, paths)
        rows = ctx.cursor.execute(_insert(table, targets, source[0]), source[1]).fetchall()
    except duckdb.Error as error:
        raise explained(ctx.cursor, error, table.name, targets, source) from error
    return Result(rowcount=rows[0][0])


def _target(ctx: Context, options: Copy, qualified: bool) -> Table:
    name = catalog.resolve(ctx, options.table.schema if qualified else None, options.table.name)
    if external_catalog.find(ctx, name) is not None:
        raise StatementRefused(
            f"COPY into the external table {name} is not supported",
            hint="Write the files below its location and add a partition.",
        )
    return catalog.existing_table(ctx, name).table


def _columns(table: Table, options: Copy) -> list[Column]:
    """The target columns in order (developer guide, COPY, Column mapping options)."""
    generated = [c for c in table.columns if c.identity is not None and not c.identity.by_default]
    if not options.columns:
        if options.explicit_ids:
            _need_identity(table, generated)
            return list(table.columns)
        return [c for c in table.columns if c not in generated]
    listed = []
    for name in options.columns:
        column = table.column(name)
        if column is None:
            raise StatementError(f'column "{name}" of relation "{table.name}" does not exist', hint="Check the name.")
        if column in generated and not options.explicit_ids:
            raise StatementRefused(
                f'COPY: column "{name}" of {table.name} is an IDENTITY column',
                hint="Leave it out of the column list, or add EXPLICIT_IDS.",
            )
        listed.append(column)
    if options.explicit_ids:
        _need_identity(table, [c for c in generated if c in listed])
    return listed


def _need_identity(table: Table, columns: Sequence[Column]) -> None:
    if not columns:
        raise StatementRefused(
            f"COPY: EXPLICIT_IDS needs an IDENTITY column of {table.name} among the columns",
            hint="Leave out EXPLICIT_IDS.",
        )


def _select(ctx: Context, options: Copy, targets: Sequence[Column], paths: Sequence[str]) -> tuple[str, list[object]]:
    if options.format is CopyFormat.PARQUET:
        return select_rows(ctx, targets, paths, options)
    if options.format is CopyFormat.JSON:
        return select_objects(targets, paths, options)
    return select_lines(targets, paths, options)


def _insert(table: Table, targets: Sequence[Column], query: str) -> str:
    columns = ", ".join(catalog.quoted(c.name) for c in targets)
    values = ", ".join(fit.fitted(c, f"value{at}") for at, c in enumerate(targets))
    return f"INSERT INTO {catalog.physical(table.name)} ({columns}) SELECT {values} FROM ({query})"
