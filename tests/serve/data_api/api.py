"""A Data API server with a plain boto3 client."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from tidegate.config.settings import EmbeddedSettings
from tidegate.serve.data_api.server import DataApiServer
from tidegate.warehouse.embedded.driver import EmbeddedWarehouse

KEYS = {"aws_access_key_id": "AKIDLOCAL", "aws_secret_access_key": "local-secret"}
TARGET = {"WorkgroupName": "local", "Database": "dev"}


@dataclass
class Clock:
    """Time that a test sets; it starts at the real one, which clients sign with."""

    ahead: float = 0.0
    real: Any = field(default=None)

    def __call__(self) -> float:
        return float(self.real()) + self.ahead


@dataclass
class Api:
    """`client` is boto3's, unmodified; the methods add what every request of these tests has."""

    server: DataApiServer
    client: Any

    def run(self, sql: str, **more: Any) -> dict[str, Any]:
        """Execute and wait; the description."""
        more = more if "SessionId" in more else TARGET | more
        return self.ended(self.client.execute_statement(Sql=sql, WaitTimeSeconds=20, **more)["Id"])

    def batch(self, *sqls: str, **more: Any) -> dict[str, Any]:
        more = more if "SessionId" in more else TARGET | more
        return self.ended(self.client.batch_execute_statement(Sqls=list(sqls), WaitTimeSeconds=20, **more)["Id"])

    def ended(self, id: str) -> dict[str, Any]:
        while (found := self.client.describe_statement(Id=id, WaitTimeSeconds=20))["Status"] not in (
            "FINISHED",
            "FAILED",
            "ABORTED",
        ):
            pass
        return dict(found)

    def rows(self, sql: str, **more: Any) -> list[list[Any]]:
        """The values of a query."""
        found = self.run(sql, **more)
        assert found["Status"] == "FINISHED", found.get("Error")
        records = self.client.get_statement_result(Id=found["Id"])["Records"]
        return [[None if "isNull" in each else next(iter(each.values())) for each in record] for record in records]


@cache
def _session() -> boto3.Session:
    return boto3.Session()


def client_of(server: DataApiServer, region: str = "us-east-1", **keys: str) -> Any:
    config = Config(retries={"total_max_attempts": 1})
    return _session().client(
        "redshift-data", endpoint_url=server.endpoint, region_name=region, config=config, **(KEYS | keys)
    )


@contextmanager
def served(folder: Path, **options: Any) -> Iterator[Api]:
    warehouse = EmbeddedWarehouse(EmbeddedSettings(folder / "served.duckdb", folder, folder / "lake", threads=1))
    server = DataApiServer(
        warehouse,
        access_key_id=KEYS["aws_access_key_id"],
        secret_access_key=KEYS["aws_secret_access_key"],
        workgroup="local",
        database="dev",
        **options,
    )
    server.start()
    client = client_of(server)
    try:
        with warehouse.session() as open_file:
            open_file.execute("SELECT 1")
            yield Api(server, client)
    finally:
        client.close()
        server.close()
        warehouse.close()
