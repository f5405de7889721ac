import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from tests.cli.conftest import CONFIG, Cli

from tidegate import __version__
from tidegate.cli import main as entry
from tidegate.cli.exit import MEANINGS
from tidegate.cli.frame import Run, add, add_default, new_group
from tidegate.errors import HoldInForce

HEAVY = ("duckdb", "sqlalchemy", "pyarrow", "pydantic", "sqlglot", "boto3", "rich")


class _Command:
    """A module with one command, `try`, that does what a test asks for."""

    def __init__(self, action: Callable[[Run], None]) -> None:
        self._action = action

    def register(self, app: typer.Typer) -> None:
        action = self._action

        def attempt(run: Run) -> None:
            """Try it."""
            action(run)

        add(app, "try", attempt, exits=(4,))


@pytest.fixture
def trying(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Run], None]], Cli]:
    def prepare(action: Callable[[Run], None]) -> Cli:
        monkeypatch.setattr(entry, "COMMANDS", (_Command(action), entry.cmd_config))
        return cli

    return prepare


def _raise(error: BaseException) -> Callable[[Run], None]:
    def action(run: Run) -> None:
        raise error

    return action


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys; from tidegate.cli.main import main; code = main(['--help']);"
        f"print(code, sorted(set({HEAVY!r}) & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr == "0 []\n"


