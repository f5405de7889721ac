"""A small world for tests of the flows: one warehouse, lake and ledger in a folder, driven through the real drivers."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from tidegate.config.settings import EmbeddedSettings, Settings
from tidegate.flows.archive import run_archive
from tidegate.flows.context import Context
from tidegate.flows.gc import plan_gc, run_gc
from tidegate.flows.identity import initialise
from tidegate.flows.plan import ArchivePlan, Request, plan_archive
from tidegate.flows.rebuild import RebuildOutcome, rebuild
from tidegate.flows.restore import run_restore
from tidegate.flows.restore_plan import RestoreRequest, plan_restore
from tidegate.flows.verify import verify
from tidegate.lake.base import Lake
from tidegate.lake.local import LocalLake
from tidegate.ledger.base import Ledger
from tidegate.ledger.sql import SqlLedger
from tidegate.model.names import TableName
from tidegate.model.outcome import ArchiveOutcome, GcOutcome, RestoreOutcome, VerifyOutcome
from tidegate.model.periods import Granularity
from tidegate.model.policy import Policy
from tidegate.warehouse.base import Warehouse
from tidegate.warehouse.embedded.driver import EmbeddedWarehouse

ORDERS = TableName("public", "orders")
AS_OF = date(2020, 6, 20)
MONTHLY = Policy(ORDERS, "order_date", Granularity.MONTHLY, 3)


@dataclass
class Clock:
    """A clock that a test sets. Every reading is a microsecond later, so that ids and times differ."""

    now: datetime = datetime(2020, 6, 20, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(microseconds=1)
        return self.now

    def advance(self, **span: int) -> None:
        self.now += timedelta(**span)


@dataclass
class World:
    """`policies` are those of tidegate.toml; `wrap` may put something around each port."""

    folder: Path
    policies: tuple[Policy, ...] = (MONTHLY,)
    timezone: str = "UTC"
    file: str = "warehouse.duckdb"
    ledger: str = "tidegate.sqlite"
    clock: Clock = field(default_factory=Clock)
    wrap: Callable[[Any, str], Any] = lambda port, name: port
    suffix: str = ""

    @property
    def settings(self) -> Settings:
        lake = self.folder / "lake"
        return Settings(
            file=self.folder / "tidegate.toml",
            timezone=self.timezone,
            warehouse=EmbeddedSettings(self.folder / self.file, self.folder, lake, lock_timeout=20, threads=1),
            lake=lake,
            ledger=self.folder / self.ledger,
            policies=self.policies,
        )

    def ports(self, settings: Settings) -> tuple[Warehouse, Lake, Ledger]:
        """New drivers on this world's warehouse, lake and ledger."""
        assert isinstance(settings.warehouse, EmbeddedSettings)
        assert isinstance(settings.lake, Path)
        settings.lake.mkdir(exist_ok=True)
        return EmbeddedWarehouse(settings.warehouse), LocalLake(settings.lake), SqlLedger(settings.ledger)

    @contextmanager
    def context(self) -> Iterator[Context]:
        settings = self.settings
        warehouse, lake, ledger = self.ports(settings)
        numbers = count(int(self.clock.now.timestamp() * 1_000_000) % 16**8)
        context = Context(
            self.wrap(warehouse, "warehouse"),
            self.wrap(lake, "lake"),
            self.wrap(ledger, "ledger"),
            settings,
            clock=self.clock,
            suffix=lambda: f"{self.suffix}{next(numbers):08x}",
        )
        try:
            yield context
        finally:
            warehouse.close()
            ledger.close()

    def initialise(self) -> str:
        with self.context() as ctx:
            return initialise(ctx)[0].warehouse

    def sql(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements one after the other; the rows of the last."""
        with self.context() as ctx, ctx.warehouse.session() as session:
            rows: list[tuple[Any, ...]] = []
            for statement in statements:
                rows = list(session.execute(statement).rows)
            return rows

    def value(self, statement: str) -> Any:
        return self.sql(statement)[0][0]

    def plan(self, as_of: date = AS_OF, **options: Any) -> ArchivePlan:
        with self.context() as ctx:
            return plan_archive(ctx, Request(as_of=as_of, **options))

    def archive(self, as_of: date = AS_OF, **options: Any) -> ArchiveOutcome:
        with self.context() as ctx:
            return run_archive(ctx, plan_archive(ctx, Request(as_of=as_of, **options)))

    def restore(
        self, first: date | None = None, last: date | None = None, into: str | None = None, table: TableName = ORDERS
    ) -> RestoreOutcome:
        with self.context() as ctx:
            target = TableName.parse(into) if into else None
            return run_restore(ctx, plan_restore(ctx, RestoreRequest(table, first, last, target)))

    def gc(self, older_than: timedelta | None = None) -> GcOutcome:
        with self.context() as ctx:
            return run_gc(ctx, plan_gc(ctx, older_than))

    def verify(self, *, deep: bool = True) -> VerifyOutcome:
        with self.context() as ctx:
            return verify(ctx, deep=deep)

    def rebuild(self, warehouse: str | None = None) -> RebuildOutcome:
        with self.context() as ctx:
            return rebuild(ctx, warehouse)

    def with_policy(self, **changes: Any) -> "World":
        """The same folder under another policy."""
        return replace(self, policies=(replace(self.policies[0], **changes),))


def create_orders(world: World, rows: int = 60) -> None:
    """`public.orders`: ids 1 to `rows`, two a day of the months of 2020 up to June, evenly, in turn."""
    world.initialise()
    values = ", ".join(
        f"({i}, DATE '2020-{(i - 1) % 6 + 1:02d}-{(i - 1) // 6 % 28 + 1:02d}', {i}.25, 'note {i}')"
        for i in range(1, rows + 1)
    )
    world.sql(
        "CREATE TABLE public.orders (order_id BIGINT NOT NULL, order_date DATE, "
        "amount DECIMAL(12,2), note VARCHAR(40)) "
        "SORTKEY (order_date)",
        f"INSERT INTO public.orders VALUES {values}",
    )
