"""External tables: their DDL, and the DuckDB query that reads one.

A table's files are read through `read_parquet` over the list of files that the control tables hold as of the
reader's own transaction; DuckDB's reading of `column=value` folders is never used, because a folder above the lake
would become, or replace, a column. The values of partition columns come from a join on the file's name, which
DuckDB turns into a pruning of files.
"""

import itertools
from collections.abc import Sequence

import duckdb
from sqlglot import exp

from tidegate.errors import StatementError, StatementRefused
from tidegate.model.names import TableName
from tidegate.model.tables import SqlType
from tidegate.warehouse.base import Result
from tidegate.warehouse.embedded import external_catalog, external_syntax
from tidegate.warehouse.embedded.catalog import quoted, schema_exists
from tidegate.warehouse.embedded.context import Context, Statement
from tidegate.warehouse.embedded.external_bounds import bounds_of, dispensable, without
from tidegate.warehouse.embedded.external_catalog import ExternalTable, PartitionFiles, absolute_file
from tidegate.warehouse.embedded.external_layout import ENGINE
from tidegate.warehouse.embedded.external_prune import partition_predicate, typed_values
from tidegate.warehouse.embedded.external_shapes import Shape, glob_free, read_column, shapes_of
from tidegate.warehouse.embedded.external_syntax import AlterTable, Change, Values
from tidegate.warehouse.embedded.objects.addresses import SCHEME
from tidegate.warehouse.embedded.objects.reading import let_read
from tidegate.warehouse.embedded.paths import absolute, disk_errors
from tidegate.warehouse.embedded.storage import data_files, listed_folders
from tidegate.warehouse.embedded.types import duckdb_type

_NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
_FILE = "tidegate_file"
_VARIABLE = "tidegate_external_"
_GLOB_FREE = r"regexp_replace(u.path, '([\[*?])', '[\1]', 'g')"
"""`glob_free` as SQL."""

_numbers = itertools.count(1)


def source(
    ctx: Context, table: TableName, conjuncts: Sequence[exp.Expr] = (), asked: Sequence[exp.Expr] = ()
) -> str | None:
    """The DuckDB SQL of a parenthesised query that yields an external table's rows, or None when it is not external.

    Columns are the declared ones, data columns first, then partition columns, with their declared types; a column
    that a file has not is NULL. Only partitions that may satisfy all `conjuncts` are read: predicates that every
    row needed of this table fulfils, in sqlglot's form, with columns of this table only. `asked` are such predicates
    of the reader of a view: they hold give or take a day, so they only tell which missing files are not needed.

    The file list is put into variables of `ctx.cursor`; call `forget` when the statement is done. The files of a
    partition are those that its location held when it was added: one that is missing now, and that no predicate
    rules out, is an error that names it, where Redshift would silently read fewer rows. A table without partition
    columns reads what its location holds at the time of the query.

    Raises:
        StatementError: the files' type of a column cannot be read as the declared one.
    """
    external = external_catalog.find(ctx, table)
    if external is None:
        return None
    branches = _of_partitions(ctx, external, conjuncts, asked) if external.partitions else _of_location(ctx, external)
    if not branches:
        typed = [f"CAST(NULL AS {duckdb_type(t)}) AS {quoted(c)}" for c, t in external.columns + external.partitions]
        return f"(SELECT {', '.join(typed)} WHERE false)"
    return f"({' UNION ALL '.join(branches)})"


def forget(cursor: duckdb.DuckDBPyConnection) -> None:
    """Drop the file lists that `source` left in a cursor's variables."""
    names = cursor.execute(f"SELECT name FROM duckdb_variables() WHERE starts_with(name, '{_VARIABLE}')").fetchall()
    for (name,) in names:
        cursor.execute(f"RESET VARIABLE {name}")


def _of_partitions(
    ctx: Context, table: ExternalTable, conjuncts: Sequence[exp.Expr], asked: Sequence[exp.Expr]
) -> list[str]:
    kept = partition_predicate(table.partitions, 'p."values"', conjuncts)
    path = absolute_file(ctx.settings, "p.location", "f.path")
    kept += without(path, dispensable(ctx, table, [*conjuncts, *asked]))
    files = (
        f"FROM {ENGINE}.external_files AS f JOIN {ENGINE}.external_partitions AS p ON p.id = f.partition_id "
        f"WHERE f.table_id = {table.id} AND p.table_id = {table.id} AND {kept}"
    )
    shapes = ctx.cursor.execute(
        f"SELECT s.id, s.columns, k.objects FROM {ENGINE}.external_shapes AS s JOIN (SELECT f.shape_id AS id, "
        f"bool_or(starts_with(p.location, '{SCHEME}')) AS objects {files} GROUP BY 1) AS k ON k.id = s.id ORDER BY 1"
    ).fetchall()
    if any(objects for _, _, objects in shapes):
        let_read(ctx.cursor, ctx.settings.s3)
    values = typed_values(table.partitions, 'p."values"')
    branches = []
    for id, columns, _ in shapes:
        entry = ", ".join([f"'path': {path}", *(f"{_field(at)}: {v}" for at, v in enumerate(values.values(), 1))])
        variable = f"{_VARIABLE}{next(_numbers)}"
        ctx.cursor.execute(f"SET VARIABLE {variable} = (SELECT list({{{entry}}}) {files} AND f.shape_id = {id})")
        ctx.cursor.execute(
            f"SET VARIABLE {variable}_files = (SELECT list(DISTINCT {_GLOB_FREE}) "
            f"FROM (SELECT unnest(getvariable('{variable}')) AS u))"
        )
        branches.append(_branch(table, tuple((c["name"], c["type"]) for c in columns), variable))
    return branches


