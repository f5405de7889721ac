"""A page's examples, run in order in one folder, and what they printed beside what the page shows.

A `console` block is a session: a line that begins with `$ ` is a command, what follows is its output. `tidegate` runs
in this process, all else in a shell. A command must succeed, unless the next is `echo $?`. Where no output is shown
none is compared. `…` stands for any text on a line, and for any lines when it stands alone.
"""

import io
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.docs.pages import Block
from tests.masking import mask

from tidegate.cli.main import main

HERE_DOCUMENT = re.compile(r"<<'?(\w+)'?$")


@dataclass
class Command:
    """`stdin` is a here-document; `shown` is None when the page shows no output."""

    text: str
    line: int
    stdin: str = ""
    shown: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Ran:
    command: Command
    exit_code: int
    output: str


def commands(block: Block) -> Iterator[Command]:
    """The commands of a `console` block."""
    lines = iter(enumerate(block.text.splitlines(), block.line))
    current: Command | None = None
    for number, line in lines:
        if not line.startswith("$ "):
            assert current is not None, f"line {number}: output without a command"
            current.shown.append(line)
            continue
        if current is not None:
            yield current
        current = Command(line[2:], number)
        while current.text.endswith("\\"):
            current.text = current.text[:-1] + next(lines)[1].removeprefix("> ")
        if match := HERE_DOCUMENT.search(current.text):
            text = []
            while (following := next(lines)[1]) != match[1]:
                text.append(f"{following}\n")
            current.stdin = "".join(text)
    if current is not None:
        yield current


@dataclass
class Session:
    """One page's folder."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    last: int = 0

    def run(self, command: Command) -> Ran:
        if command.text == "echo $?":
            return Ran(command, 0, f"{self.last}\n")
        if command.text.startswith("cd "):
            self.monkeypatch.chdir(command.text[3:])
            return Ran(command, 0, "")
        ran = self._tidegate(command) if command.text.startswith("tidegate ") else self._shell(command)
        self.last = ran.exit_code
        return ran

    def _tidegate(self, command: Command) -> Ran:
        arguments = shlex.split(HERE_DOCUMENT.sub("", command.text))[1:]
        self.monkeypatch.setattr("sys.stdin", io.StringIO(command.stdin))
        raw = io.BytesIO()
        screen = io.TextIOWrapper(raw, "utf-8", write_through=True)
        with redirect_stdout(screen), redirect_stderr(screen):
            code = main(arguments)
        return Ran(command, code, raw.getvalue().decode())

    def _shell(self, command: Command) -> Ran:
        text = HERE_DOCUMENT.sub("", command.text)
        done = subprocess.run(
            ["sh", "-c", text], input=command.stdin, capture_output=True, text=True, cwd=os.getcwd(), check=False
        )
        return Ran(command, done.returncode, done.stdout + done.stderr)


def python(block: Block) -> str:
    """Run a block of Python; what it printed."""
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(compile(block.text, f"line {block.line}", "exec"), {"__name__": "__main__"})
    return printed.getvalue()


def normal(text: str, folder: Path) -> list[str]:
    """Lines with what differs from run to run masked, and without the widths that follow from it."""
    lines = mask(text, folder).splitlines()
    return [re.sub(r"-{3,}", "---", " ".join(line.split())) for line in lines]


def agrees(shown: str, printed: str, folder: Path) -> bool:
    pattern = ""
    for line in normal(shown, folder):
        pattern += r"(?:.*\n)*?" if line == "…" else ".*".join(map(re.escape, line.split("…"))) + r"\n"
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in normal(printed, folder))) is not None
