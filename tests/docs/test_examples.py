"""What the pages tell readers to type is typed here, and prints what they show."""

import json
import tomllib
from pathlib import Path

import pytest
from tests.docs.pages import PAGES, ROOT, Block, blocks
from tests.docs.session import Session, agrees, commands, python

from tidegate.config.loader import load

ENVIRONMENT = {
    "HOME": "/home/ada",
    "LAKE": "/data/lake",
    "LEDGER_PASSWORD": "open sesame",
    "MAIL_PASSWORD": "open sesame",
    "TEAM_SLACK": "slack://open/sesame",
    "TIDEGATE_SERVE_PASSWORD": "open sesame",
}
CONFIG = '[warehouse]\nurl = "duckdb:///warehouse.duckdb"\n[lake]\nurl = "lake"\n'


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_examples_of_a_page(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TIDEGATE_CONFIG", "TIDEGATE_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "shop"
    folder.mkdir()
    monkeypatch.chdir(folder)
    session, printed = Session(folder, monkeypatch), ""
    for block in blocks(page.read_text(encoding="utf-8")):
        where = f"{page.relative_to(ROOT)}:{block.line}"
        if block.language == "console":
            _type(session, block, page)
        elif block.language == "python":
            printed = python(block)
        elif block.language == "text" and printed:
            assert agrees(block.text, printed, folder), f"{where}: the Python above printed\n{printed}"
            printed = ""
        elif block.language == "toml":
            _configure(block, tmp_path / "other.toml")
        elif block.language == "json":
            json.loads(block.text)


def _type(session: Session, block: Block, page: Path) -> None:
    typed = list(commands(block))
    for command, following in zip(typed, [*typed[1:], None], strict=True):
        ran = session.run(command)
        where = f"{page.relative_to(ROOT)}:{command.line}: $ {command.text}\n{ran.output}"
        asked = following is not None and following.text == "echo $?"
        assert asked or ran.exit_code == 0, f"{where}failed with {ran.exit_code}"
        if command.shown:
            assert agrees("\n".join(command.shown), ran.output, session.folder), f"{where}is not what the page shows"


def _configure(block: Block, file: Path) -> None:
    """A whole configuration, or sections of one."""
    whole = "warehouse" in tomllib.loads(block.text)
    file.write_text(block.text if whole else f"{block.text}\n{CONFIG}", encoding="utf-8")
    load(file, ENVIRONMENT)
