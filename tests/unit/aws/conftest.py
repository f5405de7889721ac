"""A warehouse that a handler loads into."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import CONFIG, Cli

from tidegate.aws import load

ROUTES = """
[[load]]
match = "in/{table}/*.parquet"
"""


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An initialised warehouse with a route: for copies."""
    folder = tmp_path_factory.mktemp("founded")
    with pytest.MonkeyPatch.context() as monkeypatch:
        (folder / "tidegate.toml").write_text(CONFIG + ROUTES, encoding="utf-8")
        monkeypatch.chdir(folder)
        Cli(folder, monkeypatch).ok("init")
    return folder


@pytest.fixture
def landing(founded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cli]:
    """A copy of it, and a handler that finds its configuration by the variable."""
    shutil.copytree(founded, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TIDEGATE_CONFIG", str(tmp_path / "tidegate.toml"))
    yield Cli(tmp_path, monkeypatch)
    load._apps.drop(str(tmp_path / "tidegate.toml"))
