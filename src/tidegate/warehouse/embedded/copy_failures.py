"""Why a COPY failed, in terms of the file and the column."""

import re
from collections.abc import Sequence

import duckdb

from tidegate.errors import StatementError, TidegateError
from tidegate.model.names import TableName
from tidegate.model.tables import Column, TypeKind
from tidegate.redshift.types import render
from tidegate.warehouse.embedded import failures
from tidegate.warehouse.embedded.objects.failures import crosses

_LINE = re.compile(r"CSV Error on Line: (\d+)")
_COUNTS = re.compile(r"Expected Number of Columns: (\d+) Found: (\d+)")
_FILE = re.compile(r"^\s*file = (.*)$", re.MULTILINE)
_HINT = "Correct the file, or load it into columns that take its values; no row was loaded."
_SHOWN = 100


def explained(
    cursor: duckdb.DuckDBPyConnection,
    error: duckdb.Error,
    table: TableName,
    targets: Sequence[Column],
    source: tuple[str, list[object]],
) -> TidegateError:
    """The error to raise. `source` is the query that read the files, with its parameters.

    The transaction is aborted by now; a text that is too long is looked for through a connection of its own.
    """
    failure = failures.statement_failure(error)
    if type(failure) is not StatementError or crosses(str(error)):
        return failure
    reason = _line_failure(str(error)) or failure.message
    if "state machine reached an invalid state" in reason:
        reason = "its lines end in different ways, or a quote stands alone in a field"
    if "value too long" in reason or "multibyte" in reason:
        reason = _too_long(cursor, targets, source) or reason
    return StatementError(f"COPY into {table}: {reason}", hint=_HINT)


def _line_failure(text: str) -> str | None:
    line, file = _LINE.search(text), _FILE.search(text)
    if line is None:
        return None
    where = f"line {line[1]}" + (f" of {file[1].strip()}" if file else "")
    if counts := _COUNTS.search(text):
        expected, found = int(counts[1]), int(counts[2])
        kind = "extra column(s) found" if found > expected else "delimiter not found"
        return f"{kind} in {where}: {expected} columns expected, {found} found"
    lines = text.splitlines()
    reason = lines[2].strip() if len(lines) > 2 else lines[0]
    return f"{where}: {reason[:1].lower()}{reason[1:].rstrip('.')}"


def _too_long(
    cursor: duckdb.DuckDBPyConnection, targets: Sequence[Column], source: tuple[str, list[object]]
) -> str | None:
    query, parameters = source
    other = cursor.cursor()
    try:
        for at, column in enumerate(targets):
            test = _test(column, f"value{at}")
            if test is None:
                continue
            row = other.execute(
                f"SELECT left(value{at}, {_SHOWN}), strlen(value{at}) FROM ({query}) WHERE {test} LIMIT 1", parameters
            ).fetchone()
            if row is not None:
                return (
                    f'value too long for column "{column.name}" ({render(column.type)}), '
                    f"or of other characters than it takes: {row[0]!r}, {row[1]} bytes"
                )
    finally:
        other.close()
    return None


def _test(column: Column, value: str) -> str | None:
    if column.type.kind not in (TypeKind.CHAR, TypeKind.VARCHAR):
        return None
    long = f"strlen(rtrim({value}, ' ')) > {column.type.length}"
    return f"{long} OR strlen({value}) <> length({value})" if column.type.kind is TypeKind.CHAR else long
