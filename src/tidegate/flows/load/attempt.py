"""One try at one batch: staged, compared with the table, looked at again, and committed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tidegate.errors import GuardFailed
from tidegate.flows.context import Context
from tidegate.flows.load.apply import Application, stage_of
from tidegate.flows.load.changes import change_until_fit
from tidegate.flows.load.check import check
from tidegate.flows.load.cold import Compared, compare, restore_periods
from tidegate.flows.load.contents import Landed, joint
from tidegate.flows.load.element_stage import ElementStaging
from tidegate.flows.load.fit import Known, fit
from tidegate.flows.load.known import known_bad
from tidegate.flows.load.landing import Landing
from tidegate.flows.load.plan import LoadPlan
from tidegate.flows.load.rewrite import needs_rewrite, rewritten
from tidegate.flows.load.stage import Staging
from tidegate.flows.pinned import pinned
from tidegate.model.loading import LoadedBatch, QuarantinedFile
from tidegate.model.tables import SqlType
from tidegate.redshift.load_cold import ARCHIVED_CHANGED
from tidegate.redshift.load_elements import ELEMENTS_CHANGED
from tidegate.redshift.loaded import ALREADY_LOADED, NEWER_LOADED


@dataclass(frozen=True)
class Result:
    """`loaded` is None when the files have to be looked at anew, without `bad` ones."""

    loaded: LoadedBatch | None = None
    bad: tuple[QuarantinedFile, ...] = ()
    aside: tuple[QuarantinedFile, ...] = ()


@dataclass(frozen=True)
class Attempt:
    """`id` is the batch's: it names the manifest, the staging table and the rows of `loaded_files`.

    `types`: those of columns that the table does not have, over all files of the load. `whole`: all rows come in, or
    none; those that would go aside are told as bad, and what was written of them is not referred to.
    """

    ctx: Context
    plan: LoadPlan
    files: tuple[Landed, ...]
    id: str
    types: Mapping[str, SqlType] = field(default_factory=dict)
    whole: bool = False

    def run(self) -> Result:
        """Load the files, or say which of them have to be taken out.

        Raises:
            FileRefused: the files do not fit into the table as it is now.
            StatementError: COPY or INSERT found a value that it does not take, or may not do this at all.
            WarehouseUnreachable: the outcome is not known.
        """
        with pinned(self.ctx) as ctx:
            return self._run(ctx)

    def _run(self, ctx: Context) -> Result:
        if needs_rewrite(self.files):
            files, lost = rewritten(ctx, self.plan.identity.warehouse, self.id, self.files)
            if lost:
                return Result(bad=lost) if self._unchanged(ctx) else Result()
            return replace(self, files=files)._run(ctx)
        content = joint(self.files)
        table = ctx.warehouse.tables([self.plan.name]).get(self.plan.name)
        fitted = fit(self.plan.route, table, content, Known(types=self.types))
        elements = ElementStaging(ctx, self.plan.identity.warehouse, self.plan.route, self.files, self.id)
        stage = elements.linked(stage_of(self.plan.route, self.id, self.plan.name, fitted))
        staging = Staging(ctx, self.plan.identity.warehouse, self.plan.route, self.files, stage)
        try:
            if bad := staging.run():
                return Result(bad=tuple(bad))
            fitted, changes = change_until_fit(ctx, self.id, self.plan.route, staging, self.types)
            changes += elements.run()
            if not self._unchanged(ctx):
                return Result()
            staging.stage = elements.linked(staging.stage.filling(fitted.columns))
            checked, unfit = check(ctx, self.plan.route, staging)
            if unfit:
                return Result(bad=tuple(unfit))
            compared = compare(ctx, self.plan.route, fitted.table, staging)
            if compared.bad:
                return Result(bad=compared.bad)
            if compared.restore:
                restore_periods(self.ctx, fitted.table, compared.restore)
                return Result()
            compared = replace(compared, aside=(*checked, *compared.aside))
            return self._commit(ctx, staging, elements, compared, changes)
        finally:
            staging.drop_manifests()
            elements.drop()

    def _unchanged(self, ctx: Context) -> bool:
        """COPY cannot pin a version: what was read is only what is there if it has not changed since."""
        files = [landed.file for landed in self.files]
        return Landing(ctx).all_now(files) == files

    def _commit(
        self, ctx: Context, staging: Staging, elements: ElementStaging, compared: Compared, changes: Sequence[str]
    ) -> Result:
        aside = (*compared.aside, *staging.keyless_rows())
        if self.whole and aside:
            return Result(bad=aside)
        versions = tuple(landed.file for landed in self.files)
        application = Application(
            ctx,
            self.plan.route,
            staging.stage,
            self.files,
            repeated=staging.repeated,
            keyless=bool(staging.keyless),
            aside=aside,
            cleared=known_bad(ctx, self.plan.name, versions),
            guards=compared.guards,
            elements=elements.elements(staging.stage),
        )
        try:
            changed = application.run()
        except GuardFailed as error:
            if error.message.startswith((ALREADY_LOADED, NEWER_LOADED, ARCHIVED_CHANGED, ELEMENTS_CHANGED)):
                return Result()
            raise
        return Result(
            LoadedBatch(self.plan.name, self.id, versions, staging.rows, changed, tuple(changes)), aside=aside
        )
