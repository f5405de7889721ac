"""Elements of lists into staging tables of their own, beside that of their records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tidegate.errors import FileRefused, Refused
from tidegate.flows.ages import read_ages
from tidegate.flows.context import Context
from tidegate.flows.load.apply import minds_archive
from tidegate.flows.load.changes import change_until_fit
from tidegate.flows.load.contents import Landed, joint
from tidegate.flows.load.elements import check_number, element_route, known_tables
from tidegate.flows.load.fit import Fit, fit
from tidegate.flows.load.stage import Staging
from tidegate.formats.schema.inferred import InferredChild, InferredFile
from tidegate.model.elements import POSITION
from tidegate.model.names import TableName
from tidegate.model.route import FileFormat, Route
from tidegate.model.tables import Table
from tidegate.redshift.load import Stage
from tidegate.redshift.load_elements import DIGEST_LINK, RECORD_LINK, Elements
from tidegate.redshift.loaded import LoadedFiles


@dataclass
class ElementStaging:
    """The elements of one batch in one session; nothing to do where its files are not flattened."""

    ctx: Context
    warehouse: str
    route: Route
    files: Sequence[Landed]
    id: str
    tables: tuple[TableName, ...] = ()
    known: int = 0
    stagings: list[Staging] = field(default_factory=list)

    def linked(self, stage: Stage) -> Stage:
        """The staging table of the records, with what links elements to them."""
        return with_links(stage) if self.files[0].content.children else stage

    def run(self) -> list[str]:
        """COPY the elements, and see that there are tables for them; returns the statements that changed these.

        Raises:
            DifferenceFound: other elements arrived than the files hold.
            FileRefused: the elements do not fit, or the name of their table is taken.
            Refused: elements are archived.
        """
        if not self.route.options.flatten:
            return []
        self.tables, self.known = known_tables(self.ctx, self.route)
        own = {element_route(self.route, child).table for child in self.files[0].content.children}
        check_number(len(own.union(self.tables)), self.route.table)
        done: list[str] = []
        for number, child in enumerate(self.files[0].content.children):
            files = [landed.elements[number] for landed in self.files]
            route = element_route(self.route, child)
            fitted = fit_elements(self.ctx, route, child, files)
            staging = Staging(self.ctx, self.warehouse, route, files, element_stage(self.id, number, fitted))
            self.stagings.append(staging)
            staging.run()
            fitted, changed = change_until_fit(self.ctx, self.id, route, staging)
            staging.stage = staging.stage.filling((*fitted.columns, RECORD_LINK))
            done += changed
        self._refuse_archived()
        return done

    def planned(self, fits: Sequence[Fit]) -> list[str]:
        """The statements of `run` where nothing is wrong with the elements, which go into tables by `fits`."""
        if not self.route.options.flatten:
            return []
        self.tables, self.known = known_tables(self.ctx, self.route)
        self.files = [
            replace(one, elements=tuple(planned_elements([one], number)[0] for number in range(len(fits))))
            for one in self.files
        ]
        for number, fitted in enumerate(fits):
            route = element_route(self.route, self.files[0].content.children[number])
            stage = element_stage(self.id, number, fitted)
            files = [landed.elements[number] for landed in self.files]
            self.stagings.append(Staging(self.ctx, self.warehouse, route, files, stage))
        return [sql for staging in self.stagings for sql in staging.statements()]

    def elements(self, records: Stage) -> Elements | None:
        if not self.route.options.flatten:
            return None
        loaded = LoadedFiles(self.ctx.settings.control_schema).loaded_files
        stages = tuple(staging.stage for staging in self.stagings)
        return Elements(records, stages, self.tables, self.known, loaded)

    def drop(self) -> None:
        """What COPY read is needed no more."""
        copies = [one.copied for landed in self.files for one in landed.elements]
        self.ctx.lake.delete([self.ctx.lake.key(copied.uri) for copied in copies if copied is not None])
        for staging in self.stagings:
            staging.drop_manifests()

    def _refuse_archived(self) -> None:
        if not minds_archive(self.route):
            return
        for table in dict.fromkeys((*self.tables, *(staging.stage.target for staging in self.stagings))):
            if read_ages(self.ctx, table):
                raise Refused(
                    f"{table} has archived periods, and elements of records that come anew may be among them",
                    hint='Restore its periods first, or set on_archived = "allow" if records never come back.',
                )


def with_links(stage: Stage) -> Stage:
    return replace(stage, columns=(*stage.columns, RECORD_LINK, DIGEST_LINK))


def element_stage(batch: str, number: int, fitted: Fit) -> Stage:
    """The staging table of the list with this number."""
    return Stage(f"{batch}-{number + 1}", fitted.table.name, (*fitted.columns, RECORD_LINK))


def planned_elements(files: Sequence[Landed], number: int) -> list[Landed]:
    """What the list with this number will be once the files are written anew."""
    lists = (landed.content.children[number] for landed in files)
    return [
        Landed(landed.file, InferredFile(FileFormat.PARQUET, own.columns, own.count))
        for landed, own in zip(files, lists, strict=True)
    ]


def plan_elements(ctx: Context, route: Route, files: Sequence[Landed], tables: Mapping[TableName, Table]) -> list[Fit]:
    """How the lists of files of one shape go into tables; `tables` as batches before leave them.

    Raises:
        FileRefused: they do not fit, or the name of their table is taken by another one.
    """
    fits = []
    for number, child in enumerate(files[0].content.children):
        own = element_route(route, child)
        known = tables.get(own.table) if own.table else None
        fits.append(fit_elements(ctx, own, child, planned_elements(files, number), known))
    return fits


def fit_elements(
    ctx: Context, route: Route, child: InferredChild, files: Sequence[Landed], table: Table | None = None
) -> Fit:
    """How the elements go into their table, `table` where it is known already.

    Raises:
        FileRefused: they do not fit, or the name of their table is taken by another one.
    """
    name = route.table
    assert name is not None
    table = table or ctx.warehouse.tables([name]).get(name)
    if table is not None and table.column(POSITION) is None:
        raise FileRefused(
            f"{name} is there, and is no table of the list {child.name}: it has no column {POSITION}",
            hint="Load the records into a table of another name, or rename that one.",
        )
    return fit(route, table, joint(files))
