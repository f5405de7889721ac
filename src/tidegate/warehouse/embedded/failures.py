"""The border where DuckDB's errors become ours."""

import re

import duckdb

from tidegate.errors import (
    GuardFailed,
    ObjectNotFound,
    SerializationConflict,
    StatementCancelled,
    StatementError,
    StatementRefused,
    TidegateError,
    WarehouseUnreachable,
)
from tidegate.redshift.guard import guard_reason
from tidegate.warehouse.embedded.objects.failures import crossed

_HELD = re.compile(r"Could not set lock on file .*?: (?:Conflicting lock is held in (.*?)\(PID (\d+)\))?", re.DOTALL)
_PREFIX = re.compile(r"^[A-Z][A-Za-z ]*? ?Error: ")
_MISSING_TABLE = re.compile(r"Table with name (\S+) does not exist")
_MISSING_SCHEMA = re.compile(r"Schema with name (\S+) does not exist")
_MISSING_COLUMN = re.compile(r'Referenced column "(.+?)" (?:was )?not found|does not have a column named "(.+?)"')
_BAD_TEXT = re.compile(r"Could not convert string ['\"](.*)['\"] to (\w+)", re.DOTALL)
_TYPES = {"INT16": "smallint", "INT32": "integer", "INT64": "bigint", "DOUBLE": "double precision", "FLOAT": "real"}
_MISSING_FILE = re.compile(r'No files found that match the pattern "(.*?)"', re.DOTALL)
_GLOB_FREE = re.compile(r"\[([\[*?])\]")
_CONFLICT = re.compile(r"conflict|Could not commit", re.IGNORECASE)
_FULL = re.compile(r"No space left on device|Disk quota exceeded|not enough space", re.IGNORECASE)
_LIMITED = "File too large"
"""EFBIG: the file system, or `ulimit -f`, lets no file grow to this size."""
_INNER = re.compile(r'"exception_message":"((?:[^"\\]|\\.)*)"')


def lock_holder(text: str) -> str | None:
    """Who holds the file, as text; None when the error is about something else."""
    match = _HELD.search(text)
    if match is None:
        return None
    program, pid = match.groups()
    return f"process {pid} ({program.strip()})" if pid else "another process"


def open_failure(path: str, error: duckdb.Error) -> TidegateError:
    """The error of a file that cannot be opened, with what to do about it."""
    text = _plain(error)
    hint = "Check warehouse.url."
    if "not a valid DuckDB database file" in text:
        hint = "The file is not a DuckDB database: let warehouse.url name another file."
    elif "No such file or directory" in text:
        hint = "Create the folder, or correct warehouse.url."
    elif "Permission denied" in text or "Read-only file system" in text:
        hint = "Give this user write permission on the file and its folder."
    elif _FULL.search(text):
        hint = "Free space on the disk of the warehouse file."
    elif isinstance(error, (duckdb.ParserException, duckdb.SyntaxException, duckdb.InvalidInputException)):
        hint = "Check warehouse.memory_limit and warehouse.threads."
    return WarehouseUnreachable(f'cannot open "{path}": {text}', hint=hint)


def statement_failure(error: duckdb.Error) -> TidegateError:
    """The error of a statement that failed inside DuckDB."""
    text = str(error)
    reason = guard_reason(text)
    if reason is not None:
        return GuardFailed(reason, hint="Nothing was changed: the transaction was rolled back.")
    if (failure := crossed(text)) is not None:
        return failure
    if isinstance(error, (duckdb.IOException, duckdb.TransactionException)) and (failure := _full(error)) is not None:
        return failure
    if isinstance(error, duckdb.TransactionException) and _CONFLICT.search(text):
        return SerializationConflict(
            f"1023: serializable isolation violation: {_plain(error)}", hint="Run the whole transaction again."
        )
    if isinstance(error, duckdb.InterruptException):
        return cancelled()
    if isinstance(error, duckdb.IOException) and (missing := _MISSING_FILE.search(text)):
        file = _GLOB_FREE.sub(r"\1", missing[1])
        return ObjectNotFound(
            f"{file!r} does not exist",
            hint="Check the address; if it is a file of an archive, run `tidegate verify`.",
        )
    if isinstance(error, duckdb.IOException):
        return StatementError(_plain(error), hint="Check the files that the statement names.")
    if isinstance(error, duckdb.OutOfMemoryException):
        return StatementError(f"out of memory: {_plain(error)}", hint="Raise warehouse.memory_limit.")
    if isinstance(error, (duckdb.InternalException, duckdb.FatalException)):
        return WarehouseUnreachable(f"the embedded engine failed: {_plain(error)}", hint="Run the command again.")
    return _user_failure(text, error)


def cancelled() -> StatementCancelled:
    """The error of a statement that was called off."""
    return StatementCancelled(
        "query cancelled on user's request", hint="Run it again if it is still wanted.", sqlstate="57014"
    )


def aborted() -> StatementError:
    """The error of every statement between the failure of a transaction block and its end."""
    return StatementError(
        "current transaction is aborted, commands ignored until end of transaction block",
        hint="Send ROLLBACK, then run the whole transaction again.",
        sqlstate="25P02",
    )


def _full(error: duckdb.Error) -> TidegateError | None:
    """The error of a disk that takes no more, of the warehouse or of the lake; a COMMIT meets it too."""
    text = _plain(error)
    if inner := _INNER.search(text):
        text = inner[1].replace('\\"', '"')
    if _FULL.search(text):
        return WarehouseUnreachable(f"the disk is full: {text}", hint="Free space and run the command again.")
    if _LIMITED in text:
        return WarehouseUnreachable(
            f"a file must not grow: {text}",
            hint="Raise the process's limit on the size of a file (ulimit -f), and run the command again.",
        )
    return None


def _user_failure(text: str, error: duckdb.Error) -> TidegateError:
    if match := _MISSING_SCHEMA.search(text):
        return StatementError(
            f'schema "{match.group(1)}" does not exist', hint="Check the schema's name, or create it first."
        )
    if match := _MISSING_TABLE.search(text):
        return StatementError(
            f'relation "{match.group(1)}" does not exist', hint="Check the schema and the name, or create it first."
        )
    if match := _MISSING_COLUMN.search(text):
        name = match.group(1) or match.group(2)
        return StatementError(f'column "{name}" does not exist', hint="Check the spelling against the table.")
    if match := _BAD_TEXT.search(text):
        value, kind = match.groups()
        return StatementError(
            f'invalid input syntax for {_TYPES.get(kind, kind.lower())}: "{value}"', hint="Correct the value."
        )
    if "Division by zero" in text:
        return StatementError("division by zero", hint="Guard the divisor with NULLIF(divisor, 0).")
    if "NOT NULL constraint failed" in text:
        column = text.rpartition(".")[2].strip()
        return StatementError(f'cannot insert a NULL value into column "{column}"', hint="Give the column a value.")
    if isinstance(error, duckdb.NotImplementedException):
        return StatementRefused(_plain(error), hint="Rewrite the statement without it.")
    return StatementError(_plain(error), hint="Correct the statement.")


def _plain(error: duckdb.Error) -> str:
    """The first line of DuckDB's text without the name of its error class."""
    lines = _PREFIX.sub("", str(error)).strip().splitlines()
    return lines[0] if lines else type(error).__name__
