"""The pages of the documentation: their fenced blocks, sections and tables."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block. `line` is where its text begins, counted from 1."""

    language: str
    text: str
    line: int


def read(name: str) -> str:
    """A page of `docs/` by its name without the ending."""
    return (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")


def blocks(text: str) -> Iterator[Block]:
    for match in _FENCE.finditer(text):
        yield Block(match[1], match[2], text.count("\n", 0, match.start(2)) + 1)


def without_blocks(text: str) -> str:
    return _FENCE.sub("", text)


def sections(text: str) -> dict[str, str]:
    """The text below each heading, up to the next heading of any depth, by the heading's plain text."""
    plain = _FENCE.sub(lambda match: re.sub(r"(?m)^#", " #", match[0]), text)
    found = list(_HEADING.finditer(plain))
    ends = [match.start() for match in found[1:]] + [len(plain)]
    return {
        match[2].replace("`", "").strip(): plain[match.end() : end].strip()
        for match, end in zip(found, ends, strict=True)
    }


def rows(text: str) -> list[list[str]]:
    """The cells of every table's rows below its head; a | inside of backticks separates nothing."""
    found: list[list[str]] = []
    body = False
    for line in text.splitlines():
        if not line.startswith("|"):
            body = False
        elif set(line) <= set("|-: "):
            body = True
        elif body:
            cells = re.split(r"\|(?=(?:[^`]*`[^`]*`)*[^`]*$)", line.strip().strip("|"))
            found.append([cell.strip() for cell in cells])
    return found


def word(cell: str) -> str:
    """What stands in the first pair of backticks of a cell, or the cell."""
    match = re.search(r"`([^`]+)`", cell)
    return match[1] if match else cell
