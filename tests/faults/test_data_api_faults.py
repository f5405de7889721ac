"""The Data API fails, is slow, or its answers are lost: what changes rows happens once, what reads is never stale."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from tests.faults.data_api_proxy import CUT, LOST, Faults, refusal
from tests.serve.data_api.api import KEYS, Api, Clock, served
from tests.servers.proxy import Fault, running_proxy

from tidegate.config.settings import Aws, DataApiSettings
from tidegate.errors import GuardFailed, StatementError, StillRunning, WarehouseUnreachable
from tidegate.redshift.guard import guard_none
from tidegate.warehouse.data_api.client import ATTEMPTS
from tidegate.warehouse.data_api.driver import DataApiWarehouse

MARK = "/* tidegate 20200620-120000-00000001 publish */"
PUBLISH = [
    f"{MARK} LOCK public.lock_00",
    f"{MARK} {guard_none('public.published', 'batch 1 is already published')}",
    f"{MARK} DELETE FROM public.hot WHERE a = 1",
    f"{MARK} INSERT INTO public.published VALUES (1)",
]
AT_ONCE = {"pause": lambda seconds: None}

SUBMISSIONS = ("ExecuteStatement", "BatchExecuteStatement")
Opened = Callable[..., DataApiWarehouse]


@pytest.fixture
def clock() -> Clock:
    return Clock(real=time.time)


@pytest.fixture
def api(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEYS["aws_access_key_id"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEYS["aws_secret_access_key"])
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    with served(tmp_path, clock=clock) as api:
        api.batch(
            "CREATE TABLE public.lock_00 (nothing SMALLINT)",
            "CREATE TABLE public.hot (a INTEGER)",
            "CREATE TABLE public.published (a INTEGER)",
            "INSERT INTO public.hot VALUES (1), (1), (2)",
        )
        yield api


@pytest.fixture
def faults(api: Api) -> Iterator[Faults]:
    with running_proxy(api.server.endpoint) as proxy:
        yield Faults(proxy)


@pytest.fixture
def opened(faults: Faults) -> Iterator[Opened]:
    """Opens the warehouse behind the proxy, as another process would."""
    with ExitStack() as stack:

        def open_warehouse(**options: object) -> DataApiWarehouse:
            warehouse = DataApiWarehouse(settings(faults.proxy.endpoint), **(AT_ONCE | options))  # type: ignore[arg-type]
            return stack.enter_context(closing(warehouse))

        yield open_warehouse


def settings(address: str) -> DataApiSettings:
    return DataApiSettings("dev", workgroup="local", aws=Aws(region="us-east-1", endpoint=address))


def published(api: Api) -> tuple[int, int]:
    """Rows that are left in the hot table, and rows of `published`."""
    (row,) = api.rows("SELECT (SELECT COUNT(*) FROM public.hot), (SELECT COUNT(*) FROM public.published)")
    return row[0], row[1]


def publications(api: Api) -> list[str]:
    found = api.client.list_statements(StatementName=MARK, Status="ALL")["Statements"]
    return [each["Status"] for each in found]


PASSING = {
    "cut": CUT,
    "lost": LOST,
    **{name: refusal(name) for name in ("ThrottlingException", "InternalServerException", "ServiceUnavailable")},
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_passing_failures_are_tried_again(api: Api, opened: Opened, faults: Faults, fault: Fault) -> None:
    operations = ("BatchExecuteStatement", "DescribeStatement", "GetStatementResult", "ListStatements")
    faults.on(*operations, fault=fault, times=2)
    results = opened().transaction(PUBLISH)
    assert [r.rowcount for r in results] == [0, 1, 2, 1]
    assert results[1].rows == ((0,),)
    assert published(api) == (1, 1)
    assert publications(api) == ["FINISHED"]
    assert [faults.seen(name) for name in operations] == [3, 3, 3, 3]


def test_a_failure_that_stays(api: Api, opened: Opened, faults: Faults) -> None:
    faults.on(*SUBMISSIONS, fault=refusal("ThrottlingException"))
    with pytest.raises(WarehouseUnreachable, match="answered ThrottlingException") as error:
        opened().execute("SELECT 1")
    assert error.value.retryable
    assert faults.seen(*SUBMISSIONS) == ATTEMPTS


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("ExpiredTokenException", "Renew the AWS credentials and run the command again."),
        (
            "AccessDeniedException",
            "Grant this identity the redshift-data actions and the database user's credentials.",
        ),
        ("ResourceNotFoundException", "Check the workgroup or cluster, and the region."),
    ],
)
def test_what_does_not_pass_is_not_tried_again(opened: Opened, faults: Faults, code: str, hint: str) -> None:
    faults.on("BatchExecuteStatement", fault=refusal(code))
    with pytest.raises(WarehouseUnreachable, match=f"answered {code}") as error:
        opened().execute("SELECT 1")
    assert error.value.hint == hint
    assert faults.seen(*SUBMISSIONS) == 1


@pytest.mark.parametrize("lost", ["BatchExecuteStatement", "DescribeStatement", "GetStatementResult"])
def test_an_answer_that_is_lost_after_the_commit(api: Api, opened: Opened, faults: Faults, lost: str) -> None:
    """The next process makes the same call: it gets the results of what was committed, and nothing runs again."""
    faults.on(lost, fault=LOST)
    with pytest.raises(WarehouseUnreachable, match="cannot be reached"):
        opened().transaction(PUBLISH)
    faults.clear()
    assert [r.rowcount for r in opened().transaction(PUBLISH)] == [0, 1, 2, 1]
    assert published(api) == (1, 1)
    assert publications(api) == ["FINISHED"]


def test_a_process_that_dies_before_the_answer(api: Api, opened: Opened, faults: Faults) -> None:
    faults.on("BatchExecuteStatement", fault=LOST, times=1)
    program = f"""
