"""Which warehouse it is, whichever way it is reached: the same file is the same, a copy of it never is."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.world import World, create_orders

from tidegate.config.secret import Secret
from tidegate.config.settings import ConnectorSettings, EmbeddedSettings, Settings
from tidegate.errors import ForeignWarehouse
from tidegate.flows.gc import plan_gc
from tidegate.flows.identity import attach
from tidegate.lake.base import Lake
from tidegate.lake.local import LocalLake
from tidegate.ledger.base import Ledger
from tidegate.ledger.sql import SqlLedger
from tidegate.serve.server import Addresses, Identities, LocalRedshift
from tidegate.warehouse.base import Warehouse
from tidegate.warehouse.connector.driver import ConnectorWarehouse
from tidegate.warehouse.embedded.driver import EmbeddedWarehouse


@dataclass
class ServedWorld(World):
    """The world in `folder`, whose warehouse is reached through a local Redshift."""

    server: ConnectorSettings | None = None

    def ports(self, settings: Settings) -> tuple[Warehouse, Lake, Ledger]:
        assert self.server is not None
        assert isinstance(settings.lake, Path)
        return ConnectorWarehouse(self.server), LocalLake(settings.lake), SqlLedger(settings.ledger)


@contextmanager
def served(file: Path, world: Path) -> Iterator[ServedWorld]:
    """A local Redshift on `file`, with a lake of its own, and the world in `world` through it."""
    who = Identities()
    settings = EmbeddedSettings(file, file.parent, lake_root=file.parent / "lake", threads=1)
    server = LocalRedshift(EmbeddedWarehouse(settings), Addresses(port=0, data_api_port=0), who)
    try:
        sql = server.ready()["sql"]
        assert isinstance(sql, dict)
        address = ConnectorSettings(
            "dev", sql["host"], sql["port"], who.user, Secret(who.password), ca_file=Path(sql["ca_file"])
        )
        yield ServedWorld(world, server=address)
    finally:
        server.close()


def test_the_same_file_is_the_same_warehouse_and_its_copy_is_not(tmp_path: Path) -> None:
    world = World(tmp_path / "original")
    world.folder.mkdir()
    create_orders(world)
    world.archive()
    with world.context() as ctx:
        identity = attach(ctx)
    with served(world.folder / "warehouse.duckdb", world.folder) as through, through.context() as ctx:
        assert attach(ctx) == identity
    shutil.copytree(world.folder, tmp_path / "copied")
    copied = served(tmp_path / "copied" / "warehouse.duckdb", world.folder)
    with copied as through, through.context() as ctx, pytest.raises(ForeignWarehouse, match=r"^the warehouse at \.\./"):
        plan_gc(ctx)
