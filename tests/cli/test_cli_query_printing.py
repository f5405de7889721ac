"""How `tidegate query` prints, on a warehouse that answers from a list. What SQL does is tested on a real one."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext

import pytest
from tests.cli.conftest import Cli

from tidegate.errors import StatementError
from tidegate.warehouse.base import Result, ResultColumn, Row, RowStream

IDS = (ResultColumn("id", "bigint"),)


class Answers:
    """A session, its warehouse and its app. Each query takes the next chunks; the rest answers a row count."""

    def __init__(self, *chunks: Sequence[Sequence[Row] | Exception]) -> None:
        self._answers = iter(chunks)
        self.asked: list[str] = []

    @property
    def warehouse(self) -> "Answers":
        return self

    def session(self) -> AbstractContextManager["Answers"]:
        return nullcontext(self)

    def execute(self, sql: str) -> Result:
        self.asked.append(f"execute {sql}")
        if sql.startswith("fetch"):
            return Result(IDS, ((7,),), 1)
        if sql.startswith("bad"):
            raise StatementError("bad is not SQL", hint="Write SQL.")
        return Result(rowcount=1234)

    @contextmanager
    def stream(self, sql: str) -> Iterator[RowStream]:
        self.asked.append(f"stream {sql}")
        yield RowStream(IDS, self._chunks(next(self._answers)))
        self.asked.append("closed")

    @staticmethod
    def _chunks(chunks: Sequence[Sequence[Row] | Exception]) -> Iterator[Sequence[Row]]:
        for chunk in chunks:
            if isinstance(chunk, Exception):
                raise chunk
            yield chunk


@pytest.fixture
def answering(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answers]:
    def prepare(*chunks: Sequence[Sequence[Row] | Exception]) -> Answers:
        answers = Answers(*chunks)
        monkeypatch.setattr("tidegate.app.open_app", lambda config, reporter: nullcontext(answers))
        return answers

    return prepare


ONE = [[(1,), (20,)], [(3,)]]


def test_people_see_tables_and_what_statements_did(cli: Cli, answering: Callable[..., Answers]) -> None:
    answers = answering(ONE, [])
    outcome = cli.ok("query", "select a; insert into t select 1; create table u (a int); select b; fetch c")
    assert outcome.stdout.splitlines() == [
        "id",
        "--",
        " 1",
        "20",
        " 3",
        "(3 rows)",
        "INSERT 1,234 rows",
        "CREATE TABLE",
        "",
        "id",
        "--",
        "(0 rows)",
        "",
        "id",
        "--",
        " 7",
        "(1 row)",
    ]
    assert outcome.stderr == ""
    assert answers.asked == [
        "stream select a",
        "closed",
        "execute insert into t select 1",
        "execute create table u (a int)",
        "stream select b",
        "closed",
        "execute fetch c",
    ]


def test_machines_get_one_line_a_result(cli: Cli, answering: Callable[..., Answers]) -> None:
    answering(ONE, [])
    columns = [{"name": "id", "type": "bigint"}]
    outcome = cli.ok("query", "select a; insert into t select 1; select b", "--json")
    assert outcome.documents == [{"columns": columns, "rows": [[1], [20], [3]]}, {"columns": columns, "rows": []}]


def test_machines_get_a_document_even_when_nothing_returns_columns(cli: Cli, answering: Callable[..., Answers]) -> None:
    answering()
    assert cli.ok("query", "create table t (a int)", "--json").document == {"columns": [], "rows": []}


def test_csv_results_are_parted_by_an_empty_line(cli: Cli, answering: Callable[..., Answers]) -> None:
    answering(ONE, ONE)
    outcome = cli.ok("query", "select a; insert into t select 1; select b", "--csv")
    assert outcome.stdout == "id\n1\n20\n3\n\nid\n1\n20\n3\n"


def test_statements_are_read_from_stdin(cli: Cli, answering: Callable[..., Answers]) -> None:
    answers = answering(ONE, ONE)
    cli.ok("query", stdin="select 'a;b';\n")
    cli.ok("query", "-", stdin="select c")
    assert answers.asked == ["stream select 'a;b'", "closed", "stream select c", "closed"]


def test_a_query_that_fails_at_once_prints_the_error_alone(cli: Cli, answering: Callable[..., Answers]) -> None:
    answering([StatementError("no such table: a", hint="Check its name.")])
    outcome = cli("query", "select a", "--json")
    assert (outcome.exit_code, outcome.stderr) == (2, "")
    assert outcome.document == {
        "message_type": "error",
        "code": "sql.failed",
        "message": "no such table: a",
        "hint": "Check its name.",
    }


def test_a_query_that_fails_later_leaves_no_complete_document(cli: Cli, answering: Callable[..., Answers]) -> None:
    answering([[(1,)], StatementError("division by zero")])
    outcome = cli("query", "select a", "--json")
    assert outcome.exit_code == 2
    cut, error = outcome.stdout.splitlines()
    with pytest.raises(json.JSONDecodeError):
        json.loads(cut)
    assert json.loads(error)["message"] == "division by zero"


def test_the_first_failure_ends_the_run(cli: Cli, answering: Callable[..., Answers]) -> None:
    answers = answering(ONE)
    outcome = cli("query", "select a; bad; select b")
    assert outcome.exit_code == 2
    assert outcome.stdout.endswith("(3 rows)\n")
    assert outcome.stderr == "error: bad is not SQL\nhint: Write SQL.\n"
    assert answers.asked[-1] == "execute bad"


def test_an_open_transaction_is_told(cli: Cli, answering: Callable[..., Answers]) -> None:
    notice = "the transaction was not committed: it has been rolled back\n"
    answering()
    assert cli.ok("query", "begin; insert into t select 1").stderr == notice
    assert cli.ok("query", "begin; insert into t select 1; commit").stderr == ""
    assert cli.ok("query", "begin; rollback; begin; commit work; start transaction", "--json").stderr == notice


def test_one_form_at_a_time(cli: Cli) -> None:
    outcome = cli("query", "select 1", "--csv", "--json")
    assert outcome.exit_code == 2
    assert outcome.document["message"] == "--csv and --json exclude one another"


def test_nothing_to_run_is_a_usage_error(cli: Cli) -> None:
    outcome = cli("query", stdin=" ; -- nothing\n")
    assert (outcome.exit_code, outcome.stdout) == (2, "")
    assert outcome.stderr == "error: there is no SQL statement\nhint: Give it as the argument, or on stdin.\n"
