"""The ledger's tables as the newest migration leaves them.

Times are UTC in ISO form with microseconds, dates in ISO form, both as text, so that every database sorts and keeps
them alike. A table's name is kept as two columns.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Identity, Index, Integer, MetaData, Table, text

from tidegate.ledger.sql.text import Text

METADATA = MetaData()

schema_version = Table(
    "schema_version",
    METADATA,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("applied_at", Text, nullable=False),
)

jobs = Table(
    "jobs",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("table_schema", Text, nullable=False),
    Column("table_name", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("lease_until", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("started_at", Text, nullable=False),
    Column("finished_at", Text),
    Column("outcome", Text, nullable=False),
)
RUNNING = jobs.c.state == "running"
Index(
    "jobs_one_running",
    jobs.c.kind,
    jobs.c.table_schema,
    jobs.c.table_name,
    unique=True,
    sqlite_where=RUNNING,
    postgresql_where=RUNNING,
)
Index("jobs_by_table", jobs.c.table_schema, jobs.c.table_name, jobs.c.started_at)
Index("jobs_by_start", jobs.c.started_at)

batches = Table(
    "batches",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("table_schema", Text, nullable=False),
    Column("table_name", Text, nullable=False),
    Column("job", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("planned_at", Text, nullable=False),
    Column("updated_at", Text, nullable=False),
    Column("external_schema", Text),
    Column("external_name", Text),
    Column("detail", Text, nullable=False),
)
Index("batches_by_table", batches.c.table_schema, batches.c.table_name, batches.c.id)
Index("batches_by_state", batches.c.state, batches.c.id)

steps = Table(
    "steps",
    METADATA,
    Column("batch", Text, ForeignKey("batches.id"), primary_key=True),
    Column("step", Text, primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("started_at", Text, nullable=False),
    Column("finished_at", Text),
    Column("detail", Text, nullable=False),
)

periods = Table(
    "periods",
    METADATA,
    Column("batch", Text, ForeignKey("batches.id"), primary_key=True),
    Column("period", Text, primary_key=True),
    Column("rows", BigInteger, nullable=False),
    Column("fingerprint", Text, nullable=False),
)

files = Table(
    "files",
    METADATA,
    Column("batch", Text, ForeignKey("batches.id"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("period", Text, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("etag", Text, nullable=False),
    Column("version", Text),
    Column("sha256", Text),
)

checkpoints = Table(
    "checkpoints",
    METADATA,
    Column("table_schema", Text, primary_key=True),
    Column("table_name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("updated_at", Text, nullable=False),
)

holds = Table(
    "holds",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("table_schema", Text, nullable=False),
    Column("table_name", Text, nullable=False),
    Column("first", Text),
    Column("last", Text),
    Column("reason", Text, nullable=False),
    Column("placed_at", Text, nullable=False),
)

queue = Table(
    "queue",
    METADATA,
    Column("id", BigInteger().with_variant(Integer(), "sqlite"), Identity(), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("table_schema", Text, nullable=False),
    Column("table_name", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("claims", Integer, nullable=False),
    Column("queued_at", Text, nullable=False),
    Column("available_at", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("lease_until", Text),
    Column("started_at", Text),
    Column("finished_at", Text),
    Column("outcome", Text, nullable=False),
    sqlite_autoincrement=True,
)
OPEN_IN_QUEUE = text("state IN ('queued', 'running')")
Index(
    "queue_one_open",
    queue.c.kind,
    queue.c.table_schema,
    queue.c.table_name,
    queue.c.digest,
    unique=True,
    sqlite_where=OPEN_IN_QUEUE,
    postgresql_where=OPEN_IN_QUEUE,
)
Index("queue_by_state", queue.c.state, queue.c.priority, queue.c.id)
Index("queue_by_table", queue.c.table_schema, queue.c.table_name, queue.c.id)
