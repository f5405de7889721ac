"""How the columns of files go into a table: what is created, added and widened, and what does not fit."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from tidegate.errors import FileRefused
from tidegate.formats.schema.inferred import MAX_TEXT, InferredColumn, InferredFile
from tidegate.model.names import TableName, fold
from tidegate.model.route import Contract, LoadMode, Route
from tidegate.model.tables import Column, SqlType, Table, TypeKind
from tidegate.redshift.ddl import add_column, create_schema, create_table
from tidegate.redshift.load import StagedColumn, widen_column
from tidegate.redshift.types import checked, render

SHORTEST = 16
"""Bytes of the shortest VARCHAR that a measure alone leads to."""

_INTEGERS = {TypeKind.SMALLINT: 5, TypeKind.INTEGER: 10, TypeKind.BIGINT: 19}
"""With the digits that the greatest of them has."""

_TEXTS = frozenset({TypeKind.VARCHAR, TypeKind.CHAR})
_NO_KEYS = frozenset({TypeKind.SUPER, TypeKind.VARBYTE})


class ChangeKind(StrEnum):
    CREATE = "create"
    ADD = "add"
    WIDEN = "widen"
    LEAVE_OUT = "leave out"


@dataclass(frozen=True)
class Change:
    """One change of the table. `measured`: the length is that of the data, else the longest that there can be."""

    kind: ChangeKind
    column: str
    type: str
    statement: str = ""
    measured: bool = True


@dataclass(frozen=True)
class Fit:
    """`columns` in the order of the files; `table` as it is after the changes; `statements` make them."""

    columns: tuple[StagedColumn, ...]
    table: Table
    changes: tuple[Change, ...]
    keys: tuple[str, ...] = ()

    @property
    def statements(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(change.statement for change in self.changes if change.statement))


def fit(route: Route, table: Table | None, file: InferredFile, lengths: Mapping[str, int] | None = None) -> Fit:
    """Fit the columns of a file, or of several that are alike, into the table, None where there is none yet.

    `lengths`: the longest values in bytes by column as measured in the data; they win over what the file says.

    Raises:
        FileRefused: a column does not fit, the contract of the route allows no change, or the key is not there.
    """
    name = _name(route)
    columns = [_measured(column, lengths or {}) for column in file.columns]
    if table is None:
        return _created(route, name, file, columns)
    staged, changes = [], list[Change]()
    for column in columns:
        one, change = _fitted(route, table, column)
        staged.append(one)
        changes += [change] if change is not None else []
        if change is not None and one.target is not None:
            table = _with(table, one.target)
    given = {c.target.name for c in staged if c.target is not None}
    for missing in table.columns:
        if missing.name not in given and not missing.nullable and missing.default is None and not missing.identity:
            raise FileRefused(
                f'the file has no column "{missing.name}", which is NOT NULL in {name}',
                hint="Write the file with the column, or give the column a default.",
            )
    return Fit(tuple(staged), table, tuple(changes), _keys(route, file, given))


def _name(route: Route) -> TableName:
    if route.table is None:
        raise FileRefused("no table is named for the file", hint="Give the table, by --table or in [[load]].")
    return route.table


def _measured(column: InferredColumn, lengths: Mapping[str, int]) -> InferredColumn:
    longest = lengths.get(fold(column.name))
    return column if longest is None else replace(column, longest=longest)


def _created(route: Route, name: TableName, file: InferredFile, columns: Sequence[InferredColumn]) -> Fit:
    kept = [c for c in columns if not c.undetermined]
    if not kept:
        raise FileRefused(f"no column of the file has a type, so {name} cannot be made", hint="Create the table first.")
    made = {fold(c.name): Column(fold(c.name), _type(c, route)) for c in kept}
    sort_keys = tuple(fold(key) for key in route.sort_key)
    dist_key = fold(route.dist_key) if route.dist_key else None
    for key in (*sort_keys, *((dist_key,) if dist_key else ())):
        if key not in made:
            raise FileRefused(f'the file has no column "{key}", which {name} is sorted or distributed by')
    table = Table(
        name,
        tuple(made.values()),
        dist_style="KEY" if dist_key else "AUTO",
        dist_key=dist_key,
        sort_keys=sort_keys,
    )
    statements = [] if name.schema == "public" else [create_schema(name.schema)]
    statements.append(create_table(table, if_not_exists=True))
    changes = [Change(ChangeKind.CREATE, "", "", statement) for statement in statements]
    changes += [
        Change(ChangeKind.CREATE, fold(c.name), render(made[fold(c.name)].type), measured=_is_measured(c)) for c in kept
    ]
    staged = tuple(_staged(c, made.get(fold(c.name))) for c in columns)
    return Fit(staged, table, tuple(changes), _keys(route, file, set(made)))


def _is_measured(column: InferredColumn) -> bool:
    return column.type.kind is not TypeKind.VARCHAR or column.type.length is not None or column.longest is not None


def _fitted(route: Route, table: Table, column: InferredColumn) -> tuple[StagedColumn, Change | None]:
    name = fold(column.name)
    target = table.column(name)
    if target is None:
        return _missing(route, table, column)
    if target.identity is not None and not target.identity.by_default:
        return _staged(column, None), Change(ChangeKind.LEAVE_OUT, name, render(target.type))
    if column.undetermined:
        return _staged(column, target), None
    reason = _misfit(column.type, target.type)
    if reason:
        raise FileRefused(
            f'column "{name}" of {table.name} is {render(target.type)}, and {render(checked_type(column))} in the '
            f"file: {reason}",
            hint="Write the file with the type of the table, or load it into another table.",
        )
    if target.type.kind is TypeKind.VARCHAR and column.type.kind is TypeKind.VARCHAR:
        return _widened(route, table, column, target)
    return _staged(column, target), None


def _missing(route: Route, table: Table, column: InferredColumn) -> tuple[StagedColumn, Change | None]:
    """A column that the table does not have."""
    name = fold(column.name)
    if column.undetermined:
        return _staged(column, None), None
    if route.contract is Contract.FREEZE:
        raise FileRefused(
            f'{table.name} has no column "{name}", and its contract is freeze',
            hint='Add the column yourself, or set contract = "evolve" or "discard".',
        )
    added = Column(name, _type(column, route))
    if route.contract is Contract.DISCARD:
        return _staged(column, None), Change(ChangeKind.LEAVE_OUT, name, render(added.type))
    change = Change(
        ChangeKind.ADD, name, render(added.type), add_column(table.name, added), measured=_is_measured(column)
    )
    return _staged(column, added), change


def _widened(route: Route, table: Table, column: InferredColumn, target: Column) -> tuple[StagedColumn, Change | None]:
    """A text that may be longer than the table's column takes."""
    length = target.type.length or 256
    longest = column.longest if column.longest is not None else 0
    if longest <= length:
        return _staged(column, target), None
    if route.contract is not Contract.EVOLVE:
        raise FileRefused(
            f'column "{target.name}" of {table.name} takes {length} bytes, and the file has a value of {longest}',
            hint=f'Widen the column yourself, or set contract = "evolve" instead of "{route.contract}".',
        )
    wider = replace(target, type=SqlType(TypeKind.VARCHAR, length=_length(longest, route)))
    statement = widen_column(table.name, target.name, wider.type.length or MAX_TEXT)
    return _staged(column, wider), Change(ChangeKind.WIDEN, target.name, render(wider.type), statement)


