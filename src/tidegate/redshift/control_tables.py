"""The control tables: their names, their columns, and the statements that create them."""

from tidegate.model.names import TableName
from tidegate.model.tables import Column, SqlType, Table, TypeKind
from tidegate.redshift.ddl import create_schema, create_table
from tidegate.redshift.lock import LOCK_TABLES

_NAME = SqlType(TypeKind.VARCHAR, length=520)
_ID = SqlType(TypeKind.VARCHAR, length=64)
_DATE = SqlType(TypeKind.DATE)
_COUNT = SqlType(TypeKind.BIGINT)
_STAMP = SqlType(TypeKind.TIMESTAMP)
_TEXT = SqlType(TypeKind.VARCHAR, length=65_535)
_URI = SqlType(TypeKind.VARCHAR, length=4200)
"""A bucket's name and a key of 1,024 bytes, or a path of 4,096."""
_FILE = (
    Column("table_name", _NAME, nullable=False),
    Column("uri", _URI, nullable=False),
    Column("file_identity", SqlType(TypeKind.VARCHAR, length=256), nullable=False),
    Column("version", SqlType(TypeKind.VARCHAR, length=1024)),
    Column("sequencer", _ID),
    Column("batch", _ID, nullable=False),
    Column("row_count", _COUNT),
)
_PROOF = (
    Column("table_name", _NAME, nullable=False),
    Column("batch", _ID, nullable=False),
    Column("period", _DATE, nullable=False),
    Column("row_count", _COUNT, nullable=False),
    Column("fingerprint", SqlType(TypeKind.VARCHAR, length=40), nullable=False),
    Column("hash", SqlType(TypeKind.VARCHAR, length=128), nullable=False),
    Column("archived_at", _STAMP, nullable=False),
)
PROOF_COLUMNS = ", ".join(c.name for c in _PROOF)
"""What `published`, `parked` and `copies` have in common."""


class ControlTables:
    """The control tables of one schema.

    `published`: one row a (batch, period) whose rows count as cold; its `tier` is that of the files, NULL for
    STANDARD; `thawed_until` ends the time in which a parked one can be read. `parked`: those that count, but cannot be
    read before they are thawed (a (batch, period) is in one of the two); `handed_at` is when the lake was told, NULL
    before. `retired`: ids that count no more, or never will. `copies`: proven copies of rows that stay hot. `holds`.
    `log`: the records of the lake, each committed here first. `warehouse`: who this warehouse is. `loaded_files`:
    file versions whose rows are in a table. `quarantined_files`: those that are not, or not all, and why.
    """

    def __init__(self, schema: str) -> None:
        self.schema = schema
        self.warehouse = TableName(schema, "warehouse")
        self.published = TableName(schema, "published")
        self.retired = TableName(schema, "retired")
        self.copies = TableName(schema, "copies")
        self.parked = TableName(schema, "parked")
        self.holds = TableName(schema, "holds")
        self.log = TableName(schema, "log")
        self.loaded_files = TableName(schema, "loaded_files")
        self.quarantined_files = TableName(schema, "quarantined_files")

    def tables(self) -> tuple[Table, ...]:
        """Every control table but the lock tables; small ones are replicated to every node."""
        return (
            self._small(self.warehouse, Column("id", _ID), Column("place", _TEXT), Column("created_at", _STAMP)),
            self._small(self.published, *_PROOF, Column("tier", _ID), Column("thawed_until", _DATE)),
            self._small(self.copies, *_PROOF),
            self._small(
                self.parked,
                *_PROOF,
                Column("tier", _ID),
                Column("parked_at", _STAMP),
                Column("handed_at", _STAMP),
            ),
            self._small(self.retired, *_PROOF[:3], Column("reason", _ID), Column("retired_at", _STAMP)),
            self._small(
                self.holds,
                Column("id", _ID, nullable=False),
                Column("table_name", _NAME, nullable=False),
                Column("first_day", _DATE),
                Column("last_day", _DATE),
                Column("reason", SqlType(TypeKind.VARCHAR, length=1000)),
                Column("placed_at", SqlType(TypeKind.VARCHAR, length=40)),
            ),
            self._small(
                self.log,
                Column("table_name", _NAME, nullable=False),
                Column("number", _COUNT, nullable=False),
                Column("kind", _ID, nullable=False),
                Column("recorded_at", SqlType(TypeKind.VARCHAR, length=40)),
                Column("recorded_by", _NAME),
                Column("record", _TEXT, nullable=False),
            ),
            self._files(self.loaded_files, Column("landed_at", _STAMP), Column("loaded_at", _STAMP)),
            self._files(
                self.quarantined_files,
                Column("code", _ID, nullable=False),
                Column("reason", _TEXT, nullable=False),
                Column("hint", _TEXT),
                Column("place", _URI),
                Column("quarantined_at", _STAMP),
            ),
        )

    def _files(self, name: TableName, *columns: Column) -> Table:
        """As many rows as files ever landed: found by table and file."""
        return Table(name, (*_FILE, *columns), sort_keys=("table_name", "uri"))

    def _small(self, name: TableName, *columns: Column) -> Table:
        sort = ("table_name",) if any(c.name == "table_name" for c in columns) else ()
        return Table(name, columns, dist_style="ALL", sort_keys=sort)

    def create(self) -> list[str]:
        """Statements that create what is missing; harmless when repeated."""
        locks = (
            Table(TableName(self.schema, f"lock_{n:02d}"), (Column("nothing", SqlType(TypeKind.SMALLINT)),))
            for n in range(LOCK_TABLES)
        )
        return [create_schema(self.schema), *(create_table(t, if_not_exists=True) for t in (*self.tables(), *locks))]
