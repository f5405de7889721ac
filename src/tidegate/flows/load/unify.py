"""One type for each new column of a table, over all files of a load: the narrowest that holds them, in any order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from tidegate.flows.load.contents import Landed
from tidegate.flows.load.known import order_of
from tidegate.flows.load.lossless import TEXTS, holding, misfit
from tidegate.formats.schema.inferred import InferredColumn, varchar
from tidegate.model.landing import FileVersion
from tidegate.model.names import fold
from tidegate.model.route import FileFormat, Route
from tidegate.model.tables import SqlType, Table, TypeKind

_MEASURED = frozenset({TypeKind.VARCHAR, TypeKind.VARBYTE})
_MOMENTS = (TypeKind.DATE, TypeKind.TIMESTAMP, TypeKind.TIMESTAMPTZ)


@dataclass(frozen=True)
class Agreement:
    """`types` of columns that the table does not have; a VARCHAR or VARBYTE without length: not all lengths are known.

    `joined`: the files whose values these types hold; what the others have can stand beside them in no type.
    `notes`: what a reader of the plan should know.
    """

    types: Mapping[str, SqlType]
    joined: frozenset[FileVersion]
    notes: tuple[str, ...] = ()


@dataclass
class _Agreeing:
    """`rigid`: columns that have values in a file that is no text. `seen`: a file that showed a kind of a column.

    `alike`: descriptions that have joined; another file of the same columns changes nothing.
    """

    route: Route
    table: Table | None
    types: dict[str, SqlType] = field(default_factory=dict)
    rigid: set[str] = field(default_factory=set)
    joined: set[FileVersion] = field(default_factory=set)
    seen: dict[str, dict[TypeKind, str]] = field(default_factory=dict)
    alike: set[object] = field(default_factory=set)

    def join(self, landed: Landed) -> None:
        """Widen the types by those of a file; a file that does not fit leaves them as they are."""
        alike = (landed.content.format, landed.content.columns)
        if alike in self.alike:
            self.joined.add(landed.file)
            return
        columns = {
            fold(c.name): c
            for c in landed.content.columns
            if not c.undetermined and (self.table is None or self.table.column(fold(c.name)) is None)
        }
        types = {name: self._joined(name, column, landed) for name, column in columns.items()}
        found = {name: kind for name, kind in types.items() if kind is not None}
        if len(found) < len(types):
            return
        self.types.update(found)
        self.joined.add(landed.file)
        self.alike.add(alike)
        for name, column in columns.items():
            self.rigid |= set() if is_text(self.route, landed, column) else {name}
            self.seen.setdefault(name, {}).setdefault(column.type.kind, landed.file.uri)

    def _joined(self, name: str, column: InferredColumn, landed: Landed) -> SqlType | None:
        kind, known = _type(column), self.types.get(name)
        if known is None:
            return kind
        if (both := holding(known, kind)) is not None:
            return both
        if misfit(kind, known) is None:
            return known
        becomes_text = known.kind is TypeKind.VARCHAR and is_text(self.route, landed, column)
        turns = kind.kind is TypeKind.VARCHAR and name not in self.rigid
        return varchar() if becomes_text or turns else None

    def notes(self) -> tuple[str, ...]:
        """Columns that are texts though some files hold nothing but numbers or the like in them."""
        told = []
        for name, kind in self.types.items():
            others = {k: uri for k, uri in self.seen.get(name, {}).items() if k not in TEXTS}
            if kind.kind is TypeKind.VARCHAR and others:
                other, uri = next(iter(others.items()))
                text = self.seen[name][TypeKind.VARCHAR]
                told.append(f'column "{name}" becomes VARCHAR: {text} has texts in it, {uri} only {other.value}')
        return tuple(told)


def agree(route: Route, table: Table | None, files: Iterable[Landed]) -> Agreement:
    """Find the types in the order in which the files landed: where there is no common one, the first file decides."""
    agreeing = _Agreeing(route, table)
    for landed in sorted(files, key=lambda one: order_of(one.file)):
        agreeing.join(landed)
    return Agreement(agreeing.types, frozenset(agreeing.joined), agreeing.notes())


def as_agreed(route: Route, landed: Landed, types: Mapping[str, SqlType]) -> Landed:
    """The file with those of its columns as texts that are texts in other files: in CSV, all values are."""
    if landed.content.format is FileFormat.PARQUET or not types:
        return landed
    columns = tuple(
        replace(column, type=varchar(), longest=None, undetermined=False)
        if is_text(route, landed, column)
        and (kind := types.get(fold(column.name))) is not None
        and kind.kind is TypeKind.VARCHAR
        and (column.undetermined or column.type.kind not in TEXTS)
        else column
        for column in landed.content.columns
    )
    if columns == landed.content.columns:
        return landed
    return replace(landed, content=replace(landed.content, columns=columns))


def is_text(route: Route, landed: Landed, column: InferredColumn) -> bool:
    """Whether the values are texts whose type was proven, and not declared: of JSON, days and times are."""
    if landed.content.format is FileFormat.PARQUET:
        return False
    if landed.content.format is FileFormat.JSON and column.type.kind not in (TypeKind.VARCHAR, *_MOMENTS):
        return False
    return not route.options.columns or fold(column.name) not in map(fold, route.options.columns)


def _type(column: InferredColumn) -> SqlType:
    kind = column.type
    return replace(kind, length=column.longest) if kind.kind in _MEASURED and kind.length is None else kind
