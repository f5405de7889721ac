"""What each operation on statements and sessions answers."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import TypeVar

from tidegate.errors import StatementError
from tidegate.serve.data_api.faults import ApiError, invalid, not_found
from tidegate.serve.data_api.results import Stored
from tidegate.serve.data_api.runner import Runner
from tidegate.serve.data_api.sessions import Held, Sessions
from tidegate.serve.data_api.statements import (
    ENDED,
    MOST_WAITING,
    Part,
    Statement,
    Statements,
    Submission,
    no_statement,
)
from tidegate.serve.data_api.targets import Targets
from tidegate.warehouse.embedded.parameters import named_parameters

LARGEST_SQL = 100 * 1024
"""Bytes of a statement's text (management guide, Considerations when calling the Data API)."""

_PAGE = 100
_Item = TypeVar("_Item")
Answer = dict[str, object] | bytes
"""A document, or one that is written already."""

Request = Mapping[str, object]


class Operations:
    """ExecuteStatement and what belongs to it, by the names of the service model."""

    def __init__(self, statements: Statements, sessions: Sessions, runner: Runner, targets: Targets) -> None:
        self._statements = statements
        self._sessions = sessions
        self._runner = runner
        self._targets = targets

    def execute_statement(self, request: Request) -> Answer:
        return self._submit(request, Submission([Part(_text(request, "Sql"))], {}))

    def batch_execute_statement(self, request: Request) -> Answer:
        parts = [Part(str(sql)) for sql in _list(request, "Sqls")]
        auto = _text(request, "ExecutionMode") == "AUTO_COMMIT"
        return self._submit(request, Submission(parts, {}, batch=True, auto_commit=auto))

    def _submit(self, request: Request, submission: Submission) -> Answer:
        session = _text(request, "SessionId") or None
        submission.session = session
        submission.target = self._sessions.target(session) if session else self._targets.resolve(request)
        if session and any(name in request for name in ("ClusterIdentifier", "WorkgroupName", "Database", "DbUser")):
            raise invalid("A request with a SessionId names neither a warehouse nor a database or user.")
        submission.format = _text(request, "ResultFormat") or "JSON"
        submission.name = _text(request, "StatementName")
        submission.parameters = _parameters(request)
        _check_texts(submission)
        keep_alive = request.get("SessionKeepAliveSeconds")

        def claim(statement: Statement) -> None:
            if session:
                self._sessions.take(session, _number(keep_alive), statement.id)
            elif keep_alive:
                opened = self._sessions.open(submission.target, int(str(keep_alive)), statement.id)
                submission.session = opened

        statement, new = self._statements.admit(submission, _text(request, "ClientToken") or None, claim)
        if new:
            self._runner.submit(statement)
        if "WaitTimeSeconds" in request:
            _wait(statement, request)
        return self._submitted(statement)

    def _submitted(self, statement: Statement) -> Answer:
        return {
            "Id": statement.id,
            "CreatedAt": statement.created,
            **statement.submission.target,
            **_session(statement),
            "Status": statement.status,
            "RedshiftPid": statement.pid,
            "HasResultSet": _has_result(statement.parts),
        }

    def describe_statement(self, request: Request) -> Answer:
        statement, number = self._find(request)
        _wait(statement, request)
        shared: dict[str, object] = {"Id": request["Id"], "CreatedAt": statement.created, "RedshiftPid": statement.pid}
        shared |= {**statement.submission.target, **_session(statement)}
        if number:
            return shared | _described(statement.part(number))
        document = shared | {
            "Status": statement.status,
            "UpdatedAt": statement.updated,
            "ResultFormat": statement.submission.format,
            "QueryParameters": [{"name": n, "value": v} for n, v in statement.submission.parameters.items()],
        }
        if not statement.submission.batch:
            return document | _described(statement.parts[0]) | _state(statement)
        ran = [part.duration_ns for part in statement.parts if part.duration_ns >= 0]
        return (
            document
            | _state(statement)
            | {
                "Duration": sum(ran) if ran else -1,
                "ExecutionMode": "AUTO_COMMIT" if statement.submission.auto_commit else "TRANSACTION",
                "HasResultSet": _has_result(statement.parts),
                "RedshiftQueryId": 0,
                "ResultRows": -1,
                "ResultSize": -1,
                "SubStatements": [
                    {"Id": f"{statement.id}:{number}", "CreatedAt": statement.created, **_described(part)}
                    for number, part in enumerate(statement.parts, start=1)
                ],
            }
        )

    def get_statement_result(self, request: Request) -> Answer:
        result, page = self._result(request, "JSON")
        return _page_document(result, page, result.page(page))

    def get_statement_result_v2(self, request: Request) -> Answer:
        result, page = self._result(request, "CSV")
        lines = json.dumps([{"CSVRecords": result.page(page).decode()}] if result.pages else []).encode()
        return _page_document(result, page, lines, ResultFormat="CSV")

    def _result(self, request: Request, format: str) -> tuple[Stored, int]:
        statement, number = self._find(request)
        _wait(statement, request)
        part = statement.part(number) if number else statement.parts[0]
        if statement.submission.batch and not number:
            part = next((p for p in reversed(statement.parts) if p.result is not None), part)
        if statement.status != "FINISHED" and not (statement.submission.auto_commit and part.status == "FINISHED"):
            raise not_found(
                "Query does not have result. Please check query status with DescribeStatement.", str(request["Id"])
            )
        if part.result is None:
            raise not_found(
                "Query does not have result. Please check query status with DescribeStatement.", statement.id
            )
        if part.result.format != format:
            raise invalid(f"The result of this statement is in the {part.result.format} format.")
        page = _token(request, len(part.result.pages))
        return part.result, page

    def cancel_statement(self, request: Request) -> Answer:
        statement, _ = self._find(request)
        self._runner.cancel(statement)
        return {"Status": True}

    def list_statements(self, request: Request) -> Answer:
        wanted = _text(request, "Status") or "FINISHED"
        name = _text(request, "StatementName")
        found = (
            each
            for each in self._statements.newest_first()
            if wanted in ("ALL", each.status)
            and each.submission.name.startswith(name)
            and _fits(request, each.submission.target)
        )
        return _paged(request, "Statements", (_listed(each) for each in found))

    def list_sessions(self, request: Request) -> Answer:
        id, wanted = _text(request, "SessionId"), _text(request, "Status")
        known = list(self._sessions.newest_first())
        if id and not any(held.id == id for held in known):
            raise not_found(f"Session with Id: {id} does not exist.", id)
        found = (
            held
            for held in known
            if (not id or held.id == id)
            and (held.status == wanted if wanted else bool(id) or held.status != "CLOSED")
            and _fits(request, held.target)
        )
        return _paged(request, "Sessions", (_listed_session(held) for held in found))

    def _find(self, request: Request) -> tuple[Statement, int]:
        """The statement that an id means, and the number of its part, 0 for the whole."""
        id, _, number = str(request["Id"]).partition(":")
        statement = self._statements.find(id)
        if number and not 1 <= int(number) <= len(statement.parts):
            raise no_statement(str(request["Id"]))
        return statement, int(number or 0)


