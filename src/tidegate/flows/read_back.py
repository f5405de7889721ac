"""Archived rows, read back through the external table and counted anew."""

from collections.abc import Iterator, Sequence
from datetime import date

from tidegate.flows.context import Context
from tidegate.flows.published import proofs_of
from tidegate.model.batch import PERIOD_COLUMN, PeriodProof, StoredColumn
from tidegate.model.names import TableName
from tidegate.redshift.fingerprint import fingerprint_by_period
from tidegate.redshift.identifiers import comment, qualified
from tidegate.redshift.rows import of_batch

MAX_PERIODS = 1000
"""Periods in one statement that reads archived rows."""


def read_back(
    ctx: Context, external: TableName, columns: Sequence[StoredColumn], batch: str, days: Sequence[date]
) -> Iterator[PeriodProof]:
    """Rows and fingerprint of those periods of a batch that have rows, as this engine computes them.

    Raises:
        StatementError: the external table cannot read them.
    """
    for at in range(0, len(days), MAX_PERIODS):
        statement = fingerprint_by_period(
            columns,
            ctx.warehouse.capabilities.hash_function,
            f"e.{PERIOD_COLUMN}",
            f"{qualified(external)} AS e",
            of_batch(batch, [day.isoformat() for day in days[at : at + MAX_PERIODS]], "e"),
            alias="e",
        )
        yield from proofs_of(ctx.warehouse.execute(f"{comment(batch, 'read back')} {statement}"))
