"""A local Redshift and an emulated S3 as the target of `python -m live`."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from live.contract import ROOT
from live.target import CONFIG
from tests.e2e.stack import Stack, running_stack
from tests.servers.emulator import Emulator

from tidegate.app import App
from tidegate.config.loader import load
from tidegate.config.settings import PostgresSettings, Settings
from tidegate.signals.base import Silent

WAREHOUSES = {
    "data_api": 'url = "redshift-serverless://{workgroup}/{database}?region={region}&endpoint={endpoint}"',
    "connector": 'url = "redshift://{user}@{host}:{port}/{database}"\npassword = "{password}"\nca_file = "{ca_file}"',
}
LAKE = '[lake]\nurl = "{uri}"\nendpoint = "{endpoint}"\nregion = "{region}"\n'
NO_LEDGER = PostgresSettings("127.0.0.1", "none", "nobody")


@dataclass(frozen=True)
class Target:
    """`folder` holds one tidegate.toml a protocol."""

    stack: Stack
    folder: Path

    def config(self, protocol: str) -> Path:
        return self.folder / f"{protocol}.toml"

    def settings(self, protocol: str = "connector") -> Settings:
        return load(self.config(protocol), {})

    def environment(self, protocol: str) -> dict[str, str]:
        return {**self.stack.environment, CONFIG: str(self.config(protocol)), "PYTHONPATH": str(ROOT / "src")}

    def live(self, protocol: str, *options: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "live", *options]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment(protocol), capture_output=True, text=True, check=False, timeout=300
        )

    def rows(self, sql: str) -> tuple[tuple[object, ...], ...]:
        with App(self.settings(), Silent()) as app:
            return app.warehouse.execute(sql).rows

    def left(self) -> list[str]:
        """Schemas that are not the warehouse's own, and keys of the lake."""
        schemas = self.rows("SELECT nspname FROM pg_namespace UNION ALL SELECT schemaname FROM svv_external_schemas")
        own = {"public", "pg_catalog", "information_schema"}
        with App(self.settings(), Silent()) as app:
            return [*(str(row[0]) for row in schemas if row[0] not in own), *(info.key for info in app.lake.list(""))]


@pytest.fixture(scope="module")
def running_target(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder = tmp_path_factory.mktemp("live")
    with running_stack(folder, emulator, NO_LEDGER) as stack:
        sql, api = stack.ready["sql"], stack.ready["data_api"]
        aws = {"region": stack.lake.aws.region, "endpoint": stack.lake.aws.endpoint}
        lake = LAKE.format(uri=stack.lake.uri.rstrip("/"), **aws)
        for protocol, warehouse in WAREHOUSES.items():
            named = {**aws, **sql, **(api if protocol == "data_api" else {})}
            text = f"[warehouse]\n{warehouse.format(**named)}\n{lake}"
            (folder / f"{protocol}.toml").write_text(text, encoding="utf-8")
        yield Target(stack, folder)


@pytest.fixture
def target(running_target: Target, aws_environment: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Target]:
    """The target, with the connector's tidegate.toml as this process's own; nothing may be left in it."""
    for name in [name for name in os.environ if name.startswith("TIDEGATE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv(CONFIG, str(running_target.config("connector")))
    yield running_target
    assert running_target.left() == []
