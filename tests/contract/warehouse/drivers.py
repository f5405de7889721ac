"""The drivers that the warehouse suite runs on."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tidegate.config.secret import Secret
from tidegate.config.settings import Aws, ConnectorSettings, DataApiSettings, EmbeddedSettings
from tidegate.serve.certificate import Certificate
from tidegate.serve.data_api.server import DataApiServer
from tidegate.serve.wire.server import WireServer
from tidegate.warehouse.base import Warehouse
from tidegate.warehouse.connector.driver import ConnectorWarehouse
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
    local = _embedded_warehouse(place)
    server = DataApiServer(
        local,
        access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
        secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
        workgroup="contract",
        database="dev",
    )
    server.start()
    aws = Aws(region="us-east-1", endpoint=server.endpoint)
    try:
        with local.session() as open_file:
            open_file.execute("SELECT 1")
            yield lambda: DataApiWarehouse(DataApiSettings("dev", workgroup="contract", aws=aws))
    finally:
        server.close()


@contextmanager
def _connector(place: Path) -> Iterator[Opener]:
    """redshift_connector and a local Redshift, over TLS and loopback."""
    certificate = Certificate.create()
    ca_file = place / "ca.pem"
    ca_file.write_text(certificate.pem, encoding="ascii")
    account = {"user": "contract", "password": Secret("contract's own"), "database": "dev"}
    server = WireServer(_embedded_warehouse(place), host="127.0.0.1", port=0, certificate=certificate, **account)
    server.start()
    host, port = server.address
    try:
        yield lambda: ConnectorWarehouse(ConnectorSettings(host=host, port=port, ca_file=ca_file, **account))
    finally:
        server.close()


DRIVERS: Mapping[str, Callable[[Path], AbstractContextManager[Opener]]] = {
    "embedded": _embedded,
    "data_api": _data_api,
    "connector": _connector,
}
"""Each offers the warehouse that belongs to a test's folder; every opening gives the same warehouse."""
