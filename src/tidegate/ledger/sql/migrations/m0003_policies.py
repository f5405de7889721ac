"""Version 3: policies that were imported."""

from sqlalchemy import Column, Connection, MetaData, Table, Text

_TEXT = Text().with_variant(Text(collation="C"), "postgresql")


def upgrade(connection: Connection) -> None:
    metadata = MetaData()
    Table(
        "imported_policies",
        metadata,
        Column("table_schema", _TEXT, primary_key=True),
        Column("table_name", _TEXT, primary_key=True),
        Column("source", _TEXT, nullable=False),
        Column("cells", _TEXT, nullable=False),
        Column("checkpoint", _TEXT),
        Column("imported_at", _TEXT, nullable=False),
    )
    metadata.create_all(connection, checkfirst=False)