def _of_location(ctx: Context, table: ExternalTable) -> list[str]:
    with disk_errors(table.location):
        paths = list(data_files(ctx.settings, table.location))
    by_shape: dict[Shape, list[str]] = {}
    for path, shape in shapes_of(ctx, paths).items():
        by_shape.setdefault(shape, []).append(path)
    branches = []
    for shape, of_shape in by_shape.items():
        variable = f"{_VARIABLE}{next(_numbers)}"
        ctx.cursor.execute(f"SET VARIABLE {variable}_files = $1", [[glob_free(path) for path in of_shape]])
        branches.append(_branch(table, shape, variable))
    return branches


def _branch(table: ExternalTable, shape: Shape, variable: str) -> str:
    """The query over the files of one shape. A branch of its own, as `union_by_name` would open every file."""
    columns = [f"{read_column(table.name, c, t, shape)} AS {quoted(c)}" for c, t in table.columns]
    files = f"read_parquet(getvariable('{variable}_files'), hive_partitioning = false, filename = '{_FILE}') AS r"
    if not table.partitions:
        return f"SELECT {', '.join(columns)} FROM {files}"
    fields = [_field(at) for at in range(1, len(table.partitions) + 1)]
    columns += [f"f.{field} AS {quoted(c)}" for field, (c, _) in zip(fields, table.partitions, strict=True)]
    listed = ", ".join(f"u.{field}" for field in ["path", *fields])
    return (
        f"SELECT {', '.join(columns)} FROM {files} JOIN (SELECT {listed} "
        f"FROM (SELECT unnest(getvariable('{variable}')) AS u)) AS f ON r.{_FILE} = f.path"
    )


def _field(at: int) -> str:
    return f"value{at}"


def handle_create_schema(ctx: Context, statement: Statement) -> Result:
    """CREATE EXTERNAL SCHEMA … FROM DATA CATALOG. Raises StatementError when a schema of the name exists."""
    created = external_syntax.parse_create_schema(statement)
    external = external_catalog.has_schema(ctx, created.name)
    if external and created.if_not_exists:
        return Result()
    if external or schema_exists(ctx, created.name):
        raise StatementError(f'schema "{created.name}" already exists', hint="Choose another name.")
    ctx.writes(external_catalog.CHANGES, False)
    external_catalog.add_schema(ctx, created.name, created.database)
    return Result()


def drop_schema(ctx: Context, schema: str, cascade: bool) -> None:
    """Forget an external schema; its tables only with `cascade`. Files stay.

    Raises:
        StatementError: it has tables and `cascade` is not set.
    """
    tables = external_catalog.tables_in(ctx, schema)
    if tables and not cascade:
        raise StatementError(
            f'schema "{schema}" is not empty: it has {tables[0]}', hint="Drop its tables first, or write CASCADE."
        )
    ctx.writes(external_catalog.CHANGES, False)
    for name in tables:
        external_catalog.remove_table(ctx, _existing(ctx, name))
    external_catalog.remove_schema(ctx, schema)


def handle_create_table(ctx: Context, statement: Statement) -> Result:
    """CREATE EXTERNAL TABLE … STORED AS PARQUET LOCATION.

    Raises:
        StatementRefused: inside a transaction block, or a form or type that external tables do not take.
        StatementError: the schema does not exist, or the table does.
    """
    _refuse_block(ctx, "CREATE EXTERNAL TABLE")
    created = external_syntax.parse_create_table(statement)
    if not external_catalog.has_schema(ctx, created.name.schema):
        raise StatementError(
            f'external schema "{created.name.schema}" does not exist',
            hint="Create it with CREATE EXTERNAL SCHEMA … FROM DATA CATALOG.",
        )
    if external_catalog.find(ctx, created.name) is not None:
        raise StatementError(f'relation "{created.name}" already exists', hint="Drop it first, or choose another name.")
    location = absolute(ctx.settings, created.location)
    ctx.writes(external_catalog.CHANGES, False)
    external_catalog.add_table(ctx, created.name, created.columns, created.partitions, location, created.properties)
    return Result()


def drop_table(ctx: Context, name: TableName) -> bool:
    """Forget an external table; False when there is none of that name. Its files stay.

    Raises:
        StatementRefused: inside a transaction block.
    """
    table = external_catalog.find(ctx, name)
    if table is None:
        return False
    _refuse_block(ctx, "DROP EXTERNAL TABLE")
    ctx.writes(external_catalog.CHANGES, False)
    external_catalog.remove_table(ctx, table)
    return True


