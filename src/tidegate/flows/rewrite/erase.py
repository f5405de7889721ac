"""Erase rows for good: from every batch whose objects exist, and from the hot table where that is asked for.

Order: holds and what stands in the way · the intent, committed and in the lake · new batches without the rows, proven ·
ONE transaction in which they count instead of the old ones · every version of the old objects deleted, after
`delete_grace` or at once. The same command again goes on with what a killed run began.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tidegate.errors import GuardFailed, HoldInForce, Refused
from tidegate.flows.abandon import abandon, abandon_row
from tidegate.flows.context import Context
from tidegate.flows.gc import ERASED
from tidegate.flows.leases import Lease, lease
from tidegate.flows.pinned import pinned
from tidegate.flows.records import ATTEMPTS, RecordLog
from tidegate.flows.rewrite.erase_plan import ErasePlan, count_hot_rows, plan_erase, too_many
from tidegate.flows.rewrite.erase_records import changed, done, intent, open_intent
from tidegate.flows.rewrite.leftovers import note_retired, settle
from tidegate.flows.rewrite.objects import erase_exports, erase_now
from tidegate.flows.rewrite.protocol import Rewriting, without_count
from tidegate.flows.rewrite.spec import RewriteSpec
from tidegate.model.batch import PeriodProof
from tidegate.model.rewrites import EraseOutcome, Place
from tidegate.redshift.identifiers import comment
from tidegate.redshift.lock import lock
from tidegate.redshift.rewrite import guard_hot, guard_new
from tidegate.redshift.rows import delete_rows

HOT_CHANGED = "hot rows changed"
_AGAIN = "Nothing was erased yet. Run the same command again; it goes on from there."


def run_erase(ctx: Context, plan: ErasePlan) -> EraseOutcome:
    """Carry the plan out, all or nothing in the warehouse.

    Raises:
        HoldInForce, ObjectParked, BlastRadius, Refused: what stands in the way; nothing was changed.
        DifferenceFound: archived rows are not those that were archived; nothing was changed.
        ObjectLocked: the rows count no more, but the store keeps an object.
    """
    if plan.refusal is not None:
        raise plan.refusal
    table = plan.request.table
    with lease(ctx, "archive", table) as held:
        run = _Run(ctx, RecordLog(ctx, plan.identity.warehouse), held)
        outcome = run.run(plan)
    exports = erase_exports(ctx, plan.identity.warehouse, table)
    if not plan.request.now:
        return replace(outcome, objects=exports)
    gone = erase_now(ctx, table)
    return replace(outcome, objects=gone.objects + exports, bytes=gone.bytes)


def erase_statements(ctx: Context, plan: ErasePlan) -> list[str]:
    """Every statement that a run would submit; counts and fingerprints that are not known yet are 0."""
    texts = []
    for spec in plan.specs:
        texts += spec.unload(ctx)
        texts += spec.catalog(spec.days)
    if not plan.is_empty:
        nothing = [(spec, [PeriodProof(day, 0, "0") for day in spec.days]) for spec in plan.specs]
        texts += swap(ctx, plan, nothing, ctx.new_id(), [])
    return texts


def swap(
    ctx: Context,
    plan: ErasePlan,
    rewritten: Sequence[tuple[RewriteSpec, Sequence[PeriodProof]]],
    erasure: str,
    log: Sequence[str],
) -> list[str]:
    """ONE transaction: LOCK, guards, hot rows out, the old batches out of what counts, the new ones in, the record."""
    control, table, condition = ctx.control, plan.request.table, plan.condition.over_table
    published = [part for spec, _ in rewritten if not spec.copied for part in spec.inputs]
    copies = [*(part for spec, _ in rewritten if spec.copied for part in spec.inputs), *plan.exports]
    hot = plan.hot.rows if plan.request.hot else 0
    statements = [
        lock(ctx.settings.control_schema, [table], serializable=ctx.warehouse.capabilities.serializable),
        *(control.guard_all_published(published) if published else ()),
        *(control.guard_all_copied(copies) if copies else ()),
        *guard_new(control, [spec.id for spec, proofs in rewritten if proofs]),
        *control.guard_no_hold(table, plan.spans),
        *([guard_hot(table, condition, hot, HOT_CHANGED), delete_rows(table, condition)] if hot else ()),
        *control.delete_proofs(control.published, published),
        *control.delete_proofs(control.copies, copies),
        *control.delete_proofs(control.retired, plan.retired),
        *control.insert_retired(table, (*published, *copies, *plan.retired), ERASED, ctx.stamp()),
        *control.insert_published(table, [row for s, p in rewritten if not s.copied for row in s.counted(p)]),
        *control.insert_copies(table, [row for s, p in rewritten if s.copied for row in s.counted(p)]),
        *log,
    ]
    mark = comment(erasure, "erase swap")
    return [f"{mark} {statement}" for statement in statements]


@dataclass
class _Run:
    ctx: Context
    log: RecordLog
    held: Lease
    rewritten: list[Rewriting] = field(default_factory=list)

    def run(self, planned: ErasePlan) -> EraseOutcome:
        """Plan anew where nobody else archives, and do it."""
        request = planned.request
        for row in planned.leftovers:
            settle(self.ctx, self.log, row)
        since = self.log.sync(request.table)
        plan = plan_erase(self.ctx, request)
        if plan.refusal is not None:
            raise plan.refusal
        erasure = open_intent(self.log, request.table, plan.condition.sha256)
        if plan.is_empty and erasure is None:
            return _outcome(plan, None, ())
        if erasure is None:
            erasure = self.ctx.new_id()
            self._intend(plan, erasure)
        plan = self._abandoned(plan)
        for spec in plan.specs:
            rewriting = Rewriting.begin(self.ctx, self.log, self.held, spec)
            self.rewritten.append(rewriting)
            rewriting.run()
        plan = self._swap(plan, erasure, since)
        for rewriting in self.rewritten:
            rewriting.finish()
        note_retired(self.ctx, request.table, ERASED)
        waiting = sum(len(source.part.files) for r in self.rewritten for source in r.spec.sources)
        batches = [r.spec.id for r in self.rewritten if r.proofs]
        return replace(_outcome(plan, erasure, batches), waiting=0 if request.now else waiting)

    def _intend(self, plan: ErasePlan, erasure: str) -> None:
        """Say in the record what shall be done, before anything is written."""
        table, serializable = plan.request.table, self.ctx.warehouse.capabilities.serializable

        def build(number: int) -> list[str]:
            records = intent(self.log, plan, erasure, number, self.ctx.clock().isoformat())
            return [
                lock(self.ctx.settings.control_schema, [table], serializable=serializable),
                *self.ctx.control.guard_no_hold(table, plan.spans),
                *self.log.append(records),
            ]

        try:
            self.log.commit(table, build)
        except GuardFailed as error:
            raise self._refused(plan, error.message) from error

    def _abandoned(self, plan: ErasePlan) -> ErasePlan:
        """Retire what never counted, so that it never will; from then on it is like the other retired batches."""
        table, reason = plan.request.table, "rows of it are erased"
        retired = list(plan.retired)
        for part in plan.unfinished:
            row = self.ctx.ledger.batch(part.batch)
            if row is not None:
                given_up = abandon_row(self.ctx, self.log, row, part.periods, reason)
            else:
                given_up = abandon(self.ctx, self.log, table, part, reason)
            if not given_up:
                raise Refused(f"{table}: batch {part.batch} was published or retired meanwhile", hint=_AGAIN)
            retired.append(part)
        return replace(plan, retired=tuple(retired))

    def _swap(self, plan: ErasePlan, erasure: str, since: int) -> ErasePlan:
        """The transaction that makes the rows count no more, whatever comes in between. Raises Refused, HoldInForce."""
        for rewriting in self.rewritten:
            rewriting.check()
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with pinned(self.ctx) as one:
                    log = RecordLog(one, self.log.warehouse)
                    log.commit(plan.request.table, _Swap(one, log, plan, self.rewritten, erasure, since).build)
                return plan
            except GuardFailed as error:
                if error.message.startswith(HOT_CHANGED) and attempt < ATTEMPTS:
                    plan = self._recounted(plan)
                    continue
                self._give_up(error.message)
                raise self._refused(plan, error.message) from error
            except Refused as error:
                self._give_up(error.message)
                raise
        raise AssertionError("the last attempt returns or raises")

    def _recounted(self, plan: ErasePlan) -> ErasePlan:
        """The plan with the hot rows as they are by now. Raises BlastRadius when they are too many."""
        table = self.ctx.warehouse.tables([plan.request.table]).get(plan.request.table)
        hot = count_hot_rows(self.ctx, self.log.warehouse, table, plan.condition)
        refusal = too_many(self.ctx, plan.request, hot)
        if refusal is not None:
            self._give_up(refusal.message)
            raise refusal
        found = (*(item for item in plan.found if item.place is not Place.HOT), *hot.found)
        return replace(plan, hot=hot, found=found, spans=tuple(sorted({*plan.spans, *hot.spans})))

    def _give_up(self, reason: str) -> None:
        for rewriting in self.rewritten:
            rewriting.batch.abandon(reason)

    def _refused(self, plan: ErasePlan, message: str) -> Refused:
        if message.startswith("rows are under hold"):
            return HoldInForce(f"{plan.request.table}: {message}", hint=_AGAIN)
        return Refused(f"{plan.request.table}: {without_count(message)}: another run changed it meanwhile", hint=_AGAIN)


@dataclass(frozen=True)
class _Swap:
    ctx: Context
    log: RecordLog
    plan: ErasePlan
    rewritten: Sequence[Rewriting]
    erasure: str
    since: int

    def build(self, number: int) -> list[str]:
        """Raises Refused when what is archived is not what was looked at."""
        plan, table = self.plan, self.plan.request.table
        record = changed(self.log, table, self.since)
        if record is not None:
            raise Refused(
                f"{table}: what is archived was changed meanwhile: {record.kind} by {record.by or 'nobody known'}",
                hint=_AGAIN,
            )
        at = self.ctx.clock().isoformat()
        records = done(self.log, plan, self.rewritten, self.erasure, number, at)
        pairs = [(r.spec, r.proofs) for r in self.rewritten]
        return swap(self.ctx, plan, pairs, self.erasure, self.log.append(records))


def _outcome(plan: ErasePlan, erasure: str | None, batches: Sequence[str]) -> EraseOutcome:
    left = 0 if plan.request.hot else plan.hot.rows
    return EraseOutcome(
        table=plan.request.table,
        id=erasure,
        sha256=plan.condition.sha256,
        columns=plan.condition.columns,
        found=tuple(item for item in plan.found if plan.request.hot or item.place is not Place.HOT),
        batches=tuple(batches),
        hot_left=left,
    )
