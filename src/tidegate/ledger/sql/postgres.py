"""A ledger in PostgreSQL, through psycopg."""

import os
from collections.abc import Callable
from importlib import import_module
from typing import Any
from weakref import WeakSet

from sqlalchemy import URL, Connection, Engine, Pool, create_engine, event, func, select

from tidegate.config.settings import PostgresSettings
from tidegate.errors import ConfigError
from tidegate.ledger.sql.engine import BUSY_SECONDS, Database
from tidegate.ledger.sql.postgres_failures import explain

CONNECT_SECONDS = 10
STATEMENT_SECONDS = 120
"""How long one statement may run. The longest ones forget or store all files of a batch."""

_RECYCLE_SECONDS = 600
_DEAD_NETWORK_MS = 30_000
_POOL, _OVERFLOW = 2, 8
_MIGRATION_LOCK = 0x7469646567617465
"""The advisory lock of a migration: `tidegate` in ASCII."""

_ENCRYPTED = ("require", "verify-ca", "verify-full")
_TIMEOUTS = """
SELECT set_config('statement_timeout', %(statement)s, false), set_config('lock_timeout', %(lock)s, false),
    set_config('idle_in_transaction_session_timeout', %(statement)s, false)
"""

_engines: "WeakSet[Engine]" = WeakSet()
_inherited: list[Pool] = []


def connect(settings: PostgresSettings) -> Database:
    """A few connections, which a child process does not use. Nothing is opened yet.

    Raises:
        ConfigError: a package is missing, or `iam` without encryption, a region or a profile that exists.
    """
    writer = _engine(settings)
    event.listen(writer, "do_connect", _credentials(settings))
    event.listen(writer, "connect", _set_up)
    _engines.add(writer)
    reader = writer.execution_options(postgresql_readonly=True)
    return Database(repr(settings.address), reader, writer, explain, _exclude_migrations)


def _exclude_migrations(connection: Connection) -> None:
    """Wait until no other process migrates this database; until the transaction ends, none does."""
    connection.execute(select(func.pg_advisory_xact_lock(_MIGRATION_LOCK)))


def _engine(settings: PostgresSettings) -> Engine:
    arguments: dict[str, Any] = {
        "host": settings.host,
        "port": settings.port,
        "dbname": settings.database,
        "user": settings.user,
        "sslmode": settings.sslmode,
        "application_name": "tidegate",
        "client_encoding": "utf8",
        "connect_timeout": CONNECT_SECONDS,
        "keepalives_idle": 30,
        "tcp_user_timeout": _DEAD_NETWORK_MS,
        "prepare_threshold": None,
    }
    if settings.ca_file is not None:
        arguments["sslrootcert"] = str(settings.ca_file)
    try:
        return create_engine(
            URL.create("postgresql+psycopg"),
            connect_args=arguments,
            isolation_level="READ COMMITTED",
            pool_size=_POOL,
            max_overflow=_OVERFLOW,
            pool_timeout=BUSY_SECONDS,
            pool_pre_ping=True,
            pool_recycle=_RECYCLE_SECONDS,
            pool_use_lifo=True,
        )
    except ImportError as error:
        raise ConfigError(
            f"the ledger {settings.address!r} needs the package psycopg: {error}",
            hint='Run: pip install "tidegate[postgres]".',
        ) from error


def _credentials(settings: PostgresSettings) -> Callable[..., None]:
    """Adds the password as a connection is made, so that it stands in no URL; without one libpq looks for it."""
    token = _token_maker(settings) if settings.iam else None

    def add(_dialect: object, _record: object, _arguments: object, parameters: dict[str, Any]) -> None:
        if token is not None:
            parameters["password"] = token()
        elif settings.password is not None:
            parameters["password"] = settings.password.reveal()

    return add


def _token_maker(settings: PostgresSettings) -> Callable[[], str]:
    if settings.sslmode not in _ENCRYPTED:
        raise ConfigError(
            f"the ledger {settings.address!r} has iam with sslmode {settings.sslmode}, which may not encrypt",
            hint="Use sslmode=verify-full in url under [ledger].",
        )
    try:
        tokens: Any = import_module("tidegate.ledger.sql.rds_token")
    except ImportError as error:
        raise ConfigError(
            f"the ledger {settings.address!r} with iam needs the package boto3: {error}",
            hint='Run: pip install "tidegate[aws]".',
        ) from error
    maker: Callable[[], str] = tokens.token_maker(settings)
    return maker


def _set_up(connection: Any, _: object) -> None:
    """Set, rather than sent as options of the connection, which RDS Proxy and PgBouncer refuse."""
    connection.autocommit = True
    connection.execute(_TIMEOUTS, {"statement": f"{STATEMENT_SECONDS}s", "lock": f"{BUSY_SECONDS}s"})
    connection.autocommit = False


def _forget_connections() -> None:
    """In a child process: its parent goes on using the connections, so they are neither used nor closed here."""
    for engine in _engines:
        _inherited.append(engine.pool)
        engine.dispose(close=False)


os.register_at_fork(after_in_child=_forget_connections)
