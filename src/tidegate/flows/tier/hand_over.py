"""Hand the files of parked periods over to their tier, once no query that began before can read them.

It can be repeated at any point. Somebody who thaws a period meanwhile wins: its partition is put back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from tidegate.errors import GuardFailed, LeaseHeld, SerializationConflict
from tidegate.flows.ages import read_ages
from tidegate.flows.context import Context
from tidegate.flows.holds import read_holds
from tidegate.flows.leases import lease
from tidegate.flows.partitions import partition_days
from tidegate.flows.parts import Part
from tidegate.flows.records import ATTEMPTS
from tidegate.flows.tier.plan import TableTiers
from tidegate.flows.tier.statements import Portion, TierStatements, portions_of
from tidegate.model.aging import TierMove
from tidegate.model.batch import BATCH_COLUMN, PERIOD_COLUMN
from tidegate.model.layout import THAW_FOLDER, period_folder, thaw_prefix, thawed_copy
from tidegate.model.names import TableName
from tidegate.redshift.external import add_partitions

RESTORE = "restore"
"""Whose lease it takes: a restore gives partitions to parked periods, which this takes from them."""


def run_hand_over(ctx: Context, tables: Sequence[TableTiers]) -> list[TierMove]:
    """Carry out what `plan_hand_over` planned."""
    over = HandOver(ctx, TierStatements(ctx, ctx.new_id(), ctx.today()))
    moves: list[TierMove] = []
    for table in tables:
        if table.error is not None:
            ctx.reporter.notice(f"{table.table}: {table.error.message}; its parked files stay where they are")
        for kept in table.held:
            ctx.reporter.notice(under_hold(kept.table, kept.batch))
        for portion in portions_of(table.steps):
            try:
                moves += over.run(portion).moves
            except GuardFailed as error:
                ctx.reporter.notice(f"{table.table}: {error.message}; its files are left alone")
    return moves


def under_hold(table: TableName, batch: str) -> str:
    return f"batch {batch} of {table} is under hold; its files stay in their tier"


@dataclass
class HandOver:
    """One run. `partitions` are read once for each external table."""

    ctx: Context
    statements: TierStatements
    partitions: dict[TableName, Mapping[str, frozenset[date]]] = field(default_factory=dict)

    def run(self, portion: Portion) -> Portion:
        """What could be handed over; what a hold is on by now stays as it is.

        Raises:
            GuardFailed: a period is not parked any more; whoever counts it now can read it.
        """
        try:
            with lease(self.ctx, RESTORE, portion.table):
                return self._run(replace(portion, parts=tuple(self._free(portion))))
        except LeaseHeld as error:
            self.ctx.reporter.notice(f"{portion.table}: {error.message}; its parked files go to their tier later")
            return replace(portion, parts=())

    def _run(self, portion: Portion) -> Portion:
        for part in portion.parts:
            self._drop_partitions(part)
        if portion.parts:
            self.ctx.lake.prepare_tiers([portion.tier])
        self.ctx.lake.transition((key for part in portion.parts for key in part.keys), portion.tier)
        for part in portion.parts:
            self._drop_copies(part)
        try:
            if portion.parts:
                self._note(portion)
        except GuardFailed:
            for part in portion.parts:
                self._put_back(part)
            raise
        return portion

    def _free(self, portion: Portion) -> list[Part]:
        """The second look at the holds, right before anything goes."""
        holds = read_holds(self.ctx)
        free = []
        for part in portion.parts:
            loose, on_hold = part.split(holds)
            if on_hold.ages:
                self.ctx.reporter.notice(under_hold(part.table, part.batch))
            if loose.ages:
                free.append(loose)
        return free

    def _drop_partitions(self, part: Part) -> None:
        external = part.descriptor.external
        if external not in self.partitions:
            self.partitions[external] = partition_days(self.ctx, external)
        present = self.partitions[external].get(part.batch, frozenset())
        for statement in self.statements.drop(part, (day for day in part.days if day in present)):
            self.ctx.warehouse.execute(statement)

    def _drop_copies(self, part: Part) -> None:
        """The copies of a thaw that has ended. Those of one that goes on belong to somebody who thaws now."""
        days = {day.isoformat() for day in part.days}
        ended = []
        for info in self.ctx.lake.list(f"{part.prefix}{THAW_FOLDER}"):
            copy = thawed_copy(info.key.removeprefix(part.prefix))
            if copy is not None and copy[0] < self.statements.today and period_folder(copy[1]) in days:
                ended.append(info.key)
        self.ctx.lake.delete(ended)

    def _note(self, portion: Portion) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self.ctx.warehouse.transaction(self.statements.transaction(portion))
                return
            except SerializationConflict:
                if attempt == ATTEMPTS:
                    raise

    def _put_back(self, part: Part) -> None:
        """Let those be read again that somebody thawed while their partitions were dropped."""
        days = set(part.days)
        here = [a for a in read_ages(self.ctx, part.table) if a.batch == part.batch and a.period in days]
        external = part.descriptor.external
        present = partition_days(self.ctx, external).get(part.batch, frozenset())
        missing = []
        for age in here:
            if age.parked_at is None and age.period not in present:
                until = age.thawed_until
                prefix = part.prefix if until is None else thaw_prefix(part.prefix, until)
                folder = f"{PERIOD_COLUMN}={age.period.isoformat()}"
                values = ((BATCH_COLUMN, part.batch), (PERIOD_COLUMN, age.period.isoformat()))
                missing.append((values, self.ctx.lake.uri(f"{prefix}{folder}/")))
        for statement in add_partitions(external, missing):
            self.ctx.warehouse.execute(statement)
