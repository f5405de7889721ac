"""How the columns of files go into a table: what is created, added and widened, and what does not fit."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from tidegate.errors import FileRefused
from tidegate.flows.load.lossless import is_exact, misfit, widened
from tidegate.flows.load.validity import VALIDITY, check_history, with_validity, without_validity
from tidegate.flows.versions import widens
from tidegate.formats.schema.inferred import MAX_TEXT, InferredColumn, InferredFile
from tidegate.model.names import TableName, fold
from tidegate.model.route import Contract, LoadMode, Route
from tidegate.model.tables import Column, SqlType, Table, TypeKind
from tidegate.redshift.ddl import MAX_COLUMNS, add_column, create_schema, create_table
from tidegate.redshift.load import StagedColumn, widen_column
from tidegate.redshift.load_widen import retype_column
from tidegate.redshift.types import checked, render

SHORTEST = 16
"""Bytes of the shortest VARCHAR that a measure alone leads to."""

_NO_KEYS = frozenset({TypeKind.SUPER, TypeKind.VARBYTE})


class ChangeKind(StrEnum):
    CREATE = "create"
    ADD = "add"
    WIDEN = "widen"
    LEAVE_OUT = "leave out"


@dataclass(frozen=True)
class Change:
    """One change of the table; its statements are one transaction. `measured`: the type is that of the data, else the
    widest that there can be.
    """

    kind: ChangeKind
    column: str
    type: str
    statements: tuple[str, ...] = ()
    measured: bool = True


@dataclass(frozen=True)
class Known:
    """What is known beside a batch and its table.

    `lengths`: the longest values in bytes by column as measured in the data; they win over what the file says.
    `bounds`: the least and the greatest whole part of numbers, as measured. `types`: those of columns that the table
    does not have, over all files of the load. `periods`: columns that an archive goes by. `archived`: there are
    archived rows, which have the types of the table as it was. `granted`: columns with privileges of their own.
    """

    lengths: Mapping[str, int] = field(default_factory=dict)
    bounds: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    types: Mapping[str, SqlType] = field(default_factory=dict)
    periods: frozenset[str] = frozenset()
    archived: bool = False
    granted: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Fit:
    """`columns` in the order of the files; `table` as it is after the changes.

    `open`: columns of numbers whose values decide, once they are measured, whether the table takes them.
    """

    columns: tuple[StagedColumn, ...]
    table: Table
    changes: tuple[Change, ...]
    keys: tuple[str, ...] = ()
    open: tuple[str, ...] = ()

    @property
    def steps(self) -> tuple[tuple[str, ...], ...]:
        """What makes the changes, a transaction each."""
        return tuple(dict.fromkeys(change.statements for change in self.changes if change.statements))

    @property
    def retypes(self) -> bool:
        """Whether a column gets another type by being written anew."""
        return any(len(step) > 1 for step in self.steps)


def fit(route: Route, table: Table | None, file: InferredFile, known: Known | None = None) -> Fit:
    """Fit the columns of a file, or of several that are alike, into the table, None where there is none yet.

    Raises:
        FileRefused: a column does not fit, the contract of the route allows no change, or the key is not there.
    """
    known = known or Known()
    if route.mode is not LoadMode.HISTORY:
        return _fit(route, table, file, known)
    check_history(route, table, file)
    plain = _fit(route, without_validity(table), file, known)
    version = fold(route.version or "")
    kind = next(c.target.type for c in plain.columns if c.name == version and c.target is not None)
    if version in known.bounds:
        known = replace(known, bounds={**known.bounds, **dict.fromkeys(VALIDITY, known.bounds[version])})
    whole = _fit(route, table, with_validity(file, kind), known)
    return replace(whole, columns=plain.columns, open=plain.open)


def _fit(route: Route, table: Table | None, file: InferredFile, known: Known) -> Fit:
    name = _name(route)
    columns = [_measured(column, known.lengths) for column in file.columns]
    if table is None:
        return _created(route, name, replace(file, columns=tuple(columns)), known)
    staged, changes = [], list[Change]()
    before = table
    for column in columns:
        one, change = _fitted(route, table, column, known)
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
    if len(table.columns) > MAX_COLUMNS:
        raise FileRefused(
            f"{name} would have {len(table.columns)} columns, and a table has at most {MAX_COLUMNS}",
            hint="Load the file into another table.",
        )
    open = [fold(c.name) for c in columns if _is_open(before, c)]
    unknown = tuple(name for name in open if name not in known.bounds)
    return Fit(tuple(staged), table, tuple(changes), _keys(route, file, given), unknown)


def _is_open(table: Table, column: InferredColumn) -> bool:
    target = table.column(fold(column.name))
    if target is None or column.undetermined or not (is_exact(column.type.kind) and is_exact(target.type.kind)):
        return False
    return widened(target.type, column.type, None) != target.type


def _name(route: Route) -> TableName:
    if route.table is None:
        raise FileRefused("no table is named for the file", hint="Give the table, by --table or in [[load]].")
    return route.table


def _measured(column: InferredColumn, lengths: Mapping[str, int]) -> InferredColumn:
    longest = lengths.get(fold(column.name))
    return column if longest is None else replace(column, longest=longest)


def _created(route: Route, name: TableName, file: InferredFile, known: Known) -> Fit:
    made = {fold(c.name): column for c in file.columns if (column := _new_column(route, c, known)) is not None}
    if not made:
        raise FileRefused(f"no column of the file has a type, so {name} cannot be made", hint="Create the table first.")
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
    changes = [Change(ChangeKind.CREATE, "", "", (statement,)) for statement in statements]
    changes += [
        Change(ChangeKind.CREATE, fold(c.name), render(made[fold(c.name)].type), measured=_is_measured(c))
        for c in file.columns
        if fold(c.name) in made
    ]
    staged = tuple(_staged(c, made.get(fold(c.name))) for c in file.columns)
    return Fit(staged, table, tuple(changes), _keys(route, file, set(made)))


def _new_column(route: Route, column: InferredColumn, known: Known) -> Column | None:
    """What a column of the file becomes in a table that does not have it; None while nothing tells its type.

    Raises:
        FileRefused: files of the load that landed before have another type, and no type has the values of both.
    """
    name = fold(column.name)
    agreed = known.types.get(name)
    if column.undetermined:
        waits = agreed is None or (agreed.kind in (TypeKind.VARCHAR, TypeKind.VARBYTE) and agreed.length is None)
        return None if waits or agreed is None else Column(name, _type(replace(column, type=agreed), agreed, route))
    if agreed is not None and (reason := misfit(column.type, agreed)):
        raise FileRefused(
            f'column "{name}" is {agreed_text(agreed)} in other files of the load, and '
            f"{agreed_text(column.type)} in the file: {reason}",
            hint="Write the files with one type, or create the table first with the type that you want.",
        )
    return Column(name, _type(column, agreed, route))


def _is_measured(column: InferredColumn) -> bool:
    return column.type.kind is not TypeKind.VARCHAR or column.type.length is not None or column.longest is not None


def _fitted(route: Route, table: Table, column: InferredColumn, known: Known) -> tuple[StagedColumn, Change | None]:
    name = fold(column.name)
    target = table.column(name)
    if target is None:
        return _missing(route, table, column, known)
    if target.identity is not None and not target.identity.by_default:
        return _staged(column, None), Change(ChangeKind.LEAVE_OUT, name, render(target.type))
    if column.undetermined:
        return _staged(column, target), None
    if target.type.kind is TypeKind.VARCHAR and column.type.kind is TypeKind.VARCHAR:
        return _widened(route, table, column, target)
    bounds = known.bounds.get(name)
    reason = misfit(column.type, target.type)
    wider = widened(target.type, column.type, bounds)
    if reason is None and (bounds is None or wider == target.type):
        return _staged(column, target), None
    if wider is None or route.contract is not Contract.EVOLVE:
        raise _refusal(table, column, target, reason or f"it has values that {render(target.type)} does not hold")
    if why := _unchangeable(table, target) or _limited(target, wider, known):
        raise _refusal(table, column, target, f"it would have to become {render(wider)}, but {why}")
    change = Change(
        ChangeKind.WIDEN,
        name,
        render(wider),
        retype_column(table.name, target, wider),
        measured=bounds is not None or not is_exact(wider.kind),
    )
    return _staged(column, replace(target, type=wider)), change


def _limited(column: Column, wider: SqlType, known: Known) -> str | None:
    """Why what else knows the column allows no such change; None when it does."""
    if column.name in known.granted:
        return "there are privileges on it alone, which would be gone"
    if column.name in known.periods:
        return "the table is archived by it"
    if known.archived and not widens(column.type, wider):
        return "archived rows cannot follow"
    return None


def _refusal(table: Table, column: InferredColumn, target: Column, reason: str) -> FileRefused:
    return FileRefused(
        f'column "{target.name}" of {table.name} is {render(target.type)}, and {render(checked_type(column))} in the '
        f"file: {reason}",
        hint="Write the file with the type of the table, or load it into another table.",
    )


def _unchangeable(table: Table, column: Column) -> str | None:
    """Why a column cannot be dropped and made anew; None when it can."""
    name = column.name
    if column.identity is not None:
        return "it is an identity"
    if name == table.dist_key:
        return "the table is distributed by it"
    if name in table.sort_keys:
        return "the table is sorted by it"
    keys = (table.primary_key, *table.unique_keys, *(key.columns for key in table.foreign_keys))
    if any(name in key for key in keys):
        return "it is part of a key of the table"
    return "it is NOT NULL without a default" if not column.nullable and column.default is None else None


def _missing(route: Route, table: Table, column: InferredColumn, known: Known) -> tuple[StagedColumn, Change | None]:
    """A column that the table does not have."""
    name = fold(column.name)
    if column.undetermined:
        return _staged(column, None), None
    if route.contract is Contract.FREEZE:
        raise FileRefused(
            f'{table.name} has no column "{name}", and its contract is freeze',
            hint='Add the column yourself, or set contract = "evolve" or "discard".',
        )
    if route.contract is Contract.DISCARD:
        return _staged(column, None), Change(ChangeKind.LEAVE_OUT, name, render(_type(column, None, route)))
    added = _new_column(route, column, known)
    assert added is not None
    change = Change(
        ChangeKind.ADD, name, render(added.type), (add_column(table.name, added),), measured=_is_measured(column)
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
    return _staged(column, wider), Change(ChangeKind.WIDEN, target.name, render(wider.type), (statement,))


def checked_type(column: InferredColumn) -> SqlType:
    """The type of a column of a file with every measure, the longest where it is not known."""
    kind = column.type
    if kind.length is None and kind.kind is TypeKind.VARCHAR:
        return replace(kind, length=column.longest or MAX_TEXT)
    return checked(kind)


def _type(column: InferredColumn, agreed: SqlType | None, route: Route) -> SqlType:
    """The type of a new column of the table; `agreed` over all files of the load."""
    kind = agreed if agreed is not None else column.type
    if kind.kind is TypeKind.VARCHAR and (column.type.length is None or kind.length != column.type.length):
        known = [length for length in (column.longest, kind.length) if length is not None]
        return replace(kind, length=_length(max(known), route) if known else MAX_TEXT)
    return checked(kind)


def agreed_text(kind: SqlType) -> str:
    """A type in a message: a text whose length is not known has none."""
    return kind.kind.value if kind.kind in (TypeKind.VARCHAR, TypeKind.VARBYTE) and not kind.length else render(kind)


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
    """The key of an upsert or a history: configured, else as the file declares it. It is never guessed."""
    if not route.mode.is_keyed:
        return ()
    keys = tuple(fold(key) for key in route.key or file.keys)
    if not keys:
        what = "an upsert" if route.mode is LoadMode.UPSERT else "a history"
        raise FileRefused(f"{what} needs a key, and the file declares none", hint="Give it by --key or in [[load]].")
    if route.mode is LoadMode.HISTORY and fold(route.version or "") in keys:
        raise FileRefused(f'the version "{fold(route.version or "")}" is part of the key')
    kinds = {fold(c.name): c.type.kind for c in file.columns}
    for name in (*keys, *((fold(route.version),) if route.version else ())):
        if name not in given or name not in kinds:
            raise FileRefused(f'the file has no column "{name}", which is part of the key or its version')
        if kinds[name] in _NO_KEYS:
            raise FileRefused(f'the column "{name}" is {kinds[name].value}, which cannot be compared')
    return keys
