"""Where files of routes lie, and what is there now: listings of the lake, of buckets, and of folders."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tidegate.config.patterns import KeyPattern
from tidegate.flows.context import Context
from tidegate.lake.base import Lake
from tidegate.model.landing import FileVersion
from tidegate.model.route import Route

_S3 = "s3://"


@dataclass(frozen=True)
class Place:
    """What begins with `prefix` in a lake. `whole`: an object appears only when it is complete."""

    lake: Lake
    prefix: str
    whole: bool

    @property
    def address(self) -> str:
        return self.lake.uri(self.prefix)

    def files(self, odd: Callable[[str], object] | None = None) -> Iterator[FileVersion]:
        """All files, in the order of their addresses, as a stream. Folder markers are none. `odd`: see Lake.list."""
        for info in self.lake.list(self.prefix, odd=odd):
            if not info.key.endswith("/"):
                yield FileVersion(self.lake.uri(info.key), info.size, info.etag, info.version, landed_at=info.modified)


def place_of(ctx: Context, route: Route, folder: Path | None = None) -> Place:
    """Where the files of a route lie: in the lake, or in `folder`, unless its match names another place."""
    pattern = KeyPattern(route.match)
    prefix = pattern.prefix
    if prefix.startswith(_S3):
        bucket, _, key = prefix.removeprefix(_S3).partition("/")
        own = ctx.settings.lake_address
        if prefix.startswith(own):
            return _place(ctx.lake, prefix.removeprefix(own))
        return _place(ctx.lake_at(f"{_S3}{bucket}/", None), key)
    if prefix.startswith("/"):
        return folder_place(ctx, prefix)
    return _place(ctx.lake if folder is None else ctx.lake_at(f"{folder}/", None), prefix)


def folder_place(ctx: Context, path: str) -> Place:
    """Files whose paths begin with `path`, which is absolute."""
    own = f"{ctx.settings.lake_address}/"
    if path.startswith(own):
        return _place(ctx.lake, path.removeprefix(own))
    head, _, name = path.rpartition("/")
    return _place(ctx.lake_at(f"{head}/", None), name)


def distinct(places: Iterable[Place]) -> Sequence[Place]:
    """Without those that lie inside another."""
    kept: list[Place] = []
    for place in sorted(places, key=lambda place: place.address):
        if not any(place.address.startswith(outer.address) for outer in kept):
            kept.append(place)
    return kept


def _place(lake: Lake, prefix: str) -> Place:
    return Place(lake, prefix, whole=not lake.capabilities.checksums)
