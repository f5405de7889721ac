"""Statements on their way: submitted, waited for, found again, and their results fetched."""

import contextlib
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from tidegate.config.settings import DataApiSettings
from tidegate.errors import Interrupted, StatementRefused, StillRunning, TidegateError, WarehouseUnreachable
from tidegate.warehouse.base import Result, Row, RowStream
from tidegate.warehouse.cluster.statements import Text
from tidegate.warehouse.cluster.warehouse import session_settings
from tidegate.warehouse.data_api.client import Answer, Caller, code_of
from tidegate.warehouse.data_api.failures import failure_of
from tidegate.warehouse.data_api.tokens import Tokens, random_token
from tidegate.warehouse.data_api.values import column, rows

if TYPE_CHECKING:
    from mypy_boto3_redshift_data import RedshiftDataAPIServiceClient

MAX_STATEMENTS = 40
"""In a batch (API reference, SqlList)."""

LONG_POLL = 20
FIRST_POLL = 1
"""Seconds that the API is asked to wait for a statement, and for one that was just submitted; it takes up to 30."""

_ENDED = frozenset({"FINISHED", "FAILED", "ABORTED"})
_SESSION = re.compile(r"Session is not available|Session with Id: \S+ is invalid")
_SESSION_TRIES = 5
_SKEW = timedelta(seconds=2)
"""How far the times of the API's machines may be apart."""


@dataclass(frozen=True)
class Job:
    """One submission. `session` is where it must run, None anywhere; `keep_alive` are the seconds that the API keeps
    that session, or a new one, when nothing runs in it.

    `in_block`: a transaction that the caller began is open in the session.
    """

    texts: tuple[Text, ...]
    transaction: bool = False
    session: str | None = None
    in_block: bool = False
    keep_alive: int | None = None

    @property
    def mark(self) -> str:
        return next((text.mark for text in self.texts if text.mark), "")

    @property
    def tracked(self) -> bool:
        """Whether a process that makes the same call takes up this one instead of running it again."""
        if not self.mark or self.in_block or self.keep_alive is not None:
            return False
        return any(not t.reads for t in self.texts) if self.transaction else self.texts[0].changes


@dataclass(frozen=True)
class _Ended:
    """How a submission ended. `leading` statements of it are ours. `parts` describe the caller's, one each."""

    id: str
    described: Answer
    leading: int
    auto_commit: bool

    @property
    def parts(self) -> Sequence[Answer]:
        subs: Sequence[Answer] = self.described.get("SubStatements", [])
        return subs[self.leading :] if subs else [self.described]

    @property
    def finished(self) -> bool:
        status = self.parts[0].get("Status") if self.auto_commit else self.described.get("Status")
        return status == "FINISHED"


