"""An embedded warehouse in a folder of its own, and what the tests of UNLOAD, COPY and external tables ask of it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tidegate.config.settings import EmbeddedSettings
from tidegate.errors import TidegateError
from tidegate.warehouse.embedded.driver import EmbeddedWarehouse


class Place:
    """A folder with a warehouse file and a lake; relative paths in SQL start from the folder."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.lake = base / "lake"
        self.lake.mkdir(exist_ok=True)
        self.warehouse = EmbeddedWarehouse(EmbeddedSettings(base / "w.duckdb", base, lake_root=self.lake))

    def run(self, *statements: str) -> int:
        """Run statements, each by itself; the last one's row count."""
        rows = 0
        for sql in statements:
            rows = self.warehouse.execute(sql).rowcount
        return rows

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        return list(self.warehouse.execute(sql).rows)

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
