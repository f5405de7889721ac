"""What a load would do: which files are loaded already, which go together, and how the table changes. Reads only."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tidegate.errors import ConfigError, FileRefused, UsageError
from tidegate.flows.context import Context
from tidegate.flows.identity import Identity, attach
from tidegate.flows.load.changes import with_limits
from tidegate.flows.load.contents import Landed, joint, read_files, refusal
from tidegate.flows.load.element_stage import plan_elements
from tidegate.flows.load.fit import Fit, Known, fit
from tidegate.flows.load.known import only_newest, order_of, read_known
from tidegate.flows.load.landing import Landing, why_odd
from tidegate.flows.load.unify import agree, as_agreed
from tidegate.flows.pinned import pinned
from tidegate.model.landing import FileVersion
from tidegate.model.loading import QuarantinedFile
from tidegate.model.names import TableName, fold
from tidegate.model.route import LoadMode, Route
from tidegate.model.tables import SqlType, Table
from tidegate.redshift.catalog import select_relations
from tidegate.redshift.loaded import LoadedFiles

EMBEDDED = "embedded"


@dataclass(frozen=True)
class LoadRequest:
    """Files and the route that they take; its `table` is given. `exact`: read texts for their lengths, too.

    `odd`: paths of files that no key can name, as Lake.list tells them: they go aside.
    `mistyped`: what is raised for a column that the route names and no file has; None: the files go aside one by one.
    """

    route: Route
    files: tuple[FileVersion, ...]
    exact: bool = False
    odd: tuple[str, ...] = ()
    mistyped: type[UsageError | ConfigError] | None = None


@dataclass(frozen=True)
class LoadBatch:
    """Files of one shape that one transaction brings in, in their order, and how they go into the table.

    `elements`: how each list goes into a table of its own.
    """

    files: tuple[Landed, ...]
    fit: Fit
    elements: tuple[Fit, ...] = ()

    @property
    def rows(self) -> int:
        return sum(landed.content.rows for landed in self.files)

    @property
    def bytes(self) -> int:
        return sum(landed.file.size for landed in self.files)


@dataclass(frozen=True)
class LoadPlan:
    """`table`: as it is, None when it is not there. `overwritten`: files of which another version is loaded.

    `types`: those of columns that the table does not have, over all files. `notes`: what is to be told before.
    """

    identity: Identity
    route: Route
    name: TableName
    table: Table | None
    batches: tuple[LoadBatch, ...]
    already: tuple[FileVersion, ...] = ()
    stale: tuple[FileVersion, ...] = ()
    gone: tuple[FileVersion, ...] = ()
    overwritten: tuple[FileVersion, ...] = ()
    refused: tuple[QuarantinedFile, ...] = ()
    types: Mapping[str, SqlType] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def plan_load(ctx: Context, request: LoadRequest) -> LoadPlan:
    """Read the footers of files that are not loaded, and compare them with the table. Changes nothing.

    Raises:
        ConfigError: the warehouse was never initialised, or cannot read where the files are.
        UsageError: the table is a view, or one of Tidegate's own, or a history without a version.
        UsageError, ConfigError: as `mistyped` says.
    """
    with pinned(ctx) as one:
        return _plan(one, request)


def _plan(ctx: Context, request: LoadRequest) -> LoadPlan:
    identity = attach(ctx)
    name = request.route.table
    if name is None:
        raise ConfigError("no table is named for the files", hint="Give it by --table, or as table in [[load]].")
    if request.route.mode is LoadMode.HISTORY and request.route.version is None:
        raise UsageError(
            f'{name}: version is missing, which mode = "{LoadMode.HISTORY}" needs',
            hint="Name the column that orders the rows of a key, by --version-column or as version in [[load]].",
        )
    _check_target(ctx, name)
    _check_reach(ctx, request.files)
    table = _tables(ctx, name).get(name)
    landing = Landing(ctx)
    current = list(zip(request.files, landing.all_now(request.files), strict=True))
    present = [file for _, file in current if file is not None]
    split = only_newest(request.route, read_known(ctx, request.route, name, present).sort(present))
    landed, refused = read_files(landing, request.route, table, split.new, exact=request.exact)
    refused += [_nameless(path) for path in request.odd]
    _check_named(request, table, landed)
    sealed = seal(request.route, table, landed)
    if table is not None and any(batch.fit.retypes for batch in sealed.batches):
        sealed = seal(request.route, table, landed, known=with_limits(ctx, name, Known()))
    batches, unfit = _with_elements(ctx, request.route, sealed.batches)
    return LoadPlan(
        identity,
        request.route,
        name,
        table,
        batches,
        already=split.already,
        stale=split.stale,
        gone=tuple(file for file, now in current if now is None),
        overwritten=split.overwritten,
        refused=(*refused, *sealed.unfit, *unfit),
        types=sealed.types,
        notes=(*_doubled(request.route, split.overwritten), *sealed.notes),
    )


def _check_named(request: LoadRequest, table: Table | None, landed: Sequence[Landed]) -> None:
    """Raises `mistyped`: a column that the route names is in none of the files, nor in the table."""
    route = request.route
    if request.mistyped is None or not landed:
        return
    named = [("key", name) for name in route.key] + [("version", name) for name in (route.version,) if name]
    named = [] if route.mode in (LoadMode.APPEND, LoadMode.REPLACE) else named
    if table is None:
        named += [("distribution key", name) for name in (route.dist_key,) if name]
        named += [("sort key", name) for name in route.sort_key]
    found = {fold(column.name): column.name for one in landed for column in one.content.columns}
    known = {column.name for column in table.columns} if table is not None else set()
    for what, name in named:
        if fold(name) not in found and fold(name) not in known:
            raise request.mistyped(
                f'no file for {route.table} has the column "{name}", which is named as {what}',
                hint=f"The columns of the files are {', '.join(found.values())}.",
            )


def _nameless(path: str) -> QuarantinedFile:
    return refusal(
        FileVersion(path, 0), FileRefused(f"{path} cannot be loaded: {why_odd(path)}", hint="Rename the file.")
    )


def _with_elements(
    ctx: Context, route: Route, batches: Iterable[LoadBatch]
) -> tuple[tuple[LoadBatch, ...], list[QuarantinedFile]]:
    """The batches with how their lists go into tables, and files whose lists do not."""
    tables: dict[TableName, Table] = {}
    done, unfit = list[LoadBatch](), list[QuarantinedFile]()
    for batch in batches:
        try:
            fits = plan_elements(ctx, route, batch.files, tables)
        except FileRefused as error:
            unfit += [refusal(one.file, error) for one in batch.files]
            continue
        tables |= {fitted.table.name: fitted.table for fitted in fits}
        done.append(replace(batch, elements=tuple(fits)))
    return tuple(done), unfit


def _doubled(route: Route, files: Iterable[FileVersion]) -> Iterator[str]:
    """Files of which rows are in the table already, and stay."""
    for file in files if route.mode is LoadMode.APPEND else ():
        yield f"{file.uri} was loaded before in another version: append adds its rows to {route.table} again"


def _tables(ctx: Context, name: TableName) -> dict[TableName, Table]:
    """The table, where it is there. Raises ConfigError when the control tables are older than loading is."""
    control = LoadedFiles(ctx.settings.control_schema)
    tables = ctx.warehouse.tables([name, control.loaded_files, control.quarantined_files])
    if control.quarantined_files not in tables:
        raise ConfigError(
            f"the warehouse has no table {control.quarantined_files}", hint="Run `tidegate init`: it adds what is new."
        )
    return tables


def _check_target(ctx: Context, name: TableName) -> None:
    """Raises UsageError for what is no table of the user."""
    if name.schema in (ctx.settings.control_schema, ctx.settings.external_schema):
        raise UsageError(
            f"{name}: the schema {name.schema} is Tidegate's own, nothing is loaded into it",
            hint="Name a table in another schema.",
        )
    kinds = {(str(row[0]), str(row[1])): str(row[2]) for row in ctx.warehouse.execute(select_relations()).rows}
    if kinds.get((name.schema, name.name)) == "VIEW":
        raise UsageError(f"{name} is a view", hint="Name the table that the files go into.")


def _check_reach(ctx: Context, files: Iterable[FileVersion]) -> None:
    """A cluster reads S3 only."""
    local = next((file.uri for file in files if not file.uri.startswith("s3://")), None)
    if local is not None and ctx.warehouse.capabilities.engine != EMBEDDED:
        raise ConfigError(f"{local} cannot be read by the warehouse", hint="Put the file into S3 and load it there.")


@dataclass(frozen=True)
class Sealed:
    """Files in batches, those that do not fit with the reason, and what the files have in common (unify.py)."""

    batches: tuple[LoadBatch, ...]
    unfit: tuple[QuarantinedFile, ...]
    types: Mapping[str, SqlType]
    notes: tuple[str, ...]


def seal(
    route: Route,
    table: Table | None,
    landed: Sequence[Landed],
    beside: Sequence[Landed] = (),
    known: Known | None = None,
) -> Sealed:
    """Files into batches, by shape and size; where rows replace one another, no file is moved before another.

    Each batch is fitted to the table as those before it leave it, and new columns to all files, those `beside` them
    included. A file that does not fit is told with the reason; it has no part in the types.
    """
    files, refused = list(landed), list[QuarantinedFile]()
    while True:
        agreed = agree(route, table, [*files, *beside])
        joined = [as_agreed(route, one, agreed.types) for one in files]
        batches, unfit = _fitted(route, table, joined, replace(known or Known(), types=agreed.types))
        blamed = {quarantined.file for quarantined in unfit} & agreed.joined
        if not blamed:
            return Sealed(tuple(batches), (*refused, *unfit), agreed.types, agreed.notes)
        refused += [quarantined for quarantined in unfit if quarantined.file in blamed]
        files = [one for one in files if one.file not in blamed]


def _fitted(
    route: Route, table: Table | None, landed: Iterable[Landed], known: Known
) -> tuple[list[LoadBatch], list[QuarantinedFile]]:
    batches, unfit = list[LoadBatch](), list[QuarantinedFile]()
    for files in _grouped(route, landed):
        try:
            fitted = fit(route, table, joint(files), known)
        except FileRefused as error:
            unfit += [refusal(one.file, error) for one in files]
            continue
        table = fitted.table
        batches.append(LoadBatch(tuple(files), fitted))
    return batches, unfit


def _grouped(route: Route, landed: Iterable[Landed]) -> list[list[Landed]]:
    groups: dict[object, list[Landed]] = {}
    ordered: list[list[Landed]] = []
    for one in sorted(landed, key=lambda f: order_of(f.file)):
        shape = one.shape
        last = groups.get(shape)
        if (
            last is None
            or not _has_room(route, last, one)
            or (route.mode is not LoadMode.APPEND and last is not ordered[-1])
        ):
            last = groups[shape] = []
            ordered.append(last)
        last.append(one)
    return ordered


def _has_room(route: Route, files: Sequence[Landed], one: Landed) -> bool:
    total = sum(landed.file.size for landed in files) + one.file.size
    return len(files) < route.batch_files and total <= route.batch_bytes
