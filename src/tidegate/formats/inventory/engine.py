"""The engine that works on inventories: a DuckDB in memory, which spills into the folder it is given.

Ten million rows are neither held here nor seen by Python: they stream from the report's files into one Parquet file.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from tidegate.errors import CorruptRecord, LakeUnreachable

Engine = duckdb.DuckDBPyConnection

MEMORY = "600MB"
"""What the engine may hold; with its buffers of files the process stays under 1 GB."""

_MOST_THREADS = 4
_FULL = re.compile("could not write|no space left|quota", re.IGNORECASE)


@contextmanager
def open_engine(folder: Path) -> Iterator[Engine]:
    """An engine that puts what does not fit into its memory below `folder`.

    At least two threads: with one, DuckDB cuts the row groups of a file elsewhere than with several, and the same
    report must give the same file on every machine.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "threads": min(_MOST_THREADS, max(2, os.cpu_count() or 2)),
        "memory_limit": MEMORY,
        "temp_directory": str(folder / "spill"),
        "autoinstall_known_extensions": False,
        "preserve_insertion_order": True,
    }
    engine = duckdb.connect(":memory:", config=config)
    try:
        engine.execute("SET TimeZone = 'UTC'")
        yield engine
    finally:
        with suppress(duckdb.Error):
            engine.close()


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Around statements that read files; `name` names them in errors.

    Raises:
        CorruptRecord: they are not what they should be.
        LakeUnreachable: there is no room for what the engine writes.
    """
    try:
        yield
    except duckdb.Error as error:
        if not (isinstance(error, duckdb.OutOfMemoryException) or _FULL.search(str(error))):
            raise CorruptRecord(
                f"{name} cannot be read: {_first_line(error)}", hint="Take another report, or correct its files."
            ) from error
        raise LakeUnreachable(
            f"cannot work on {name}: {_first_line(error)}",
            hint="Make room in the folder for temporary files, or name another one by TMPDIR.",
        ) from error


def text(value: str) -> str:
    """A literal."""
    return "'" + value.replace("'", "''") + "'"


def identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _first_line(error: duckdb.Error) -> str:
    """Without the traceback that an error of Python inside of the engine carries along."""
    line = next(iter(str(error).strip().splitlines()), type(error).__name__)
    return line.partition(" Detail: Python exception:")[0].rstrip(".")
