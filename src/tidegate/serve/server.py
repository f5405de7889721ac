"""The local Redshift: one embedded warehouse behind both protocols."""

import secrets
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field

from tidegate.config.secret import Secret
from tidegate.serve.certificate import Certificate, CertificateFiles
from tidegate.serve.data_api.server import DataApiServer
from tidegate.serve.wire.server import WireServer
from tidegate.warehouse.embedded.driver import EmbeddedWarehouse

SECRETS = {
    "password": "TIDEGATE_SERVE_PASSWORD",
    "access_key_id": "TIDEGATE_SERVE_ACCESS_KEY_ID",
    "secret_access_key": "TIDEGATE_SERVE_SECRET_ACCESS_KEY",
}
"""Environment variables that give the secrets; else they are made anew at each start."""


REGION = ("TIDEGATE_SERVE_REGION", "AWS_REGION", "AWS_DEFAULT_REGION")
"""Environment variables that name the region of the Data API; the first that is set does."""


@dataclass(frozen=True)
class Identities:
    """Who may come in by which protocol, and what is there."""

    user: str = "tidegate"
    database: str = "dev"
    workgroup: str = "tidegate"
    region: str = "us-east-1"
    password: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    access_key_id: str = field(default_factory=lambda: f"AKIA{secrets.token_hex(8).upper()}", repr=False)
    secret_access_key: str = field(default_factory=lambda: secrets.token_urlsafe(30), repr=False)


def identities(environ: Mapping[str, str]) -> Identities:
    """Secrets and region of the environment, else new secrets."""
    given = {key: environ[name] for key, name in SECRETS.items() if environ.get(name)}
    region = next((environ[name] for name in REGION if environ.get(name)), None)
    return Identities(**given) if region is None else Identities(region=region, **given)


@dataclass(frozen=True)
class Addresses:
    """Where to listen; port 0 takes any that is free."""

    host: str = "127.0.0.1"
    port: int = 5439
    data_api_port: int = 8439


class LocalRedshift:
    """Serves `warehouse` until it is closed. The file stays open meanwhile, so that no other process takes it.

    Raises:
        WarehouseUnreachable: the file cannot be opened, or an address cannot be listened on.
    """

    def __init__(self, warehouse: EmbeddedWarehouse, addresses: Addresses, who: Identities) -> None:
        self._who = who
        with ExitStack() as opened:
            session = warehouse.connect()
            opened.callback(session.close)
            session.execute("SELECT 1")
            files = CertificateFiles.beside(warehouse.path)
            certificate = Certificate.kept(files)
            self._ca_file = files.certificate
            self._wire = WireServer(
                warehouse,
                host=addresses.host,
                port=addresses.port,
                user=who.user,
                password=Secret(who.password),
                database=who.database,
                certificate=certificate,
            )
            opened.callback(self._wire.close)
            self._data_api = DataApiServer(
                warehouse,
                host=addresses.host,
                port=addresses.data_api_port,
                access_key_id=who.access_key_id,
                secret_access_key=who.secret_access_key,
                workgroup=who.workgroup,
                database=who.database,
                region=who.region,
            )
            opened.callback(self._data_api.close)
            self._wire.start()
            self._data_api.start()
            self._opened = opened.pop_all()

    def ready(self) -> dict[str, object]:
        """What a client needs to come in, secrets included."""
        host, port = self._wire.address
        who = self._who
        return {
            "message_type": "ready",
            "sql": {
                "host": host,
                "port": port,
                "database": who.database,
                "user": who.user,
                "password": who.password,
                "ca_file": str(self._ca_file),
            },
            "data_api": {
                "endpoint": self._data_api.endpoint,
                "access_key_id": who.access_key_id,
                "secret_access_key": who.secret_access_key,
                "workgroup": who.workgroup,
                "region": who.region,
            },
        }

    def close(self) -> None:
        """End all sessions and let go of the file."""
        self._opened.close()
