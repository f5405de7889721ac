"""Files that appear in folders and buckets without an event: looked for again and again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tidegate.arrivals.base import Received
from tidegate.flows.landing.places import Place
from tidegate.flows.load.landing import why_odd
from tidegate.formats.events.landed import Landed, Message
from tidegate.formats.events.parse import parse_address
from tidegate.model.landing import FileVersion

SETTLED = timedelta(seconds=2)
"""A file in a folder is complete when it was not written to for so long, by its time or by two looks."""

LOOK_SECONDS = 2.0


@dataclass
class ListedFiles:
    """The files of some places, each version once. `pause` waits for a number of seconds, or for less.

    A file that is moved in whole keeps its time of writing, and counts at once. One that a program writes to more
    rarely than every SETTLED seconds must be written under another name, or a hidden one, and renamed.
    """

    places: Sequence[Place]
    clock: Callable[[], datetime]
    pause: Callable[[float], object]
    _seen: dict[str, str] = field(default_factory=dict)
    _odd: set[str] = field(default_factory=set)
    _unsettled: dict[str, tuple[str, datetime]] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return ", ".join(place.address for place in self.places)

    def receive(self, seconds: float) -> Sequence[Received]:
        found = self._look()
        if not found and seconds > 0:
            self.pause(min(seconds, LOOK_SECONDS))
            found = self._look()
        return found

    def done(self, receipts: Sequence[str]) -> None:
        """A version that was seen is not told of again."""

    def failed(self, receipts: Sequence[str]) -> None:
        for receipt in receipts:
            self._seen.pop(receipt, None)

    def waiting(self) -> int:
        return len(self._unsettled)

    def close(self) -> None:
        """Nothing is open."""

    def _look(self) -> list[Received]:
        """New versions, in the order in which they were written."""
        now = self.clock()
        unsettled: dict[str, tuple[str, datetime]] = {}
        new: list[FileVersion] = []
        odd: list[str] = []
        for place in self.places:
            for file in place.files(odd.append):
                if self._seen.get(file.uri) == file.identity:
                    continue
                if place.whole or self._is_settled(file, now):
                    new.append(file)
                    self._seen[file.uri] = file.identity
                else:
                    since = self._unsettled.get(file.uri)
                    same = since is not None and since[0] == file.identity
                    unsettled[file.uri] = since if since is not None and same else (file.identity, now)
        self._unsettled = unsettled
        new.sort(key=lambda file: (file.landed_at or now, file.uri))
        strange = [path for path in odd if path not in self._odd]
        self._odd.update(strange)
        return [
            *(Received(path, Message(path, told=(f"{path} is not loaded: {why_odd(path)}",))) for path in strange),
            *(Received(file.uri, Message(file.uri, (_landed(file),))) for file in new),
        ]

    def _is_settled(self, file: FileVersion, now: datetime) -> bool:
        if file.landed_at is not None and file.landed_at + SETTLED <= now:
            return True
        identity, since = self._unsettled.get(file.uri, ("", now))
        return identity == file.identity and since + SETTLED <= now


def _landed(file: FileVersion) -> Landed:
    where = parse_address(file.uri)
    return Landed(where.bucket, where.key, file.size, file.etag, file.version, landed_at=file.landed_at)
