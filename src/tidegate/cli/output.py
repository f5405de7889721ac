"""What a command prints: results on stdout, for people or for machines; notices and progress on stderr."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from typing import TextIO

from tidegate.cli.cells import NUMERIC, for_csv, for_people, plain, width
from tidegate.errors import Unreachable
from tidegate.warehouse.base import ResultColumn, Row, RowStream

_MEASURED = 1000
"""Rows that decide how wide a column is drawn; a wider value further down pushes its line out of shape."""


@dataclass(frozen=True)
class Output:
    """`as_json`: stdout holds JSON alone, one document a line."""

    as_json: bool = False

    def result(self, document: Mapping[str, object], lines: Iterable[str]) -> None:
        """The outcome of a command: `document` for machines, `lines` for people."""
        if self.as_json:
            self.document(document)
        else:
            self.lines(lines)

    def document(self, document: Mapping[str, object]) -> None:
        self.write(json.dumps(document, ensure_ascii=False, default=plain) + "\n")

    def lines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(f"{line}\n")

    def notice(self, message: str) -> None:
        """For a person to read, whatever the form of the result."""
        _write(sys.stderr, f"{message}\n")

    def ask(self, question: str) -> bool:
        """Ask a person at the terminal; anything but y or yes is a no."""
        _write(sys.stderr, f"{question} [y/N]: ")
        sys.stderr.flush()
        answer = sys.stdin.readline()
        if not answer.endswith("\n"):
            _write(sys.stderr, "\n")
        return answer.strip().lower() in ("y", "yes")

    def write(self, text: str) -> None:
        _write(sys.stdout, text)


def table(columns: Sequence[ResultColumn], rows: Iterable[Row]) -> Iterator[str]:
    """Aligned lines, numbers to the right. Holds no more rows than it takes to measure the columns."""
    rest = iter(rows)
    first = [[for_people(value) for value in row] for row in islice(rest, _MEASURED)]
    heads = [for_people(column.name) for column in columns]
    widths = [max(map(width, cells)) for cells in zip(heads, *first, strict=True)]
    right = [column.type.lower().startswith(NUMERIC) for column in columns]
    yield _line(heads, widths, [False] * len(heads))
    yield "  ".join("-" * size for size in widths)
    for cells in chain(first, ([for_people(value) for value in row] for row in rest)):
        yield _line(cells, widths, right)


def json_rows(columns: Sequence[ResultColumn], chunks: Iterable[Sequence[Row]]) -> Iterator[str]:
    """`{"columns": [{"name", "type"}], "rows": [[…]]}` in pieces, a piece for each chunk of rows."""
    head = [{"name": column.name, "type": column.type} for column in columns]
    yield f'{{"columns": {json.dumps(head, ensure_ascii=False)}, "rows": ['
    separator = ""
    for chunk in chunks:
        if chunk:
            texts = (json.dumps([plain(value) for value in row], ensure_ascii=False) for row in chunk)
            yield separator + ", ".join(texts)
            separator = ", "
    yield "]}\n"


def csv_lines(columns: Sequence[ResultColumn], chunks: Iterable[Sequence[Row]]) -> Iterator[str]:
    """A header, then a line for each row, without line ends."""
    yield for_csv([column.name for column in columns])
    for chunk in chunks:
        yield from map(for_csv, chunk)


def started(stream: RowStream) -> RowStream:
    """The same rows with the first chunk read: what fails at once fails before anything is printed."""
    first = next(stream.chunks, ())
    return RowStream(stream.columns, chain([first], stream.chunks))


def counted(number: int, singular: str, plural: str = "") -> str:
    """`1 row`, `1,234 rows`."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    padded = [
        " " * (size - width(cell)) + cell if to_right else cell + " " * (size - width(cell))
        for cell, size, to_right in zip(cells, widths, right, strict=True)
    ]
    return "  ".join(padded).rstrip()


def flush() -> None:
    """Hand over what stdout has buffered. Raises Unreachable as every write does."""
    with _told_if_lost():
        sys.stdout.flush()


def _write(stream: TextIO, text: str) -> None:
    with _told_if_lost():
        stream.write(text)


@contextmanager
def _told_if_lost() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Unreachable(
            f"cannot write the output: {(error.strerror or str(error)).lower()}",
            hint="Free some space, or write the output elsewhere.",
        ) from error
