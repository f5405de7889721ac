"""An embedded warehouse in a folder of its own, and what the tests of UNLOAD, COPY and external tables ask of it."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tidegate.config.settings import EmbeddedSettings
from tidegate.errors import TidegateError
from tidegate.warehouse.embedded import transpile
from tidegate.warehouse.embedded.context import Context
from tidegate.warehouse.embedded.driver import EmbeddedWarehouse
from tidegate.warehouse.embedded.session import EmbeddedSession


@dataclass(frozen=True)
class Scan:
    """`files` were opened (one at least, for its schema), of `total_row_groups` in them `row_groups` were read."""

    files: int
    row_groups: int
    total_row_groups: int


def _scans(node: dict[str, Any]) -> Iterator[Scan]:
    extra = node["extra_info"]
    if extra.get("Function") == "READ_PARQUET":
        yield Scan(
            int(extra["Total Files Read"]), node.get("row_groups_scanned", 0), node.get("total_row_groups_to_scan", 0)
        )
    for child in node.get("children", ()):
        yield from _scans(child)


class Place:
    """A folder with a warehouse file and a lake; relative paths in SQL start from the folder."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.lake = base / "lake"
        self.lake.mkdir(exist_ok=True)
        self.warehouse = EmbeddedWarehouse(EmbeddedSettings(base / "w.duckdb", base, lake_root=self.lake))

    def run(self, *statements: str) -> int:
        """Run statements, each by itself; the last one's row count."""
        with self.warehouse.session() as session:
            return [session.execute(sql).rowcount for sql in statements][-1]

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        return list(self.warehouse.execute(sql).rows)

    def look(self, work: Callable[[Context], None]) -> None:
        """Run something in a transaction of its own, with what a statement handler sees."""
        with self.warehouse.session() as session:
            assert isinstance(session, EmbeddedSession)
            session.read(work)

    def profile(self, sql: str) -> list[Scan]:
        """Run a query and tell what each reader of Parquet files touched."""
        profiles: list[str] = []

        def look(ctx: Context) -> None:
            query = transpile.query(ctx, sql)
            row = ctx.cursor.execute(f"EXPLAIN (ANALYZE, FORMAT json) {query}").fetchone()
            assert row is not None
            profiles.append(row[1])

        self.look(look)
        return [scan for root in json.loads(profiles[0])["operator"] for scan in _scans(root)]

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.base / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def files(self, folder: str = "") -> list[str]:
        """Paths of all files below a folder, relative to it, without the warehouse's own."""
        root = self.base / folder
        found = (p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file())
        return sorted(f for f in found if not f.startswith("w.duckdb"))

    def read(self, name: str) -> list[dict[str, object]]:
        """The rows of one Parquet file, by pyarrow."""
        rows: list[dict[str, object]] = pq.ParquetFile(self.base / name).read().to_pylist()
        return rows

    def json(self, name: str) -> Any:
        return json.loads((self.base / name).read_text())


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.warehouse.close()


@contextmanager
def refused(kind: type[TidegateError], message: str) -> Iterator[None]:
    """The block must raise this very kind with this very message, and a hint."""
    with pytest.raises(kind) as caught:
        yield
    assert type(caught.value) is kind
    assert str(caught.value) == message
    assert caught.value.hint.endswith(".")
