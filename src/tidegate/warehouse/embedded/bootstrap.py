"""What every embedded warehouse file holds before the first statement: the driver's control tables, and `public`."""

from collections.abc import Sequence

import duckdb

from tidegate.errors import WarehouseUnreachable
from tidegate.warehouse.embedded import external_layout

FILE = "tidegate_file"
"""The name under which the file is attached, whatever the file is called."""

ENGINE = "tidegate_engine"
"""The hidden schema of the driver's control tables."""

LAYOUT = 3
"""The version of the control tables' layout."""

_PRIVILEGES = f"""CREATE TABLE {ENGINE}.privileges (
    relation_id BIGINT NOT NULL, column_name VARCHAR, privilege VARCHAR NOT NULL, grantee_kind VARCHAR NOT NULL,
    grantee VARCHAR NOT NULL, grant_option BOOLEAN NOT NULL)"""
_STATEMENTS = (
    "CREATE SCHEMA IF NOT EXISTS public",
    f"CREATE SCHEMA {ENGINE}",
    f"CREATE SEQUENCE {ENGINE}.relation_ids",
    f"""CREATE TABLE {ENGINE}.relations (
        id BIGINT NOT NULL, schema_name VARCHAR NOT NULL, name VARCHAR NOT NULL, kind VARCHAR NOT NULL,
        definition VARCHAR NOT NULL, created_at TIMESTAMP NOT NULL)""",
    f"CREATE TABLE {ENGINE}.comments (object VARCHAR NOT NULL, comment VARCHAR NOT NULL)",
    _PRIVILEGES,
    *external_layout.CREATE,
    f"CREATE TABLE {ENGINE}.layout AS SELECT {LAYOUT} AS version",
)
_UPGRADES = {1: (_PRIVILEGES,), 2: (external_layout.CREATE_BOUNDS,)}
"""What makes of each older layout the next."""


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Create what is missing, or bring an older layout to this one, all or nothing. `connection` has the file
    attached and in use.

    Raises:
        WarehouseUnreachable: the file was written by a newer version of Tidegate.
    """
    found = connection.execute(
        "SELECT COUNT(*) FROM duckdb_schemas() WHERE database_name = ? AND schema_name = ?", [FILE, ENGINE]
    ).fetchone()
    if found == (0,):
        _together(connection, _STATEMENTS)
        return
    layout = connection.execute(f"SELECT version FROM {ENGINE}.layout").fetchone()
    version = int(layout[0]) if layout else 0
    if version in _UPGRADES:
        steps = [statement for older in range(version, LAYOUT) for statement in _UPGRADES[older]]
        _together(connection, [*steps, f"UPDATE {ENGINE}.layout SET version = {LAYOUT}"])
    elif version != LAYOUT:
        raise WarehouseUnreachable(
            f"the warehouse file has layout {version or 'none'}, this version reads {LAYOUT}",
            hint="Use the version of Tidegate that wrote the file, or a newer one.",
        )


def _together(connection: duckdb.DuckDBPyConnection, statements: Sequence[str]) -> None:
    connection.execute("BEGIN TRANSACTION")
    for statement in statements:
        connection.execute(statement)
    connection.execute("COMMIT")
