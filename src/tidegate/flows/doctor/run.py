"""All checks, in the order in which one rests on the other."""

from dataclasses import dataclass

from tidegate.errors import LakeMissing
from tidegate.flows.context import Context
from tidegate.flows.doctor.access import Policy, caller_policy, role_policy
from tidegate.flows.doctor.advice import advised
from tidegate.flows.doctor.checks import Check, Verdict, check, skipped
from tidegate.flows.doctor.lake import check_lake
from tidegate.flows.doctor.probes import check_region, check_ways
from tidegate.flows.doctor.warehouse import check_warehouse
from tidegate.flows.pinned import pinned
from tidegate.model.layout import PROBES


@dataclass(frozen=True)
class Report:
    """`role_policy` and `caller_policy` are the least-privilege documents that matter for what failed."""

    checks: tuple[Check, ...]
    role_policy: Policy | None = None
    caller_policy: Policy | None = None

    @property
    def exit_code(self) -> int:
        return max((c.exit_code for c in self.checks), default=0)


def diagnose(ctx: Context) -> Report:
    """Look at lake, warehouse, the ways between them, and the ledger. What the probes made is removed."""
    folder = f"{PROBES}{ctx.new_id()}/"
    lake = check_lake(ctx, folder)
    warehouse = check_warehouse(ctx)
    found = [*warehouse, *lake, *_ways(ctx, folder, warehouse, lake), check("ledger", lambda: _ledger(ctx))]
    failed = {c.name for c in found if c.verdict is Verdict.FAILED and c.code != LakeMissing.code}
    return Report(
        tuple(found),
        role_policy(ctx.settings) if failed & {"unload", "external table", "copy"} else None,
        caller_policy(ctx.settings) if failed & {"lake", "warehouse"} else None,
    )


def _ways(ctx: Context, folder: str, warehouse: list[Check], lake: list[Check]) -> list[Check]:
    if Verdict.FAILED in (warehouse[0].verdict, lake[0].verdict):
        names = ("region", "unload", "external table", "copy")
        return [skipped(name, "lake or warehouse cannot be used") for name in names]
    initialised = any(c.name == "identity" and c.verdict is Verdict.OK for c in warehouse)
    with pinned(ctx) as together:
        ways = check_ways(together, folder, initialised=initialised)
    return [check_region(ctx), *map(advised, ways)]


def _ledger(ctx: Context) -> str:
    count = len(ctx.ledger.jobs(limit=1))
    return "can be read and holds jobs" if count else "can be read and holds no job yet"
