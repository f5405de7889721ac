"""COPY of JSON with the mapping 'auto': objects one after the other, keys matched with regard to case."""

from collections.abc import Sequence

from tidegate.errors import StatementRefused
from tidegate.model.tables import Column, TypeKind
from tidegate.redshift.copy import Copy, CopyCompression
from tidegate.redshift.types import render
from tidegate.warehouse.embedded.copy_values import FILE, exact_json, value_of
from tidegate.warehouse.embedded.external_shapes import glob_free

_COMPRESSION = {None: "none", CopyCompression.GZIP: "gzip", CopyCompression.ZSTD: "zstd"}


def select_objects(targets: Sequence[Column], paths: Sequence[str], options: Copy) -> tuple[str, list[object]]:
    """A DuckDB query with its parameters that yields the target columns of all files; a missing key is NULL.

    A number that a double cannot hold fails rather than being rounded, as DuckDB's JSON reader knows doubles and
    64-bit integers only.

    Raises:
        StatementRefused: a column type that JSON cannot be loaded into.
    """
    for column in targets:
        if column.type.kind is TypeKind.VARBYTE:
            raise StatementRefused(
                f'COPY cannot load column "{column.name}" of type {render(column.type)} from JSON',
                hint="Load it from CSV or Parquet.",
            )
    names = [c.name for c in targets]
    shape = ", ".join(f'"{_key(c.name)}":"{_json_type(c)}"' for c in targets)
    reader = (
        f"read_json_objects($1, format = 'unstructured', compression = '{_COMPRESSION[options.compression]}', "
        f"filename = '{FILE}', hive_partitioning = false)"
    )
    objects = f"SELECT from_json({_checked('json')}, {_literal('{' + shape + '}')}) AS fields, {FILE} FROM {reader}"
    values = [
        value_of(c, field, options) if c.type.kind is not TypeKind.SUPER else field
        for c, field in ((c, f"fields.{_quoted(name)}") for c, name in zip(targets, names, strict=True))
    ]
    sql = f"SELECT {', '.join(f'{v} AS value{at}' for at, v in enumerate(values))} FROM ({objects})"
    return sql, [[glob_free(path) for path in paths]]


def _checked(json: str) -> str:
    return (
        f"CASE WHEN json_type({json}) <> 'OBJECT' THEN error('not a JSON object in ' || {FILE}) "
        f"ELSE {exact_json(json)} END"
    )


def _json_type(column: Column) -> str:
    return "JSON" if column.type.kind is TypeKind.SUPER else "VARCHAR"


def _key(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"')


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
