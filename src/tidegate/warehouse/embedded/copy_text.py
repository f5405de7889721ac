"""COPY of CSV and of delimited text, read by DuckDB as text and converted column by column."""

from collections.abc import Sequence

from tidegate.errors import StatementRefused
from tidegate.model.tables import Column, TypeKind
from tidegate.redshift.copy import Copy, CopyCompression, CopyFormat
from tidegate.warehouse.embedded.copy_values import FILE, value_of
from tidegate.warehouse.embedded.external_shapes import glob_free

_NULL = "\\N"
_PADDED = "\x01tidegate-missing\x01"
"""What the reader takes for NULL, so that a NULL it gives can only be a field that the row lacks."""

_COMPRESSION = {None: "none", CopyCompression.GZIP: "gzip", CopyCompression.ZSTD: "zstd"}


def select_lines(targets: Sequence[Column], paths: Sequence[str], options: Copy) -> tuple[str, list[object]]:
    """A DuckDB query with its parameters that yields the target columns of all files, in order.

    Empty lines are skipped, with IGNOREBLANKLINES or without.

    Raises:
        StatementRefused: a single column without IGNOREBLANKLINES: its empty fields could not be told from empty
            lines; or a conversion that this driver does not do.
    """
    if len(targets) == 1 and not options.ignore_blank_lines:
        raise StatementRefused(
            "the embedded warehouse cannot tell empty fields from empty lines in a file of one column",
            hint="Add IGNOREBLANKLINES, or load the file as Parquet or JSON.",
        )
    csv = options.format is CopyFormat.CSV
    quote = (options.quote or '"') if csv else ""
    columns = ", ".join(f"'field{at}': 'VARCHAR'" for at in range(len(targets)))
    reader = (
        f"read_csv($1, auto_detect = false, header = false, columns = {{{columns}}}, "
        f"delim = {_literal(options.delimiter or (',' if csv else '|'))}, quote = {_literal(quote)}, "
        f"escape = {_literal(quote)}, nullstr = $2, null_padding = {str(options.fill_record).lower()}, "
        f"skip = {options.ignore_header or 0}, compression = '{_COMPRESSION[options.compression]}', "
        f"filename = '{FILE}', hive_partitioning = false)"
    )
    values = [value_of(c, _field(c, at, options), options) for at, c in enumerate(targets)]
    sql = f"SELECT {', '.join(f'{v} AS value{at}' for at, v in enumerate(values))} FROM {reader}"
    return sql, [[glob_free(path) for path in paths], _PADDED]


def _field(column: Column, at: int, options: Copy) -> str:
    """A field that FILLRECORD adds is NULL, but an empty text in a CHAR or VARCHAR column."""
    raw = f"field{at}"
    if options.fill_record and column.type.kind in (TypeKind.CHAR, TypeKind.VARCHAR):
        raw = f"coalesce({raw}, '')"
    return f"nullif({raw}, {_literal(_NULL if options.null_as is None else options.null_as)})"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
