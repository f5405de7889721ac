"""Batches whose statements are no longer than the warehouse takes."""

from collections.abc import Callable, Iterator, Sequence

from tidegate.errors import PolicyError
from tidegate.flows.batching import PeriodEstimate
from tidegate.flows.context import Context
from tidegate.flows.spec import BatchSpec
from tidegate.flows.statements import BatchStatements
from tidegate.model.batch import PeriodProof, TableVersion
from tidegate.model.policy import Action
from tidegate.redshift.periods import MANY_RANGES

Build = Callable[[Sequence[PeriodEstimate]], BatchSpec]


def sized(
    ctx: Context, batches: Sequence[Sequence[PeriodEstimate]], build: Build, versions: Sequence[TableVersion]
) -> Iterator[BatchSpec]:
    """A batch for each of `batches`, or as many as their statements need, in order.

    Raises:
        PolicyError: even the statements of a single period are too long.
    """
    limit = ctx.warehouse.capabilities.max_statement_bytes
    for batch in batches:
        spec = build(batch)
        size = longest(BatchStatements.of(ctx, spec), versions, ctx.stamp())
        if size <= limit:
            yield spec
        elif len(batch) > 1:
            middle = (len(batch) + 1) // 2
            yield from sized(ctx, [batch[:middle], batch[middle:]], build, versions)
        else:
            raise PolicyError(
                f"{spec.table.name}: a statement over its {len(spec.table.columns)} columns has {size} bytes, "
                f"the warehouse takes {limit}",
                hint="Reach the warehouse by the connector, which takes longer ones.",
            )


def longest(statements: BatchStatements, versions: Sequence[TableVersion], at: str) -> int:
    """Bytes of the longest statement of a batch, even if periods between others have to be left out of it."""
    submitted = [sql for step in statements.planned(versions, at).values() for sql in step]
    if statements.spec.policy.action is Action.ARCHIVE:
        starts = [period.start for period in statements.spec.periods]
        for left in (starts[::2], starts[: 2 * MANY_RANGES : 2]):
            submitted.append(statements.fingerprint(statements.spec.where_of(left)))
            submitted += statements.publish([PeriodProof(day, 0, "0") for day in left], [], at, [])
    return max(len(sql.encode()) for sql in submitted)