def test_importing_the_package_loads_nothing_heavy() -> None:
    program = f"import sys, tidegate; print(sorted(set({(*HEAVY, 'typer')!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_program_runs_as_a_process_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "tidegate.toml").write_text(CONFIG)
    done = subprocess.run(
        [sys.executable, "-m", "tidegate", "config", "check"], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.splitlines()[0] == f"{tmp_path}/tidegate.toml is correct"
    assert done.stderr == ""


def test_a_reader_that_leaves_ends_the_program_quietly(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as gone:
        done = subprocess.run(
            [sys.executable, "-m", "tidegate", "--help"], stdout=gone, stderr=subprocess.PIPE, text=True
        )
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize("arguments", [(), ("--help",)])
def test_without_arguments_the_help_is_shown(cli: Cli, arguments: tuple[str, ...]) -> None:
    outcome = cli.ok(*arguments)
    assert outcome.stdout.startswith("Usage: tidegate [OPTIONS] COMMAND [ARGS]...\n")
    for name in ("config", "demo", "query"):
        assert f"\n  {name} " in outcome.stdout


def test_version(cli: Cli) -> None:
    assert cli.ok("--version").stdout == f"tidegate {__version__}\n"
    assert cli.ok("--version", "--json").document == {"version": __version__}


def _commands(group: Any, *path: str) -> Iterator[tuple[str, ...]]:
    """Every command line that does something, as words."""
    for name, command in group.commands.items():
        below = getattr(command, "commands", None)
        if below is None or command.invoke_without_command:
            yield (*path, name)
        if below is not None:
            yield from _commands(command, *path, name)


@pytest.mark.parametrize("arguments", sorted(_commands(typer.main.get_command(entry.build()))), ids=" ".join)
def test_the_help_of_each_command_ends_with_its_exit_codes(cli: Cli, arguments: tuple[str, ...]) -> None:
    lines = cli.ok(*arguments, "--help").stdout.rstrip().splitlines()
    codes = [line.split(maxsplit=1) for line in lines[lines.index("  Exit codes:") + 1 :]]
    assert {"0", "2", "130"} <= {code for code, _ in codes}
    assert all(MEANINGS[int(code)] == meaning for code, meaning in codes)
    assert any(line.startswith("  --config FILE") for line in lines)


def test_global_options_are_taken_before_and_after_the_command(cli: Cli) -> None:
    other = cli.folder / "other.toml"
    other.write_text(CONFIG.replace('"lake"', '"sea"'))
    before = cli.ok("--json", "--config", other, "config", "check").document
    after = cli.ok("config", "check", "--json", "--config", other).document
    between = cli.ok("config", "--json", "--config", other, "check").document
    assert before == after == between
    assert before["file"] == str(other)
    both = cli.ok("--config", other, "config", "check", "--config", "tidegate.toml", "--json").document
    assert both["file"] == f"{cli.folder}/tidegate.toml"


def test_a_group_may_do_something_itself(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def whole(run: Run, rows: int = 3) -> None:
        """All of it."""
        run.output.result({"rows": rows}, [f"{rows} rows"])

    def part(run: Run) -> None:
        run.output.result({"part": 1}, ["a part"])

    class Group:
        @staticmethod
        def register(app: typer.Typer) -> None:
            group = new_group("Do it.")
            app.add_typer(group, name="do")
            add_default(group, whole, exits=(7,))
            add(group, "part", part, exits=())

    monkeypatch.setattr(entry, "COMMANDS", (Group,))
    assert cli.ok("do", "--rows", "5").stdout == "5 rows\n"
    assert cli.ok("do", "part").stdout == "a part\n"
    assert cli.ok("do", "--json", "part").document == {"part": 1}
    assert "  7    the warehouse, the lake or the ledger cannot be reached\n" in cli.ok("do", "--help").stdout


@pytest.mark.parametrize(
    ("arguments", "message", "command"),
    [
        (["--bogus"], "no such option: --bogus", "tidegate"),
        (["qeury"], "no such command 'qeury'. Did you mean 'query'?", "tidegate"),
        (["--config"], "option '--config' requires an argument", "tidegate"),
        (["config"], "missing command", "tidegate config"),
        (["query", "a", "b"], "got unexpected extra argument(s) (b)", "tidegate query"),
        (
            ["demo", "orders", "x", "--rows", "many"],
            "invalid value for '--rows': Input should be a valid integer, unable to parse string as an integer",
            "tidegate demo orders",
        ),
    ],
)
def test_a_wrong_command_line_is_told_in_our_words(cli: Cli, arguments: list[str], message: str, command: str) -> None:
    hint = f"Run `{command} --help` to see what it takes."
    told = cli(*arguments)
    assert (told.exit_code, told.stdout, told.stderr) == (2, "", f"error: {message}\nhint: {hint}\n")
    machine = cli("--json", *arguments)
    assert (machine.exit_code, machine.stderr) == (2, "")
    assert machine.document == {"message_type": "error", "code": "usage", "message": message, "hint": hint}


def test_json_after_the_mistake_counts_but_not_after_two_dashes(cli: Cli) -> None:
    assert cli("query", "--bogus", "--json").document["code"] == "usage"
    assert cli("query", "--bogus", "--", "--json").stdout == ""


def test_an_error_has_its_text_hint_and_exit_code(trying: Callable[[Callable[[Run], None]], Cli]) -> None:
    cli = trying(_raise(HoldInForce("public.orders is on hold", hint="Release it first.")))
    told = cli("try")
    assert (told.exit_code, told.stdout) == (4, "")
    assert told.stderr == "error: public.orders is on hold\nhint: Release it first.\n"
    machine = cli("try", "--json")
    assert (machine.exit_code, machine.stderr) == (4, "")
    assert machine.document == {
        "message_type": "error",
        "code": "refused.hold",
        "message": "public.orders is on hold",
        "hint": "Release it first.",
    }


def test_an_interrupt_is_told_and_is_exit_130(trying: Callable[[Callable[[Run], None]], Cli]) -> None:
    cli = trying(_raise(KeyboardInterrupt()))
    told = cli("try")
    assert (told.exit_code, told.stdout) == (130, "")
    assert told.stderr == "error: interrupted\nhint: Run the same command again: it goes on where it stopped.\n"
    assert cli("try", "--json").document["code"] == "interrupted"


def test_a_bug_asks_for_a_report_without_a_traceback(
    trying: Callable[[Callable[[Run], None]], Cli], monkeypatch: pytest.MonkeyPatch
) -> None:
    cli = trying(_raise(ZeroDivisionError("division\nby zero")))
    told = cli("try")
    assert (told.exit_code, told.stdout) == (1, "")
    assert told.stderr == (
        "error: ZeroDivisionError: division by zero\n"
        "hint: This is a bug in Tidegate: please report it, with the output of the same command under "
        "TIDEGATE_DEBUG=1.\n"
    )
    monkeypatch.setenv("TIDEGATE_DEBUG", "1")
    debug = cli("try")
    assert debug.exit_code == 1
    assert debug.stderr.startswith("Traceback (most recent call last):\n")
    assert debug.stderr.endswith(told.stderr)


@pytest.mark.parametrize("size", [1, 1_000_000])
def test_a_full_disk_below_stdout_is_no_bug(size: int) -> None:
    program = (
        "import sys; from tidegate.cli.exit import guarded; from tidegate.cli.output import Output;"
        f"sys.exit(guarded(lambda: Output().lines(['x' * {size}]), as_json=False))"
    )
    with open("/dev/full", "wb") as full:
        done = subprocess.run([sys.executable, "-c", program], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 7
    assert done.stderr == (
        "error: cannot write the output: no space left on device\n"
        "hint: Free some space, or write the output elsewhere.\n"
    )


def test_text_that_the_terminal_cannot_show_is_escaped(trying: Callable[[Callable[[Run], None]], Cli]) -> None:
    assert trying(lambda run: run.output.lines(["a\udcff"])).ok("try").stdout == "a\\udcff\n"
