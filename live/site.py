"""Where the checks work: a schema, an external schema and a lake prefix that are made for one run and removed."""

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count
from types import FrameType
from typing import TypeVar, cast

from tidegate.app import App
from tidegate.config.settings import ConnectorSettings, DataApiSettings, S3Settings, Settings
from tidegate.errors import ConfigError, PartialFailure, Refused, TidegateError
from tidegate.lake.base import Lake
from tidegate.model.names import TableName
from tidegate.redshift.ddl import create_schema
from tidegate.redshift.external import create_external_schema, drop_external_table
from tidegate.redshift.identifiers import literal, quote
from tidegate.redshift.unload import Unload, unload
from tidegate.signals.base import Silent
from tidegate.warehouse.base import Warehouse

PREFIX = "tidegate_live_"

_T = TypeVar("_T")


def failing(table: TableName) -> str:
    """A SELECT that fails as soon as it meets a row of a table with a column `a`."""
    return f"SELECT CAST('no number ' || CAST(a AS VARCHAR(20)) AS INTEGER) FROM {table}"


@dataclass
class Site:
    """A place of its own on the target. `settings` name the run's schemas and prefix instead of the configured ones."""

    settings: Settings
    _apps: list[App] = field(default_factory=list)
    _shared: dict[str, object] = field(default_factory=dict)
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    @cached_property
    def warehouse(self) -> Warehouse:
        return self.opened()

    @cached_property
    def lake(self) -> Lake:
        return App(self.settings, Silent()).lake

    @property
    def schema(self) -> str:
        return self.settings.control_schema

    @property
    def external_schema(self) -> str:
        return self.settings.external_schema

    @property
    def is_data_api(self) -> bool:
        return isinstance(self.settings.warehouse, DataApiSettings)

    def opened(self) -> Warehouse:
        """One more driver on the warehouse, as another process would have."""
        app = App(self.settings, Silent())
        self._apps.append(app)
        return app.warehouse

    def name(self, base: str) -> TableName:
        """A table's name that this run has not used."""
        return TableName(self.schema, f"{base}_{next(self._numbers)}")

    def external_name(self, base: str) -> TableName:
        return TableName(self.external_schema, f"{base}_{next(self._numbers)}")

    def folder(self, base: str) -> str:
        """A key prefix that this run has not used; it ends with a slash."""
        return f"{base}-{next(self._numbers)}/"

    def table(self, base: str, columns: str, rows: Sequence[str] = ()) -> TableName:
        """A new table with these rows, each written as VALUES takes it."""
        name = self.name(base)
        statements = [f"CREATE TABLE {name} ({columns})"]
        if rows:
            statements.append(f"INSERT INTO {name} VALUES {', '.join(rows)}")
        self.warehouse.transaction(statements)
        return name

    def unload(self, select: str, folder: str, *, parallel: bool | None = None, by: tuple[str, ...] = ()) -> str:
        """The UNLOAD of a query below a folder of the lake, as an archive would write it."""
        key = self.lake.capabilities.kms_key
        return unload(
            Unload(
                select=select,
                to=self.lake.uri(folder),
                iam_role=self.role,
                partition_by=by,
                manifest=True,
                verbose=True,
                parallel=parallel,
                encrypted=key is not None,
                kms_key_id=key,
            )
        )

    @property
    def role(self) -> str:
        return self.settings.iam_role

    def count(self, table: TableName, where: str = "TRUE") -> int:
        ((found,),) = self.warehouse.execute(f"SELECT COUNT(*) FROM {table} WHERE {where}").rows
        return int(str(found))

    def once(self, name: str, make: "Callable[[Site], _T]") -> _T:
        """What several checks share; the first of them makes it, or fails, and then all do."""
        if name not in self._shared:
            try:
                self._shared[name] = make(self)
            except TidegateError as error:
                self._shared[name] = error
        if isinstance(found := self._shared[name], TidegateError):
            raise found
        return cast("_T", found)

    def close(self) -> None:
        while self._apps:
            self._apps.pop().close()


