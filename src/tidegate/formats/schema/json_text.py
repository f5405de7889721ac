"""JSON of any shape on this disk in UTF-8, and what is wrong with it where DuckDB refuses it.

DuckDB's line numbers are approximate (as run), so a file that it refuses is read once more, record by record.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb

from tidegate.errors import FileRefused
from tidegate.formats.inventory.engine import text
from tidegate.formats.schema.text_stream import Utf8Stream, decompressed

MAX_DEPTH = 128
"""Levels that DuckDB reads (as run)."""

MAX_RECORD = 16_777_216
"""Bytes of the longest record that DuckDB reads (its maximum_object_size)."""

Shape = Literal["newline_delimited", "array", "unstructured"]
_SAMPLE = 1 << 20
_PLAIN = frozenset(b'{[ \t\r\n"0123456789-tfn')
_HINT = "Correct the record, or leave it out of the file."


@dataclass(frozen=True)
class JsonText:
    """`shape`: an object a line, one array of objects, or objects one after the other over many lines."""

    path: Path
    shape: Shape

    def rows_query(self, columns: str) -> str:
        """Its records as rows of `columns`, as read_json takes them."""
        return (
            f"SELECT * FROM read_json([{text(str(self.path))}], format = '{self.shape}', records = true, "
            f"compression = 'none', hive_partitioning = false, columns = {columns})"
        )


def records_query(document: JsonText) -> str:
    """Its records as they stand there, in a column `json`."""
    return (
        f"SELECT json FROM read_json_objects([{text(str(document.path))}], format = '{document.shape}', "
        "compression = 'none')"
    )


def json_text(source: Path, file: str, folder: Path, encoding: str | None = None) -> JsonText:
    """The text of a file: a link to it below `folder`, where no pattern is seen in its name, or a copy in UTF-8.

    Raises:
        FileRefused: it is empty, or no text in its encoding.
    """
    with source.open("rb") as opened:
        first = opened.read(_SAMPLE)
    if not first.strip():
        raise FileRefused(f"{file} is empty", hint="Write at least one record.")
    target = folder / "document.json"
    target.unlink(missing_ok=True)
    if first[0] in _PLAIN and b"\x00" not in first and encoding is None:
        target.symlink_to(source.resolve())
    else:
        with source.open("rb") as opened, target.open("wb") as copy:
            shutil.copyfileobj(Utf8Stream(decompressed(opened, file), file, encoding), copy)
        with target.open("rb") as opened:
            first = opened.read(_SAMPLE)
    return JsonText(target, _shape(first))


def _shape(first: bytes) -> Shape:
    beginning = first.lstrip()
    if beginning.startswith(b"["):
        return "array"
    line, end, _ = beginning.partition(b"\n")
    if not end:
        return "newline_delimited"
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        # One object over many lines begins with a line that is no JSON; so does a damaged first line.
        return (
            "unstructured" if line.strip() in (b"{", b"[") or not line.rstrip().endswith(b"}") else "newline_delimited"
        )
    return "newline_delimited"


def diagnose(
    document: JsonText,
    file: str,
    error: Exception | None,
    misfit: Callable[[dict[str, object]], str | None] = lambda record: None,
) -> FileRefused:
    """The first record that is at fault, or else what DuckDB said. `misfit` tells more of a record that is sound."""
    reason = next(iter(str(error or "").strip().splitlines()), "")
    if "maximum_object_size" in reason:
        return FileRefused(f"{file} has a record of more than {MAX_RECORD} bytes, or is no JSON", hint=_HINT)
    if "recursion depth" in reason:
        return FileRefused(f"{file} is nested deeper than {MAX_DEPTH} levels", hint=_HINT)
    try:
        for number, record in _records(document):
            if fault := _fault(record, misfit):
                return FileRefused(f"{file}: record {number}{fault}", hint=_HINT)
    except duckdb.Error as other:
        reason = next(iter(str(other).strip().splitlines()), "")
    return FileRefused(f"{file}: {_plain(reason, document)}", hint=_HINT)


def _plain(reason: str, document: JsonText) -> str:
    """DuckDB's words without its own name for the file and the number of a line that may be another."""
    for noise in ("Invalid Input Error: ", "JSON transform error ", f'in file "{document.path}"', ", in line 1: "):
        reason = reason.replace(noise, "")
    return reason.strip(" .,") or "cannot be read"


def _records(document: JsonText) -> Iterator[tuple[int, str | bytes]]:
    if document.shape == "newline_delimited":
        with document.path.open("rb") as lines:
            yield from enumerate((line for line in lines if line.strip()), 1)
        return
    with duckdb.connect(":memory:") as engine:
        found = engine.execute(records_query(document))
        number = 0
        while rows := found.fetchmany(1000):
            for (record,) in rows:
                number += 1
                yield number, record


def _fault(record: str | bytes, misfit: Callable[[dict[str, object]], str | None]) -> str | None:
    try:
        value = json.loads(record, object_pairs_hook=_once)
        json.dumps(value, ensure_ascii=False).encode()
    except _Twice as error:
        return f" has the key {error.args[0]!r} twice in one object"
    except UnicodeEncodeError:
        return " holds half of a surrogate pair, which is no character"
    except RecursionError:
        return f" is nested deeper than {MAX_DEPTH} levels"
    except ValueError as error:
        return f" is no JSON: {error}"
    if not isinstance(value, dict):
        return f" is no object: {json.dumps(value, ensure_ascii=False)[:40]!r}"
    found = misfit(value)
    return f": {found}" if found else None


class _Twice(Exception):
    """A key that is there twice."""


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise _Twice(key)
        found[key] = value
    return found
