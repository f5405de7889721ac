"""Who we are and what we may do: queries of the leader node (developer guide, access privilege inquiry functions)."""

from collections.abc import Sequence

from tidegate.errors import UsageError
from tidegate.model.names import TableName
from tidegate.redshift.identifiers import literal, qualified, quote


def select_who() -> str:
    """User, database and version, one row."""
    return "SELECT CURRENT_USER AS user_name, CURRENT_DATABASE() AS database_name, VERSION() AS version"


def select_privileges(tables: Sequence[tuple[TableName, str]], schemas: Sequence[str] = ()) -> str:
    """One row (name, privilege, granted) for each privilege on a table, and for CREATE in each schema.

    Raises:
        UsageError: nothing is asked.
    """
    rows = [
        _row(str(table), privilege, f"HAS_TABLE_PRIVILEGE({literal(qualified(table))}, {literal(privilege)})")
        for table, privilege in tables
    ]
    rows += [
        _row(f"schema {schema}", "CREATE", f"HAS_SCHEMA_PRIVILEGE({literal(quote(schema))}, 'CREATE')")
        for schema in schemas
    ]
    if not rows:
        raise UsageError("no privilege is asked for", hint="Name a table or a schema.")
    return "\nUNION ALL ".join(rows)


def _row(name: str, privilege: str, granted: str) -> str:
    return f"SELECT {literal(name)} AS name, {literal(privilege)} AS privilege, {granted} AS granted"
