"""An archive plan, printed: for people as a table and remarks, for machines with every statement."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from tidegate.cli.money import saving_document
from tidegate.cli.output import counted, table
from tidegate.cli.progress import size
from tidegate.warehouse.base import ResultColumn

if TYPE_CHECKING:
    from tidegate.flows.money import Estimate
    from tidegate.flows.plan import ArchivePlan, TablePlan
    from tidegate.flows.planned import PlannedStatement
    from tidegate.flows.spec import BatchSpec

_HEADS = (
    ("table", "varchar"),
    ("action", "varchar"),
    ("due before", "varchar"),
    ("rows", "bigint"),
    ("due rows", "bigint"),
    ("periods", "bigint"),
    ("batches", "bigint"),
    ("estimate", "varchar"),
)


def plan_document(
    plan: "ArchivePlan", statements: "Sequence[PlannedStatement]", estimate: "Estimate"
) -> dict[str, object]:
    return {
        "message_type": "plan",
        "as_of": plan.as_of.isoformat(),
        "tables": [_table_document(t) for t in plan.tables],
        "warnings": list(plan.warnings),
        "estimate": saving_document(estimate),
        "sql": [{"table": str(s.table), "batch": s.batch, "step": s.step, "statement": s.sql} for s in statements],
    }


def _table_document(plan: "TablePlan") -> Mapping[str, object]:
    problem, acknowledged = plan.error or plan.refusal, plan.policy.acknowledge
    return {
        "table": str(plan.policy.table),
        "action": plan.policy.action.value,
        "due_before": plan.due_before.isoformat() if plan.due_before else None,
        "rows": plan.total_rows,
        "due_rows": plan.due_rows,
        "null_rows": plan.null_rows,
        "held": [str(p) for p in plan.held],
        "waiting": [str(p) for p in plan.waiting],
        "unfinished": [row.id for row in plan.unfinished],
        "batches": [_batch_document(spec) for spec in plan.specs],
        "readers": [{"kind": r.kind.value, "name": r.name} for r in plan.impact.readers],
        "protections": [
            {"word": p.word, "detail": p.detail, "known": not p.unknown, "acknowledged": p.word in acknowledged}
            for p in plan.impact.protections
        ],
        "verdict": "refused" if plan.refusal else "error" if plan.error else "ok",
        "problem": {"code": problem.code, "message": problem.message, "hint": problem.hint} if problem else None,
    }


def _batch_document(spec: "BatchSpec") -> Mapping[str, object]:
    return {
        "batch": spec.batch,
        "prefix": spec.prefix,
        "rows": spec.rows,
        "bytes": spec.bytes,
        "periods": [str(p) for p in spec.periods],
    }


def plan_lines(plan: "ArchivePlan") -> Iterator[str]:
    """A table of what is due, then a remark for each thing that a person should know."""
    rows = [
        (
            str(t.policy.table),
            t.policy.action.value,
            t.due_before.isoformat() if t.due_before else "always",
            t.total_rows,
            t.due_rows,
            sum(len(s.periods) for s in t.specs),
            len(t.specs),
            size(sum(s.bytes for s in t.specs)),
        )
        for t in plan.tables
        if t.error is None
    ]
    if rows:
        yield from table([ResultColumn(name, kind) for name, kind in _HEADS], rows)
    for table_plan in plan.tables:
        yield from _remarks(table_plan)
    for warning in plan.warnings:
        yield f"warning: {warning}"


def _remarks(plan: "TablePlan") -> Iterator[str]:
    name = plan.policy.table
    if plan.null_rows:
        yield f"{name}: {counted(plan.null_rows, 'row')} without a usable date will never be touched"
    if plan.held:
        yield f"{name}: under hold: {', '.join(str(p) for p in plan.held)}"
    if plan.waiting:
        yield f"{name}: too small to be written yet: {', '.join(str(p) for p in plan.waiting)}"
    if plan.unfinished:
        yield f"{name}: an earlier run left {counted(len(plan.unfinished), 'batch', 'batches')} that will be finished"
    if plan.policy.action.value == "purge" and plan.specs:
        yield f"{name}: purge deletes these rows; NO ARCHIVE WILL EXIST"
    yield from _impact(plan)
    for problem in (plan.error, plan.refusal):
        if problem is not None:
            yield f"{'refused' if problem is plan.refusal else 'error'}: {problem.message}"
            yield f"hint: {problem.hint}"


def _impact(plan: "TablePlan") -> Iterator[str]:
    name, acknowledge = plan.policy.table, plan.policy.acknowledge
    if plan.impact.readers:
        seen = ", ".join(f"{reader.kind.value} {reader.name}" for reader in plan.impact.readers)
        yield f"{name}: fewer rows will be seen by {seen}"
    if plan.impact.grants:
        lacking = ", ".join("public" if g.kind == "public" else f"{g.kind} {g.name}" for g in plan.impact.grants)
        yield f"{name}: {plan.policy.view_name} will be granted to {lacking}"
    known = [p.detail for p in plan.impact.protections if p.word in acknowledge and not p.unknown]
    if known and plan.specs:
        yield f"{name}: acknowledged: {plan.policy.view_name} does not carry {'; '.join(known)}"


def sql_lines(statements: "Sequence[PlannedStatement]") -> Iterator[str]:
    for statement in statements:
        batch = f" batch {statement.batch}" if statement.batch else ""
        yield f"-- {statement.table}{batch}, {statement.step}"
        yield f"{statement.sql};"
