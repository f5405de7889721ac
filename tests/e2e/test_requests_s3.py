"""What Tidegate asks of S3, and what its warehouse does: nothing for each file, little for each batch."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from tests.servers.emulator import Emulator
from tests.servers.proxy import Proxy, Request, running_proxy
from tests.world import ORDERS, World

from tidegate.config.settings import Aws, EmbeddedSettings, S3Settings, Settings
from tidegate.flows.context import Context
from tidegate.flows.gc import plan_gc
from tidegate.flows.restore_plan import RestoreRequest, plan_restore
from tidegate.flows.status import status
from tidegate.flows.verify import verify
from tidegate.lake.base import Lake
from tidegate.lake.s3.driver import S3Lake
from tidegate.ledger.base import Ledger
from tidegate.ledger.sql import SqlLedger
from tidegate.model.periods import Granularity
from tidegate.warehouse.base import Warehouse
from tidegate.warehouse.embedded.driver import EmbeddedWarehouse

FEW, MANY = 12, 48
FIRST = date(2020, 1, 1)
Asked = Counter[str]


@dataclass
class S3World(World):
    """The embedded warehouse and a lake on S3; `warehouse_s3` is the way of the warehouse's own requests."""

    lake: S3Settings = field(default_factory=lambda: S3Settings(""))
    warehouse_s3: Aws = field(default_factory=Aws)

    @property
    def settings(self) -> Settings:
        return Settings(
            file=self.folder / "tidegate.toml",
            timezone=self.timezone,
            warehouse=EmbeddedSettings(self.folder / self.file, self.folder, threads=1, s3=self.warehouse_s3),
            lake=self.lake,
            ledger=self.folder / self.ledger,
            policies=self.policies,
        )

    def ports(self, settings: Settings) -> tuple[Warehouse, Lake, Ledger]:
        assert isinstance(settings.warehouse, EmbeddedSettings)
        assert isinstance(settings.lake, S3Settings)
        return EmbeddedWarehouse(settings.warehouse), S3Lake(settings.lake), SqlLedger(settings.ledger)


@dataclass
class Site:
    """A world whose client and whose warehouse reach the store by a proxy each."""

    world: World
    client: Proxy
    warehouse: Proxy

    def asked(self, verb: Callable[[], Any]) -> tuple[Asked, Asked]:
        """What the client and what the warehouse ask meanwhile."""
        self.client.clear()
        self.warehouse.clear()
        verb()
        return Counter(map(_kind, self.client.requests)), Counter(map(_kind, self.warehouse.requests))

    def fill(self, first: date, days: int) -> None:
        rows = ", ".join(f"({n}, DATE '{first + timedelta(n // 2)}')" for n in range(2 * days))
        self.world.sql(f"INSERT INTO public.orders VALUES {rows}")

    def archive(self, before: date, files: int) -> tuple[Asked, Asked]:
        def one_batch() -> None:
            outcome = self.world.archive(before)
            assert (outcome.failures, [batch.files for batch in outcome.batches]) == ((), [files])

        return self.asked(one_batch)

    def reading(self, files: int) -> dict[str, tuple[Asked, Asked]]:
        """What each verb asks that changes nothing."""

        def clean(ctx: Context, deep: bool) -> None:
            found = verify(ctx, deep=deep)
            assert (found.files, found.differences) == (files, ())

        with self.world.context() as ctx:
            return {
                "verify": self.asked(lambda: clean(ctx, False)),
                "verify --deep": self.asked(lambda: clean(ctx, True)),
                "gc plan": self.asked(lambda: plan_gc(ctx)),
                "restore plan": self.asked(lambda: plan_restore(ctx, RestoreRequest(ORDERS))),
                "status": self.asked(lambda: status(ctx)),
            }


def _kind(request: Request) -> str:
    return "LIST" if "list-type" in request.query else request.method


@contextmanager
def _site(folder: Path, emulator: Emulator, days: int) -> Iterator[Site]:
    folder.mkdir()
    with running_proxy(emulator.endpoint) as client, running_proxy(emulator.endpoint) as warehouse:
        world = S3World(
            folder,
            lake=S3Settings(emulator.new_bucket(), "prod/", Aws(region=emulator.region, endpoint=client.endpoint)),
            warehouse_s3=Aws(region=emulator.region, endpoint=warehouse.endpoint),
        ).with_policy(granularity=Granularity.DAILY, retention=0, max_delete_fraction=1.0)
        world.initialise()
        world.sql("CREATE TABLE public.orders (order_id BIGINT, order_date DATE)")
        site = Site(world, client, warehouse)
        site.fill(FIRST, days)
        yield site


NOTHING = Asked()


def test_no_verb_asks_more_for_more_files(aws_environment: Emulator, tmp_path: Path) -> None:
    with _site(tmp_path / "few", aws_environment, FEW) as few, _site(tmp_path / "many", aws_environment, MANY) as many:
        client, warehouse = few.archive(FIRST + timedelta(FEW), FEW)
        client_more, warehouse_more = many.archive(FIRST + timedelta(MANY), MANY)
        assert (client, client_more) == (Asked(GET=3, LIST=12, PUT=4, HEAD=4),) * 2
        assert warehouse == Asked(PUT=FEW + 1, LIST=FEW + 1, GET=2 * FEW)
        assert warehouse_more == Asked(PUT=MANY + 1, LIST=MANY + 1, GET=2 * MANY)
        asked = few.reading(FEW)
        assert asked == {
            "verify": (Asked(GET=5, LIST=3), NOTHING),
            "verify --deep": (Asked(GET=5, LIST=3), Asked(GET=FEW)),
            "gc plan": (Asked(GET=2, LIST=4), NOTHING),
            "restore plan": (Asked(GET=3, LIST=2), NOTHING),
            "status": (Asked(GET=1), NOTHING),
        }
        assert many.reading(MANY) == {**asked, "verify --deep": (Asked(GET=5, LIST=3), Asked(GET=MANY))}


def test_one_more_batch_asks_for_its_record_and_its_descriptor(aws_environment: Emulator, tmp_path: Path) -> None:
    with _site(tmp_path / "site", aws_environment, FEW) as site:
        site.archive(FIRST + timedelta(3), 3)
        before = site.reading(3)
        asked = [site.archive(FIRST + timedelta(days), files) for days, files in ((7, 4), (FEW, 5))]
        each = Asked(GET=5, LIST=9, PUT=3, HEAD=3)
        assert asked == [(each, Asked(PUT=files + 1, LIST=files + 1, GET=2 * files)) for files in (4, 5)]
        more = {
            "verify": (Asked(GET=4), NOTHING),
            "verify --deep": (Asked(GET=4), Asked(GET=9)),
            "gc plan": (NOTHING, NOTHING),
            "restore plan": (Asked(GET=2), NOTHING),
            "status": (NOTHING, NOTHING),
        }
        sums = {verb: tuple(map(Asked.__add__, before[verb], more[verb])) for verb in before}
        assert site.reading(FEW) == sums
