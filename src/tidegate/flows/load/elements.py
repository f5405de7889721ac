"""Lists of records that become tables of their own: `<table>_<list>`, the key of the record first in each row."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tidegate.errors import FileRefused, UsageError
from tidegate.flows.context import Context
from tidegate.formats.schema.inferred import InferredChild, InferredColumn, InferredFile, check_names
from tidegate.model.elements import DIGEST, POSITION, RECORD, positions
from tidegate.model.names import TableName, check_identifier, fold
from tidegate.model.route import LoadMode, Route
from tidegate.model.tables import SqlType, Table, TypeKind
from tidegate.redshift.load_elements import select_element_tables
from tidegate.redshift.loaded import LoadedFiles

MOST_LISTS = 8
"""Tables of elements whose statements fit into one transaction: the Data API takes 40 statements."""

_POSITION = SqlType(TypeKind.BIGINT)


def with_elements(route: Route, content: InferredFile, file: str) -> InferredFile:
    """The columns of a flattened file as those of tables: the key of the record, the element's, and its position.

    A key of the element that has the name of a key of the record is called `<list>_<key>`.

    Raises:
        FileRefused: the route cannot have lists as tables, there is no such key, or names meet.
    """
    for column in content.columns:
        _check_own(column.name, file)
    if not content.children:
        return content
    shown = ".".join(content.children[0].rows).removesuffix("[]")
    if route.mode not in (LoadMode.UPSERT, LoadMode.REPLACE) or not route.key:
        raise FileRefused(
            f"{file} has the list {shown}, and flatten of lists needs a key",
            hint='Name the key of the records, with mode "upsert" or "replace", or leave flatten out.',
        )
    check_number(len(content.children), route.table)
    head = [_key(content, key, file) for key in route.key]
    return replace(content, children=tuple(_child(route, child, head, file) for child in content.children))


def check_number(lists: int, table: TableName | None) -> None:
    """Raises FileRefused for more lists than one transaction can bring into tables."""
    if lists > MOST_LISTS:
        raise FileRefused(
            f"{table} would have {lists} tables of lists, and one transaction takes {MOST_LISTS}",
            hint="Leave flatten out: lists are SUPER then; or run `tidegate convert --flatten` and load its files.",
        )


def element_route(route: Route, child: InferredChild) -> Route:
    """How the elements go into their table.

    Raises:
        FileRefused: its name cannot be that of a table.
    """
    assert route.table is not None
    try:
        name = check_identifier(f"{route.table.name}_{child.name}")
    except UsageError as error:
        raise FileRefused(f"the list {child.name}: {error.message}", hint=error.hint) from error
    return replace(
        route, table=TableName(route.table.schema, name), mode=LoadMode.APPEND, key=(), version=None, dist_key=None,
        sort_key=(), checks=(), pre_sql=(), post_sql=(),
    )  # fmt: skip


def element_tables(ctx: Context, route: Route, table: Table | None) -> tuple[Table, ...]:
    """The tables that elements of the table's records were loaded into, as far as they are there.

    Raises:
        UsageError: the table is itself one of elements.
    """
    if table is not None and table.column(POSITION) is not None:
        raise UsageError(
            f"{table.name} holds elements of lists",
            hint="Load the records into a table of their own, or leave flatten out.",
        )
    names = _known_names(ctx, route)
    return tuple(ctx.warehouse.tables(names).values()) if names else ()


def known_tables(ctx: Context, route: Route) -> tuple[tuple[TableName, ...], int]:
    """The names of `element_tables`, and how many there ever were."""
    names = _known_names(ctx, route)
    there = ctx.warehouse.tables(names) if names else {}
    return tuple(sorted(there, key=str)), len(names)


def _known_names(ctx: Context, route: Route) -> list[TableName]:
    assert route.table is not None
    loaded = LoadedFiles(ctx.settings.control_schema).loaded_files
    rows = ctx.warehouse.execute(select_element_tables(loaded, route.table)).rows
    return [TableName.parse(str(name)) for (name,) in rows]


def element_types(route: Route, tables: Sequence[Table]) -> Mapping[str, Mapping[str, SqlType]]:
    """The types of elements by the name of their list, as the tables have them."""
    assert route.table is not None
    keys = {fold(key) for key in route.key}
    found = {}
    for table in tables:
        name = table.name.name.removeprefix(f"{route.table.name}_")
        renamed = {f"{name}_{key}": key for key in keys}
        columns = {renamed.get(c.name, c.name): c.type for c in table.columns if c.name not in keys}
        found[name] = columns
    return found


def _child(route: Route, child: InferredChild, head: Sequence[InferredColumn], file: str) -> InferredChild:
    keys = {fold(key.name) for key in head}
    own = []
    for column in child.columns:
        _check_own(column.name, file)
        own.append(replace(column, name=f"{child.name}_{column.name}") if fold(column.name) in keys else column)
    depth = sum(key.endswith("[]") for key in child.rows)
    numbers = [InferredColumn(name, _POSITION, nullable=False) for name in positions(depth)]
    columns = (*head, *own, *numbers)
    check_names([column.name for column in columns], f"{file}: {child.name}")
    element_route(route, child)
    return replace(child, columns=columns)


def _key(content: InferredFile, key: str, file: str) -> InferredColumn:
    found = content.column(key)
    if found is None:
        raise FileRefused(f'{file} has no column "{key}", which is part of the key')
    return found


def _check_own(name: str, file: str) -> None:
    if fold(name) in (RECORD, DIGEST) or fold(name).startswith(POSITION):
        raise FileRefused(f"{file} has a key {name}, a name that Tidegate keeps for itself", hint="Rename the key.")
