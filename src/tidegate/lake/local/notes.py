"""What a folder remembers of an object in a colder tier, and how it stands with what lies in the lake."""

import json
import os
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, time, timedelta

from tidegate.errors import CorruptRecord
from tidegate.lake.base import ObjectInfo
from tidegate.model.tiers import Thaw, ThawState, Tier

_FORMAT = 1


@dataclass(frozen=True)
class Note:
    """`size`, `etag`, `modified` and `sha256` are those of the object before it moved; times are in UTC.

    `sha256` is None in a tier that can be read. `copy_etag` is that of the thawed copy, which is read until `until`.
    """

    tier: Tier
    size: int
    etag: str
    modified: datetime
    moved_at: datetime
    sha256: str | None = None
    copy_etag: str | None = None
    until: datetime | None = None

    def render(self) -> bytes:
        return json.dumps({"format": _FORMAT, **asdict(self)}, default=datetime.isoformat, indent=1).encode()

    @classmethod
    def parse(cls, data: bytes, where: str) -> "Note":
        """Raises CorruptRecord, which names `where`."""
        try:
            values = json.loads(data)
            if values.pop("format") != _FORMAT:
                raise ValueError("another format")
            until = values.pop("until")
            return cls(
                tier=Tier(values.pop("tier")),
                modified=datetime.fromisoformat(values.pop("modified")),
                moved_at=datetime.fromisoformat(values.pop("moved_at")),
                until=datetime.fromisoformat(until) if until else None,
                **values,
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise CorruptRecord(
                f"the note {where!r} of an object's tier cannot be read: {error}",
                hint="Restore the file from a backup of the cold folder.",
            ) from error


def describe(key: str, status: os.stat_result) -> ObjectInfo:
    """A file as an object."""
    seconds, nanoseconds = divmod(status.st_mtime_ns, 1_000_000_000)
    return ObjectInfo(
        key=key,
        size=status.st_size,
        etag=f"{status.st_ino:x}-{status.st_mtime_ns:x}-{status.st_size:x}",
        modified=datetime.fromtimestamp(seconds, UTC).replace(microsecond=nanoseconds // 1000),
    )


def combine(key: str, status: os.stat_result | None, note: Note | None, now: datetime) -> ObjectInfo | None:
    """The object that a file of the lake and a note make together; None where there is none.

    A file that is neither the object of the note nor its thawed copy came later: the note says nothing about it. The
    file of an object that was on its way into a tier that parks is still the object.
    """
    file = describe(key, status) if status is not None else None
    if note is None or (file is not None and file.etag not in (note.etag, note.copy_etag)):
        return file
    if file is not None and file.etag == note.etag:
        return file if note.tier.parks else replace(file, tier=note.tier)
    if not note.tier.parks:
        return file
    thawed = file is not None and note.until is not None and now < note.until
    thaw = Thaw(ThawState.THAWED, note.until) if thawed else Thaw(ThawState.PARKED)
    return ObjectInfo(key, note.size, note.etag, note.modified, tier=note.tier, thaw=thaw)


def next_midnight(moment: datetime) -> datetime:
    """When S3 ends what was asked for until `moment`: the next midnight in UTC (S3 User Guide, Restoring an object)."""
    return datetime.combine(moment.astimezone(UTC).date() + timedelta(days=1), time(), UTC)
