"""`tidegate query`: Redshift SQL on the configured warehouse."""

import sys
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from tidegate.cli.frame import Run, add
from tidegate.cli.output import Output, counted, csv_lines, json_rows, started, table
from tidegate.errors import UsageError

if TYPE_CHECKING:
    from tidegate.cli.script import Statement
    from tidegate.warehouse.base import Result, Row, RowStream, Session

_CHANGES = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE", "COPY", "UNLOAD"})


class _Form(StrEnum):
    PEOPLE = "people"
    CSV = "csv"
    JSON = "json"


def register(app: typer.Typer) -> None:
    add(app, "query", query, exits=(3, 4, 7))


def query(
    run: Run,
    sql: Annotated[str, typer.Argument(metavar="SQL", help="The statements; - reads them from stdin.")] = "-",
    csv: Annotated[bool, typer.Option("--csv", help="Print rows as CSV, with a header.")] = False,
) -> None:
    """Run Redshift SQL on the configured warehouse.

    Several statements, separated by semicolons, run one after the other in one session. Each commits by itself,
    unless it stands between BEGIN and COMMIT; the first that fails ends the run.

    With --json each statement that returns columns prints one line {"columns": [{"name", "type"}], "rows": [[...]]}.
    """
    from tidegate.cli.script import read_script

    if csv and run.output.as_json:
        raise UsageError("--csv and --json exclude one another", hint="Give one of them.")
    form = _Form.CSV if csv else _Form.JSON if run.output.as_json else _Form.PEOPLE
    statements = read_script(sys.stdin.read() if sql == "-" else sql)
    with run.app() as app, app.warehouse.session() as session:
        printer = _Printer(run.output, form)
        for statement in statements:
            _run(session, statement, printer)
    printer.finish()
    if _left_open(statements):
        run.output.notice("the transaction was not committed: it has been rolled back")


class _Printer:
    """Prints result after result in one form."""

    def __init__(self, output: Output, form: _Form) -> None:
        self._output = output
        self._form = form
        self._printed = 0

    def rows(self, stream: "RowStream") -> None:
        stream = started(stream)
        if self._printed and self._form is not _Form.JSON:
            self._output.write("\n")
        self._printed += 1
        if self._form is _Form.JSON:
            self._json(stream)
        elif self._form is _Form.CSV:
            self._output.lines(csv_lines(stream.columns, stream.chunks))
        else:
            self._people(stream)

    def done(self, statement: "Statement", result: "Result") -> None:
        """A statement that returns no columns: people are told what it did."""
        if self._form is _Form.PEOPLE:
            what = f" {counted(result.rowcount, 'row')}" if statement.verb in _CHANGES else ""
            self._output.lines([f"{statement.verb}{what}"])

    def finish(self) -> None:
        """Machines get one document even when no statement returned columns."""
        if self._form is _Form.JSON and not self._printed:
            self._output.document({"columns": [], "rows": []})

    def _json(self, stream: "RowStream") -> None:
        complete = False
        try:
            for piece in json_rows(stream.columns, stream.chunks):
                self._output.write(piece)
            complete = True
        finally:
            if not complete:
                self._output.write("\n")

    def _people(self, stream: "RowStream") -> None:
        seen = 0

        def rows() -> Iterator["Row"]:
            nonlocal seen
            for chunk in stream.chunks:
                seen += len(chunk)
                yield from chunk

        self._output.lines(table(stream.columns, rows()))
        self._output.lines([f"({counted(seen, 'row')})"])


def _run(session: "Session", statement: "Statement", printer: _Printer) -> None:
    from tidegate.warehouse.base import RowStream

    if statement.is_query:
        with session.stream(statement.text) as stream:
            printer.rows(stream)
        return
    result = session.execute(statement.text)
    if result.columns:
        printer.rows(RowStream(result.columns, iter([result.rows])))
    else:
        printer.done(statement, result)


def _left_open(statements: "Sequence[Statement]") -> bool:
    is_open = False
    for statement in statements:
        is_open = statement.opens or (is_open and not statement.closes)
    return is_open