def _wait(statement: Statement, request: Request) -> None:
    """Wait as long as the request says, or until the statement has ended."""
    seconds = _number(request.get("WaitTimeSeconds"))
    if not seconds or statement.status in ENDED:
        return
    if not statement.waiting.acquire(blocking=False):
        raise ApiError(
            "ActiveWaitingRequestsExceededException",
            f"Active waiting requests for one statement exceeded the allowed quota ({MOST_WAITING}).",
        )
    try:
        statement.ended.wait(seconds)
    finally:
        statement.waiting.release()


def _described(part: Part) -> dict[str, object]:
    document: dict[str, object] = {
        "Status": part.status,
        "Duration": part.duration_ns,
        "HasResultSet": part.result is not None,
        "QueryString": part.sql,
        "RedshiftQueryId": part.query_id,
        "ResultRows": part.rows,
        "ResultSize": -1 if part.result is None else part.result.size,
    }
    if part.updated:
        document["UpdatedAt"] = part.updated
    return document | ({} if part.error is None else {"Error": part.error})


def _state(statement: Statement) -> dict[str, object]:
    state: dict[str, object] = {"Status": statement.status, "UpdatedAt": statement.updated}
    return state if statement.error is None else state | {"Error": statement.error}


def _session(statement: Statement) -> dict[str, str]:
    return {"SessionId": statement.submission.session} if statement.submission.session else {}


