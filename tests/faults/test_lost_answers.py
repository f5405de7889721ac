"""Ambiguous outcomes: a call does its work, but the answer is lost. The same command again finishes the work."""

import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from tests.faults.counting import Calls, Counted
from tests.world import World, create_orders

from tidegate.errors import LakeUnreachable, LedgerUnreachable, TidegateError, WarehouseUnreachable

SHARDS = 4
WHOLE = "SELECT COUNT(*), SUM(order_id), SUM(amount) FROM public.orders"
ERRORS = {"warehouse": WarehouseUnreachable, "lake": LakeUnreachable, "ledger": LedgerUnreachable}


class LostAnswers(Calls):
    """Calls of which one raises, after its work was done, that its port cannot be reached."""

    def after(self, number: int) -> None:
        if number == self.at:
            name = self.names[number - 1]
            raise ERRORS[name.partition(".")[0]](f"no answer to {name}", hint="Try again.")


def _run(world: World, calls: Calls) -> None:
    counting = replace(world, wrap=lambda port, name: Counted(port, name, calls), suffix="c")
    with suppress(TidegateError):
        counting.archive()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared")
    create_orders(World(folder))
    return folder


@pytest.mark.parametrize("shard", range(SHARDS))
def test_an_answer_is_lost_at_every_call(prepared: Path, shard: int, tmp_path: Path) -> None:
    before = World(prepared).sql(WHOLE)
    calls = Calls()
    _run(World(shutil.copytree(prepared, tmp_path / "count")), calls)
    for number in range(1 + shard, len(calls.names) + 1, SHARDS):
        point = f"after call {number}, {calls.names[number - 1]}"
        world = World(shutil.copytree(prepared, tmp_path / "lost"))
        _run(world, LostAnswers(number))
        world.clock.advance(hours=1)
        assert world.archive().failures == (), point
        assert world.sql(WHOLE.replace("orders", "orders_all")) == before, point
        assert world.value("SELECT COUNT(*) FROM public.orders") == 40, point
        assert world.verify().differences == (), point
        shutil.rmtree(world.folder)
