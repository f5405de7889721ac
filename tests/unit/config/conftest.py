from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tidegate.config.loader import load
from tidegate.config.settings import Settings

BASE = '[warehouse]\nurl = "duckdb:///warehouse.duckdb"\n[lake]\nurl = "lake"\n'

Load = Callable[..., Settings]


@pytest.fixture
def settings(tmp_path: Path) -> Load:
    """Write a tidegate.toml of `text`, by default below the least that it needs, and load it."""

    def write_and_load(text: str = "", *, base: str = BASE, environ: Mapping[str, str] | None = None) -> Settings:
        file = tmp_path / "tidegate.toml"
        file.write_text(base + text, encoding="utf-8")
        return load(file, environ or {})

    return write_and_load
