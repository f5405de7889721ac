"""Files that arrive one by one become batches: closed by count, by size, or by the age of their first file."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tidegate.model.landing import FileVersion
from tidegate.model.names import TableName
from tidegate.model.route import Route

_Group = tuple[str, str | None, TableName | None]


@dataclass
class Batch:
    """Files of one route and table, in the order in which they came. `since`: when the first came."""

    route: Route
    since: datetime
    files: dict[str, FileVersion] = field(default_factory=dict)
    receipts: list[str] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        return sum(file.size for file in self.files.values())

    @property
    def due_at(self) -> datetime:
        return self.since + timedelta(seconds=self.route.batch_seconds)


class Batches:
    """Open batches, one for each route and table.

    What `add` and `due` return is closed: it is in no open batch any more, and nothing is added to it.
    """

    def __init__(self) -> None:
        self._open: dict[_Group, Batch] = {}

    def add(self, route: Route, file: FileVersion, receipts: Iterable[str], now: datetime) -> list[Batch]:
        """Put a file in, and return the batches that it closes. The same version twice is one file.

        Of two versions of one key the newer is kept, by the sequencer, else by when they came: a load reads what is
        there.
        """
        group = (route.match, route.name_pattern, route.table)
        closed: list[Batch] = []
        batch = self._open.get(group)
        if batch and file.uri not in batch.files and batch.bytes + file.size > route.batch_bytes:
            closed.append(self._open.pop(group))
            batch = None
        if batch is None:
            batch = self._open[group] = Batch(route, now)
        kept = batch.files.get(file.uri)
        if kept is None or not file.is_older_than(kept.sequencer):
            batch.files[file.uri] = file
        batch.receipts += receipts
        if len(batch.files) >= route.batch_files or batch.bytes >= route.batch_bytes:
            closed.append(self._open.pop(group))
        return closed

    def due(self, now: datetime) -> list[Batch]:
        """Batches whose first file is old enough, the oldest first."""
        groups = [group for group, batch in self._open.items() if batch.due_at <= now]
        return sorted((self._open.pop(group) for group in groups), key=lambda batch: batch.since)

    def rest(self) -> list[Batch]:
        """All that are open, the oldest first; none is left."""
        batches = sorted(self._open.values(), key=lambda batch: batch.since)
        self._open = {}
        return batches

    def next_at(self) -> datetime | None:
        """When the next batch is due, None when none is open."""
        return min((batch.due_at for batch in self._open.values()), default=None)
