"""What holds for every page: links lead somewhere, commands exist, nothing is promised that is not there."""

import re
import subprocess
from pathlib import Path

import pytest
import typer
from tests.docs.pages import PAGES, ROOT, blocks, sections, without_blocks

from tidegate.cli.main import build

COMMANDS = typer.main.get_command(build())
ALL = [*PAGES, *(ROOT / name for name in ("ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"))]
every_page = pytest.mark.parametrize("page", ALL, ids=lambda page: str(page.relative_to(ROOT)))


def anchor(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@every_page
def test_links_lead_to_files_and_headings(page: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", without_blocks(page.read_text(encoding="utf-8"))):
        path, _, fragment = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), target
        if fragment:
            assert fragment in {anchor(name) for name in sections(linked.read_text(encoding="utf-8"))}, target


@every_page
def test_commands_that_are_named_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for words in re.findall(r"`tidegate ([a-z][a-z ]*)", without_blocks(text)):
        command = COMMANDS
        for word in words.split():
            below = getattr(command, "commands", {})
            if below:
                assert word in below, f"tidegate {words}"
                command = below[word]


@every_page
def test_targets_of_make_that_are_named_exist(page: Path) -> None:
    listed = subprocess.run(["make", "-s"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    targets = {line.split()[1] for line in listed.splitlines()}
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"(?:`|^    )make ([a-z]+)", text, re.MULTILINE))
    assert named <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_lines_fit_into_the_width_of_the_house(page: Path) -> None:
    lines = without_blocks(page.read_text(encoding="utf-8")).splitlines()
    assert [line for line in lines if len(line) > 120 and not line.startswith("|")] == []


def test_the_index_lists_every_page() -> None:
    index = (ROOT / "docs/README.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"\]\((\w+\.md)\)", index))
    assert linked == {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"}


def test_pages_with_sessions_are_known() -> None:
    shown = {page.stem for page in PAGES if any(b.language == "console" for b in blocks(page.read_text("utf-8")))}
    main = {"README", "cli", "archive", "verify", "embedded", "inventory", "json", "queue", "restore", "serve"}
    assert shown == main | {"convert", "lambda", "lifecycle", "load", "notify", "rewrite"}
