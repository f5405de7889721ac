"""Tidegate at scale on one machine: the local Redshift as a process of its own, S3 and PostgreSQL."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers.emulator import Emulator
from tests.world import World

from tidegate.config.secret import Secret
from tidegate.config.settings import (
    Aws,
    ConnectorSettings,
    DataApiSettings,
    PostgresSettings,
    S3Settings,
    Settings,
    WarehouseSettings,
)
from tidegate.lake.base import Lake
from tidegate.lake.s3.driver import S3Lake
from tidegate.ledger.base import Ledger
from tidegate.ledger.sql import SqlLedger
from tidegate.warehouse.base import Warehouse
from tidegate.warehouse.connector.driver import ConnectorWarehouse
from tidegate.warehouse.data_api.driver import DataApiWarehouse

PROTOCOLS = ("data_api", "connector")
CONFIG = """\
[warehouse]
url = "duckdb:///warehouse.duckdb"
[lake]
url = "s3://{bucket}/prod"
endpoint = "{endpoint}"
region = "{region}"
"""


@dataclass(frozen=True)
class Stack:
    """`ready` is what `tidegate serve` printed; `environment` lets a process reach all of it."""

    ready: Mapping[str, Any]
    lake: S3Settings
    ledger: PostgresSettings
    environment: Mapping[str, str]

    def warehouse(self, protocol: str) -> WarehouseSettings:
        sql, api = self.ready["sql"], self.ready["data_api"]
        if protocol == "data_api":
            return DataApiSettings(
                database=sql["database"],
                workgroup=api["workgroup"],
                aws=Aws(region=self.lake.aws.region, endpoint=api["endpoint"]),
            )
        return ConnectorSettings(
            database=sql["database"],
            host=sql["host"],
            port=sql["port"],
            user=sql["user"],
            password=Secret(sql["password"]),
            ca_file=Path(sql["ca_file"]),
        )


@dataclass
class StackWorld(World):
    """The world of the flows' tests, on a stack by one protocol."""

    stack: Stack | None = None
    protocol: str = "data_api"

    @property
    def settings(self) -> Settings:
        assert self.stack is not None
        return Settings(
            file=self.folder / "tidegate.toml",
            timezone=self.timezone,
            warehouse=self.stack.warehouse(self.protocol),
            lake=self.stack.lake,
            ledger=self.stack.ledger,
            policies=self.policies,
        )

    def ports(self, settings: Settings) -> tuple[Warehouse, Lake, Ledger]:
        assert isinstance(settings.lake, S3Settings)
        warehouse = (
            DataApiWarehouse(settings.warehouse)
            if isinstance(settings.warehouse, DataApiSettings)
            else ConnectorWarehouse(settings.warehouse)  # type: ignore[arg-type]
        )
        return warehouse, S3Lake(settings.lake), SqlLedger(settings.ledger)


@contextmanager
def running_stack(folder: Path, emulator: Emulator, ledger: PostgresSettings) -> Iterator[Stack]:
    """`tidegate serve` on a new warehouse in `folder`, whose lake is a new bucket of the emulator.

    Its Data API takes the emulator's keys, as AWS takes one pair for all services.
    """
    bucket = emulator.new_bucket()
    config = CONFIG.format(bucket=bucket, endpoint=emulator.endpoint, region=emulator.region)
    (folder / "tidegate.toml").write_text(config, encoding="utf-8")
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "TIDEGATE_"))},
        **emulator.environment,
        "TIDEGATE_SERVE_ACCESS_KEY_ID": emulator.access_key,
        "TIDEGATE_SERVE_SECRET_ACCESS_KEY": emulator.secret_key,
    }
    command = [sys.executable, "-m", "tidegate", "serve", "--port", "0", "--data-api-port", "0", "--json"]
    with (
        (folder / "serve.log").open("wb") as log,
        subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=log) as child,
    ):
        try:
            assert child.stdout is not None
            line = child.stdout.readline()
            assert line, (folder / "serve.log").read_text(errors="replace")
            lake = S3Settings(bucket, "prod/", Aws(region=emulator.region, endpoint=emulator.endpoint))
            yield Stack(json.loads(line), lake, ledger, environment)
        finally:
            child.terminate()
