"""The two columns that say for which time a row of a history is valid: a table gets them beside those of its files."""

from dataclasses import replace

from tidegate.errors import FileRefused
from tidegate.formats.schema.inferred import InferredColumn, InferredFile
from tidegate.model.names import fold
from tidegate.model.route import VALID_FROM, VALID_TO, Contract, Route
from tidegate.model.tables import SqlType, Table, TypeKind

VALIDITY = (VALID_FROM, VALID_TO)

ORDERED = frozenset(
    {
        TypeKind.SMALLINT,
        TypeKind.INTEGER,
        TypeKind.BIGINT,
        TypeKind.DATE,
        TypeKind.TIMESTAMP,
        TypeKind.TIMESTAMPTZ,
    }
)
"""Types of a version: each value is exact, and one is before the other."""


def check_history(route: Route, table: Table | None, file: InferredFile) -> None:
    """See that the file can be part of a history, and the table hold one.

    Raises:
        FileRefused: it holds columns of these names, its version is of no type that orders, or the table's cannot be.
    """
    for name in VALIDITY:
        if file.column(name) is not None:
            raise FileRefused(
                f'the file has a column "{name}", which mode = "{route.mode}" fills itself',
                hint="Give the column another name in the file, or load it in another mode.",
            )
        if table is not None and table.column(name) is None and route.contract is Contract.DISCARD:
            raise FileRefused(
                f'{table.name} has no column "{name}", and its contract is {route.contract}',
                hint='Add the column yourself, or set contract = "evolve".',
            )
    version = file.column(route.version or "")
    if version is not None and not version.undetermined and version.type.kind not in ORDERED:
        raise FileRefused(
            f'the version "{fold(version.name)}" is {version.type.kind.value}, which does not order a history',
            hint="Name a column of TIMESTAMP, TIMESTAMPTZ, DATE or integers as the version.",
        )
    until = table.column(VALID_TO) if table is not None else None
    if table is not None and until is not None and not until.nullable:
        raise FileRefused(
            f'column "{VALID_TO}" of {table.name} is NOT NULL, which the newest version of a key has to be',
            hint="Make the column anew so that it takes NULL.",
        )


def without_validity(table: Table | None) -> Table | None:
    """The table with the columns alone that files fill."""
    if table is None:
        return None
    return replace(table, columns=tuple(c for c in table.columns if c.name not in VALIDITY))


def with_validity(file: InferredFile, kind: SqlType) -> InferredFile:
    """The file as if it held the two columns, of the type that the version has in the table."""
    return replace(file, columns=(*file.columns, *(InferredColumn(name, kind) for name in VALIDITY)))
