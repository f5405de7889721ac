"""What all commands have in common: the global options, how they are added, and what they are given."""

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Concatenate

import typer

from tidegate.cli.exit import describe
from tidegate.cli.output import Output
from tidegate.cli.progress import reporting

if TYPE_CHECKING:
    from tidegate.app import App

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="The configuration: a path, s3:// or ssm:// address.  [default: TIDEGATE_CONFIG, then ./tidegate.toml]",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on stdout, errors included.")]


@dataclass(frozen=True)
class Run:
    """One run of a command, with the global options resolved."""

    config: Path | None
    output: Output

    @contextmanager
    def app(self) -> "Iterator[App]":
        """The program on the configured warehouse, lake and ledger; they are closed at the end."""
        from tidegate.app import open_app

        with reporting() as reporter, open_app(self.config, reporter) as app:
            yield app


def new_group(help_text: str) -> typer.Typer:
    """A command with commands below it. Plain help: rich would take a third of a second to load."""
    group = typer.Typer(help=help_text, rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)
    group.callback()(_between)
    return group


def add(app: typer.Typer, name: str, command: Callable[Concatenate[Run, ...], None], exits: Sequence[int]) -> None:
    """Add a command to `app`. Its first parameter is the Run, the others are typer's; `exits` end its help."""
    app.command(name, epilog=describe((0, 2, 130, *exits)))(_with_globals(command))


def add_default(group: typer.Typer, command: Callable[Concatenate[Run, ...], None], exits: Sequence[int]) -> None:
    """What `group` does when none of its commands is named; parameters as for `add`, but no arguments."""
    group.callback(invoke_without_command=True, epilog=describe((0, 2, 130, *exits)))(_with_globals(command))


def set_globals(context: typer.Context, config: Path | None, *, as_json: bool) -> Run:
    """Keep the options given so far: those that stand further right win."""
    root = context.find_root()
    before: Run = root.obj or Run(None, Output())
    run = root.obj = Run(config or before.config, Output(as_json or before.output.as_json))
    return run


def _between(context: typer.Context, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    set_globals(context, config, as_json=as_json)


def _with_globals(command: Callable[Concatenate[Run, ...], None]) -> Callable[..., None]:
    """The command with `--config` and `--json` among its own options."""

    @wraps(command)
    def call(*, context: typer.Context, config: Path | None, as_json: bool, **arguments: Any) -> None:
        run = set_globals(context, config, as_json=as_json)
        if context.invoked_subcommand is None:
            command(run, **arguments)

    own = list(inspect.signature(command).parameters.values())[1:]
    everything = [_option("context", typer.Context), *own, *_GLOBALS]
    keyword_only = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in everything]
    call.__dict__["__signature__"] = inspect.Signature(keyword_only)
    return call


def _option(name: str, annotation: object, default: object = inspect.Parameter.empty) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


_GLOBALS = (_option("config", ConfigOption, None), _option("as_json", JsonOption, False))
