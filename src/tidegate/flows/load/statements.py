"""The statements of a load, before they are run: what `--dry-run` prints."""

from collections.abc import Iterator

from tidegate.flows.context import Context
from tidegate.flows.load.apply import Application, stage_of
from tidegate.flows.load.changes import in_one
from tidegate.flows.load.element_stage import ElementStaging
from tidegate.flows.load.plan import LoadPlan
from tidegate.flows.load.stage import Staging
from tidegate.flows.planned import PlannedStatement
from tidegate.redshift.identifiers import comment


def load_statements(ctx: Context, plan: LoadPlan) -> Iterator[PlannedStatement]:
    """In the order in which a run submits them. A batch gets another id when it is run."""
    for batch in plan.batches:
        id = ctx.new_id()
        lists = ElementStaging(ctx, plan.identity.warehouse, plan.route, batch.files, id)
        stage = lists.linked(stage_of(plan.route, id, plan.name, batch.fit))
        staging = Staging(ctx, plan.identity.warehouse, plan.route, batch.files, stage)
        for sql in staging.statements():
            yield PlannedStatement(plan.name, id, "stage", sql)
        for sql in lists.planned(batch.elements):
            yield PlannedStatement(plan.name, id, "stage", sql)
        for fitted in (batch.fit, *batch.elements):
            for step in fitted.steps:
                for sql in in_one(ctx, fitted.table.name, step):
                    yield PlannedStatement(plan.name, id, "change", f"{comment(id, 'change')} {sql}")
        application = Application(ctx, plan.route, stage, lists.files, elements=lists.elements(stage))
        for sql in application.planned():
            yield PlannedStatement(plan.name, id, "load", sql)
