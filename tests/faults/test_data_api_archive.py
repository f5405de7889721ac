"""A whole archive through the Data API: the network ends with a transaction, and the same command finishes the work."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.faults.data_api_proxy import Faults
from tests.serve.data_api.api import KEYS, client_of
from tests.servers.proxy import running_proxy
from tests.world import World, create_orders

from tidegate.config.settings import Aws, DataApiSettings, EmbeddedSettings
from tidegate.serve.data_api.server import DataApiServer
from tidegate.warehouse.data_api.driver import DataApiWarehouse
from tidegate.warehouse.embedded.driver import EmbeddedWarehouse

WHOLE = "SELECT COUNT(*), SUM(order_id), SUM(amount) FROM public.orders"


@contextmanager
def behind_the_api(world: World) -> Iterator[tuple[World, Faults, DataApiServer]]:
    """The same folder; its warehouse is reached through a proxy, the Data API and boto3. Without a query group only
    transactions are batches.
    """
    settings = world.settings.warehouse
    assert isinstance(settings, EmbeddedSettings)
    local = EmbeddedWarehouse(settings)
    server = DataApiServer(
        local,
        access_key_id=KEYS["aws_access_key_id"],
        secret_access_key=KEYS["aws_secret_access_key"],
        workgroup="local",
        database="dev",
    )
    server.start()
    try:
        with local.session() as open_file, running_proxy(server.endpoint) as proxy:
            open_file.execute("SELECT 1")
            aws = Aws(region="us-east-1", endpoint=proxy.endpoint)
            remote = DataApiSettings("dev", workgroup="local", aws=aws, query_group="")

            def wrap(port: object, name: str) -> object:
                return DataApiWarehouse(remote, pause=lambda seconds: None) if name == "warehouse" else port

            yield replace(world, wrap=wrap), Faults(proxy), server
    finally:
        server.close()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEYS["aws_access_key_id"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEYS["aws_secret_access_key"])
    return tmp_path


def test_the_network_ends_with_the_transactions_of_an_archive(folder: Path) -> None:
    """With the policy's record, with the UNLOAD, and, after that batch was given up, with the publication."""
    last = list[str]()
    with behind_the_api(World(folder)) as (world, faults, server), closing(client_of(server)) as client:
        create_orders(world)
        before = World(folder).sql(WHOLE)
        for number in (1, 1, 3):
            faults.end_with_transaction(number)
            assert [failure.code for failure in world.archive().failures] == ["unreachable.warehouse"]
            faults.clear()
            submitted = client.list_statements(Status="ALL")["Statements"]
            last.append(next(each["QueryString"] for each in submitted if each["IsBatchStatement"]))
        assert world.archive().failures == ()
        local = World(folder)
        assert local.sql(WHOLE.replace("orders", "orders_all")) == before
        assert local.value("SELECT COUNT(*) FROM public.orders") == 40
        assert local.value("SELECT COUNT(*) FROM tidegate.published") == 2
    assert [step in sql for step, sql in zip(("LOCK", "unload", "publish"), last, strict=True)] == [True] * 3
