"""Exceptions become an exit code and one text: the only place where the program ends."""

import json
import os
import sys
import traceback
from collections.abc import Callable, Sequence

import typer
from typer.exceptions import TyperException

from tidegate.cli.output import flush
from tidegate.errors import Interrupted, TidegateError, UsageError

DEBUG = "TIDEGATE_DEBUG"
READER_GONE = 141
"""What a shell shows for a program whose reader closed the pipe: 128 + SIGPIPE."""

MEANINGS = {
    0: "done, also when there was nothing to do",
    1: "a bug in Tidegate",
    2: "a mistake in the command or in its SQL",
    3: "a mistake in the configuration",
    4: "refused by a guard, nothing was changed",
    5: "some work failed, the rest was done",
    6: "a verification found a difference",
    7: "the warehouse, the lake or the ledger cannot be reached",
    130: "interrupted",
}


def describe(codes: Sequence[int]) -> str:
    """The closing paragraph of a command's help. `\\b` keeps its lines as they are."""
    return "\n".join(["\b", "Exit codes:", *(f"  {code:<4} {MEANINGS[code]}" for code in sorted(codes))])


def guarded(action: Callable[[], None], *, as_json: bool) -> int:
    """Run `action`; tell on stderr (or as one JSON line on stdout) what stopped it, and return the exit code."""
    try:
        action()
        flush()
    except typer.Exit as stop:
        return stop.exit_code
    except BrokenPipeError:
        _discard_output()
        return READER_GONE
    except (TyperException, TidegateError, KeyboardInterrupt, typer.Abort) as error:
        return _tell(_known(error), as_json=as_json)
    except Exception as error:  # noqa: BLE001 - the border of the program: nothing above could handle it
        return _tell(_bug(error), as_json=as_json)
    return 0


def wants_json(arguments: Sequence[str]) -> bool:
    """Whether `--json` is among the options: a mistake before it is parsed is told as JSON too."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--json" in options


def _known(error: BaseException) -> TidegateError:
    if isinstance(error, TidegateError):
        return error
    if isinstance(error, TyperException):
        return _usage(error)
    return Interrupted("interrupted", hint="Run the same command again: it goes on where it stopped.")


def _usage(error: TyperException) -> UsageError:
    text = " ".join(error.format_message().split()).removesuffix(".")
    path = getattr(getattr(error, "ctx", None), "command_path", "tidegate")
    usage = UsageError(text[:1].lower() + text[1:], hint=f"Run `{path} --help` to see what it takes.")
    usage.__cause__ = error
    return usage


def _bug(error: Exception) -> TidegateError:
    text = " ".join(str(error).split())
    bug = TidegateError(
        f"{type(error).__name__}{f': {text}' if text else ''}",
        hint=f"This is a bug in Tidegate: please report it, with the output of the same command under {DEBUG}=1.",
    )
    bug.__cause__ = error
    return bug


def _tell(error: TidegateError, *, as_json: bool) -> int:
    if os.environ.get(DEBUG) == "1":
        traceback.print_exception(error, file=sys.stderr)
    try:
        if as_json:
            document = {"message_type": "error", "code": error.code, "message": error.message, "hint": error.hint}
            print(json.dumps(document, ensure_ascii=False), flush=True)  # noqa: T201
        else:
            hint = f"\nhint: {error.hint}" if error.hint else ""
            print(f"error: {error.message}{hint}", file=sys.stderr, flush=True)  # noqa: T201
        sys.stdout.flush()
    except OSError:
        _discard_output()
    return error.exit_code


def _discard_output() -> None:
    """Let what is still in the buffers vanish, so that the interpreter's last flush is quiet too."""
    sink = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(sink, stream.fileno())
    os.close(sink)
