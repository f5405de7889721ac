"""The Ledger port on SQLAlchemy Core. Every method is one transaction."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    Table,
    and_,
    delete,
    func,
    insert,
    not_,
    select,
    true,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from tidegate.errors import LedgerUnreachable
from tidegate.ledger.base import BatchRow, Job, JobState, StepRow
from tidegate.ledger.sql import leases, rows, tables
from tidegate.ledger.sql.engine import connect
from tidegate.ledger.sql.migrations import migrate
from tidegate.model.batch import BatchState, FileEntry, PeriodProof
from tidegate.model.names import TableName
from tidegate.model.records import Hold

T = TypeVar("T")


class SqlLedger:
    """A ledger by URL (`sqlite:///file`) or by the path of a SQLite file, made and brought up to date as needed.

    Many threads and processes may share it.
    """

    def __init__(self, place: str | Path) -> None:
        """Open the ledger.

        Raises:
            ConfigError: not a URL, or a kind of database without a driver.
            LedgerUnreachable: the database cannot be opened, is damaged, or was made by a newer Tidegate.
        """
        self._database = connect(place)
        with self._database.reported():
            migrate(self._database.reader, self._database.writer, self._database.name)

    def claim(
        self, kind: str, table: TableName, owner: str, now: datetime, seconds: int, is_dead: Callable[[str], bool]
    ) -> Job:
        """`attempts` counts on from a job that ended without its worker's word. The owner's own lease holds too."""
        with self._database.write() as connection:
            return leases.claim(connection, leases.new_job(kind, table, owner, now, seconds), now, is_dead)

    def renew(self, job: Job, now: datetime, seconds: int) -> Job:
        with self._database.write() as connection:
            return leases.renew(connection, job, now + timedelta(seconds=seconds))

    def finish(self, job: Job, state: JobState, now: datetime, outcome: str) -> None:
        with self._database.write() as connection:
            leases.finish(connection, job, state, now, outcome)

    def jobs(self, table: TableName | None = None, limit: int = 100) -> Sequence[Job]:
        found = select(tables.jobs).order_by(tables.jobs.c.started_at.desc(), tables.jobs.c.id.desc()).limit(limit)
        if table is not None:
            found = found.where(_of_table(tables.jobs, table))
        return self._read(found, rows.job_of)

    def save_batch(self, batch: BatchRow) -> None:
        with self._database.write() as connection:
            _upsert(connection, tables.batches, rows.batch_values(batch))

    def batch(self, batch: str) -> BatchRow | None:
        found = self._read(select(tables.batches).where(tables.batches.c.id == batch), rows.batch_of)
        return found[0] if found else None

    def batches(self, table: TableName | None = None, states: Iterable[BatchState] = ()) -> Sequence[BatchRow]:
        found = select(tables.batches).order_by(tables.batches.c.id)
        if table is not None:
            found = found.where(_of_table(tables.batches, table))
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
        with self._database.write() as connection:
            self._require_batch(connection, batch)
            attempt: int = (connection.scalar(last) or 0) + 1
            values = {"batch": batch, "step": step, "attempt": attempt, "started_at": started, "detail": ""}
            connection.execute(insert(steps).values(**values))
        return attempt

    def end_step(self, batch: str, step: str, attempt: int, now: datetime, detail: str = "") -> None:
        """Raises LedgerUnreachable when the attempt was never begun, or was cleared."""
        steps = tables.steps
        begun = and_(steps.c.batch == batch, steps.c.step == step, steps.c.attempt == attempt)
        ended = update(steps).where(begun).values(finished_at=rows.time_text(now), detail=detail)
        with self._database.write() as connection:
            if connection.execute(ended).rowcount == 0:
                raise self._lacks(f"attempt {attempt} at step {step!r} of batch {batch}")

    def steps(self, batch: str) -> Sequence[StepRow]:
        """In the order in which they began."""
        steps = tables.steps
        found = select(steps).where(steps.c.batch == batch)
        return self._read(found.order_by(steps.c.started_at, steps.c.step, steps.c.attempt), rows.step_of)

    def set_checkpoint(self, table: TableName, value: date, now: datetime) -> None:
        values = {"value": value.isoformat(), "updated_at": rows.time_text(now)}
        with self._database.write() as connection:
            _upsert(connection, tables.checkpoints, {**rows.table_values(table), **values})

    def checkpoints(self) -> dict[TableName, date]:
        """By schema, then name."""
        found = select(tables.checkpoints).order_by(*tables.checkpoints.primary_key.columns)
        return dict(self._read(found, lambda row: (rows.table_of(row), date.fromisoformat(row["value"]))))

    def replace_holds(self, holds: Sequence[Hold]) -> None:
        with self._database.write() as connection:
            _replace(connection, tables.holds, true(), [rows.hold_values(hold) for hold in holds])

    def holds(self) -> Sequence[Hold]:
        """By the time at which they were placed."""
        found = select(tables.holds).order_by(tables.holds.c.placed_at, tables.holds.c.id)
        return self._read(found, rows.hold_of)

    def clear(self) -> None:
        with self._database.write() as connection:
            for table in reversed(tables.METADATA.sorted_tables):
                if table not in (tables.schema_version, tables.jobs):
                    connection.execute(delete(table))
            connection.execute(delete(tables.jobs).where(not_(tables.RUNNING)))

    def close(self) -> None:
        """Close every connection; the ledger opens anew when it is used again."""
        self._database.reader.dispose()

    def _read(self, found: Select[Any], of: Callable[[RowMapping], T]) -> tuple[T, ...]:
        with self._database.read() as connection:
            try:
                return tuple(of(row) for row in connection.execute(found).mappings())
            except ValueError as error:
                raise LedgerUnreachable(
                    f"the ledger {self._database.name} holds a value that this Tidegate cannot read: {error}",
                    hint="Upgrade Tidegate if a newer one wrote it; otherwise rebuild the ledger from the lake.",
                ) from error

    def _replace_parts(self, table: Table, batch: str, new: Sequence[rows.Values]) -> None:
        with self._database.write() as connection:
            self._require_batch(connection, batch)
            _replace(connection, table, table.c.batch == batch, new)

    def _require_batch(self, connection: Connection, batch: str) -> None:
        if connection.scalar(select(tables.batches.c.id).where(tables.batches.c.id == batch)) is None:
            raise self._lacks(f"batch {batch}")

    def _lacks(self, what: str) -> LedgerUnreachable:
        return LedgerUnreachable(
            f"the ledger {self._database.name} lacks {what}",
            hint="The ledger was rebuilt or replaced meanwhile: run the command again.",
        )


def _replace(connection: Connection, table: Table, old: ColumnElement[bool], new: Sequence[rows.Values]) -> None:
    """All rows go in by one statement, however many they are."""
    connection.execute(delete(table).where(old))
    if new:
        connection.execute(insert(table), new)


def _of_table(table: Table, name: TableName) -> ColumnElement[bool]:
    return and_(*(table.c[column] == value for column, value in rows.table_values(name).items()))


def _upsert(connection: Connection, table: Table, values: rows.Values) -> None:
    """Insert, or update the row of the same primary key without touching what refers to it."""
    keys = list(table.primary_key.columns)
    changed = {name: value for name, value in values.items() if name not in table.primary_key.columns}
    statement: sqlite.Insert | postgresql.Insert
    statement = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table).values(**values)
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed))
