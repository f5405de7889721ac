"""The command line, run in this process in a fresh folder with a tidegate.toml."""

import io
import json
import shutil
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tidegate.cli.main import main

CONFIG = """\
[warehouse]
url = "duckdb:///warehouse.duckdb"
[lake]
url = "lake"
[ledger]
url = "sqlite:///tidegate.sqlite"
"""

ORDERS = """
[[archive]]
table = "public.orders"
column = "order_date"
granularity = "monthly"
retention = 3
"""


@dataclass(frozen=True)
class Outcome:
    """What a command left behind."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def documents(self) -> list[Any]:
        """Every line of stdout as JSON."""
        return [json.loads(line) for line in self.stdout.splitlines()]

    @property
    def document(self) -> Any:
        """The only line of stdout as JSON."""
        (document,) = self.documents
        return document


@dataclass(frozen=True)
class Cli:
    """Call it with a command line: `cli("query", "SELECT 1", "--json")`."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch

    def configure(self, text: str) -> None:
        """Add `text` to tidegate.toml."""
        with (self.folder / "tidegate.toml").open("a", encoding="utf-8") as file:
            file.write(text)

    def __call__(self, *arguments: str | Path, stdin: str = "") -> Outcome:
        self.monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        out, err = io.BytesIO(), io.BytesIO()
        stdout, stderr = io.TextIOWrapper(out, "utf-8"), io.TextIOWrapper(err, "utf-8")
        with redirect_stdout(stdout), redirect_stderr(stderr):
            code = main([str(argument) for argument in arguments])
        stdout.flush()
        stderr.flush()
        return Outcome(code, out.getvalue().decode(), err.getvalue().decode())

    def ok(self, *arguments: str | Path, stdin: str = "") -> Outcome:
        """The same, for a command that must succeed."""
        outcome = self(*arguments, stdin=stdin)
        assert outcome.exit_code == 0, outcome.stderr or outcome.stdout
        return outcome


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    return _at(tmp_path, monkeypatch, CONFIG)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loaded: Path) -> Cli:
    """An initialised warehouse with a policy and `public.orders`: twelve orders, two in each month up to June 2020."""
    shutil.copytree(loaded, tmp_path, dirs_exist_ok=True)
    return _at(tmp_path, monkeypatch, CONFIG + ORDERS)


@pytest.fixture
def archived(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, done: Path) -> Cli:
    """The same after `archive --as-of 2020-06-20`: January and February are cold, four rows in two files."""
    shutil.copytree(done, tmp_path, dirs_exist_ok=True)
    return _at(tmp_path, monkeypatch, CONFIG + ORDERS)


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as monkeypatch:
        return load_shop(tmp_path_factory.mktemp("loaded"), monkeypatch).folder


@pytest.fixture(scope="session")
def done(tmp_path_factory: pytest.TempPathFactory, loaded: Path) -> Path:
    with pytest.MonkeyPatch.context() as monkeypatch:
        folder = tmp_path_factory.mktemp("done")
        shutil.copytree(loaded, folder, dirs_exist_ok=True)
        cli = _at(folder, monkeypatch, CONFIG + ORDERS)
        cli.ok("archive", "--as-of", "2020-06-20", "--yes")
        return folder


def load_shop(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Make in `folder` what the fixture `shop` gives."""
    cli = _at(folder, monkeypatch, CONFIG + ORDERS)
    cli.ok("init")
    values = ", ".join(
        f"({i}, DATE '2020-{(i - 1) % 6 + 1:02d}-{(i - 1) // 6 + 1:02d}', 'c{i}', {i}.25)" for i in range(1, 13)
    )
    cli.ok(
        "query",
        "CREATE TABLE public.orders (order_id BIGINT NOT NULL, order_date DATE, customer VARCHAR(40), "
        f"amount DECIMAL(12,2)); INSERT INTO public.orders VALUES {values}",
    )
    return cli


def _at(folder: Path, monkeypatch: pytest.MonkeyPatch, config: str) -> Cli:
    (folder / "tidegate.toml").write_text(config, encoding="utf-8")
    monkeypatch.chdir(folder)
    for name in ("TIDEGATE_CONFIG", "TIDEGATE_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    return Cli(folder, monkeypatch)