def _misfit(found: SqlType, wanted: SqlType) -> str | None:
    """Why values of one type cannot go into a column of another without loss; None when they can.

    What is checked value by value by the INSERT itself is let through: an integer that is too great fails there.
    """
    kind, into = found.kind, wanted.kind
    if kind is into:
        scales = (checked(found).scale or 0, checked(wanted).scale or 0) if kind is TypeKind.DECIMAL else (0, 0)
        return "its decimals would be rounded" if scales[0] > scales[1] else None
    if kind in _INTEGERS and into in _INTEGERS:
        return None
    if kind in _INTEGERS and into is TypeKind.DECIMAL:
        return None
    if kind in _TEXTS and into in _TEXTS:
        return None
    exact = {
        (TypeKind.REAL, TypeKind.DOUBLE),
        (TypeKind.SMALLINT, TypeKind.REAL),
        (TypeKind.SMALLINT, TypeKind.DOUBLE),
        (TypeKind.INTEGER, TypeKind.DOUBLE),
        (TypeKind.DATE, TypeKind.TIMESTAMP),
    }
    return None if (kind, into) in exact else "one cannot be turned into the other without loss"


def checked_type(column: InferredColumn) -> SqlType:
    """The type of a column of a file with every measure, the longest where it is not known."""
    kind = column.type
    if kind.length is None and kind.kind is TypeKind.VARCHAR:
        return replace(kind, length=column.longest or MAX_TEXT)
    return checked(kind)


def _type(column: InferredColumn, route: Route) -> SqlType:
    """The type of a new column of the table."""
    kind = column.type
    if kind.kind is TypeKind.VARCHAR and kind.length is None:
        return replace(kind, length=MAX_TEXT if column.longest is None else _length(column.longest, route))
    return checked(kind)


def _length(longest: int, route: Route) -> int:
    return min(MAX_TEXT, max(SHORTEST, math.ceil(longest * route.headroom)))


def _staged(column: InferredColumn, target: Column | None) -> StagedColumn:
    kind = column.staged or column.type
    if kind.kind is TypeKind.VARCHAR and kind.length is None:
        kind = replace(kind, length=MAX_TEXT)
    return StagedColumn(fold(column.name), checked(kind), target, column.parse_json, column.undetermined)


def _with(table: Table, column: Column) -> Table:
    if table.column(column.name) is None:
        return replace(table, columns=(*table.columns, column))
    return replace(table, columns=tuple(column if c.name == column.name else c for c in table.columns))


def _keys(route: Route, file: InferredFile, given: set[str]) -> tuple[str, ...]:
    """The key of an upsert: configured, else as the file declares it. It is never guessed."""
    if route.mode is not LoadMode.UPSERT:
        return ()
    keys = tuple(fold(key) for key in route.key or file.keys)
    if not keys:
        raise FileRefused("an upsert needs a key, and the file declares none", hint="Give it by --key or in [[load]].")
    kinds = {fold(c.name): c.type.kind for c in file.columns}
    for name in (*keys, *((fold(route.version),) if route.version else ())):
        if name not in given or name not in kinds:
            raise FileRefused(f'the file has no column "{name}", which is part of the key or its version')
        if kinds[name] in _NO_KEYS:
            raise FileRefused(f'the column "{name}" is {kinds[name].value}, which cannot be compared')
    return keys
