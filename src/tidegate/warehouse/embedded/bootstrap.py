"""What every embedded warehouse file holds before the first statement: the driver's control tables, and `public`."""

import duckdb

from tidegate.errors import WarehouseUnreachable
from tidegate.warehouse.embedded import external_layout

FILE = "tidegate_file"
"""The name under which the file is attached, whatever the file is called."""

ENGINE = "tidegate_engine"
"""The hidden schema of the driver's control tables."""

LAYOUT = 1
"""The version of the control tables' layout."""

_STATEMENTS = (
    "CREATE SCHEMA IF NOT EXISTS public",
    f"CREATE SCHEMA {ENGINE}",
    f"CREATE SEQUENCE {ENGINE}.relation_ids",
    f"""CREATE TABLE {ENGINE}.relations (
        id BIGINT NOT NULL, schema_name VARCHAR NOT NULL, name VARCHAR NOT NULL, kind VARCHAR NOT NULL,
        definition VARCHAR NOT NULL, created_at TIMESTAMP NOT NULL)""",
    f"CREATE TABLE {ENGINE}.comments (object VARCHAR NOT NULL, comment VARCHAR NOT NULL)",
    *external_layout.CREATE,
    f"CREATE TABLE {ENGINE}.layout AS SELECT {LAYOUT} AS version",
)


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Create what is missing, all or nothing. `connection` has the file attached and in use.

    Raises:
        WarehouseUnreachable: the file was written by a newer version of Tidegate.
    """
    found = connection.execute(
        "SELECT COUNT(*) FROM duckdb_schemas() WHERE database_name = ? AND schema_name = ?", [FILE, ENGINE]
    ).fetchone()
    if found == (0,):
        connection.execute("BEGIN TRANSACTION")
        for statement in _STATEMENTS:
            connection.execute(statement)
        connection.execute("COMMIT")
        return
    layout = connection.execute(f"SELECT version FROM {ENGINE}.layout").fetchone()
    if layout != (LAYOUT,):
        raise WarehouseUnreachable(
            f"the warehouse file has layout {layout[0] if layout else 'none'}, this version reads {LAYOUT}",
            hint="Use the version of Tidegate that wrote the file, or a newer one.",
        )
