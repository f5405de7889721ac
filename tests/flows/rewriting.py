"""Compaction and erasure in a small world, and what is left of them in the lake."""

from typing import Any

import pyarrow.parquet as pq
from tests.world import World

from tidegate.flows.rewrite.compact import TARGET, CompactPlan, plan_compact, run_compact
from tidegate.flows.rewrite.erase import run_erase
from tidegate.flows.rewrite.erase_plan import ErasePlan, EraseRequest, plan_erase
from tidegate.model.names import TableName
from tidegate.model.rewrites import CompactOutcome, EraseOutcome


def planned_compact(world: World, target: int = TARGET) -> CompactPlan:
    with world.context() as ctx:
        return plan_compact(ctx, (), target)


def compact(world: World, *tables: str, target: int = TARGET) -> CompactOutcome:
    with world.context() as ctx:
        return run_compact(ctx, plan_compact(ctx, tuple(map(TableName.parse, tables)), target))


def batches(world: World, source: str = "published") -> dict[str, dict[str, int]]:
    """Rows by batch and period (its first day), as a control table has them."""
    found: dict[str, dict[str, int]] = {}
    for batch, period, rows in world.sql(f"SELECT batch, period, row_count FROM tidegate.{source} ORDER BY 1, 2"):
        found.setdefault(str(batch), {})[str(period)] = rows
    return found


def in_files(world: World, batch: str = "*", table: str = "orders") -> list[dict[str, Any]]:
    """The rows of batches, read by pyarrow alone, in the order of their text."""
    files = sorted((world.folder / "lake").glob(f"w*/public/{table}/tg_batch={batch}/**/*.parquet"))
    return sorted((row for path in files for row in pq.read_table(path, partitioning=None).to_pylist()), key=repr)


def planned_erase(world: World, where: str, table: str = "public.orders", **options: Any) -> ErasePlan:
    with world.context() as ctx:
        return plan_erase(ctx, EraseRequest(TableName.parse(table), where, **options))


def erase(world: World, where: str, table: str = "public.orders", **options: Any) -> EraseOutcome:
    with world.context() as ctx:
        return run_erase(ctx, plan_erase(ctx, EraseRequest(TableName.parse(table), where, **options)))


def found(outcome: EraseOutcome | ErasePlan) -> list[tuple[str, str, int | None]]:
    """Place, period and rows of what was found, in order."""
    return [(item.place.value, str(item.period), item.rows) for item in outcome.found]