def check_target(settings: Settings) -> None:
    """Raises ConfigError unless warehouse and lake are a Redshift and an S3 bucket."""
    if not isinstance(settings.warehouse, DataApiSettings | ConnectorSettings):
        raise ConfigError(
            f"{settings.warehouse.address} is the embedded warehouse, of which the tests show all",
            hint="Let warehouse.url name a Redshift workgroup or cluster that was made for this purpose.",
        )
    if not isinstance(settings.lake, S3Settings):
        raise ConfigError(
            f"the lake {settings.lake_address} is a folder, of which the tests show all",
            hint="Let lake.url name a bucket that was made for this purpose: s3://bucket/prefix.",
        )


def of_run(settings: Settings, suffix: str) -> Settings:
    """The settings with the names of one run in place of the configured ones."""
    check_target(settings)
    lake = settings.lake
    assert isinstance(lake, S3Settings)
    schema = f"{PREFIX}{suffix}"
    return replace(
        settings,
        control_schema=schema,
        external_schema=f"{schema}_cold",
        glue_database=f"{settings.glue_database}_live_{suffix}",
        lake=replace(lake, prefix=f"{lake.prefix}tidegate-live-{suffix}/"),
    )


@contextmanager
def running_site(settings: Settings) -> Iterator[Site]:
    """Make the site that `settings` (of a run) name, and remove it whatever happens.

    Raises:
        Refused: something of that name exists already; nothing was made.
        PartialFailure: something of it could not be removed; the message names it.
    """
    site = Site(settings)
    try:
        _refuse_existing(site)
        try:
            _create(site)
            yield site
        finally:
            with undisturbed():
                _remove(site)
    finally:
        site.close()


def _refuse_existing(site: Site) -> None:
    schemas = f"({literal(site.schema)}, {literal(site.external_schema)})"
    run = site.warehouse.execute
    found = [
        *run(f"SELECT nspname FROM pg_namespace WHERE nspname IN {schemas}").rows,
        *run(f"SELECT schemaname FROM svv_external_schemas WHERE schemaname IN {schemas}").rows,
    ]
    taken = [f"the schema {row[0]}" for row in found]
    if next(iter(site.lake.list("")), None) is not None:
        taken.append(f"{site.lake.uri('')}")
    if taken:
        raise Refused(
            f"{' and '.join(taken)} would be made for this run, but exists already",
            hint="Run it again: each run draws names of its own.",
        )


def _create(site: Site) -> None:
    site.warehouse.execute(create_schema(site.schema, if_not_exists=False))
    site.warehouse.execute(create_external_schema(site.external_schema, site.settings.glue_database, site.role))


def _remove(site: Site) -> None:
    left: list[str] = []

    def attempt(what: str, step: Callable[[], object]) -> None:
        try:
            step()
        except TidegateError as error:
            left.append(f"{what} ({error.message})")

    run = site.warehouse.execute
    attempt("external tables", lambda: _drop_external_tables(site))
    attempt(f"the external schema {site.external_schema}", lambda: run(_drop_external_schema(site)))
    attempt(f"the schema {site.schema}", lambda: run(f"DROP SCHEMA IF EXISTS {quote(site.schema)} CASCADE"))
    attempt(site.lake.uri(""), lambda: site.lake.delete([info.key for info in site.lake.list("")]))
    if left:
        raise PartialFailure(f"not removed: {'; '.join(left)}", hint="Remove by hand what the run has left.")


def _drop_external_tables(site: Site) -> None:
    listed = f"SELECT tablename FROM svv_external_tables WHERE schemaname = {literal(site.external_schema)}"
    for row in site.warehouse.execute(listed).rows:
        site.warehouse.execute(drop_external_table(TableName(site.external_schema, str(row[0]))))


def _drop_external_schema(site: Site) -> str:
    """The database of the data catalog goes with it; a local Redshift has none."""
    drop = f"DROP SCHEMA IF EXISTS {quote(site.external_schema)}"
    return f"{drop} DROP EXTERNAL DATABASE" if site.warehouse.capabilities.engine == "redshift" else drop


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let Ctrl-C wait until the block has ended."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    asked: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        asked.append(number)

    former = {each: signal.signal(each, note) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
    if asked:
        raise KeyboardInterrupt