class Runs:
    """Runs jobs on one warehouse. Safe for many threads. `deadline` tells the seconds that are left."""

    def __init__(
        self,
        settings: DataApiSettings,
        client: "RedshiftDataAPIServiceClient",
        caller: Caller,
        deadline: Callable[[], float | None],
    ) -> None:
        self._settings = settings
        self._client = client
        self._caller = caller
        self._deadline = deadline
        self._tokens = Tokens()
        self._features = _features(client)

    def run(self, job: Job) -> list[Result]:
        """The results of a job, one for each statement. Raises as Session.execute."""
        if job.tracked:
            return self._tracked(job)
        ended = self._wait_untracked(job, self._submit(job, random_token()))
        return self._results(ended)

    def open_session(self, keep_alive: int, text: Text) -> str:
        """The id of a new session, whose first statement is `text`."""
        job = Job((text,), keep_alive=keep_alive)
        answer = self._submit(job, random_token())
        ended = self._wait_untracked(job, answer)
        self._results(ended)
        return str(answer.get("SessionId") or ended.described["SessionId"])

    @contextmanager
    def stream(self, job: Job) -> Iterator[RowStream]:
        """The pages of a query."""
        ended = self._wait_untracked(job, self._submit(job, random_token()))
        if not ended.finished:
            raise failure_of(ended.described, ended.leading)
        pages = self._pages(_part_id(ended, 0))
        first = next(pages)
        columns = tuple(column(each) for each in first.get("ColumnMetadata", []))

        def chunks() -> Iterator[Sequence[Row]]:
            if first["Records"]:
                yield rows(columns, first["Records"])
            for page in pages:
                yield rows(columns, page["Records"])

        yield RowStream(columns, chunks())

    def _tracked(self, job: Job) -> list[Result]:
        """Run a job, or take up what this or another process submitted before and saw no end of."""
        mark = job.mark
        if not self._tokens.is_settled(mark):
            self._wait_for_others(mark)
        attempt = self._tokens.attempt(
            self._settings.address, [text.sql for text in job.texts], job.session or "", str(job.transaction)
        )
        self._tokens.settle(mark, known=False)
        while True:
            began = time.monotonic()
            answer = self._submit(job, attempt.token)
            older = _older(answer, time.monotonic() - began)
            ended = self._wait_tracked(job, answer)
            if ended.finished:
                results = self._results(ended)
                self._tokens.delivered(attempt)
                self._tokens.settle(mark)
                return results
            attempt = self._tokens.after_failure(attempt)
            if not older:
                self._tokens.settle(mark)
                raise failure_of(ended.described, ended.leading)

    def _wait_for_others(self, mark: str) -> None:
        """Wait for statements with the same comment, whatever their text, that an earlier process left running."""
        request: dict[str, object] = {"StatementName": mark, "Status": "ALL", "MaxResults": 100}
        while True:
            try:
                page = self._caller.call(self._client.list_statements, request)
            except WarehouseUnreachable as error:
                if code_of(error.__cause__) == "AccessDeniedException":
                    return
                raise
            for each in page["Statements"]:
                if each.get("StatementName") == mark and each.get("Status") not in _ENDED:
                    self._wait(str(each["Id"]), mark)
            if not page.get("NextToken"):
                return
            request["NextToken"] = page["NextToken"]

    def _submit(self, job: Job, token: str) -> Answer:
        """Raises WarehouseUnreachable when the session is gone; nothing was run then."""
        batch = self._sqls(job)
        request: dict[str, object] = {"ClientToken": token, **self._target(job)}
        if job.mark:
            request["StatementName"] = job.mark
        if self._features.waits:
            request["WaitTimeSeconds"] = FIRST_POLL
        operation: Callable[..., Any] = self._client.execute_statement
        if job.transaction or len(batch) > 1:
            operation = self._client.batch_execute_statement
            request["Sqls"] = batch
            request |= {} if job.transaction else {"ExecutionMode": "AUTO_COMMIT"}
        else:
            request["Sql"] = batch[0]
        for attempt in range(1, _SESSION_TRIES + 1):
            try:
                return self._caller.call(operation, request)
            except StatementRefused as error:
                if not _SESSION.search(error.message):
                    raise
                if attempt == _SESSION_TRIES or not self._caller.wait(attempt):
                    raise WarehouseUnreachable(
                        f"the session on {self._settings.address} is gone, and its temporary tables with it",
                        hint="Run the command again.",
                    ) from error
        raise AssertionError("the loop above returns or raises")

    def _sqls(self, job: Job) -> list[str]:
        return [*self._leading(job), *(text.sql for text in job.texts)]

    def _leading(self, job: Job) -> list[str]:
        """The settings of a session that lives for this job alone, where they matter and fit."""
        if job.session is not None or job.keep_alive is not None:
            return []
        if not job.transaction and not (self._features.modes and job.texts[0].groups):
            return []
        wanted = session_settings(self._settings)
        return wanted if len(job.texts) + len(wanted) <= MAX_STATEMENTS else []

    def _target(self, job: Job) -> dict[str, object]:
        if job.session is not None:
            keep: dict[str, object] = {} if job.keep_alive is None else {"SessionKeepAliveSeconds": job.keep_alive}
            return {"SessionId": job.session} | keep
        known = {
            "Database": self._settings.database,
            "WorkgroupName": self._settings.workgroup,
            "ClusterIdentifier": self._settings.cluster,
            "DbUser": self._settings.db_user,
            "SecretArn": self._settings.secret,
            "SessionKeepAliveSeconds": job.keep_alive,
        }
        return {name: value for name, value in known.items() if value is not None}

    def _wait_tracked(self, job: Job, answer: Answer) -> _Ended:
        return self._ended(job, self._wait(str(answer["Id"]), job.mark))

    def _wait_untracked(self, job: Job, answer: Answer) -> _Ended:
        """Nobody will look for this statement: it is called off when the time is over."""
        id = str(answer["Id"])
        try:
            return self._ended(job, self._wait(id, job.mark))
        except StillRunning as late:
            self._cancel(id)
            described = self._caller.call(self._client.describe_statement, {"Id": id})
            if described["Status"] == "FINISHED":
                return self._ended(job, described)
            raise WarehouseUnreachable(f"{late.message}, and was called off", hint="Give the call more time.") from late

    def _ended(self, job: Job, described: Answer) -> _Ended:
        leading = len(self._leading(job))
        return _Ended(str(described["Id"]), described, leading, leading > 0 and not job.transaction)

    def _wait(self, id: str, mark: str) -> Answer:
        """The description of a statement that has ended. Raises StillRunning when the time is over before."""
        try:
            return self._poll(id, mark)
        except (KeyboardInterrupt, Interrupted):
            self._cancel(id)
            raise

    def _poll(self, id: str, mark: str) -> Answer:
        attempt = 0
        while True:
            left = self._deadline()
            seconds = LONG_POLL if left is None else int(min(left, LONG_POLL))
            polls = self._features.waits and seconds >= 1
            request: dict[str, object] = {"Id": id, **({"WaitTimeSeconds": seconds} if polls else {})}
            described = self._caller.call(self._client.describe_statement, request)
            if described["Status"] in _ENDED:
                return described
            attempt += 1
            if (left is not None and left <= seconds) or (not polls and not self._caller.wait(attempt)):
                raise StillRunning(
                    f"statement {id} {mark or 'without a comment'} has not ended in the time that was left",
                    hint="Make the same call again: it waits for this statement.",
                )

    def _cancel(self, id: str) -> None:
        with contextlib.suppress(TidegateError):
            self._caller.call(self._client.cancel_statement, {"Id": id})

    def _results(self, ended: _Ended) -> list[Result]:
        if not ended.finished:
            raise failure_of(ended.described, ended.leading)
        return [self._result(_part_id(ended, at), part) for at, part in enumerate(ended.parts)]

    def _result(self, id: str, part: Answer) -> Result:
        if not part.get("HasResultSet"):
            return Result(rowcount=max(int(part.get("ResultRows", 0)), 0))
        columns: tuple[Any, ...] = ()
        found: list[Row] = []
        for page in self._pages(id):
            columns = columns or tuple(column(each) for each in page.get("ColumnMetadata", []))
            found.extend(rows(columns, page["Records"]))
        return Result(columns, tuple(found), len(found))

    def _pages(self, id: str) -> Iterator[Answer]:
        request: dict[str, object] = {"Id": id}
        while True:
            page = self._caller.call(self._client.get_statement_result, request)
            yield page
            if not page.get("NextToken"):
                return
            request["NextToken"] = page["NextToken"]


@dataclass(frozen=True)
class _Features:
    """What the installed client's model of the API has."""

    waits: bool
    modes: bool


def _features(client: "RedshiftDataAPIServiceClient") -> _Features:
    model = client.meta.service_model
    members: list[Mapping[str, object]] = [
        shape.members if (shape := model.operation_model(name).input_shape) is not None else {}
        for name in ("DescribeStatement", "BatchExecuteStatement")
    ]
    return _Features("WaitTimeSeconds" in members[0], "ExecutionMode" in members[1])


def _part_id(ended: _Ended, at: int) -> str:
    if "SubStatements" not in ended.described:
        return ended.id
    return str(ended.parts[at]["Id"])


def _older(answer: Answer, elapsed: float) -> bool:
    """Whether an answer tells of a statement that was there before we submitted ours, by the API's own clock."""
    date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    created = answer.get("CreatedAt")
    if date is None or created is None:
        return False
    return bool(created < parsedate_to_datetime(date) - timedelta(seconds=elapsed) - _SKEW)
