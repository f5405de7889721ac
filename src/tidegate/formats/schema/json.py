"""What is in a JSON file: its keys and types over every record.

DuckDB tells which kinds of values each key has, over the whole file; the types of what is no object and no list are
then proven by every text, as those of CSV are. A key with several kinds is SUPER, which takes them all.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow as pa

from tidegate.errors import FileRefused, LakeUnreachable
from tidegate.formats.convert.rule import LIST, Rule, RuleColumn, RuleOutput
from tidegate.formats.convert.tree import Tree, expression, rows_of
from tidegate.formats.inventory.engine import Engine, open_engine
from tidegate.formats.schema.inferred import (
    MAX_TEXT,
    InferredChild,
    InferredColumn,
    InferredFile,
    check_names,
    varchar,
)
from tidegate.formats.schema.json_text import JsonText, diagnose, json_text, records_query
from tidegate.formats.schema.proof import ColumnProof
from tidegate.model.names import fold
from tidegate.model.route import FileFormat, FormatOptions
from tidegate.model.tables import SqlType, TypeKind

_NUMBERS = (TypeKind.BIGINT, TypeKind.DECIMAL, TypeKind.DOUBLE)
_MOMENTS = (TypeKind.DATE, TypeKind.TIMESTAMP, TypeKind.TIMESTAMPTZ)
_KINDS = {
    "UBIGINT": _NUMBERS,
    "BIGINT": _NUMBERS,
    "HUGEINT": _NUMBERS,
    "DOUBLE": _NUMBERS,
    "BOOLEAN": (TypeKind.BOOLEAN,),
    "VARCHAR": _MOMENTS,
    "NULL": (),
}
"""What DuckDB calls the kinds of JSON values, and the types that their texts may have; all others are SUPER."""

_NUMBER_KINDS = {kind for kind, types in _KINDS.items() if types == _NUMBERS}
_EXACT = (TypeKind.SMALLINT, TypeKind.INTEGER, TypeKind.BIGINT, TypeKind.DECIMAL)
_MIXED = "JSON"
_DOUBLE_DIGITS = 15
_BATCH_ROWS = 20_000
_SUPER = SqlType(TypeKind.SUPER)

Structure = str | list["Structure"] | dict[str, "Structure"]


@dataclass
class _Found:
    """A table as the structure shows it: its own columns, with the kind of each."""

    name: str
    rows: tuple[str, ...]
    columns: list[tuple[str, tuple[str, ...], str | None]]


def infer_json(
    source: Path,
    file: str,
    folder: Path,
    options: FormatOptions | None = None,
    *,
    types: Mapping[str, SqlType] | None = None,
    child_types: Mapping[str, Mapping[str, SqlType]] | None = None,
) -> InferredFile:
    """Read a JSON file of this disk to its end: an object a line, an array of objects, or objects over many lines.

    `folder` for what does not fit into memory; `file` names the file in errors. With `options.flatten`, objects
    become columns (`customer_name`), and lists become children.
    `types`, by name in any case, win over what is found, but for exact numbers that `options.columns` does not name:
    those are told as they are. `child_types` are those of children, by the child's folded name.

    Raises:
        FileRefused: it is no JSON, has other records than objects, a key twice, or names that cannot be columns.
    """
    options = options or FormatOptions()
    document = json_text(source, file, folder, options.encoding)
    with open_engine(folder) as engine:
        return _inferred(engine, document, file, options, {**(child_types or {}), "": types or {}})


def _inferred(
    engine: Engine,
    document: JsonText,
    file: str,
    options: FormatOptions,
    types: Mapping[str, Mapping[str, SqlType]],
) -> InferredFile:
    """`types` by the name of the table; that of the records is empty."""
    try:
        tables = _tables(_structure(engine, document, file), flatten=options.flatten)
        if len(tables) > 1:
            check_names([table.name for table in tables[1:]], f"{file}: lists")
        for table in tables:
            if table.columns or not table.rows:
                check_names([name for name, _, _ in table.columns], f"{file}: {table.name}" if table.rows else file)
        declared = frozenset(map(fold, options.columns))
        proven = [
            _proven(engine, document, table, types.get(fold(table.name), {}), frozenset() if table.rows else declared)
            for table in tables
        ]
        for table, columns in zip(tables, proven, strict=True):
            _check_lengths(table, columns, file)
        counts = [_count(engine, document, table) for table in tables[1:]]
        rows = engine.execute(f"SELECT count(*) FROM ({records_query(document)})").fetchone()
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        if "Out of Memory" in str(error) or isinstance(error, duckdb.IOException):
            raise LakeUnreachable(
                f"cannot read {file}: {str(error).splitlines()[0]}", hint="Make room for temporary files (TMPDIR)."
            ) from error
        raise diagnose(document, file, error) from error
    columns, *others = proven
    children = (
        InferredChild(table.name, table.rows, found, count)
        for table, found, count in zip(tables[1:], others, counts, strict=True)
    )
    return InferredFile(FileFormat.JSON, columns, int(rows[0]) if rows else 0, children=tuple(children))


def _structure(engine: Engine, document: JsonText, file: str) -> dict[str, Structure]:
    """The kinds of values of every key, over all records.

    Of the different structures of records there are few; DuckDB's own aggregate holds one for each record (as run).
    """
    different = engine.execute(
        "SELECT structure FROM (SELECT json_structure(json)::VARCHAR AS structure, row_number() OVER () AS record "
        f"FROM ({records_query(document)})) GROUP BY structure ORDER BY min(record)"
    )
    found: Structure = "NULL"
    while rows := different.fetchmany(_BATCH_ROWS):
        for (text,) in rows:
            structure = _plain(json.loads(text))
            if not isinstance(structure, dict):
                raise diagnose(document, file, None)
            found = _both(found, structure)
    if isinstance(found, dict) and found:
        return found
    raise FileRefused(f"{file} has no record with a key", hint="Write at least one object with a key.")


def _plain(structure: Structure) -> Structure:
    """Of one record. DuckDB calls an object without keys JSON, as it does the elements of a list with several kinds."""
    if isinstance(structure, dict):
        return {key: _plain(value) for key, value in structure.items()}
    return {} if structure == _MIXED else structure


def _both(one: Structure, other: Structure) -> Structure:
    """What holds the values of both."""
    if one == other or other == "NULL":
        return one
    if one == "NULL":
        return other
    if isinstance(one, dict) and isinstance(other, dict):
        return {key: _both(one.get(key, "NULL"), other.get(key, "NULL")) for key in {**one, **other}}
    if isinstance(one, list) and isinstance(other, list):
        return [_both(one[0] if one else "NULL", other[0] if other else "NULL")]
    if isinstance(one, str) and isinstance(other, str) and {one, other} <= _NUMBER_KINDS:
        return "DOUBLE" if "DOUBLE" in (one, other) else "BIGINT"
    return _MIXED


def _tables(structure: dict[str, Structure], *, flatten: bool) -> list[_Found]:
    root = _Found("", (), [])
    tables = [root]
    if flatten:
        _flatten(structure, (), (), root, tables)
    else:
        root.columns = [(key, (key,), value if isinstance(value, str) else None) for key, value in structure.items()]
    return tables


def _flatten(
    structure: dict[str, Structure],
    path: tuple[str, ...],
    names: tuple[str, ...],
    table: _Found,
    tables: list[_Found],
) -> None:
    for key, value in structure.items():
        inside, called = (*path, key), (*names, key)
        if isinstance(value, dict) and value:
            _flatten(value, inside, called, table, tables)
        elif isinstance(value, list) and value and isinstance(value[0], dict | str):
            rows = (*path, f"{key}{LIST}")
            child = _Found("_".join(part.removesuffix(LIST) for part in rows), rows, [])
            tables.append(child)
            if isinstance(value[0], dict):
                _flatten(value[0], rows, (), child, tables)
            else:
                child.columns.append(("value", rows, value[0]))
        else:
            table.columns.append(("_".join(called), inside, value if isinstance(value, str) else None))


def _proven(
    engine: Engine, document: JsonText, table: _Found, types: Mapping[str, SqlType], declared: frozenset[str]
) -> tuple[InferredColumn, ...]:
    """The columns of a table in their types, by one pass over those that are no objects and no lists."""
    wanted = {fold(name): kind for name, kind in types.items()}
    scalars = [(name, path, kind) for name, path, kind in table.columns if kind in _KINDS]
    proofs = {name: ColumnProof(name, kinds=_KINDS[kind or ""]) for name, _, kind in scalars}
    if scalars:
        for batch in _texts(engine, document, table, [(name, path) for name, path, _ in scalars]):
            for (name, _, _), texts in zip(scalars, batch, strict=True):
                proofs[name].update(texts)
    columns = []
    for name, path, kind in table.columns:
        column = InferredColumn(name, _SUPER) if name not in proofs else _as_found(proofs[name], kind)
        decided = wanted.get(fold(name), column.type)
        if _are_exact(column.type, decided) and not column.undetermined and fold(name) not in declared:
            decided = column.type
        columns.append(replace(column, type=decided, path=path))
    return tuple(columns)


def _are_exact(*types: SqlType) -> bool:
    return all(kind.kind in _EXACT for kind in types)


def _check_lengths(table: _Found, columns: Sequence[InferredColumn], file: str) -> None:
    for column, (_, _, kind) in zip(columns, table.columns, strict=True):
        if kind == "VARCHAR" and column.type.kind is TypeKind.VARCHAR and (column.longest or 0) > MAX_TEXT:
            raise FileRefused(
                f"{file}: {column.name} has a text of more than {MAX_TEXT} bytes", hint="Redshift holds no longer text."
            )


def _as_found(proof: ColumnProof, kind: str | None) -> InferredColumn:
    """A number with a point is what a double of it is: DECIMAL only with so few digits that nothing is lost.

    The empty text is a text, and no day.
    """
    column = proof.column()
    if kind == "VARCHAR" and proof.has_empty and column.longest is None:
        return replace(column, type=varchar(), longest=proof.longest)
    if kind == "VARCHAR" and column.undetermined:
        return replace(column, type=varchar(1), undetermined=False)
    if kind != "DOUBLE" or proof.is_whole:
        return column
    precision = column.type.precision or 0
    if column.type.kind is TypeKind.VARCHAR or precision > _DOUBLE_DIGITS:
        return replace(column, type=SqlType(TypeKind.DOUBLE), longest=None)
    return column


def _count(engine: Engine, document: JsonText, table: _Found) -> int:
    output = RuleOutput(table.name, table.rows, ())
    rows = rows_of(output, f"({document.rows_query(Tree(Rule((output,))).columns())})")
    found = engine.execute(f"SELECT count(*) FROM ({rows})").fetchone()
    return int(found[0]) if found else 0


def _texts(
    engine: Engine, document: JsonText, table: _Found, columns: Sequence[tuple[str, tuple[str, ...]]]
) -> Iterator[list[object]]:
    output = RuleOutput(table.name, table.rows, tuple(RuleColumn(name, path, varchar(1)) for name, path in columns))
    tree = Tree(Rule((output,)))
    values = ", ".join(f"{expression(path, output)} AS c{number}" for number, (_, path) in enumerate(columns))
    rows = rows_of(output, f"({document.rows_query(tree.columns())})")
    reader: pa.RecordBatchReader = engine.sql(f"SELECT {values} FROM ({rows})").to_arrow_reader(_BATCH_ROWS)
    for batch in reader:
        yield batch.columns
