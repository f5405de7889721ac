"""UNLOAD: the rows of a query into files, written by DuckDB and named as Redshift names them.

The files are written to a folder that no reader looks at and then moved or uploaded, so that none sees half of one;
nothing is synced to disk, that is the lake's work.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from tidegate.errors import StatementRefused
from tidegate.redshift.unload import Unload, UnloadCompression, UnloadFormat
from tidegate.warehouse.base import Result
from tidegate.warehouse.embedded import external, manifest, transpile, unload_syntax
from tidegate.warehouse.embedded.context import Context, Statement
from tidegate.warehouse.embedded.external_shapes import glob_free
from tidegate.warehouse.embedded.paths import disk_errors
from tidegate.warehouse.embedded.unload_names import StagedFile
from tidegate.warehouse.embedded.unload_query import OutputQuery, output_query, refuse_limit
from tidegate.warehouse.embedded.unload_target import UnloadTarget, target_of

_PARQUET = "FORMAT parquet, COMPRESSION snappy, PARQUET_VERSION v1"
PARQUET_OPTIONS = f"{_PARQUET}, ROW_GROUP_SIZE 122880"
"""Parquet 1.0 with SNAPPY, as Redshift writes. Row groups have 122,880 rows, so that a predicate reads little;
ROWGROUPSIZE sets their size before compression instead. Without MAXFILESIZE a partition is one file."""

_MANY_ROWS = 1_000_000_000

_CSV_COMPRESSION = {None: "none", UnloadCompression.GZIP: "gzip", UnloadCompression.ZSTD: "zstd"}
_PATTERN = "'{i}'"
_MB = 1_000_000


@dataclass(frozen=True)
class _Written:
    """What COPY wrote: the files in its order, `rows` of each where the format tells, `total` without headers."""

    files: tuple[StagedFile, ...]
    rows: tuple[int, ...] | None
    total: int


def handle_unload(ctx: Context, statement: Statement) -> Result:
    """Carry out UNLOAD; `rowcount` is the number of rows unloaded. No rows: no files and no manifest.

    Raises:
        StatementRefused: an option, a type or a target that Redshift, or this driver by name, does not take.
        WarehouseUnreachable: the disk is full or denies access, or S3 does not take a file.
    """
    parsed = unload_syntax.parse(statement)
    options = parsed.options
    refuse_limit(options.select)
    target = target_of(ctx, options)
    with disk_errors(target.names.prefix):
        target.check_empty()
        output = output_query(ctx.cursor, transpile.query(ctx, options.select), options)
        with target.staging() as folder:
            written = _write(ctx.cursor, folder, output, parsed)
            external.forget(ctx.cursor)
            if written.total == 0:
                target.place(())
            else:
                _place(ctx.cursor, folder, target, written, output)
    return Result(rowcount=written.total)


def _place(
    cursor: duckdb.DuckDBPyConnection, folder: str, target: UnloadTarget, written: _Written, output: OutputQuery
) -> None:
    """Move the files to their places, and after them the manifest, which is written in `folder` first."""
    options = target.names.options
    rows = _rows_by_file(cursor, written, output, options)
    placed = target.place(written.files)
    if not options.manifest:
        return
    entries = [
        manifest.UnloadedFile(path, file.size, count)
        for path, file, count in zip(placed, written.files, rows, strict=True)
    ]
    unfinished = os.path.join(folder, "manifest")
    schema = output.columns if options.verbose else None
    manifest.write(unfinished, sorted(entries, key=lambda e: e.path), schema)
    target.place_manifest(unfinished)


def _write(
    cursor: duckdb.DuckDBPyConnection, folder: str, output: OutputQuery, parsed: unload_syntax.UnloadStatement
) -> _Written:
    parquet = parsed.options.format is UnloadFormat.PARQUET
    clauses = _parquet_clauses(parsed.options) if parquet else _line_clauses(parsed.options)
    in_folders = bool(output.partition_by) or parsed.max_file_bytes is not None
    if output.partition_by:
        columns = ", ".join('"' + c.replace('"', '""') + '"' for c in output.partition_by)
        clauses += [f"PARTITION_BY ({columns})", f"WRITE_PARTITION_COLUMNS {str(parsed.options.include).lower()}"]
    if parsed.max_file_bytes is not None:
        clauses.append(f"FILE_SIZE_BYTES {parsed.max_file_bytes}")
    if in_folders:
        clauses += [f"FILENAME_PATTERN {_PATTERN}", "OVERWRITE_OR_IGNORE true"]
    path = folder if in_folders else os.path.join(folder, "0")
    results = cursor.execute(f"COPY ({output.sql}) TO {_literal(path)} ({', '.join(clauses)})").fetchall()
    if parquet:
        files = tuple(_staged(folder, row[0], row[2]) for row in results)
        return _Written(files, tuple(row[1] for row in results), sum(row[1] for row in results))
    total, paths = results[0]
    return _Written(tuple(_staged(folder, path, os.path.getsize(path)) for path in paths), None, total)


def _parquet_clauses(options: Unload) -> list[str]:
    if options.row_group_mb is None:
        return [PARQUET_OPTIONS, "RETURN_STATS true"]
    size = f"ROW_GROUP_SIZE {_MANY_ROWS}, ROW_GROUP_SIZE_BYTES {options.row_group_mb * _MB}"
    return [_PARQUET, size, "RETURN_STATS true"]


def _line_clauses(options: Unload) -> list[str]:
    csv = options.format is UnloadFormat.CSV
    clauses = [
        "FORMAT csv",
        "RETURN_FILES true",
        f"HEADER {str(options.header).lower()}",
        f"COMPRESSION {_CSV_COMPRESSION[options.compression]}",
    ]
    if csv:
        return [
            *clauses,
            f"DELIMITER {_literal(options.delimiter or ',')}",
            f"NULLSTR {_literal(options.null_as or '')}",
        ]
    return [*clauses, "DELIMITER ','", "QUOTE ''", "ESCAPE ''"]


def _staged(folder: str, path: str, size: int) -> StagedFile:
    *folders, name = os.path.relpath(path, folder).split("/")
    return StagedFile(path, tuple(folders), int(name.partition(".")[0]), size)


def _rows_by_file(
    cursor: duckdb.DuckDBPyConnection, written: _Written, output: OutputQuery, options: Unload
) -> Sequence[int]:
    """Rows of each file for the manifest; a header line counts, as it does in Redshift's."""
    if written.rows is not None:
        return written.rows
    if not options.verbose:
        return [0] * len(written.files)
    if len(written.files) == 1:
        return [written.total + options.header]
    if options.format is UnloadFormat.TEXT:
        return _lines_by_file(cursor, written, options)
    counted = dict(
        cursor.execute(
            "SELECT filename, count(*) FROM read_csv($1, header = false, auto_detect = false, columns = $2, "
            "delim = $3, quote = '\"', escape = '\"', nullstr = $4, filename = true, hive_partitioning = false) "
            "GROUP BY ALL",
            [
                [glob_free(file.path) for file in written.files],
                {f"c{i}": "VARCHAR" for i in range(len(output.columns))},
                options.delimiter or ",",
                options.null_as or "",
            ],
        ).fetchall()
    )
    return [counted.get(file.path, 0) for file in written.files]


def _lines_by_file(cursor: duckdb.DuckDBPyConnection, written: _Written, options: Unload) -> Sequence[int]:
    """A line is a record, unless a value holds a line end; then there are more lines than rows.

    Raises:
        StatementRefused: there are.
    """
    paths = [glob_free(file.path) for file in written.files]
    counted = dict(
        cursor.execute(
            "SELECT filename, count(*) FROM read_csv($1, header = false, auto_detect = false, columns = {'line': "
            "'VARCHAR'}, delim = chr(31), quote = '', escape = '', filename = true, hive_partitioning = false) "
            "GROUP BY ALL",
            [paths],
        ).fetchall()
    )
    if sum(counted.values()) != written.total + options.header * len(paths):
        raise StatementRefused(
            "the embedded warehouse cannot count the records of several text files with line ends in their values",
            hint="Leave out VERBOSE, or unload as CSV or Parquet.",
        )
    return [counted.get(file.path, 0) for file in written.files]


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
