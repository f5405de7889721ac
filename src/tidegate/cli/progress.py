"""Progress of long work, drawn on stderr when that is a terminal; notices as lines there in any case."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from tidegate.signals.base import Progress, Reporter

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Task, TaskID

_UNITS = ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB"))


class LineReporter:
    """Notices as lines. Progress is for people who watch, so here it is dropped."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def progress(self, event: Progress) -> None:
        return None

    def notice(self, message: str) -> None:
        self._stream.write(f"{message}\n")
        self._stream.flush()


class TerminalReporter:
    """A line for each task: what, how far, rows, bytes, rate, time left. Lines vanish when the work is done.

    Nothing is drawn before the first task, so that a question stays on the screen; and what is printed on a stdout
    that is no terminal goes there, past the drawing.
    """

    def __init__(self, console: "Console") -> None:
        from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bars

        self._bars = Bars(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[amount]}", markup=False),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            redirect_stdout=sys.stdout.isatty(),
        )
        self._tasks: dict[str, TaskID] = {}

    def progress(self, event: Progress) -> None:
        self._bars.start()
        by_rows = event.total_rows is not None or event.total_bytes is None
        done, total = (event.rows, event.total_rows) if by_rows else (event.bytes, event.total_bytes)
        task = self._tasks.get(event.task)
        if task is None:
            task = self._tasks[event.task] = self._bars.add_task(event.task, total=total, amount="")
        self._bars.update(task, completed=done, total=total)
        speed = self._speed(task)
        self._bars.update(task, amount=amount(event, speed, by_rows=by_rows))

    def notice(self, message: str) -> None:
        self._bars.console.print(message, markup=False, highlight=False, soft_wrap=True)

    def _speed(self, task: "TaskID") -> float | None:
        found: Task = next(t for t in self._bars.tasks if t.id == task)
        return found.speed

    @contextmanager
    def running(self) -> Iterator["TerminalReporter"]:
        try:
            yield self
        finally:
            if self._bars.live.is_started:
                self._bars.stop()


def amount(event: Progress, speed: float | None, *, by_rows: bool) -> str:
    """`1,200 of 5,000 rows · 3.4 MB · 200 rows/s`: what is known, and nothing else."""
    parts: list[str] = []
    if event.rows or event.total_rows:
        parts.append(f"{event.rows:,}{f' of {event.total_rows:,}' if event.total_rows is not None else ''} rows")
    if event.bytes or event.total_bytes:
        parts.append(f"{size(event.bytes)}{f' of {size(event.total_bytes)}' if event.total_bytes is not None else ''}")
    if speed:
        parts.append(f"{speed:,.0f} rows/s" if by_rows else f"{size(round(speed))}/s")
    return " · ".join(parts)


def size(number: int) -> str:
    """Bytes for people, in powers of 1000: `512 B`, `3.4 MB`."""
    for unit, name in _UNITS:
        if number >= unit:
            return f"{number / unit:.1f} {name}"
    return f"{number} B"


@contextmanager
def reporting() -> Iterator[Reporter]:
    """The reporter that fits stderr, for as long as a command works."""
    if not sys.stderr.isatty():
        yield LineReporter(sys.stderr)
        return
    from rich.console import Console

    with TerminalReporter(Console(stderr=True)).running() as reporter:
        yield reporter
