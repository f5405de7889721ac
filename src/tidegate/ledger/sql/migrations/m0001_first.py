"""Version 1: jobs, batches with their steps, periods and files, checkpoints, holds."""

from sqlalchemy import BigInteger, Column, Connection, ForeignKey, Index, Integer, MetaData, Table, Text
from sqlalchemy.sql.schema import SchemaItem

_TEXT = Text().with_variant(Text(collation="C"), "postgresql")


def upgrade(connection: Connection) -> None:
    metadata = MetaData()
    Table("schema_version", metadata, _number("version", primary_key=True), _text("applied_at"))
    _jobs(metadata)
    _batches(metadata)
    _parts_of_batches(metadata)
    Table("checkpoints", metadata, *_table_key(), _text("value"), _text("updated_at"))
    Table(
        "holds",
        metadata,
        Column("id", _TEXT, primary_key=True),
        *_table_name(),
        Column("first", _TEXT),
        Column("last", _TEXT),
        _text("reason"),
        _text("placed_at"),
    )
    metadata.create_all(connection, checkfirst=False)


def _jobs(metadata: MetaData) -> None:
    jobs = Table(
        "jobs",
        metadata,
        Column("id", _TEXT, primary_key=True),
        _text("kind"),
        *_table_name(),
        _text("state"),
        _text("owner"),
        _text("lease_until"),
        Column("attempts", Integer, nullable=False),
        _text("started_at"),
        Column("finished_at", _TEXT),
        _text("outcome"),
    )
    running = jobs.c.state == "running"
    of_table = (jobs.c.table_schema, jobs.c.table_name)
    Index("jobs_one_running", jobs.c.kind, *of_table, unique=True, sqlite_where=running, postgresql_where=running)
    Index("jobs_by_table", *of_table, jobs.c.started_at)
    Index("jobs_by_start", jobs.c.started_at)


def _batches(metadata: MetaData) -> None:
    batches = Table(
        "batches",
        metadata,
        Column("id", _TEXT, primary_key=True),
        *_table_name(),
        _text("job"),
        _text("state"),
        _text("action"),
        _text("prefix"),
        _count("rows"),
        _count("bytes"),
        _text("planned_at"),
        _text("updated_at"),
        Column("external_schema", _TEXT),
        Column("external_name", _TEXT),
        _text("detail"),
    )
    Index("batches_by_table", batches.c.table_schema, batches.c.table_name, batches.c.id)
    Index("batches_by_state", batches.c.state, batches.c.id)


def _parts_of_batches(metadata: MetaData) -> None:
    Table(
        "steps",
        metadata,
        _batch(),
        Column("step", _TEXT, primary_key=True),
        _number("attempt", primary_key=True),
        _text("started_at"),
        Column("finished_at", _TEXT),
        _text("detail"),
    )
    Table(
        "periods",
        metadata,
        _batch(),
        Column("period", _TEXT, primary_key=True),
        _count("rows"),
        _text("fingerprint"),
    )
    Table(
        "files",
        metadata,
        _batch(),
        Column("key", _TEXT, primary_key=True),
        _text("period"),
        _count("rows"),
        _count("size"),
        _text("etag"),
        Column("version", _TEXT),
        Column("sha256", _TEXT),
    )


def _text(name: str) -> Column[str]:
    return Column(name, _TEXT, nullable=False)


def _count(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _number(name: str, *, primary_key: bool) -> Column[int]:
    return Column(name, Integer, primary_key=primary_key, autoincrement=False)


def _batch() -> Column[str]:
    return Column("batch", _TEXT, ForeignKey("batches.id"), primary_key=True)


def _table_name() -> tuple[SchemaItem, SchemaItem]:
    return _text("table_schema"), _text("table_name")


def _table_key() -> tuple[SchemaItem, SchemaItem]:
    return Column("table_schema", _TEXT, primary_key=True), Column("table_name", _TEXT, primary_key=True)