def _has_result(parts: Iterable[Part]) -> bool:
    return any(part.result is not None for part in parts)


def _listed(statement: Statement) -> dict[str, object]:
    submission = statement.submission
    document: dict[str, object] = {
        "Id": statement.id,
        "CreatedAt": statement.created,
        "UpdatedAt": statement.updated,
        "IsBatchStatement": submission.batch,
        "QueryParameters": [{"name": n, "value": v} for n, v in submission.parameters.items()],
        "QueryString": submission.parts[0].sql,
        "ResultFormat": submission.format,
        "StatementName": submission.name,
        "Status": statement.status,
        **_session(statement),
    }
    if submission.batch:
        document["QueryStrings"] = [part.sql for part in submission.parts]
    return document


def _listed_session(held: Held) -> dict[str, object]:
    return {
        "SessionId": held.id,
        "Status": held.status,
        "CreatedAt": held.created,
        "UpdatedAt": held.updated,
        "SessionAliveSeconds": held.keep_alive,
        "SessionTtl": held.expires,
        **held.target,
        **({"CurrentStatementId": held.statement} if held.statement else {}),
    }


def _page_document(result: Stored, page: int, records: bytes, **more: object) -> bytes:
    """The document around records that are written already."""
    document: dict[str, object] = {"ColumnMetadata": result.columns, "TotalNumRows": result.rows, **more}
    if page + 1 < len(result.pages):
        document["NextToken"] = str(page + 1)
    return b'{"Records":' + records + b"," + json.dumps(document).encode()[1:]


def _paged(request: Request, member: str, items: Iterable[_Item]) -> dict[str, object]:
    found = list(items)
    start, size = _token(request, len(found) + 1), _number(request.get("MaxResults")) or _PAGE
    document: dict[str, object] = {member: found[start : start + size]}
    if start + size < len(found):
        document["NextToken"] = str(start + size)
    return document


def _token(request: Request, end: int) -> int:
    """Where a NextToken leads. Raises ApiError when it is not one of ours."""
    token = _text(request, "NextToken")
    if not token:
        return 0
    if not re.fullmatch(r"\d{1,9}", token) or int(token) >= max(end, 1):
        raise invalid("The NextToken is not valid.")
    return int(token)


def _fits(request: Request, target: Mapping[str, str]) -> bool:
    asked = {name: request[name] for name in ("ClusterIdentifier", "WorkgroupName", "Database") if name in request}
    return all(target.get(name) == value for name, value in asked.items())


def _parameters(request: Request) -> dict[str, str]:
    given = [(str(each["name"]), str(each["value"])) for each in _list(request, "Parameters") if isinstance(each, dict)]
    if len(dict(given)) < len(given):
        raise invalid("Parameters contain a name more than once.")
    return dict(given)


def _check_texts(submission: Submission) -> None:
    for part in submission.parts:
        if len(part.sql.encode()) > LARGEST_SQL:
            raise invalid(f"The query statement is longer than {LARGEST_SQL} bytes.")
        if not part.sql.strip():
            raise invalid("The query statement is empty.")
    if not submission.parameters:
        return
    try:
        used = frozenset[str]().union(*(named_parameters(part.sql) for part in submission.parts))
    except StatementError as error:
        raise invalid(f"The parameters cannot be found in the statement: {error.message}") from error
    if unused := sorted(submission.parameters.keys() - used):
        raise invalid(f"Parameters not used in the statement: {', '.join(unused)}")


def _text(request: Request, name: str) -> str:
    return str(request.get(name, ""))


def _list(request: Request, name: str) -> list[object]:
    value = request.get(name, [])
    return value if isinstance(value, list) else []


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None
