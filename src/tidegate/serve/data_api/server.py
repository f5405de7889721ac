"""The Redshift Data API over the embedded warehouse, for any AWS client with an endpoint override."""

import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import KW_ONLY, dataclass, field

import uvicorn
from starlette.applications import Starlette

from tidegate.serve.data_api.catalog import Catalog
from tidegate.serve.data_api.endpoint import Endpoint
from tidegate.serve.data_api.operations import Operations
from tidegate.serve.data_api.results import Folder
from tidegate.serve.data_api.runner import Runner
from tidegate.serve.data_api.sessions import Sessions
from tidegate.serve.data_api.signature import Verifier
from tidegate.serve.data_api.statements import Statements
from tidegate.serve.data_api.targets import Targets
from tidegate.serve.failures import cannot_listen
from tidegate.warehouse.embedded.driver import EmbeddedWarehouse
from tidegate.warehouse.embedded.facts import USER
from tidegate.warehouse.embedded.session import EmbeddedSession

_BACKLOG = 128
_STOP_SECONDS = 1


@dataclass
class DataApiServer:
    """Serves from a thread of its own between `start` and `close`. The warehouse is not closed with it.

    Port 0 is any free one. One pair of keys is let in, for `region`. `workgroup` names the serverless workgroup, and
    the cluster. `clock` gives seconds since the epoch.
    """

    warehouse: EmbeddedWarehouse
    _: KW_ONLY
    host: str = "127.0.0.1"
    port: int = 0
    access_key_id: str
    secret_access_key: str = field(repr=False)
    workgroup: str
    database: str
    region: str = "us-east-1"
    clock: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        targets = Targets(self.workgroup, self.database)
        self._folder = Folder()
        self._statements = Statements(self.clock)
        self._sessions = Sessions(self._connect, self.clock)
        self._runner = Runner(self._connect, self._sessions, self._folder, self.clock)
        operations = Operations(self._statements, self._sessions, self._runner, targets)
        verifier = Verifier(self.access_key_id, self.secret_access_key, self.region)
        self._endpoint = Endpoint(operations, Catalog(self._connect, targets), verifier, self.clock)
        self._socket: socket.socket | None = None
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()

    def start(self) -> None:
        """Listen; returns when requests are taken.

        Raises:
            WarehouseUnreachable: the address cannot be listened on.
        """
        host, port = self.host, self.port
        try:
            self._socket = socket.create_server((host, port), backlog=_BACKLOG)
        except OSError as error:
            raise cannot_listen("the Data API", "--data-api-port", (host, port), error) from error
        # Head and body of an answer are two packets: without this the second waits 40 ms for a word of the first.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        config = uvicorn.Config(
            self._endpoint.application(self._lifespan),
            log_config=None,
            access_log=False,
            date_header=False,
            timeout_graceful_shutdown=_STOP_SECONDS,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name="data-api-http")
        self._thread.start()
        self._ready.wait()

    @property
    def endpoint(self) -> str:
        """The address for `endpoint_url`; only after `start`."""
        if self._socket is None:
            raise AssertionError("the server was not started")
        host, port = self._socket.getsockname()[:2]
        return f"http://{host}:{port}"

    def close(self) -> None:
        """Call off what runs and stop. Statements and their results are gone."""
        self._runner.close()
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join()
        self._sessions.close()
        self._statements.close()
        self._folder.close()

    def _connect(self, target: Mapping[str, str]) -> EmbeddedSession:
        return self.warehouse.connect(target.get("DbUser", USER))

    @asynccontextmanager
    async def _lifespan(self, application: Starlette) -> AsyncIterator[None]:
        self._ready.set()
        yield
