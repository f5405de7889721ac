"""What every verb works with: settings become drivers, each opened when it is first used."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from tidegate.app.signalling import now, open_channels, open_metrics
from tidegate.config.extras import needing
from tidegate.config.settings import Aws, DataApiSettings, EmbeddedSettings, S3Settings, Settings
from tidegate.errors import StillRunning, TidegateError, UsageError, WarehouseLocked
from tidegate.lake.base import Lake
from tidegate.ledger.base import JobState, Ledger
from tidegate.model.names import TableName, check_identifier
from tidegate.model.notification import Delivered
from tidegate.rules.base import RuleSource
from tidegate.signals.base import Metrics, Notifier, Reporter
from tidegate.warehouse.base import Warehouse

if TYPE_CHECKING:
    from tidegate.flows.context import Context
    from tidegate.flows.rules import RuleCheckpoints
    from tidegate.signals.channels import Channels

Name = str | TableName


def for_ever() -> float | None:
    """There is no end to the caller's time."""
    return None


class Opened:
    """One warehouse, lake and ledger. Each is opened when it is first used and closed with this.

    `time_left` tells the seconds that the caller still has, None for ever: where they end, a flow ends with
    StillRunning after its current step, and what it did so far stays.
    """

    def __init__(
        self, settings: Settings, reporter: Reporter, time_left: Callable[[], float | None] = for_ever
    ) -> None:
        self.settings = settings
        self.reporter = reporter
        self.time_left = time_left

    @cached_property
    def warehouse(self) -> Warehouse:
        settings = self.settings.warehouse
        if isinstance(settings, EmbeddedSettings):
            from tidegate.warehouse.embedded.driver import EmbeddedWarehouse

            return EmbeddedWarehouse(settings)
        if isinstance(settings, DataApiSettings):
            with needing("aws", f"the warehouse {settings.address!r}"):
                from tidegate.warehouse.data_api.driver import DataApiWarehouse

            return DataApiWarehouse(settings, deadline=self.time_left)
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

        return LocalLake(self.settings.lake, self.settings.cold)

    @cached_property
    def ledger(self) -> Ledger:
        from tidegate.ledger.sql import SqlLedger

        return SqlLedger(self.settings.ledger)

    @cached_property
    def metrics(self) -> Metrics:
        """Where numbers go; may be set before the first verb."""
        return open_metrics(self.settings.metrics, self.reporter)

    @cached_property
    def channels(self) -> "Channels":
        return open_channels(self.settings.notify, self.reporter, self.metrics)

    @property
    def notifier(self) -> Notifier:
        return self.channels

    @property
    def notifications(self) -> Delivered:
        """What was told until now."""
        return self.channels.delivered

    @property
    def clock(self) -> Callable[[], datetime]:
        return now

    @cached_property
    def context(self) -> "Context":
        """What the flows work with; its settings hold the imported policies too."""
        from tidegate.config.lifecycle.merge import merged
        from tidegate.flows.context import Context

        rules = self.rule_checkpoints
        settings = merged(self.settings, list(rules.imported.values()))
        return Context(
            self.warehouse,
            self.lake,
            self.ledger,
            settings,
            self.reporter,
            archived_until=rules,
            notifier=self.notifier,
            metrics=self.metrics,
            lake_at=self.lake_at,
            check=self._check_time,
            sleep=self._sleep,
        )

    @cached_property
    def rule_checkpoints(self) -> "RuleCheckpoints":
        """The imported policies, and who is told how far they were carried out."""
        from tidegate.flows.rules import RuleCheckpoints

        imported = {policy.table: policy for policy in self.ledger.imported_policies()}
        return RuleCheckpoints(self.ledger, self.reporter, imported, self.rule_source)

    def lake_at(self, address: str, region: str | None) -> Lake:
        """`s3://bucket/prefix/` outside of the lake, reached with the lake's own settings otherwise; or a folder."""
        if not address.startswith("s3://"):
            from tidegate.lake.local import LocalLake

            return LocalLake(Path(address))
        bucket, _, prefix = address.removeprefix("s3://").partition("/")
        aws = self.settings.lake.aws if isinstance(self.settings.lake, S3Settings) else Aws()
        with needing("aws", f"the address {address!r}"):
            from tidegate.lake.s3.driver import S3Lake

        return S3Lake(S3Settings(bucket, prefix, replace(aws, region=region or aws.region)))

    def rule_source(self, place: str) -> RuleSource:
        """Where rules are: the path of a CSV file, or `dynamodb://TABLE?region=…`. Nothing is opened yet."""
        from tidegate.config.lifecycle.rule_url import parse_rule_source

        parsed = parse_rule_source(place)
        if isinstance(parsed, Path):
            from tidegate.rules.csv_file import CsvFile

            return CsvFile(parsed)
        with needing("aws", f"the table {parsed.address!r}"):
            from tidegate.rules.dynamodb import DynamoDbTable

        return DynamoDbTable(parsed)

    def _check_time(self, needed: float = 0) -> None:
        """Raises StillRunning: the caller's time ends within so many seconds."""
        left = self.time_left()
        if left is not None and left <= needed:
            raise StillRunning(
                "the time for this call is over",
                hint="Make the same call again: what is done stays so, and it goes on from there.",
            )

    def _sleep(self, seconds: float) -> None:
        self._check_time(seconds)
        time.sleep(seconds)

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
        self.forget_policies()
        for name in ("warehouse", "ledger"):
            if name in opened:
                opened.pop(name).close()

    def forget_policies(self) -> None:
        """Read the imported policies anew when they are next needed."""
        for name in ("context", "rule_checkpoints"):
            vars(self).pop(name, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def table_name(table: Name) -> TableName:
    return table if isinstance(table, TableName) else TableName.parse(table)


def schema_name(schema: str | None) -> str | None:
    """Folded, as names of tables are."""
    return None if schema is None else check_identifier(schema)


def check_order(first: date | None, last: date | None) -> None:
    if first is not None and last is not None and last < first:
        raise UsageError(f"the last day {last} is before the first day {first}", hint="Give the earlier one first.")
