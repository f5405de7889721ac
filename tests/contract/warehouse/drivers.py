"""The drivers that the warehouse suite runs on."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tidegate.config.settings import Aws, DataApiSettings, EmbeddedSettings
from tidegate.serve.data_api.server import DataApiServer
from tidegate.warehouse.base import Warehouse
from tidegate.warehouse.data_api.driver import DataApiWarehouse
from tidegate.warehouse.embedded.driver import EmbeddedWarehouse

Opener = Callable[[], Warehouse]

KEYS = {"AWS_ACCESS_KEY_ID": "AKIDCONTRACT", "AWS_SECRET_ACCESS_KEY": "contract"}


def _embedded_warehouse(place: Path) -> EmbeddedWarehouse:
    lake = place / "lake"
    return EmbeddedWarehouse(
        EmbeddedSettings(path=place / "ware house.duckdb", base=place, lake_root=lake, lock_timeout=30, threads=1)
    )


@contextmanager
def _embedded(place: Path) -> Iterator[Opener]:
    yield lambda: _embedded_warehouse(place)


@contextmanager
def _data_api(place: Path) -> Iterator[Opener]:
    """boto3 and a local Redshift, over loopback."""
    server = DataApiServer(
        _embedded_warehouse(place),
        access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
        secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
        workgroup="contract",
        database="dev",
    )
    server.start()
    aws = Aws(region="us-east-1", endpoint=server.endpoint)
    try:
        yield lambda: DataApiWarehouse(DataApiSettings("dev", workgroup="contract", aws=aws))
    finally:
        server.close()


DRIVERS: Mapping[str, Callable[[Path], AbstractContextManager[Opener]]] = {
    "embedded": _embedded,
    "data_api": _data_api,
}
"""Each offers the warehouse that belongs to a test's folder; every opening gives the same warehouse."""
