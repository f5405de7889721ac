"""The command line, run in this process in a fresh folder with a tidegate.toml."""

import io
import json
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
    (tmp_path / "tidegate.toml").write_text(CONFIG, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for name in ("TIDEGATE_CONFIG", "TIDEGATE_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    return Cli(tmp_path, monkeypatch)
