"""The command line. Nothing heavy is imported here or in the commands' modules: they import it when they run."""

import sys
from collections.abc import Sequence
from io import TextIOWrapper
from typing import Annotated

import typer

from tidegate import __version__
from tidegate.cli import (
    cmd_archive,
    cmd_audit,
    cmd_backfill,
    cmd_check,
    cmd_compact,
    cmd_config,
    cmd_convert,
    cmd_demo,
    cmd_doctor,
    cmd_erase,
    cmd_expire,
    cmd_gc,
    cmd_hold,
    cmd_init,
    cmd_inventory,
    cmd_jobs,
    cmd_ledger,
    cmd_load,
    cmd_notify,
    cmd_policies,
    cmd_query,
    cmd_reconcile,
    cmd_restore,
    cmd_run,
    cmd_serve,
    cmd_status,
    cmd_tier,
    cmd_verify,
    cmd_watch,
    cmd_work,
)
from tidegate.cli.exit import guarded, wants_json
from tidegate.cli.frame import ConfigOption, JsonOption, new_group, set_globals
from tidegate.cli.output import Output

COMMANDS = (
    cmd_archive,
    cmd_audit,
    cmd_backfill,
    cmd_check,
    cmd_compact,
    cmd_config,
    cmd_convert,
    cmd_demo,
    cmd_doctor,
    cmd_erase,
    cmd_expire,
    cmd_gc,
    cmd_hold,
    cmd_init,
    cmd_inventory,
    cmd_jobs,
    cmd_ledger,
    cmd_load,
    cmd_notify,
    cmd_policies,
    cmd_query,
    cmd_reconcile,
    cmd_restore,
    cmd_run,
    cmd_serve,
    cmd_status,
    cmd_tier,
    cmd_verify,
    cmd_watch,
    cmd_work,
)
"""The modules of the commands, in alphabetical order; each has `register(app)`."""


def build() -> typer.Typer:
    app = new_group("Move table data between a warehouse and object storage, and prove that nothing was lost.")
    app.callback(invoke_without_command=True)(_root)
    for command in COMMANDS:
        command.register(app)
    return app


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code. `argv` is without the program's name."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    return guarded(lambda: _invoke(arguments or ["--help"]), as_json=wants_json(arguments))


def _invoke(arguments: list[str]) -> None:
    command = typer.main.get_command(build())
    with command.make_context("tidegate", arguments) as context:
        command.invoke(context)


def _root(
    context: typer.Context,
    config: ConfigOption = None,
    as_json: JsonOption = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        Output(as_json).result({"version": __version__}, [f"tidegate {__version__}"])
        raise typer.Exit
    set_globals(context, config, as_json=as_json)
    if context.invoked_subcommand is None:
        context.fail("Missing command.")
