"""A Parquet file that COPY would refuse or read wrongly, written anew so that it can be loaded."""

from collections.abc import Sequence
from pathlib import Path

import duckdb
from duckdb.sqltypes import DuckDBPyType

from tidegate.errors import FileRefused, LakeUnreachable
from tidegate.formats.inventory.engine import identifier, open_engine, text
from tidegate.formats.schema.footer import path_reader
from tidegate.formats.schema.inferred import InferredFile
from tidegate.formats.schema.parquet import infer_parquet
from tidegate.model.tables import TypeKind

_LEAVES = {
    "ubigint": "DECIMAL(20,0)",
    "timestamp_ns": "TIMESTAMP",
    "timestamptz_ns": "TIMESTAMPTZ",
    "uuid": "VARCHAR",
    "time": "VARCHAR",
    "time_ns": "VARCHAR",
    "time with time zone": "VARCHAR",
    "interval": "VARCHAR",
}
"""What DuckDB calls the types that COPY does not take, and what they become; nanoseconds are rounded."""

_FIRST, _LAST = "1677-09-21 00:12:43.145224", "2262-04-11 23:47:16.854776"
_ENDS = {
    "timestamp_ns": (f"TIMESTAMP '{_FIRST}'", f"TIMESTAMP '{_LAST}'"),
    "timestamptz_ns": (f"TIMESTAMPTZ '{_FIRST}+00'", f"TIMESTAMPTZ '{_LAST}+00'"),
}


def write_loadable(source: Path, target: Path, inferred: InferredFile, file: str, folder: Path) -> InferredFile:
    """Write `target` with the columns and rows of `source` in their order; returns what is in it, keys included.

    Decimals of more than 18 digits come back wider, as they are stored then. `folder` for temporary files; `file`
    names the source in errors.

    Raises:
        FileRefused: the source is damaged, or cannot be written in types that COPY takes.
        LakeUnreachable: no room.
    """
    keys = f", KV_METADATA {{tidegate_key: {text(','.join(inferred.keys))}}}" if inferred.keys else ""
    link = folder / "source.parquet"
    link.unlink(missing_ok=True)
    link.symlink_to(source.resolve())
    rows = f"read_parquet([{text(str(link))}], hive_partitioning = false)"
    try:
        with open_engine(folder) as engine:
            found = engine.sql(f"FROM {rows}")
            _check(found.types, inferred, file)
            values = ", ".join(
                f"{_value(identifier(name), kind)} AS {identifier(name)}"
                for name, kind in zip(found.columns, found.types, strict=True)
            )
            engine.execute(f"COPY (SELECT {values} FROM {rows}) TO {text(str(target))} (FORMAT parquet{keys})")
    except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
        raise LakeUnreachable(
            f"cannot rewrite {file}: {str(error).splitlines()[0]}", hint="Make room for temporary files (TMPDIR)."
        ) from error
    except duckdb.Error as error:
        raise FileRefused(
            f"{file} cannot be rewritten: {str(error).splitlines()[0]}", hint="Write it again."
        ) from error
    done = infer_parquet(path_reader(target), target.stat().st_size, file)
    if done.rewrites or done.rows != inferred.rows:
        reason = done.rewrites[0] if done.rewrites else f"it has {inferred.rows} rows, {done.rows} were read"
        raise FileRefused(f"{file} cannot be made loadable: {reason}", hint="Write the file with other types.")
    return done


def _check(types: Sequence[DuckDBPyType], inferred: InferredFile, file: str) -> None:
    """Durations are numbers to DuckDB, and decimals of more than 38 digits doubles: their texts would be others."""
    for kind, column in zip(types, inferred.columns, strict=True):
        if column.type.kind is TypeKind.VARCHAR and kind.id in ("bigint", "double"):
            raise FileRefused(
                f"{file}: {column.name} cannot be rewritten: {column.rewrite}", hint="Write it as text or as a number."
            )


def _value(column: str, kind: DuckDBPyType) -> str:
    """The first and the last nanosecond that 64 bits hold are infinite to DuckDB (as run on 2.0.0)."""
    cast = f"CAST({column} AS {_loadable(kind)})"
    if not (ends := _ENDS.get(str(kind).lower())):
        return cast
    first, last = ends
    return f"CASE {column} WHEN '-infinity' THEN {first} WHEN 'infinity' THEN {last} ELSE {cast} END"


def _loadable(kind: DuckDBPyType) -> str:
    if kind.id not in ("list", "array", "struct", "map"):
        return _LEAVES.get(str(kind).lower(), str(kind))
    inner = [(name, _loadable(child)) for name, child in kind.children if isinstance(child, DuckDBPyType)]
    if kind.id == "struct":
        return f"STRUCT({', '.join(f'{identifier(name)} {child}' for name, child in inner)})"
    if kind.id == "map":
        return f"MAP({', '.join(child for _, child in inner)})"
    return f"{inner[0][1]}[]"
