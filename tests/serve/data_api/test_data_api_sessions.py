"""Sessions, cancelling, and waiting."""

import time
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from tests.serve.data_api.api import TARGET, Api, Clock, served
from tests.serve.data_api.test_data_api_statements import error_of


def open_session(api: Api, sql: str = "SELECT 1", seconds: int = 60) -> str:
    return str(api.run(sql, SessionKeepAliveSeconds=seconds)["SessionId"])


def test_a_session_keeps_what_is_temporary(api: Api) -> None:
    session = open_session(api, "CREATE TEMP TABLE kept (a INTEGER)")
    assert api.run("INSERT INTO kept VALUES (1)", SessionId=session)["SessionId"] == session
    assert api.rows("SELECT a FROM kept", SessionId=session) == [[1]]
    assert api.run("SELECT a FROM kept")["Status"] == "FAILED"
    listed = api.client.list_sessions(SessionId=session)["Sessions"][0]
    assert (listed["Status"], listed["SessionAliveSeconds"], listed["Database"]) == ("AVAILABLE", 60, "dev")


def test_a_transaction_over_several_calls(api: Api) -> None:
    api.run("CREATE TABLE public.blocked (a INTEGER)")
    session = open_session(api, "BEGIN")
    api.run("INSERT INTO public.blocked VALUES (1)", SessionId=session)
    assert api.rows("SELECT COUNT(*) FROM public.blocked", SessionId=session) == [[1]]
    assert api.rows("SELECT COUNT(*) FROM public.blocked") == [[0]]
    assert api.run("COMMIT", SessionId=session)["Status"] == "FINISHED"
    assert api.rows("SELECT COUNT(*) FROM public.blocked") == [[1]]


def test_one_statement_at_a_time(api: Api) -> None:
    """The session waits for the writer that another one is; meanwhile it takes nothing else, until it is called off."""
    api.run("CREATE TABLE public.busy (a INTEGER)")
    writer, waiting = open_session(api, "BEGIN"), open_session(api)
    api.run("INSERT INTO public.busy VALUES (1)", SessionId=writer)
    stuck = api.client.execute_statement(Sql="DELETE FROM public.busy", SessionId=waiting)["Id"]
    with pytest.raises(ClientError) as error:
        api.client.execute_statement(Sql="SELECT 1", SessionId=waiting)
    assert error_of(error) == ("ValidationException", "Session is not available.")
    assert api.client.list_sessions(Status="BUSY")["Sessions"][0]["CurrentStatementId"] == stuck
    assert api.client.describe_statement(Id=stuck, WaitTimeSeconds=1)["Status"] == "STARTED"
    assert api.client.cancel_statement(Id=stuck)["Status"] is True
    ended = api.ended(stuck)
    assert ended["Status"] == "ABORTED"
    assert "cancel" in ended["Error"].lower()
    api.run("COMMIT", SessionId=writer)
    assert api.rows("SELECT COUNT(*) FROM public.busy", SessionId=waiting) == [[1]]
    with pytest.raises(ClientError) as error:
        api.client.cancel_statement(Id=stuck)
    assert error_of(error)[0] == "ValidationException"
    assert "already in ABORTED state" in error_of(error)[1]


def test_a_cancelled_batch_is_rolled_back(api: Api) -> None:
    api.run("CREATE TABLE public.undone (a INTEGER)")
    api.run("CREATE TABLE public.taken (a INTEGER)")
    writer = open_session(api, "BEGIN")
    api.run("INSERT INTO public.taken VALUES (1)", SessionId=writer)
    sqls = ["CREATE TEMP TABLE seen (a INTEGER)", "INSERT INTO public.undone VALUES (1)", "SELECT 1"]
    id = api.client.batch_execute_statement(Sqls=sqls, **TARGET)["Id"]
    api.client.cancel_statement(Id=id)
    assert api.ended(id)["Status"] == "ABORTED"
    api.run("ROLLBACK", SessionId=writer)
    assert api.rows("SELECT COUNT(*) FROM public.undone") == [[0]]


def test_sessions_that_are_not_there(api: Api) -> None:
    unknown = "01234567-89ab-cdef-0123-456789abcdef"
    with pytest.raises(ClientError) as error:
        api.run("SELECT 1", SessionId=unknown)
    assert error_of(error) == ("ValidationException", f"Session with Id: {unknown} is invalid.")
    with pytest.raises(ClientError) as error:
        api.client.list_sessions(SessionId=unknown)
    assert error_of(error)[0] == "ResourceNotFoundException"
    with pytest.raises(ClientError) as error:
        api.client.execute_statement(Sql="SELECT 1", SessionId=open_session(api), Database="dev")
    assert error_of(error)[0] == "ValidationException"


def test_an_idle_session_ends_and_is_rolled_back(tmp_path: Path) -> None:
    clock = Clock(real=time.time)
    with served(tmp_path, clock=clock) as api:
        api.run("CREATE TABLE public.idle (a INTEGER)")
        session = open_session(api, "BEGIN", seconds=30)
        api.run("INSERT INTO public.idle VALUES (1)", SessionId=session)
        clock.ahead = 31
        with pytest.raises(ClientError) as error:
            api.run("COMMIT", SessionId=session)
        assert error_of(error) == ("ValidationException", "Session is not available.")
        assert api.rows("SELECT COUNT(*) FROM public.idle") == [[0]]
        assert api.client.list_sessions(SessionId=session)["Sessions"][0]["Status"] == "CLOSED"
        assert api.client.list_sessions()["Sessions"] == []


def test_a_keep_alive_of_zero_ends_the_session(api: Api) -> None:
    session = open_session(api)
    api.run("SELECT 1", SessionId=session, SessionKeepAliveSeconds=0)
    with pytest.raises(ClientError) as error:
        api.run("SELECT 1", SessionId=session)
    assert error_of(error)[1] == "Session is not available."
