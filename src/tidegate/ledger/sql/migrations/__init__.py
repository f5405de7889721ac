"""The ledger's schema, one numbered change after another, forward only.

A change that has been released is never edited. Each builds with SQLAlchemy's schema items of its own, so that it
means the same for ever, whatever `tables` says by then.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, func, insert, inspect, select

from tidegate.errors import LedgerUnreachable
from tidegate.ledger.sql.migrations import m0001_first
from tidegate.ledger.sql.rows import time_text
from tidegate.ledger.sql.tables import schema_version

MIGRATIONS: Sequence[Callable[[Connection], None]] = (m0001_first.upgrade,)
"""The change at index n makes version n + 1."""


def migrate(reader: Engine, writer: Engine, name: str) -> None:
    """Bring the database to the newest version. A current one is only read.

    `writer`'s transactions exclude one another from their beginning. `name` is what errors call the ledger.

    Raises:
        LedgerUnreachable: the database was made by a newer Tidegate.
    """
    with reader.begin() as connection:
        version = _version(connection)
    if version > len(MIGRATIONS):
        raise LedgerUnreachable(
            f"the ledger {name} has schema version {version}, this Tidegate knows versions up to {len(MIGRATIONS)}",
            hint="Upgrade Tidegate, or point url under [ledger] in tidegate.toml to another database.",
        )
    while version < len(MIGRATIONS):
        with writer.begin() as connection:
            version = _version(connection)
            if version < len(MIGRATIONS):
                MIGRATIONS[version](connection)
                version += 1
                applied = time_text(datetime.now(UTC))
                connection.execute(insert(schema_version).values(version=version, applied_at=applied))


def _version(connection: Connection) -> int:
    if not inspect(connection).has_table(schema_version.name):
        return 0
    return connection.scalar(select(func.max(schema_version.c.version))) or 0
