"""Results kept for their clients: rows as they are sent, cut into pages, on disk when they are many."""

import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tidegate.errors import StatementError
from tidegate.serve.data_api.values import csv_writer, json_writer, metadata
from tidegate.warehouse.base import ResultColumn, Row

PAGE_ROWS = 1000
PAGE_BYTES = 1_000_000
"""A page of GetStatementResult holds no more than this, and one row."""

LARGEST_ROW = 64 * 1024
"""Bytes (management guide, Considerations when calling the Data API)."""

LARGEST_RESULT = 100_000_000
"""Bytes as they are sent. The service itself has 500 MB after compression."""

_IN_MEMORY = 64 * 1024
"""Bytes of a result that stay in memory; a longer one is a file."""


class Folder:
    """Where results lie that do not stay in memory. It goes with the server."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="tidegate-results-")

    def file(self) -> Path:
        handle, name = tempfile.mkstemp(dir=self._folder.name)
        os.close(handle)
        return Path(name)

    def close(self) -> None:
        self._folder.cleanup()


@dataclass
class Stored:
    """One result. `pages` are the ends of its pages in `path`, or in `memory` while that is None."""

    format: str
    columns: list[dict[str, object]]
    rows: int = 0
    size: int = 0
    pages: list[int] = field(default_factory=list)
    memory: bytes = b""
    path: Path | None = None

    def page(self, number: int) -> bytes:
        """The records of a page as they are sent."""
        if not self.pages:
            return b"[]" if self.format == "JSON" else b""
        start = self.pages[number - 1] if number else 0
        end = self.pages[number]
        if self.path is None:
            return self.memory[start:end]
        with self.path.open("rb") as file:
            file.seek(start)
            return file.read(end - start)

    def drop(self) -> None:
        if self.path is not None:
            self.path.unlink(missing_ok=True)


class Spool:
    """Takes a result row by row and keeps no more than one page of it in memory."""

    def __init__(self, folder: Folder, format: str, columns: Sequence[ResultColumn]) -> None:
        self._folder = folder
        self._stored = Stored(format, metadata(columns))
        self._json = format == "JSON"
        self._write = json_writer(columns) if self._json else csv_writer(columns)
        self._page: list[bytes] = []
        self._page_size = 0
        self._kept: list[bytes] = []

    def add(self, rows: Iterable[Row]) -> None:
        """Raises StatementError when a row, or the result, is longer than the API returns."""
        for row in rows:
            line = self._write(row)
            if len(line) > LARGEST_ROW:
                raise StatementError(
                    f"the result row of {len(line)} bytes is too large: packet exceeds {LARGEST_ROW} bytes",
                    hint="Select fewer or shorter columns.",
                )
            self._stored.rows += 1
            self._stored.size += len(line)
            if self._stored.size > LARGEST_RESULT:
                raise StatementError(
                    f"the query result exceeds {LARGEST_RESULT} bytes", hint="Select fewer rows, or UNLOAD them."
                )
            self._page.append(line)
            self._page_size += len(line)
            if len(self._page) == PAGE_ROWS or self._page_size >= PAGE_BYTES:
                self._end_page()

    def finish(self) -> Stored:
        if self._page:
            self._end_page()
        if self._stored.path is None:
            self._stored.memory = b"".join(self._kept)
            self._kept.clear()
        return self._stored

    def drop(self) -> None:
        """Throw away what was taken."""
        self._stored.drop()

    def _end_page(self) -> None:
        page = b"[" + b",".join(self._page) + b"]" if self._json else b"".join(self._page)
        self._page.clear()
        self._page_size = 0
        end = len(page) + (self._stored.pages[-1] if self._stored.pages else 0)
        self._stored.pages.append(end)
        self._kept.append(page)
        if self._stored.path is None and end > _IN_MEMORY:
            self._stored.path = self._folder.file()
        if self._stored.path is not None:
            with self._stored.path.open("ab") as file:
                file.writelines(self._kept)
            self._kept.clear()
