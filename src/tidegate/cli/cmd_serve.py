"""`tidegate serve`."""

import os
import signal
import threading
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
    from tidegate.config.settings import EmbeddedSettings
    from tidegate.serve.server import Addresses, LocalRedshift, identities
    from tidegate.warehouse.embedded.driver import EmbeddedWarehouse

    with run.app() as app:
        settings = app.settings.warehouse
    if not isinstance(settings, EmbeddedSettings):
        raise ConfigError(
            "only the embedded warehouse can be served",
            hint="Let [warehouse] url name a DuckDB file, or connect to Redshift itself.",
        )
    ended = _until_signalled()
    server = LocalRedshift(EmbeddedWarehouse(settings), Addresses(host, port, data_api_port), identities(os.environ))
    try:
        _announce(run, server.ready())
        ended.wait()
    finally:
        server.close()


def _until_signalled() -> threading.Event:
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    return ended


def _announce(run: Run, ready: dict[str, object]) -> None:
    sql, api = ready["sql"], ready["data_api"]
    if not isinstance(sql, dict) or not isinstance(api, dict):
        raise TypeError("no addresses")
    run.output.result(
        ready,
        [
            f"SQL       {sql['host']}:{sql['port']}, database {sql['database']}, user {sql['user']}, "
            f"password {sql['password']}, certificate {sql['ca_file']}",
            f"Data API  {api['endpoint']}, workgroup {api['workgroup']}, "
            f"key {api['access_key_id']}, secret {api['secret_access_key']}",
            "ready",
        ],
    )
