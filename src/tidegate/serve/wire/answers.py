"""What statements answer: rows that are taken bit by bit, and a command tag at the end."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from tidegate.warehouse.base import Result, ResultColumn, Row
from tidegate.warehouse.embedded.session import EmbeddedSession

_BATCH = 2_000
"""Rows that are turned into messages at once."""


class Answer:
    """The answer of a statement. `columns` is None where it returns no rows. Close it when it is no longer read."""

    def __init__(self, tag: str, columns: tuple[ResultColumn, ...] | None = None, chunks: "Chunks | None" = None):
        self.tag = tag
        self.columns = columns
        self._chunks = chunks or Chunks(iter(()))

    def batches(self, limit: int) -> Iterator[Sequence[Row]]:
        """At most `limit` more rows, 0 for all, in batches of a size that can be sent."""
        return self._chunks.batches(limit)

    @property
    def exhausted(self) -> bool:
        """Whether all rows were taken."""
        return self._chunks.exhausted

    def close(self) -> None:
        self._chunks.close()


class Chunks:
    """Rows out of chunks of any size. `resources` are let go of by `close`."""

    def __init__(self, chunks: Iterator[Sequence[Row]], resources: ExitStack | None = None) -> None:
        self._chunks = chunks
        self._resources = resources or ExitStack()
        self._held: Sequence[Row] = ()
        self._at = 0

    def batches(self, limit: int) -> Iterator[Sequence[Row]]:
        left = limit
        while not self.exhausted and (left > 0 or limit == 0):
            size = _BATCH if limit == 0 else min(_BATCH, left)
            batch = self._held[self._at : self._at + size]
            self._at += len(batch)
            left -= len(batch)
            yield batch

    @property
    def exhausted(self) -> bool:
        while self._at >= len(self._held):
            chunk = next(self._chunks, None)
            if chunk is None:
                self._held, self._at = (), 0
                return True
            self._held, self._at = chunk, 0
        return False

    def close(self) -> None:
        self._chunks, self._held = iter(()), ()
        self._resources.close()


def streamed(session: EmbeddedSession, sql: str) -> tuple[tuple[ResultColumn, ...], Chunks]:
    """The columns and the rows of a query that is read while it runs. Raises as `Session.stream`."""
    resources = ExitStack()
    rows = resources.enter_context(session.stream(sql))
    return rows.columns, Chunks(rows.chunks, resources)


def finished(result: Result) -> Answer:
    """The answer of a statement that has run."""
    tag = {"INSERT": f"INSERT 0 {result.rowcount}"}.get(result.command, result.command)
    if result.command in ("UPDATE", "DELETE", "MERGE"):
        tag = f"{result.command} {result.rowcount}"
    if not result.columns:
        return Answer(tag)
    return Answer(tag, result.columns, Chunks(iter((result.rows,))))
