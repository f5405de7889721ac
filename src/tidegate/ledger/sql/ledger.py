"""The Ledger port on SQLAlchemy Core. Every method is one transaction."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, RowMapping, Select, Table, and_, delete, func, insert, not_, select, true, update

from tidegate.config.settings import PostgresSettings
from tidegate.errors import LedgerUnreachable
from tidegate.ledger.base import BatchRow, Job, JobState, StepRow
from tidegate.ledger.sql import leases, postgres, rows, sqlite, statements, tables
from tidegate.ledger.sql.migrations import migrate
from tidegate.ledger.sql.policies import SqlPolicies, imported_policies
from tidegate.ledger.sql.queue import SqlQueue
from tidegate.model.batch import BatchState, FileEntry, PeriodProof
from tidegate.model.names import TableName
from tidegate.model.records import Hold

T = TypeVar("T")


class SqlLedger(SqlQueue, SqlPolicies):
    """A ledger in a SQLite file or in PostgreSQL, made and brought up to date as needed.

    Many threads and processes may share it; a process may fork between two calls.
    """

    def __init__(self, place: Path | PostgresSettings) -> None:
        """Connect and look at the version of the tables.

        Raises:
            ConfigError: a package for PostgreSQL or for IAM is missing, or the settings of IAM cannot be used.
            LedgerUnreachable: the database cannot be reached, is damaged, or was made by a newer Tidegate.
        """
        self._database = sqlite.connect(place) if isinstance(place, Path) else postgres.connect(place)
        with ExitStack() as undo:
            undo.callback(self._database.close)
            migrate(self._database)
            undo.pop_all()

    def claim(
        self, kind: str, table: TableName, owner: str, now: datetime, seconds: int, is_dead: Callable[[str], bool]
    ) -> Job:
        """`attempts` counts on from a job that ended without its worker's word. The owner's own lease holds too."""
        wanted = leases.new_job(kind, table, owner, now, seconds)
        return self._database.write(lambda connection: leases.claim(connection, wanted, now, is_dead))

    def renew(self, job: Job, now: datetime, seconds: int) -> Job:
        until = now + timedelta(seconds=seconds)
        return self._database.write(lambda connection: leases.renew(connection, job, until))

    def finish(self, job: Job, state: JobState, now: datetime, outcome: str) -> None:
        self._database.write(lambda connection: leases.finish(connection, job, state, now, outcome))

    def jobs(self, table: TableName | None = None, limit: int = 100) -> Sequence[Job]:
        found = select(tables.jobs).order_by(tables.jobs.c.started_at.desc(), tables.jobs.c.id.desc()).limit(limit)
        if table is not None:
            found = found.where(statements.of_table(tables.jobs, table))
        return self._read(found, rows.job_of)

    def save_batch(self, batch: BatchRow) -> None:
        values = rows.batch_values(batch)
        self._database.write(lambda connection: statements.upsert(connection, tables.batches, values))

    def batch(self, batch: str) -> BatchRow | None:
        found = self._read(select(tables.batches).where(tables.batches.c.id == batch), rows.batch_of)
        return found[0] if found else None

    def batches(self, table: TableName | None = None, states: Iterable[BatchState] = ()) -> Sequence[BatchRow]:
        found = select(tables.batches).order_by(tables.batches.c.id)
        if table is not None:
            found = found.where(statements.of_table(tables.batches, table))
        if wanted := [state.value for state in states]:
            found = found.where(tables.batches.c.state.in_(wanted))
        return self._read(found, rows.batch_of)

    def save_periods(self, batch: str, periods: Sequence[PeriodProof]) -> None:
        """Raises LedgerUnreachable when the batch was never saved, or was cleared."""
        new = [rows.period_values(batch, proof) for proof in periods]
        self._replace_parts(tables.periods, batch, new)

    def periods(self, batch: str) -> Sequence[PeriodProof]:
        """By period."""
        found = select(tables.periods).where(tables.periods.c.batch == batch).order_by(tables.periods.c.period)
        return self._read(found, rows.period_of)

    def save_files(self, batch: str, files: Sequence[FileEntry]) -> None:
        """Raises LedgerUnreachable when the batch was never saved, or was cleared."""
        new = [rows.file_values(batch, file) for file in files]
        self._replace_parts(tables.files, batch, new)

    def files(self, batch: str) -> Sequence[FileEntry]:
        """By key, in the order of its bytes."""
        found = select(tables.files).where(tables.files.c.batch == batch).order_by(tables.files.c.key)
        return self._read(found, rows.file_of)

    def file_sizes(self) -> dict[tuple[str, date], tuple[int, int]]:
        files = tables.files.c
        found = select(files.batch, files.period, func.count().label("files"), func.sum(files.size).label("bytes"))
        return dict(self._read(found.group_by(files.batch, files.period), rows.sizes_of))

    def begin_step(self, batch: str, step: str, now: datetime) -> int:
        """Raises LedgerUnreachable when the batch was never saved, or was cleared."""
        steps = tables.steps
        last = select(func.max(steps.c.attempt)).where(steps.c.batch == batch, steps.c.step == step)
        started = rows.time_text(now)

        def begin(connection: Connection) -> int:
            self._lock_batch(connection, batch)
            attempt: int = (connection.scalar(last) or 0) + 1
            values = {"batch": batch, "step": step, "attempt": attempt, "started_at": started, "detail": ""}
            connection.execute(insert(steps).values(**values))
            return attempt

        return self._database.write(begin)

    def end_step(self, batch: str, step: str, attempt: int, now: datetime, detail: str = "") -> None:
        """Raises LedgerUnreachable when the attempt was never begun, or was cleared."""
        steps = tables.steps
        begun = and_(steps.c.batch == batch, steps.c.step == step, steps.c.attempt == attempt)
        ended = update(steps).where(begun).values(finished_at=rows.time_text(now), detail=detail)
        if self._database.write(lambda connection: connection.execute(ended).rowcount) == 0:
            raise self._lacks(f"attempt {attempt} at step {step!r} of batch {batch}")

    def steps(self, batch: str) -> Sequence[StepRow]:
        """In the order in which they began."""
        steps = tables.steps
        found = select(steps).where(steps.c.batch == batch)
        return self._read(found.order_by(steps.c.started_at, steps.c.step, steps.c.attempt), rows.step_of)

    def set_checkpoint(self, table: TableName, value: date, now: datetime) -> None:
        values = {**rows.table_values(table), "value": value.isoformat(), "updated_at": rows.time_text(now)}
        self._database.write(lambda connection: statements.upsert(connection, tables.checkpoints, values))

    def checkpoints(self) -> dict[TableName, date]:
        """By schema, then name."""
        found = select(tables.checkpoints).order_by(*tables.checkpoints.primary_key.columns)
        return dict(self._read(found, lambda row: (rows.table_of(row), date.fromisoformat(row["value"]))))

    def replace_holds(self, holds: Sequence[Hold]) -> None:
        new = [rows.hold_values(hold) for hold in holds]

        def replace(connection: Connection) -> None:
            statements.exclude_writers(connection, tables.holds)
            statements.replace(connection, tables.holds, true(), new)

        self._database.write(replace)

    def holds(self) -> Sequence[Hold]:
        """By the time at which they were placed."""
        found = select(tables.holds).order_by(tables.holds.c.placed_at, tables.holds.c.id)
        return self._read(found, rows.hold_of)

    def clear(self) -> None:
        kept = (tables.schema_version, tables.jobs, tables.queue, imported_policies)
        cleared = [table for table in reversed(tables.METADATA.sorted_tables) if table not in kept]

        def clear(connection: Connection) -> None:
            statements.exclude_writers(connection, tables.batches)
            for table in cleared:
                connection.execute(delete(table))
            connection.execute(delete(tables.jobs).where(not_(tables.RUNNING)))

        self._database.write(clear)

    def close(self) -> None:
        """Close every connection; the ledger opens anew when it is used again."""
        self._database.close()

    def _read(self, found: Select[Any], of: Callable[[RowMapping], T]) -> tuple[T, ...]:
        return statements.read_rows(self._database, found, of)

    def _replace_parts(self, table: Table, batch: str, new: Sequence[rows.Values]) -> None:
        def replace(connection: Connection) -> None:
            self._lock_batch(connection, batch)
            statements.replace(connection, table, table.c.batch == batch, new)

        self._database.write(replace)

    def _lock_batch(self, connection: Connection, batch: str) -> None:
        """Parts of a batch are written by one transaction at a time."""
        found = select(tables.batches.c.id).where(tables.batches.c.id == batch).with_for_update(key_share=True)
        if connection.scalar(found) is None:
            raise self._lacks(f"batch {batch}")

    def _lacks(self, what: str) -> LedgerUnreachable:
        return LedgerUnreachable(
            f"the ledger {self._database.name} lacks {what}",
            hint="The ledger was rebuilt or replaced meanwhile: run the command again.",
        )