def handle_alter_table(ctx: Context, statement: Statement) -> Result:
    """ALTER TABLE s.t ADD | DROP PARTITION, PARTITION … SET LOCATION. The files of a location are listed here.

    Raises:
        StatementRefused: inside a transaction block, more than 100 partitions, or a value that is not of its type.
        StatementError: no such table or partition, or a partition that exists, or a file that is not Parquet.
    """
    _refuse_block(ctx, "ALTER EXTERNAL TABLE")
    altered = external_syntax.parse_alter_table(statement)
    table = _existing(ctx, altered.name)
    values = _canonical(ctx, table, [values for values, _ in altered.partitions])
    known = external_catalog.known_partitions(ctx, table, values)
    if altered.change is Change.ADD:
        _add(ctx, table, altered, values, set(known))
        return Result()
    if not known:
        raise StatementError(
            f"{table.name} has no partition {_shown(table, values[0])}", hint="See svv_external_partitions."
        )
    added = _found(ctx, table, [(values[0], altered.partitions[0][1])]) if altered.change is Change.SET_LOCATION else []
    ctx.writes(external_catalog.CHANGES, False)
    external_catalog.remove_partitions(ctx, list(known.values()))
    external_catalog.add_partitions(ctx, table, added)
    return Result()


def _add(
    ctx: Context,
    table: ExternalTable,
    altered: AlterTable,
    values: Sequence[tuple[str | None, ...]],
    known: set[tuple[str | None, ...]],
) -> None:
    added = []
    for partition, (_, location) in zip(values, altered.partitions, strict=True):
        if partition not in known:
            added.append((partition, location))
            known.add(partition)
        elif not altered.if_not_exists:
            raise StatementError(
                f"partition {_shown(table, partition)} of {table.name} already exists",
                hint="Write ADD IF NOT EXISTS to leave it as it is.",
            )
    found = _found(ctx, table, added)
    ctx.writes(external_catalog.CHANGES, False)
    external_catalog.add_partitions(ctx, table, found)


def _found(
    ctx: Context, table: ExternalTable, partitions: Sequence[tuple[tuple[str | None, ...], str]]
) -> list[PartitionFiles]:
    """The partitions with the files that their locations, as written, hold now."""
    locations = [absolute(ctx.settings, address) for _, address in partitions]
    listed = listed_folders(ctx.settings, locations)
    shapes = shapes_of(ctx, sorted({path for paths in listed for path in paths}))
    return [
        PartitionFiles(values, location, tuple((_below(location, path), shapes[path]) for path in paths), bounds)
        for (values, _), location, paths, bounds in zip(
            partitions, locations, listed, bounds_of(ctx, table, listed), strict=True
        )
    ]


def _below(location: str, path: str) -> str:
    return path.removeprefix(location.rstrip("/") + "/")


def _canonical(ctx: Context, table: ExternalTable, partitions: Sequence[Values]) -> list[tuple[str | None, ...]]:
    """The values of partitions in the order of the partition columns, each as the text that its type gives."""
    names = [name for name, _ in table.partitions]
    for values in partitions:
        if sorted(name for name, _ in values) != sorted(names):
            raise StatementRefused(
                f"PARTITION ({', '.join(name for name, _ in values)}) does not name the partition columns of "
                f"{table.name}",
                hint=f"Its partition columns are: {', '.join(names) or 'none'}. Give each one value.",
            )
    given = [dict(values) for values in partitions]
    columns = [_texts(ctx, table, name, type, [v[name] for v in given]) for name, type in table.partitions]
    return list(zip(*columns, strict=True))


def _texts(ctx: Context, table: ExternalTable, name: str, type: SqlType, given: Sequence[str]) -> list[str | None]:
    row = ctx.cursor.execute(
        f"SELECT list_transform($1::VARCHAR[], lambda v: CAST(TRY_CAST(v AS {duckdb_type(type)}) AS VARCHAR))",
        [[None if text == _NULL_PARTITION else text for text in given]],
    ).fetchone()
    assert row is not None
    texts: list[str | None] = row[0]
    for text, canonical in zip(given, texts, strict=True):
        if canonical is None and text != _NULL_PARTITION:
            raise StatementRefused(
                f'{text!r} is not a value of the partition column "{name}" ({type.kind.value}) of {table.name}',
                hint="Write the value as its type shows it, e.g. 2020-01-31 for a DATE.",
            )
    return texts


def _shown(table: ExternalTable, values: Sequence[str | None]) -> str:
    pairs = zip(table.partitions, values, strict=True)
    return "(" + ", ".join(f"{name}={_NULL_PARTITION if v is None else v}" for (name, _), v in pairs) + ")"


def _existing(ctx: Context, name: TableName) -> ExternalTable:
    table = external_catalog.find(ctx, name)
    if table is None:
        raise StatementError(f'external table "{name}" does not exist', hint="Check the schema and the name.")
    return table


def _refuse_block(ctx: Context, statement: str) -> None:
    if ctx.in_block:
        raise StatementRefused(
            f"{statement} cannot run inside a transaction block", hint="Run it by itself, outside of BEGIN … COMMIT."
        )
