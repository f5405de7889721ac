"""The statements of a load, before they are run: what `--dry-run` prints."""

from collections.abc import Iterator

from tidegate.flows.context import Context
from tidegate.flows.load.apply import Application, stage_of
from tidegate.flows.load.changes import in_one
from tidegate.flows.load.plan import LoadPlan
from tidegate.flows.load.stage import Staging
from tidegate.flows.planned import PlannedStatement
from tidegate.redshift.identifiers import comment


def load_statements(ctx: Context, plan: LoadPlan) -> Iterator[PlannedStatement]:
    """In the order in which a run submits them. A batch gets another id when it is run."""
    for batch in plan.batches:
        id = ctx.new_id()
        stage = stage_of(plan.route, id, plan.name, batch.fit)
        staging = Staging(ctx, plan.identity.warehouse, plan.route, batch.files, stage)
        for sql in staging.statements():
            yield PlannedStatement(plan.name, id, "stage", sql)
        for step in batch.fit.steps:
            for sql in in_one(ctx, plan.name, step):
                yield PlannedStatement(plan.name, id, "change", f"{comment(id, 'change')} {sql}")
        for sql in Application(ctx, plan.route, stage, batch.files).planned():
            yield PlannedStatement(plan.name, id, "load", sql)
