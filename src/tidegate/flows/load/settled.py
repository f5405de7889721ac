"""The types of a CSV file whose values go into columns that have types already."""

from collections.abc import Mapping
from dataclasses import replace

from tidegate.errors import FileRefused
from tidegate.flows.load.lossless import holding, is_exact, is_whole
from tidegate.formats.schema.inferred import InferredColumn, InferredFile
from tidegate.model.names import fold
from tidegate.model.route import Route
from tidegate.model.tables import SqlType, TypeKind
from tidegate.redshift.types import render

_TOLD = {
    "date_format": {TypeKind.DATE},
    "time_format": {TypeKind.TIMESTAMP, TypeKind.TIMESTAMPTZ},
    "round_dec": {TypeKind.DECIMAL},
}
"""Options that tell COPY how to take what it would otherwise cut, or take for something else."""


def trusted(route: Route) -> frozenset[TypeKind]:
    """The kinds of columns into which COPY takes texts as the route tells it to."""
    return frozenset(kind for name, kinds in _TOLD.items() if route.copy.get(name) for kind in kinds)


def settled(route: Route, file: InferredFile, uri: str, wanted: Mapping[str, SqlType]) -> InferredFile:
    """The file with columns that hold its values and those of the column they go into; `wanted`: its types by name.

    Raises:
        FileRefused: a column that the route declares would lose something of a value.
    """
    declared = frozenset(map(fold, route.options.columns))
    columns = [_settled(column, wanted.get(fold(column.name))) for column in file.columns]
    for before, after in zip(file.columns, columns, strict=True):
        name = fold(after.name)
        if name in declared and after.type != wanted[name]:
            raise FileRefused(
                f'{uri}: column "{name}" is declared {render(wanted[name])}, and has values that are '
                f"{_said(before)}: they would not stay as they are",
                hint="Correct the values, or declare another type.",
            )
    return replace(file, columns=tuple(columns))


def _settled(column: InferredColumn, wanted: SqlType | None) -> InferredColumn:
    """COPY refuses what is no number in a column of integers; all else that differs is held by another type."""
    if wanted is None or column.type == wanted:
        return column
    if is_whole(wanted.kind) and not is_exact(column.type.kind):
        return replace(column, type=wanted, longest=None)
    return replace(column, type=holding(wanted, column.type) or column.type)


def _said(column: InferredColumn) -> str:
    return render(replace(column.type, length=column.longest)) if column.longest else render(column.type)
