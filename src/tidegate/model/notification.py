"""What people are told of work that was done while nobody looked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

MOST = 20
"""Problems, and tables, that one notification lists; of the others it says how many there are."""


class NotificationKind(StrEnum):
    """UPLOAD: files were seen and are about to be loaded. WARNING: files were gone before they could be."""

    UPLOAD = "upload"
    SUCCESS = "success"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Problem:
    """What could not be done, why, and the next step."""

    name: str
    reason: str
    hint: str = ""

    @property
    def lines(self) -> tuple[str, ...]:
        said = self.reason if self.name in self.reason else f"{self.name}: {self.reason}"
        return (said, f"  {self.hint}") if self.hint else (said,)


@dataclass(frozen=True)
class Share:
    """What a notification says of one table. `operation`: append, upsert, … `example`: one of the files.

    `files` is 0 where it is not known how many there are.
    """

    table: str
    operation: str = ""
    files: int = 0
    rows: int = 0
    bytes: int = 0
    example: str = ""

    def __add__(self, other: "Share") -> "Share":
        return replace(
            self, files=self.files + other.files, rows=self.rows + other.rows, bytes=self.bytes + other.bytes
        )


@dataclass(frozen=True)
class Notification:
    """One message. `failed`: how many problems there are, of which `problems` are the first. `text`: the title of what
    is not of files, `body`: what it says besides.
    """

    kind: NotificationKind
    shares: tuple[Share, ...] = ()
    problems: tuple[Problem, ...] = ()
    failed: int = 0
    text: str = ""
    body: tuple[str, ...] = ()

    @property
    def tables(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(share.table for share in self.shares))

    @property
    def status(self) -> str:
        """`landed`, `loaded`, `partial`, `warning` or `failed`."""
        if self.kind is NotificationKind.SUCCESS and self.failed:
            return "partial"
        return _STATUS[self.kind]

    @property
    def title(self) -> str:
        """One line that begins with the kind."""
        return f"{self.kind.upper()}: {self.text or self._of_files()}"

    @property
    def lines(self) -> tuple[str, ...]:
        """The body."""
        shown = self.shares[:MOST]
        lines = list(self.body)
        lines += self._fields(shown[0]) if len(shown) == 1 else [self._line(share) for share in shown]
        if len(self.shares) > MOST:
            lines.append(f"and {len(self.shares) - MOST:,} more")
        if self.shares:
            left = f", {counted(self.failed, 'file')} in quarantine" if self.status == "partial" else ""
            lines.append(f"status: {self.status}{left}")
        lines += [line for problem in self.problems for line in problem.lines]
        if self.problems and self.failed > len(self.problems):
            lines.append(f"and {self.failed - len(self.problems):,} more")
        return tuple(lines)

    @property
    def facts(self) -> Mapping[str, str | int]:
        """The same for programs."""
        return {
            "kind": self.kind.value,
            "status": self.status,
            "table": ", ".join(self.tables[:MOST]),
            "files": sum(share.files for share in self.shares),
            "rows": sum(share.rows for share in self.shares),
            "bytes": sum(share.bytes for share in self.shares),
            "failed": self.failed,
        }

    def _of_files(self) -> str:
        where = self.tables[0] if len(self.tables) == 1 else counted(len(self.tables), "table")
        number = sum(share.files for share in self.shares)
        files = counted(number, "file")
        if self.kind is NotificationKind.UPLOAD:
            return f"{files} landed for {where}"
        if self.kind is NotificationKind.SUCCESS:
            return f"{counted(sum(share.rows for share in self.shares), 'row')} of {files} loaded into {where}"
        if self.kind is NotificationKind.WARNING:
            return f"{files} for {where} gone before the load"
        return f"{files} failed to load into {where}" if number else f"loading into {where} failed"

    def _fields(self, share: Share) -> Iterator[str]:
        """The one table of a notification."""
        yield f"table: {share.table}"
        if share.operation:
            yield f"operation: {share.operation}"
        if share.files:
            yield f"files: {share.files:,}" if share.files > 1 or not share.example else f"file: {share.example}"
        if self.kind is NotificationKind.SUCCESS:
            yield f"rows: {share.rows:,}"
        if share.bytes:
            yield f"bytes: {share.bytes:,}"

    def _line(self, share: Share) -> str:
        """One of many tables."""
        rows = f", {counted(share.rows, 'row')}" if self.kind is NotificationKind.SUCCESS else ""
        operation = f" ({share.operation})" if share.operation else ""
        return f"{share.table}: {counted(share.files, 'file')}{rows}{operation}"


@dataclass(frozen=True)
class Delivered:
    """How often a message was given to a channel, and how often a channel did not take one."""

    sent: int = 0
    failed: int = 0

    def __add__(self, other: "Delivered") -> "Delivered":
        return Delivered(self.sent + other.sent, self.failed + other.failed)

    def __sub__(self, other: "Delivered") -> "Delivered":
        return Delivered(self.sent - other.sent, self.failed - other.failed)


_STATUS = {
    NotificationKind.UPLOAD: "landed",
    NotificationKind.SUCCESS: "loaded",
    NotificationKind.WARNING: "warning",
    NotificationKind.ERROR: "failed",
}


def joined(notifications: Sequence[Notification]) -> Notification:
    """Those of one kind as one: a share for each table and operation, and the first problems, each once."""
    first = notifications[0]
    if len(notifications) == 1:
        return first
    shares: dict[tuple[str, str], Share] = {}
    problems: dict[Problem, None] = {}
    failed = 0
    for one in notifications:
        for share in one.shares:
            place = (share.table, share.operation)
            shares[place] = shares[place] + share if place in shares else share
        new = [problem for problem in one.problems if problem not in problems]
        failed += one.failed - (len(one.problems) - len(new))
        problems.update(dict.fromkeys(new[: MOST - len(problems)]))
    text = "; ".join(dict.fromkeys(one.text for one in notifications if one.text))
    body = dict.fromkeys(line for one in notifications for line in one.body)
    return Notification(first.kind, tuple(shares.values()), tuple(problems), failed, text, tuple(body)[:MOST])


def counted(number: int, what: str) -> str:
    """`1 row`, `1,234 rows`."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