import os
from tests.faults.test_data_api_faults import PUBLISH, settings
from tidegate.warehouse.data_api.driver import DataApiWarehouse
DataApiWarehouse(settings({faults.proxy.endpoint!r}), pause=lambda seconds: os._exit(9)).transaction(PUBLISH)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 9
    assert [r.rowcount for r in opened().transaction(PUBLISH)] == [0, 1, 2, 1]
    assert published(api) == (1, 1)
    assert publications(api) == ["FINISHED"]


def test_the_same_call_after_the_time_was_over(api: Api, opened: Opened) -> None:
    writer = api.run("BEGIN", SessionKeepAliveSeconds=60)["SessionId"]
    api.run("INSERT INTO public.hot VALUES (3)", SessionId=writer)
    warehouse = opened(deadline=lambda: 0.0)
    for _ in range(2):
        with pytest.raises(StillRunning, match="has not ended in the time that was left"):
            warehouse.transaction(PUBLISH)
    assert publications(api) in (["STARTED"], ["SUBMITTED"])
    api.run("ROLLBACK", SessionId=writer)
    assert [r.rowcount for r in opened().transaction(PUBLISH)] == [0, 1, 2, 1]
    assert published(api) == (1, 1)
    assert publications(api) == ["FINISHED"]


def test_nobody_looks_for_a_statement_without_a_comment(api: Api, opened: Opened) -> None:
    """So it is called off when the time is over."""
    writer = api.run("BEGIN", SessionKeepAliveSeconds=60)["SessionId"]
    api.run("INSERT INTO public.hot VALUES (3)", SessionId=writer)
    with pytest.raises(WarehouseUnreachable, match="was called off"):
        opened(deadline=lambda: 0.0).execute("DELETE FROM public.hot")
    api.run("ROLLBACK", SessionId=writer)
    assert published(api) == (3, 0)


@pytest.mark.parametrize("same_process", [True, False])
def test_what_failed_before_is_tried_anew(api: Api, opened: Opened, clock: Clock, same_process: bool) -> None:
    api.run("INSERT INTO public.published VALUES (0)")
    first = opened()
    with pytest.raises(GuardFailed, match=r"^batch 1 is already published: 1$"):
        first.transaction(PUBLISH)
    api.run("DELETE FROM public.published")
    clock.ahead = 60
    (first if same_process else opened()).transaction(PUBLISH)
    assert published(api) == (1, 1)
    assert publications(api) == ["FINISHED", "FAILED"]


