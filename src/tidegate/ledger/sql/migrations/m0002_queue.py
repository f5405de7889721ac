"""Version 2: the queue."""

from sqlalchemy import BigInteger, Column, Connection, Identity, Index, Integer, MetaData, Table, Text, text

_TEXT = Text().with_variant(Text(collation="C"), "postgresql")
_NUMBER = BigInteger().with_variant(Integer(), "sqlite")


def upgrade(connection: Connection) -> None:
    metadata = MetaData()
    queue = Table(
        "queue",
        metadata,
        Column("id", _NUMBER, Identity(), primary_key=True),
        _text("kind"),
        _text("table_schema"),
        _text("table_name"),
        _text("digest"),
        _text("payload"),
        Column("priority", Integer, nullable=False),
        _text("state"),
        Column("attempts", Integer, nullable=False),
        Column("claims", Integer, nullable=False),
        _text("queued_at"),
        _text("available_at"),
        _text("owner"),
        Column("lease_until", _TEXT),
        Column("started_at", _TEXT),
        Column("finished_at", _TEXT),
        _text("outcome"),
        sqlite_autoincrement=True,
    )
    unfinished = text("state IN ('queued', 'running')")
    of_table = (queue.c.table_schema, queue.c.table_name)
    Index(
        "queue_one_open",
        queue.c.kind,
        *of_table,
        queue.c.digest,
        unique=True,
        sqlite_where=unfinished,
        postgresql_where=unfinished,
    )
    Index("queue_by_state", queue.c.state, queue.c.priority, queue.c.id)
    Index("queue_by_table", *of_table, queue.c.id)
    metadata.create_all(connection, checkfirst=False)


def _text(name: str) -> Column[str]:
    return Column(name, _TEXT, nullable=False)
