"""The driver against a local Data API: settings of its sessions, limits, interruption, long results, its errors."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from typing import Any

import pytest
from tests.serve.data_api.api import KEYS, Api, served

from tidegate.config.settings import Aws, DataApiSettings
from tidegate.errors import (
    ConfigError,
    StatementCancelled,
    StatementError,
    StatementRefused,
    WarehouseUnreachable,
)
from tidegate.warehouse.data_api.driver import DataApiWarehouse

MARK = "/* tidegate 20200620-120000-00000001 publish */"
Opened = Callable[..., DataApiWarehouse]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with served(tmp_path_factory.mktemp("driven")) as api:
        yield api


@pytest.fixture
def settings(api: Api, monkeypatch: pytest.MonkeyPatch) -> DataApiSettings:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEYS["aws_access_key_id"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEYS["aws_secret_access_key"])
    return DataApiSettings("dev", workgroup="local", aws=Aws(region="us-east-1", endpoint=api.server.endpoint))


@pytest.fixture
def opened(settings: DataApiSettings) -> Iterator[Opened]:
    with ExitStack() as stack:

        def open_warehouse(changes: dict[str, Any] | None = None, **options: Any) -> DataApiWarehouse:
            changed = replace(settings, **(changes or {}))
            return stack.enter_context(closing(DataApiWarehouse(changed, pause=lambda seconds: None, **options)))

        yield open_warehouse


def labels(api: Api, text: str) -> set[str]:
    rows = api.rows(f"SELECT query_label FROM sys_query_history WHERE query_text LIKE '%{text}%'")
    return {label for (label,) in rows if label != "default"}


def test_every_statement_has_the_query_group(api: Api, opened: Opened) -> None:
    warehouse = opened({"query_group": "nightly"})
    warehouse.execute("SELECT 'alone'")
    warehouse.transaction(["SELECT 'listed'"])
    with warehouse.session() as session:
        session.execute("CREATE TEMP TABLE s (a INTEGER)")
        session.execute("SELECT 'held' FROM s")
    assert [labels(api, word) for word in ("alone", "listed", "held")] == [{"nightly"}] * 3


def test_a_statement_timeout(api: Api, opened: Opened) -> None:
    api.run("CREATE TABLE public.waited (a INTEGER)")
    writer = api.run("BEGIN", SessionKeepAliveSeconds=60)["SessionId"]
    api.run("INSERT INTO public.waited VALUES (1)", SessionId=writer)
    with pytest.raises(StatementCancelled):
        opened({"statement_timeout": 0.05}).execute("DELETE FROM public.waited")
    api.run("ROLLBACK", SessionId=writer)


def test_an_interrupted_call_calls_its_statement_off(api: Api, opened: Opened) -> None:
    api.run("CREATE TABLE public.interrupted (a INTEGER)")
    writer = api.run("BEGIN", SessionKeepAliveSeconds=60)["SessionId"]
    api.run("INSERT INTO public.interrupted VALUES (1)", SessionId=writer)

    def interrupt() -> float:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        opened(deadline=interrupt).transaction([f"{MARK} DELETE FROM public.interrupted"])
    assert api.client.list_statements(StatementName=MARK, Status="ALL")["Statements"][0]["Status"] == "ABORTED"
    api.run("ROLLBACK", SessionId=writer)


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        (["SELECT 1"] * 41, "41 statements in one transaction: the Data API takes 40"),
        ([f"SELECT '{'x' * 100_000}'"], "a statement of 100009 bytes: the Data API takes 100000"),
        (["DELETE FROM t", "COMMIT"], "COMMIT inside a list of statements"),
        (["DELETE FROM t", "SELECT 1; SELECT 2"], "more than one statement"),
    ],
)
def test_refusals_before_anything_is_sent(api: Api, opened: Opened, statements: list[str], told: str) -> None:
    before = api.client.list_statements(Status="ALL")["Statements"]
    with pytest.raises(StatementRefused, match=told):
        opened().transaction(statements)
    assert api.client.list_statements(Status="ALL")["Statements"] == before


def test_forty_statements_are_one_transaction(opened: Opened) -> None:
    results = opened().transaction([f"SELECT {n}" for n in range(40)])
    assert [r.rows for r in results] == [((n,),) for n in range(40)]


def test_a_result_of_many_pages(api: Api, opened: Opened) -> None:
    api.run("CREATE TABLE public.many (a INTEGER)")
    api.run(f"INSERT INTO public.many VALUES {', '.join(f'({n})' for n in range(2100))}")
    warehouse, sql = opened(), "SELECT a FROM public.many ORDER BY a"
    assert warehouse.execute(sql).rows == tuple((n,) for n in range(2100))
    with warehouse.stream(sql) as stream:
        chunks = list(stream.chunks)
    assert [len(chunk) for chunk in chunks] == [1000, 1000, 100]
    assert [row for chunk in chunks for row in chunk] == [(n,) for n in range(2100)]
    with pytest.raises(StatementRefused, match="DELETE returns no rows to stream"), warehouse.stream("DELETE FROM t"):
        pass


def test_a_row_that_is_too_long(opened: Opened) -> None:
    with pytest.raises(StatementError, match=r"the result row of 6[0-9]+ bytes is too large") as error:
        opened().execute("SELECT REPEAT('x', 65000) AS a, REPEAT('y', 2000) AS b")
    assert error.value.hint == "Select fewer or shorter columns."


def test_a_failing_statement_is_named_by_its_number(opened: Opened) -> None:
    with pytest.raises(StatementError, match=r'^statement 2 of 3: column "nope" does not exist$'):
        opened().transaction(["SELECT 1", "SELECT nope FROM svv_tables", "SELECT 2"])
    with pytest.raises(StatementError, match=r'^column "nope" does not exist$'):
        opened().execute("SELECT nope FROM svv_tables")


def test_what_cannot_stand_in_a_transaction_is_sent_alone(api: Api, opened: Opened) -> None:
    api.run("CREATE TABLE public.vacuumed (a INTEGER)")
    opened().execute("VACUUM public.vacuumed")
    (vacuum,) = [s for s in api.client.list_statements()["Statements"] if "VACUUM" in s["QueryString"]]
    assert vacuum["IsBatchStatement"] is False


@pytest.mark.parametrize(
    ("changes", "kind", "told", "hint"),
    [
        ({"workgroup": "other"}, WarehouseUnreachable, "ResourceNotFoundException", "Check the workgroup or cluster"),
        (
            {"database": "prod"},
            StatementRefused,
            'database "prod" does not exist',
            "Correct the statement, or [warehouse] url.",
        ),
        (
            {"aws": Aws(region="us-east-1", endpoint="http://127.0.0.1:9")},
            WarehouseUnreachable,
            "cannot be reached",
            "Run the command again",
        ),
    ],
)
def test_a_warehouse_that_is_not_there(
    opened: Opened, changes: dict[str, Any], kind: type[Exception], told: str, hint: str
) -> None:
    with pytest.raises(kind, match=told) as error:
        opened(changes).execute("SELECT 1")
    assert str(vars(error.value)["hint"]).startswith(hint)


def test_keys_that_are_wrong_or_missing(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "guess")
    with pytest.raises(WarehouseUnreachable, match="InvalidSignatureException") as error:
        opened().execute("SELECT 1")
    assert error.value.hint == "Check the secret access key and the clock of this machine."
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(WarehouseUnreachable, match="Unable to locate credentials") as error:
        opened().execute("SELECT 1")
    assert error.value.hint == "Configure AWS credentials, or renew them."


def test_a_region_or_profile_that_is_missing(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.delenv("AWS_REGION", raising=False)
    for aws in (Aws(), Aws(profile="nobody")):
        with pytest.raises(ConfigError, match="no client for the warehouse local/dev"):
            opened({"aws": aws})
