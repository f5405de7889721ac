"""ONE transaction: staged rows become rows of the table, and their files become loaded ones."""

from collections.abc import Sequence
from dataclasses import dataclass

from tidegate.errors import SerializationConflict
from tidegate.flows.context import Context
from tidegate.flows.load.contents import Landed
from tidegate.flows.load.fit import Fit
from tidegate.flows.records import ATTEMPTS
from tidegate.model.landing import FileVersion
from tidegate.model.loading import QuarantinedFile
from tidegate.model.names import TableName, fold
from tidegate.model.route import LoadMode, OnArchived, Route
from tidegate.redshift.identifiers import comment
from tidegate.redshift.load import Stage
from tidegate.redshift.load_elements import Elements
from tidegate.redshift.load_history import HistoryStage
from tidegate.redshift.loaded import LoadedFiles, landed_text
from tidegate.redshift.lock import lock


@dataclass(frozen=True)
class Application:
    """`repeated`: keys come more than once in the staging table. `aside`: files with rows that are not among them.

    `cleared`: files that leave the quarantine. `guards`: what has to hold besides. `elements`: those of lists, where
    they are in tables of their own.
    """

    ctx: Context
    route: Route
    stage: Stage
    files: Sequence[Landed]
    repeated: bool = False
    keyless: bool = False
    aside: Sequence[QuarantinedFile] = ()
    cleared: Sequence[FileVersion] = ()
    guards: Sequence[str] = ()
    elements: Elements | None = None

    def run(self) -> int:
        """Returns how many rows came into the table.

        Raises:
            GuardFailed: a file is loaded already, or a newer version of one.
            SerializationConflict: other sessions kept changing the table.
        """
        statements = self.statements()
        at = next(n for n, statement in enumerate(statements) if statement == self._insert())
        for attempt in range(1, ATTEMPTS + 1):
            try:
                results = self.ctx.warehouse.transaction([self._tagged(statement) for statement in statements])
                return results[at].rowcount
            except SerializationConflict:
                if attempt == ATTEMPTS:
                    raise
        raise AssertionError

    def planned(self) -> list[str]:
        return [self._tagged(statement) for statement in self.statements()]

    def statements(self) -> list[str]:
        control = LoadedFiles(self.ctx.settings.control_schema)
        target, versions = self.stage.target, [landed.file for landed in self.files]
        counted = [(landed.file, landed.content.rows) for landed in self.files]
        stamp = self.ctx.stamp()
        return [
            lock_of(self.ctx, target, *(self.elements.all_tables if self.elements else ())),
            *control.guard_not_loaded(target, versions),
            *self._only_newest(control),
            *self.guards,
            *self._element_guards(),
            *self.route.pre_sql,
            *self._deletes(),
            self._insert(),
            *(self.elements.insert() if self.elements else ()),
            *([self.stage.settle()] if isinstance(self.stage, HistoryStage) else []),
            *self.route.post_sql,
            *control.insert_loaded(target, self.stage.id, counted, stamp),
            *self._loaded_elements(control, stamp),
            *control.delete_quarantined(target, self.cleared),
            *control.insert_quarantined(target, self.stage.id, self.aside, stamp),
        ]

    def _only_newest(self, control: LoadedFiles) -> list[str]:
        """The file that is the whole table must not be older than the one that was."""
        times = [landed.file.landed_at for landed in self.files if landed.file.landed_at is not None]
        if self.route.mode is not LoadMode.REPLACE or not times:
            return []
        return [control.guard_newest(self.stage.target, landed_text(max(times)))]

    def _deletes(self) -> list[str]:
        if self.route.mode is LoadMode.REPLACE:
            return [self.stage.delete_all(), *(self.elements.delete_all() if self.elements else ())]
        if not self.route.mode.is_keyed:
            return []
        older = [self.stage.delete_older()] if self.stage.version else []
        elements = [*self.elements.delete_losers(), *self.elements.delete_replaced()] if self.elements else []
        return [*older, *elements, self.stage.delete_replaced()]

    def _element_guards(self) -> list[str]:
        if self.elements is None:
            return []
        return self.elements.guards(self.ctx.control.published if minds_archive(self.route) else None)

    def _loaded_elements(self, control: LoadedFiles, stamp: str) -> list[str]:
        """Which tables have elements of this table's records: a later batch may replace them."""
        statements = []
        for number, stage in enumerate(self.elements.stages if self.elements else ()):
            counted = [(landed.file, landed.elements[number].content.rows) for landed in self.files]
            statements += control.insert_loaded(stage.target, self.stage.id, counted, stamp)
        return statements

    def _insert(self) -> str:
        return self.stage.insert_latest() if self.repeated or self.keyless else self.stage.insert()

    def _tagged(self, statement: str) -> str:
        return f"{comment(self.stage.id, 'load')} {statement}"


def stage_of(route: Route, id: str, target: TableName, fitted: Fit) -> Stage:
    """The staging table of a batch, by the mode of its route."""
    version = fold(route.version) if route.version and fitted.keys else None
    if route.mode is LoadMode.HISTORY and version is not None:
        return HistoryStage(id, target, fitted.columns, (*fitted.keys, version))
    return Stage(id, target, fitted.columns, fitted.keys, version)


def minds_archive(route: Route) -> bool:
    """Whether rows that are replaced must not be archived."""
    return route.mode.is_keyed and route.on_archived is not OnArchived.ALLOW


def lock_of(ctx: Context, *targets: TableName) -> str:
    return lock(ctx.settings.control_schema, targets, serializable=ctx.warehouse.capabilities.serializable)
