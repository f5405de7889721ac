"""Lock tables: 64 empty tables that serialise the transactions which decide from what they read and then write."""

import hashlib
from collections.abc import Iterable

from tidegate.model.names import TableName
from tidegate.redshift.identifiers import qualified

LOCK_TABLES = 64


def lock_table(control_schema: str, target: TableName, *, serializable: bool = False) -> TableName:
    """The lock of a target, chosen by a hash of its name; one and the same for all in a SERIALIZABLE database,
    where the transactions meet in the control tables and would abort one another.
    """
    number = 0 if serializable else int.from_bytes(hashlib.sha256(str(target).encode()).digest()[:4], "big")
    return TableName(control_schema, f"lock_{number % LOCK_TABLES:02d}")


def lock(control_schema: str, targets: Iterable[TableName], *, serializable: bool = False) -> str:
    """LOCK for all targets of a transaction, sorted. It must be the first statement: LOCK takes no snapshot, so
    all that follows sees what the previous holder committed (reference: write skew, LOCK).
    """
    tables = sorted({lock_table(control_schema, target, serializable=serializable) for target in targets})
    return f"LOCK {', '.join(qualified(table) for table in tables)}"
