"""Bring back what counted in a warehouse that is gone, from the lake alone: table by table, in bounded transactions.

A table's rows are deleted first and written anew, so that a rebuild that was killed is repaired by the next one; the
warehouse's id comes last of all.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import TypeVar

from tidegate.flows.context import Context
from tidegate.flows.identity import Identity, create_control_tables, write_identity
from tidegate.flows.published import read_descriptor
from tidegate.flows.records import RecordLog
from tidegate.flows.replay import BatchPeriod, Replayed
from tidegate.flows.versions import Versions
from tidegate.model.batch import BATCH_COLUMN, PERIOD_COLUMN, Descriptor, written_at
from tidegate.model.layout import thaw_prefix
from tidegate.model.names import TableName
from tidegate.model.records import BatchPeriods
from tidegate.redshift.control import CountedProof
from tidegate.redshift.external import add_partitions
from tidegate.redshift.lock import lock
from tidegate.redshift.rebuilding import delete_rows_of, guard_rows_of

Partition = tuple[tuple[tuple[str, str], ...], str]
"""The values of a partition by column, and its folder."""

ROWS = 100
_RECORDS = 20
"""Rows of a control table, and records, that are written by few statements, each short enough for the Data API."""

_Item = TypeVar("_Item")


def rebuild_warehouse(ctx: Context, log: RecordLog, identity: Identity, states: Mapping[TableName, Replayed]) -> None:
    """Control tables, external tables, partitions and what counts. The id comes last: until then it can be repeated.

    Raises:
        CorruptRecord: a descriptor is missing or unreadable.
        GuardFailed: another rebuild writes the same table just now.
    """
    create_control_tables(ctx)
    for table, state in states.items():
        _TableRebuild(ctx, log, table, state).run()
    write_identity(ctx, identity)


@dataclass(frozen=True)
class _Rows:
    """Some rows of one control table: how many, and the statements that insert them."""

    target: TableName
    count: int
    statements: Sequence[str]


@dataclass(frozen=True)
class _TableRebuild:
    ctx: Context
    log: RecordLog
    table: TableName
    state: Replayed

    def run(self) -> None:
        versions = Versions(self.ctx, self.log.warehouse, self.table)
        for version in versions.load():
            versions.ensure(version)
        state = self.state
        batches = sorted({batch for batch, _ in (*state.published, *state.copies, *state.parked)})
        descriptors = {batch: read_descriptor(self.ctx, state.prefixes[batch]) for batch in batches}
        self._partitions(descriptors)
        deletions = [delete_rows_of(target, self.table) for target in self._targets()]
        for at in range(0, len(deletions), self._room):
            self._transaction(deletions[at : at + self._room])
        self._write(self._rows(descriptors))

    def _partitions(self, descriptors: Mapping[str, Descriptor]) -> None:
        """Of what can be read, and of copies; thawed periods are read from their copies."""
        partitions: dict[TableName, list[Partition]] = {}
        for batch, period in sorted(self.state.published | self.state.copies):
            if descriptors[batch].is_export_alone:
                continue
            values = ((BATCH_COLUMN, batch), (PERIOD_COLUMN, period.isoformat()))
            thawed = self.state.thawed.get((batch, period))
            prefix = descriptors[batch].prefix if thawed is None else thaw_prefix(descriptors[batch].prefix, thawed)
            folder = self.ctx.lake.uri(f"{prefix}{PERIOD_COLUMN}={period.isoformat()}/")
            partitions.setdefault(descriptors[batch].external, []).append((values, folder))
        for external, found in partitions.items():
            for statement in add_partitions(external, found):
                self.ctx.warehouse.execute(statement)

    def _targets(self) -> tuple[TableName, ...]:
        control = self.ctx.control
        return (control.published, control.parked, control.copies, control.retired, control.holds, control.log)

    def _rows(self, descriptors: Mapping[str, Descriptor]) -> Iterator[_Rows]:
        """All rows of the table, control table by control table; the records come last."""
        control, state, stamp = self.ctx.control, self.state, self.ctx.stamp()
        table = self.table
        yield from _sliced(
            control.published,
            ROWS,
            tiered(state, counted_proofs(descriptors, state.published)),
            partial(control.insert_published, table),
        )
        yield from _sliced(
            control.copies, ROWS, counted_proofs(descriptors, state.copies), partial(control.insert_copies, table)
        )
        for tier in sorted(set(state.parked.values())):
            parked = {item for item, colder in state.parked.items() if colder is tier}
            yield from _sliced(
                control.parked,
                ROWS,
                counted_proofs(descriptors, parked),
                partial(control.insert_parked, table, tier=tier, at=stamp),
            )
        for reason in sorted(set(state.retired.values())):
            parts = (
                BatchPeriods(batch, "", (period,))
                for (batch, period), why in sorted(state.retired.items())
                if why == reason
            )
            yield from _sliced(
                control.retired,
                ROWS,
                parts,
                partial(control.insert_retired, table, reason=reason, at=stamp),
            )
        yield from _sliced(control.holds, ROWS, state.holds.values(), control.insert_holds)
        yield from _sliced(control.log, min(_RECORDS, self._room - 1), self.log.read(table), self.log.inserts)

    @property
    def _room(self) -> int:
        """Statements of one transaction, without LOCK."""
        return self.ctx.warehouse.capabilities.max_transaction_statements - 1

    def _write(self, rows: Iterable[_Rows]) -> None:
        """As many as fit into one transaction at a time, if nobody else wrote to the same table meanwhile."""
        written: dict[TableName, int] = {}
        pending: list[str] = []
        target: TableName | None = None
        for some in rows:
            if pending and (some.target != target or len(pending) + len(some.statements) > self._room):
                self._transaction(pending)
                pending = []
            if not pending:
                target = some.target
                pending = [guard_rows_of(target, self.table, written.get(target, 0))]
            pending += some.statements
            written[some.target] = written.get(some.target, 0) + some.count
        if pending:
            self._transaction(pending)

    def _transaction(self, statements: Sequence[str]) -> None:
        capabilities = self.ctx.warehouse.capabilities
        first = lock(self.ctx.settings.control_schema, [self.table], serializable=capabilities.serializable)
        self.ctx.warehouse.transaction([first, *statements])


def _sliced(
    target: TableName, size: int, items: Iterable[_Item], statements: Callable[[Sequence[_Item]], Sequence[str]]
) -> Iterator[_Rows]:
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield _Rows(target, len(some), statements(some))


def counted_proofs(descriptors: Mapping[str, Descriptor], counted: set[BatchPeriod]) -> Iterator[CountedProof]:
    """The control rows of those periods that are in `counted`, in the order of the descriptors."""
    for batch, descriptor in descriptors.items():
        hash_id = f"{descriptor.hash.engine}/{descriptor.hash.version}/{descriptor.hash.expression}"
        at = descriptor.archived_at or written_at(batch)
        yield from (CountedProof(batch, hash_id, at, p) for p in descriptor.periods if (batch, p.period) in counted)


def tiered(state: Replayed, proofs: Iterator[CountedProof]) -> Iterator[CountedProof]:
    """The same rows with what the state knows of tiers and thaws."""
    for row in proofs:
        item = (row.batch, row.proof.period)
        yield replace(row, tier=state.tiers.get(item), thawed_until=state.thawed.get(item))
