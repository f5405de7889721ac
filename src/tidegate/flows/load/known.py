"""Which versions of files the warehouse has loaded: looked at before the work, for thrift; a guard decides."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tidegate.flows.context import Context
from tidegate.flows.published import as_moment
from tidegate.model.landing import FileVersion
from tidegate.model.names import TableName
from tidegate.model.route import LoadMode, Route
from tidegate.redshift.loaded import LoadedFiles


@dataclass(frozen=True)
class Sorted:
    """`overwritten`: of those in `new`, the files of which another version is loaded."""

    new: tuple[FileVersion, ...]
    already: tuple[FileVersion, ...]
    stale: tuple[FileVersion, ...]
    overwritten: tuple[FileVersion, ...]


@dataclass(frozen=True)
class Known:
    """Loaded versions by uri: identity and sequencer of each.

    `newest`: when the file landed that is the whole table, where one file is.
    """

    versions: Mapping[str, Sequence[tuple[str, str | None]]]
    newest: datetime | None = None

    def sort(self, files: Iterable[FileVersion]) -> Sorted:
        new, already, stale, overwritten = (list[FileVersion]() for _ in range(4))
        for file in files:
            loaded = self.versions.get(file.uri, ())
            if any(identity == file.identity for identity, _ in loaded):
                already.append(file)
            elif self._is_late(file) or any(file.is_older_than(sequencer) for _, sequencer in loaded):
                stale.append(file)
            else:
                new.append(file)
                if loaded:
                    overwritten.append(file)
        return Sorted(tuple(new), tuple(already), tuple(stale), tuple(overwritten))

    def _is_late(self, file: FileVersion) -> bool:
        return self.newest is not None and file.landed_at is not None and file.landed_at < self.newest


def read_known(ctx: Context, route: Route, table: TableName, files: Sequence[FileVersion]) -> Known:
    versions: dict[str, list[tuple[str, str | None]]] = {}
    control = LoadedFiles(ctx.settings.control_schema)
    for statement in control.select_loaded(table, [file.uri for file in files]):
        for uri, identity, sequencer, *_ in ctx.warehouse.execute(statement).rows:
            versions.setdefault(str(uri), []).append((str(identity), None if sequencer is None else str(sequencer)))
    newest = _newest(ctx, control, table) if files and route.mode is LoadMode.REPLACE else None
    return Known(versions, newest)


def known_bad(ctx: Context, table: TableName, files: Sequence[FileVersion]) -> list[FileVersion]:
    """Those of the versions that are in quarantine: few, so that loads of different tables do not meet there."""
    control = LoadedFiles(ctx.settings.control_schema)
    found = {
        (str(uri), str(identity))
        for statement in control.select_known_bad(table, files)
        for uri, identity in ctx.warehouse.execute(statement).rows
    }
    return [file for file in files if (file.uri, file.identity) in found]


def only_newest(route: Route, split: Sorted) -> Sorted:
    """Of files each of which would be the whole table, the one that landed last; the others are stale."""
    if route.mode is not LoadMode.REPLACE or len(split.new) < 2:
        return split
    *older, newest = sorted(split.new, key=order_of)
    kept = tuple(file for file in split.overwritten if file == newest)
    return Sorted((newest,), split.already, (*split.stale, *older), kept)


def order_of(file: FileVersion) -> tuple[float, str]:
    """Files as they landed."""
    return file.landed_at.timestamp() if file.landed_at else 0.0, file.uri


def _newest(ctx: Context, control: LoadedFiles, table: TableName) -> datetime | None:
    value = ctx.warehouse.execute(control.select_newest(table)).rows[0][0]
    return None if value is None else as_moment(value)
