"""`tidegate serve`."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from tidegate.cli.frame import Run, add
from tidegate.errors import ConfigError


def register(app: typer.Typer) -> None:
    add(app, "serve", serve, exits=(3, 7))


def serve(
    run: Run,
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port of the SQL endpoint; 0 is any.")] = 5439,
    data_api_port: Annotated[
        int, typer.Option("--data-api-port", min=0, max=65535, help="Port of the Data API; 0 is any.")
    ] = 8439,
) -> None:
    """Offer the embedded warehouse as a local Redshift: its SQL endpoint and its Data API.

    Passwords and keys are made anew at each start, unless TIDEGATE_SERVE_PASSWORD, TIDEGATE_SERVE_ACCESS_KEY_ID and
    TIDEGATE_SERVE_SECRET_ACCESS_KEY give them. It ends with Ctrl-C or SIGTERM.
    """
    from tidegate.config.extras import needing
    from tidegate.config.settings import EmbeddedSettings
    from tidegate.warehouse.embedded.driver import EmbeddedWarehouse

    with needing("serve", "tidegate serve"):
        from tidegate.serve.server import Addresses, LocalRedshift, identities

    with run.app() as app:
        settings = app.settings.warehouse
    if not isinstance(settings, EmbeddedSettings):
        raise ConfigError(
            "only the embedded warehouse can be served",
            hint="Let [warehouse] url name a DuckDB file, or connect to Redshift itself.",
        )
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # until it is up it may be waiting for the file
    server = LocalRedshift(EmbeddedWarehouse(settings), Addresses(host, port, data_api_port), identities(os.environ))
    try:
        with _signals() as arrived:
            _announce(run, server.ready())
            arrived.recv(1)
    finally:
        server.close()


@contextmanager
def _signals() -> Iterator[socket.socket]:
    """A socket where a byte arrives with Ctrl-C or SIGTERM.

    The system may hand the signal to any thread, also to one of DuckDB's; a lock that the main thread waits for
    would not let it go then, while a socket does.
    """
    arrived, sender = socket.socketpair()
    with arrived, sender:
        sender.setblocking(False)
        signal.set_wakeup_fd(sender.fileno())
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)
        try:
            yield arrived
        finally:
            signal.set_wakeup_fd(-1)


def _announce(run: Run, ready: dict[str, object]) -> None:
    sql, api = ready["sql"], ready["data_api"]
    if not isinstance(sql, dict) or not isinstance(api, dict):
        raise TypeError("no addresses")
    run.output.result(
        ready,
        [
            f"SQL       {sql['host']}:{sql['port']}, database {sql['database']}, user {sql['user']}, "
            f"password {sql['password']}, certificate {sql['ca_file']}",
            f"Data API  {api['endpoint']}, region {api['region']}, workgroup {api['workgroup']}, "
            f"key {api['access_key_id']}, secret {api['secret_access_key']}",
            "ready",
        ],
    )
