"""A ledger's database: its transactions, and its errors in Tidegate's words. Each kind of database has a module."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from tidegate.errors import LedgerUnreachable

T = TypeVar("T")

BUSY_SECONDS = 30
"""How long a statement waits for another process that writes, and a thread for a free connection."""

_TRIES = 5
_BUSY = "Let fewer threads share this ledger, or run the command again when they are done."


@dataclass(frozen=True)
class Failure:
    """An error of the database: its own words on one line, and what to do. `again`: the transaction, which has been
    rolled back as a whole, may succeed when it is run anew.
    """

    reason: str
    hint: str
    again: bool = False


@dataclass(frozen=True)
class Database:
    """A pair of engines over one pool. `name` is what errors call it, without any password.

    `writer`'s transactions exclude one another from their first statement on where the database is a file; elsewhere
    they lock what they read in order to change it. `exclude_migrations` lets one migration run at a time.
    """

    name: str
    reader: Engine
    writer: Engine
    explain: Callable[[DBAPIError], Failure]
    exclude_migrations: Callable[[Connection], None]

    def read(self, work: Callable[[Connection], T]) -> T:
        """What `work` returns, from a transaction that cannot write. Raises LedgerUnreachable."""
        with self._reported(), self.reader.begin() as connection:
            return work(connection)

    def write(self, work: Callable[[Connection], T]) -> T:
        """What `work` returns, after its transaction was committed; any error rolls it back.

        A transaction that the database gave up for another one's sake is run again, so `work` may run several times.
        Raises LedgerUnreachable.
        """
        with self._reported():
            for _ in range(_TRIES - 1):
                try:
                    return self._transaction(work)
                except DBAPIError as error:
                    if not self.explain(error).again:
                        raise
            return self._transaction(work)

    def close(self) -> None:
        """Close every connection; the next call opens one anew."""
        self.reader.dispose()

    def _transaction(self, work: Callable[[Connection], T]) -> T:
        with self.writer.begin() as connection:
            return work(connection)

    @contextmanager
    def _reported(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            failure = self.explain(error)
            message = f"the ledger {self.name} cannot be used: {failure.reason}"
            raise LedgerUnreachable(message, hint=failure.hint) from error
        except PoolTimeout as error:
            message = f"the ledger {self.name} cannot be used: no connection became free in {BUSY_SECONDS} s"
            raise LedgerUnreachable(message, hint=_BUSY) from error


def one_line(text: str) -> str:
    return " ".join(text.split()).lower()
