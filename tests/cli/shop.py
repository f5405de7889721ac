"""A shop for the tests of the commands: twelve orders, two in each of the first six months of 2020."""

import hashlib
from pathlib import Path

from tests.cli.conftest import Cli

AS_OF = ("--as-of", "2020-06-20")
"""The day on which January and February are due: four rows."""

FINGERPRINTS = {"2020-01-01": "7357178604437575759", "2020-02-01": "34729939226602932236"}
"""Row hashes are for ever: archives of today are compared with them in years."""


def snapshot(folder: Path) -> dict[str, str]:
    """What every file and folder below `folder` is, so that a change of any byte shows."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
        for path in folder.rglob("*")
    }


def edit(cli: Cli, old: str, new: str) -> None:
    """Replace a text of tidegate.toml that must be there."""
    file = cli.folder / "tidegate.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def parquet(cli: Cli) -> list[Path]:
    """The data files in the lake, in order."""
    return sorted((cli.folder / "lake").rglob("*.parquet"))


def rows(cli: Cli, sql: str) -> list[list[object]]:
    found: list[list[object]] = cli.ok("query", sql, "--json").document["rows"]
    return found


def error_text(told: str) -> tuple[str, str]:
    """Message and hint of a stderr that holds exactly one error, and nothing else."""
    error, hint = told.splitlines()
    assert error.startswith("error: ")
    assert hint.startswith("hint: ")
    return error.removeprefix("error: "), hint.removeprefix("hint: ")