def test_a_repeated_publication_with_a_new_text_meets_its_guard(api: Api, opened: Opened, faults: Faults) -> None:
    """The record in a publication carries the time, so the next process has another text: the guard decides."""
    faults.on("DescribeStatement", fault=LOST)
    with pytest.raises(WarehouseUnreachable):
        opened().transaction(PUBLISH)
    faults.clear()
    with pytest.raises(GuardFailed, match="already published"):
        opened().transaction([*PUBLISH, f"{MARK} SELECT 'now'"])
    assert published(api) == (1, 1)


def test_a_statement_with_the_same_comment_is_waited_for(api: Api, opened: Opened) -> None:
    writer = api.run("BEGIN", SessionKeepAliveSeconds=60)["SessionId"]
    api.run("INSERT INTO public.hot VALUES (3)", SessionId=writer)
    with pytest.raises(StillRunning):
        opened(deadline=lambda: 0.0).transaction(PUBLISH)
    with pytest.raises(StillRunning, match="publish"):
        opened(deadline=lambda: 0.0).transaction([*PUBLISH, f"{MARK} SELECT 'now'"])
    assert len(publications(api)) == 1
    outcomes: list[str] = []

    def repeat() -> None:
        with pytest.raises(GuardFailed) as error:
            opened().transaction([*PUBLISH, f"{MARK} SELECT 'now'"])
        outcomes.append(error.value.message)

    thread = threading.Thread(target=repeat)
    thread.start()
    api.run("ROLLBACK", SessionId=writer)
    thread.join()
    assert outcomes == ["batch 1 is already published: 1"]
    assert published(api) == (1, 1)


def test_the_look_up_needs_no_permission(api: Api, opened: Opened, faults: Faults) -> None:
    faults.on("ListStatements", fault=refusal("AccessDeniedException"))
    opened().transaction(PUBLISH)
    assert published(api) == (1, 1)


def test_reads_are_never_taken_up(api: Api, opened: Opened) -> None:
    count = f"{MARK} SELECT COUNT(*) FROM public.hot"
    first, second = opened(), opened()
    assert first.execute(count).rows == ((3,),)
    api.run("INSERT INTO public.hot VALUES (4)")
    assert (first.execute(count).rows, second.execute(count).rows) == (((4,),), ((4,),))
    assert first.transaction([count, count])[1].rows == ((4,),)
    api.run("INSERT INTO public.hot VALUES (5)")
    assert second.transaction([count, count])[1].rows == ((5,),)


def test_a_call_that_was_answered_means_a_new_statement_when_it_is_made_again(api: Api, opened: Opened) -> None:
    warehouse, insert = opened(), f"{MARK} INSERT INTO public.hot VALUES (9)"
    for _ in range(3):
        assert warehouse.execute(insert).rowcount == 1
    assert api.rows("SELECT COUNT(*) FROM public.hot WHERE a = 9") == [[3]]


def test_a_session_that_ended_says_so(api: Api, opened: Opened) -> None:
    with opened().session() as session:
        session.execute("CREATE TEMP TABLE staged (a INTEGER)")
        ours = api.client.list_sessions()["Sessions"][0]["SessionId"]
        api.run("SELECT 1", SessionId=ours, SessionKeepAliveSeconds=0)
        with pytest.raises(WarehouseUnreachable, match="is gone, and its temporary tables with it"):
            session.execute("INSERT INTO staged VALUES (1)")


def test_an_outcome_that_is_not_known_aborts_the_open_transaction(api: Api, opened: Opened, faults: Faults) -> None:
    with opened().session() as session:
        session.execute("BEGIN")
        faults.on("ExecuteStatement", fault=LOST)
        with pytest.raises(WarehouseUnreachable):
            session.execute("DELETE FROM public.hot")
        faults.clear()
        with pytest.raises(StatementError, match="rolled back"):
            session.execute("COMMIT")
    assert published(api) == (3, 0)
