"""Files in a folder that land in the warehouse of a small world."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from tests.world import World

from tidegate.app.loading import direct_route
from tidegate.flows.context import Context
from tidegate.flows.load.landing import Landing
from tidegate.flows.load.plan import LoadPlan, LoadRequest, plan_load
from tidegate.flows.load.run import run_load
from tidegate.flows.load.statements import load_statements
from tidegate.lake.base import Lake
from tidegate.lake.local import LocalLake
from tidegate.model.loading import LoadOutcome
from tidegate.model.route import LoadMode, Route

TABLE = "public.sales"


def folder_at(address: str, region: str | None) -> Lake:
    return LocalLake(Path(address))


class Notices:
    """A reporter that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def progress(self, event: object) -> None:
        return None

    def notice(self, message: str) -> None:
        self.told.append(message)


@dataclass(frozen=True)
class Land:
    """A folder, beside the world where no other is named, and loads of what lies in it."""

    world: World
    place: Path | None = None

    @property
    def folder(self) -> Path:
        folder = self.place or self.world.folder / "land"
        folder.mkdir(exist_ok=True)
        return folder

    def write(self, name: str, columns: dict[str, Any], *, minute: int = 0, **options: Any) -> Path:
        """A Parquet file that landed at 10:`minute` on 2020-06-20."""
        path = self.folder / name
        table = columns if isinstance(columns, pa.Table) else pa.table(columns)
        pq.write_table(table, path.with_suffix(".new"), **options)
        return self.landed(path, minute)

    def put(self, name: str, data: bytes | str, minute: int = 0) -> Path:
        """A file of these bytes, or this text in UTF-8, that landed at 10:`minute` on 2020-06-20."""
        path = self.folder / name
        path.with_suffix(".new").write_bytes(data if isinstance(data, bytes) else data.encode())
        return self.landed(path, minute)

    def landed(self, path: Path, minute: int) -> Path:
        """Put what is beside `path` in its place, as a new file."""
        seconds = 1_592_647_200 + 60 * minute
        os.utime(path.with_suffix(".new"), (seconds, seconds))
        path.with_suffix(".new").replace(path)
        return path

    def context(self, ctx: Context) -> Context:
        return replace(ctx, lake_at=folder_at, sleep=lambda seconds: None)

    def plan(self, ctx: Context, route: Route, paths: Sequence[Path] = (), *, exact: bool = False) -> LoadPlan:
        files = Landing(ctx).find([str(path) for path in paths or (self.folder,)])
        return plan_load(ctx, LoadRequest(route, tuple(files), exact))

    def load(self, *paths: Path, route: Route | None = None, notices: Notices | None = None) -> LoadOutcome:
        with self.world.context() as ctx:
            ctx = self.context(ctx)
            ctx = ctx if notices is None else replace(ctx, reporter=notices)
            return run_load(ctx, self.plan(ctx, route or appending(), paths))

    def sql(self, route: Route | None = None, *, exact: bool = False) -> list[tuple[str, str]]:
        """Step and text of each planned statement."""
        with self.world.context() as ctx:
            ctx = self.context(ctx)
            plan = self.plan(ctx, route or appending(), exact=exact)
            return [(planned.step, planned.sql) for planned in load_statements(ctx, plan)]

    def rows(self, columns: str = "*", table: str = TABLE) -> list[tuple[Any, ...]]:
        return sorted(self.world.sql(f"SELECT {columns} FROM {table}"), key=repr)

    def loaded(self) -> list[tuple[str, int]]:
        """Name and rows of each loaded file version."""
        found = self.world.sql("SELECT uri, row_count FROM tidegate.loaded_files ORDER BY loaded_at, uri")
        return [(Path(uri).name, rows) for uri, rows in found]

    def quarantined(self) -> list[tuple[str, str, int | None]]:
        """Name, code and rows aside of each file in quarantine."""
        found = self.world.sql("SELECT uri, code, row_count FROM tidegate.quarantined_files ORDER BY uri")
        return [(Path(uri).name, code, rows) for uri, code, rows in found]


def appending(**options: Any) -> Route:
    return replace(direct_route(TABLE), **options)


def upserting(*key: str, version: str | None = None, **options: Any) -> Route:
    return replace(direct_route(TABLE, key, LoadMode.UPSERT, version), **options)


def history(*key: str, version: str | None = "at", **options: Any) -> Route:
    return replace(direct_route(TABLE, key or ("id",), LoadMode.HISTORY, version), **options)


def names(files: Sequence[Any]) -> list[str]:
    """Names of file versions, or of quarantined files."""
    return [Path(getattr(file, "file", file).uri).name for file in files]
