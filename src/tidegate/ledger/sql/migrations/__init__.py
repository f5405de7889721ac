"""The ledger's schema, one numbered change after another, forward only.

A change that has been released is never edited. Each builds with SQLAlchemy's schema items of its own, so that it
means the same for ever, whatever `tables` says by then.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, func, insert, inspect, select

from tidegate.errors import LedgerUnreachable
from tidegate.ledger.sql.engine import Database
from tidegate.ledger.sql.migrations import m0001_first, m0002_queue, m0003_policies
from tidegate.ledger.sql.rows import time_text
from tidegate.ledger.sql.tables import schema_version

MIGRATIONS: Sequence[Callable[[Connection], None]] = (
    m0001_first.upgrade,
    m0002_queue.upgrade,
    m0003_policies.upgrade,
)
"""The change at index n makes version n + 1."""


def migrate(database: Database) -> None:
    """Bring the database to the newest version. A current one is only read.

    Raises:
        LedgerUnreachable: the database cannot be reached or used, or was made by a newer Tidegate.
    """
    version = database.read(lambda connection: _version(connection, database.name))
    if version > len(MIGRATIONS):
        raise LedgerUnreachable(
            f"the ledger {database.name} has schema version {version}, "
            f"this Tidegate knows versions up to {len(MIGRATIONS)}",
            hint="Upgrade Tidegate, or point url under [ledger] in tidegate.toml to another database.",
        )
    while version < len(MIGRATIONS):
        version = database.write(lambda connection: _advance(connection, database))


def _advance(connection: Connection, database: Database) -> int:
    """Make the next change, unless another process did; returns the version."""
    database.exclude_migrations(connection)
    version = _version(connection, database.name)
    if version >= len(MIGRATIONS):
        return version
    MIGRATIONS[version](connection)
    applied = time_text(datetime.now(UTC))
    connection.execute(insert(schema_version).values(version=version + 1, applied_at=applied))
    return version + 1


def _version(connection: Connection, name: str) -> int:
    if not inspect(connection).has_table(schema_version.name):
        return 0
    version: object = connection.scalar(select(func.max(schema_version.c.version)))
    if version is None or isinstance(version, int):
        return version or 0
    raise LedgerUnreachable(
        f"the ledger {name} cannot be used: its table {schema_version.name} holds {version!r} as a version",
        hint="The table belongs to another program: point url under [ledger] to a database of its own.",
    )
