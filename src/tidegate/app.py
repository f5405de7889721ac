"""The composition root: settings become drivers, drivers become verbs."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from tidegate.config.extras import needing
from tidegate.config.settings import DataApiSettings, EmbeddedSettings, S3Settings, Settings
from tidegate.errors import LakeUnreachable, TidegateError, UsageError, WarehouseLocked
from tidegate.lake.base import Lake
from tidegate.ledger.base import JobState, Ledger
from tidegate.model.names import TableName
from tidegate.model.outcome import ArchiveOutcome, GcOutcome, RestoreOutcome, VerifyOutcome
from tidegate.model.records import Hold
from tidegate.signals.base import Reporter, Silent
from tidegate.warehouse.base import Warehouse

if TYPE_CHECKING:
    from tidegate.flows.adopt import AdoptOutcome
    from tidegate.flows.context import Context
    from tidegate.flows.doctor.run import Report
    from tidegate.flows.gc import GcPlan
    from tidegate.flows.identity import Identity
    from tidegate.flows.plan import ArchivePlan
    from tidegate.flows.planned import PlannedStatement
    from tidegate.flows.rebuild import RebuildOutcome
    from tidegate.flows.restore_plan import RestorePlan
    from tidegate.flows.status import Status

Name = str | TableName


class App:
    """Tidegate on one warehouse, lake and ledger. Each is opened when it is first used and closed with the App.

    Tables are given as `schema.table` or as TableName. Every method raises TidegateError (see tidegate.errors).
    """

    def __init__(self, settings: Settings, reporter: Reporter) -> None:
        self.settings = settings
        self.reporter = reporter

    @cached_property
    def warehouse(self) -> Warehouse:
        settings = self.settings.warehouse
        if isinstance(settings, EmbeddedSettings):
            from tidegate.warehouse.embedded.driver import EmbeddedWarehouse

            return EmbeddedWarehouse(settings)
        if isinstance(settings, DataApiSettings):
            with needing("aws", f"the warehouse {settings.address!r}"):
                from tidegate.warehouse.data_api.driver import DataApiWarehouse

            return DataApiWarehouse(settings)
        with needing("aws", f"the warehouse {settings.address!r}"):
            from tidegate.warehouse.connector.driver import ConnectorWarehouse

        return ConnectorWarehouse(settings)

    @cached_property
    def lake(self) -> Lake:
        if isinstance(self.settings.lake, S3Settings):
            with needing("aws", f"the lake {self.settings.lake.uri!r}"):
                from tidegate.lake.s3.driver import S3Lake

            return S3Lake(self.settings.lake)
        from tidegate.lake.local import LocalLake

        return LocalLake(self.settings.lake)

    @cached_property
    def ledger(self) -> Ledger:
        from tidegate.ledger.sql import SqlLedger

        return SqlLedger(self.settings.ledger)

    @cached_property
    def context(self) -> "Context":
        """What the flows work with."""
        from tidegate.flows.context import Context

        return Context(self.warehouse, self.lake, self.ledger, self.settings, self.reporter)

    def init(self) -> "tuple[Identity, bool]":
        """Create the control tables and claim a folder in the lake; True when the warehouse was new."""
        from tidegate.flows.identity import initialise

        with self._naming_jobs():
            self._make_lake_folder()
            return initialise(self.context)

    def _make_lake_folder(self) -> None:
        """Only `init` makes it: elsewhere a missing folder means a wrong address."""
        if not isinstance(self.settings.lake, Path):
            return
        try:
            self.settings.lake.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LakeUnreachable(
                f"the folder {self.settings.lake} cannot be made: {(error.strerror or str(error)).lower()}",
                hint="Check [lake] url and the rights on its parent folder.",
            ) from error

    def doctor(self) -> "Report":
        """Check warehouse, lake, ledger and the ways between them. What it writes it removes."""
        from tidegate.flows.doctor.run import diagnose

        return diagnose(self.context)

    def adopt(self, *, as_copy: bool) -> "AdoptOutcome":
        """Go on with a copied or set-back warehouse, or give it a folder of its own (`as_copy`)."""
        from tidegate.flows import adopt

        with self._naming_jobs():
            return adopt.as_copy(self.context) if as_copy else adopt.take_over(self.context)

    def plan(
        self,
        *tables: Name,
        as_of: date | None = None,
        schema: str | None = None,
        max_delete_fraction: float | None = None,
    ) -> "ArchivePlan":
        """What `archive` would do. Changes nothing."""
        from tidegate.flows.plan import Request, plan_archive

        request = Request(tuple(map(_name, tables)), as_of, schema, max_delete_fraction)
        with self._naming_jobs():
            return plan_archive(self.context, request)

    def archive_sql(self, plan: "ArchivePlan") -> "list[PlannedStatement]":
        """Every statement that carrying out the plan would submit."""
        from tidegate.flows.planned import archive_statements

        return list(archive_statements(self.context, plan))

    def restore_sql(self, plan: "RestorePlan") -> list[str]:
        """The transaction that carrying out the plan would submit."""
        from tidegate.flows.restore import restore_statements

        return restore_statements(self.context, plan)

    def archive(
        self,
        *tables: Name,
        as_of: date | None = None,
        schema: str | None = None,
        until: datetime | None = None,
        max_delete_fraction: float | None = None,
    ) -> ArchiveOutcome:
        """Archive what is due; failures of single tables stand in the outcome."""
        plan = self.plan(*tables, as_of=as_of, schema=schema, max_delete_fraction=max_delete_fraction)
        return self.run_archive(plan, until)

    def run_archive(self, plan: "ArchivePlan", until: datetime | None = None) -> ArchiveOutcome:
        """Carry out a plan made by `plan`."""
        from tidegate.flows.archive import run_archive

        with self._naming_jobs():
            return run_archive(self.context, plan, until)

    def verify(self, *tables: Name, deep: bool = False) -> VerifyOutcome:
        """Audit what is archived; differences stand in the outcome."""
        from tidegate.flows.verify import verify

        with self._naming_jobs():
            return verify(self.context, tuple(map(_name, tables)), deep=deep)

    def plan_restore(
        self, table: Name, first: date | None = None, last: date | None = None, into: Name | None = None
    ) -> "RestorePlan":
        """What `restore` would do. Changes nothing."""
        from tidegate.flows.restore_plan import RestoreRequest, plan_restore

        _check_order(first, last)
        target = None if into is None else _name(into)
        with self._naming_jobs():
            return plan_restore(self.context, RestoreRequest(_name(table), first, last, target))

    def restore(
        self, table: Name, first: date | None = None, last: date | None = None, into: Name | None = None
    ) -> RestoreOutcome:
        """Bring the periods that touch [first, last] back, into the hot table or into a new one."""
        return self.run_restore(self.plan_restore(table, first, last, into))

    def run_restore(self, plan: "RestorePlan") -> RestoreOutcome:
        """Carry out a plan made by `plan_restore`."""
        from tidegate.flows.restore import run_restore

        with self._naming_jobs():
            return run_restore(self.context, plan)

    def plan_gc(self, older_than: timedelta | None = None) -> "GcPlan":
        """What `gc` would delete. Changes nothing."""
        from tidegate.flows.gc import plan_gc

        with self._naming_jobs():
            return plan_gc(self.context, older_than)

    def gc(self, older_than: timedelta | None = None) -> GcOutcome:
        """Delete the objects of retired batches and of abandoned prefixes."""
        return self.run_gc(self.plan_gc(older_than))

    def run_gc(self, plan: "GcPlan") -> GcOutcome:
        """Carry out a plan made by `plan_gc`."""
        from tidegate.flows.gc import run_gc

        with self._naming_jobs():
            return run_gc(self.context, plan)

    def rebuild_ledger(self, warehouse: str | None = None) -> "RebuildOutcome":
        """Rebuild the ledger, and what counted in a warehouse that is gone, from the lake."""
        from tidegate.flows.rebuild import rebuild

        with self._naming_jobs():
            return rebuild(self.context, warehouse)

    def status(self) -> "Status":
        """Where every table stands."""
        from tidegate.flows.status import status

        with self._naming_jobs():
            return status(self.context)

    def holds(self) -> list[Hold]:
        """The holds in force."""
        from tidegate.flows.hold import list_holds

        with self._naming_jobs():
            return list_holds(self.context)

    def hold(self, table: Name, reason: str, first: date | None = None, last: date | None = None) -> Hold:
        """Keep the rows of [first, last] where they are."""
        from tidegate.flows.hold import add_hold

        _check_order(first, last)
        with self._naming_jobs():
            return add_hold(self.context, _name(table), first, last, reason)

    def release(self, hold: str) -> Hold:
        """End a hold."""
        from tidegate.flows.hold import release_hold

        with self._naming_jobs():
            return release_hold(self.context, hold)

    @contextmanager
    def _naming_jobs(self) -> Iterator[None]:
        """A warehouse that another process holds: say which of our jobs that is, where the ledger knows it."""
        try:
            yield
        except WarehouseLocked as error:
            jobs = self._running_jobs()
            if not jobs:
                raise
            raise WarehouseLocked(f"{error.message}; {jobs} is running", hint=error.hint) from error

    def _running_jobs(self) -> str:
        try:
            running = [job.id for job in self.ledger.jobs() if job.state is JobState.RUNNING]
        except TidegateError:
            return ""
        return f"job {', '.join(running)}" if running else ""

    def close(self) -> None:
        """Close what was opened."""
        opened = vars(self)
        opened.pop("context", None)
        for name in ("warehouse", "ledger"):
            if name in opened:
                opened.pop(name).close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _name(table: Name) -> TableName:
    return table if isinstance(table, TableName) else TableName.parse(table)


def _check_order(first: date | None, last: date | None) -> None:
    if first is not None and last is not None and last < first:
        raise UsageError(f"the last day {last} is before the first day {first}", hint="Give the earlier one first.")


def open_app(config: Path | None = None, reporter: Reporter | None = None) -> App:
    """Tidegate as `config`, else TIDEGATE_CONFIG, else ./tidegate.toml says. Raises ConfigError."""
    from tidegate.config.loader import load

    return App(load(config, os.environ), reporter or Silent())
