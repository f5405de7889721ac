"""One file to its Parquet files, inside of an engine that spills: read once, checked value by value, written."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from tidegate.errors import FileRefused, LakeUnreachable
from tidegate.formats.convert.rule import Rule, RuleColumn, RuleOutput, shown
from tidegate.formats.convert.source import Source
from tidegate.formats.convert.tree import Tree, expression, has_every_value, rows_of
from tidegate.formats.convert.values import as_text, cast, engine_type, unfit, written
from tidegate.formats.inventory.engine import Engine, identifier, text
from tidegate.model.elements import DIGEST, RECORD, positions
from tidegate.model.tables import SqlType, TypeKind

_SOURCE = "source_rows"
_SHOWN = 80
"""Characters of a value in a message."""


@dataclass(frozen=True)
class Counts:
    """Rows that were read, and rows that were written to each output."""

    records: int
    rows: tuple[int, ...]


def convert_file(engine: Engine, source: Source, rule: Rule, targets: Sequence[Path]) -> Counts:
    """Write one Parquet file for each output of the rule.

    Raises:
        FileRefused: the file is not what it should be, or a value does not fit its column; names record and path.
        LakeUnreachable: no room to work or to write.
        UsageError: the rule contradicts itself.
    """
    tree = Tree(rule)
    queries = list(_queries(rule, tree))
    with _room(source.name), source.opened(engine, tree) as reading:
        try:
            engine.execute(f"CREATE OR REPLACE TEMP TABLE {_SOURCE} AS {_numbered(reading, rule)}")
        except duckdb.Error as error:
            raise source.refusal(error, rule) from error
        records = _one(engine, f"SELECT count(*) FROM {_SOURCE}")
        rows = []
        for output, query, target in zip(rule.outputs, queries, targets, strict=True):
            try:
                rows.append(_one(engine, f"COPY ({query}) TO {text(str(target))} ({_options(output)})"))
            except (duckdb.ConversionException, duckdb.OutOfRangeException, duckdb.InvalidInputException) as error:
                raise _misfit(engine, source, output, tree, rule.place) or _broken(source, error) from error
    return Counts(records, tuple(rows))


def _numbered(reading: str, rule: Rule) -> str:
    if all(output.first is None for output in rule.outputs):
        return reading
    digest = f"md5(CAST(to_json(tg_read) AS VARCHAR)) AS {DIGEST}"
    return f"SELECT *, row_number() OVER () AS {RECORD}, {digest} FROM ({reading}) AS tg_read"


def _queries(rule: Rule, tree: Tree) -> Iterator[str]:
    """What each output holds, to be run in this order: a value is checked where it is seen first, in its type."""
    checked: set[tuple[tuple[str, ...], SqlType, bool]] = set()
    for output in rule.outputs:
        yield _query(output, tree, [c for c in output.columns if not _facts(c) & checked])
        checked.update((c.path, c.type, c.required) for c in output.columns if has_every_value(c.path, output))


def _facts(column: RuleColumn) -> set[tuple[tuple[str, ...], SqlType, bool]]:
    """What says of the values of a column that they fit; that none is missing may say more than is asked."""
    return {(column.path, column.type, needed) for needed in (True, column.required)}


def _query(output: RuleOutput, tree: Tree, new: Collection[RuleColumn]) -> str:
    values = []
    for column in output.columns:
        value, _ = _value_and_misfit(column, output, tree)
        fitting = _checked(column, output, tree) if column in new else cast(value, column.type)
        values.append(f"{fitting} AS {identifier(column.name)}")
    if output.first is not None:
        values += [f"i{level} AS {name}" for level, name in enumerate(positions(output.depth), 1)]
        values += [f"{RECORD} - 1 + {output.first} AS {RECORD}", *([] if output.rows else [DIGEST])]
    return f"SELECT {', '.join(values)} FROM ({rows_of(output, _SOURCE, numbered=output.first is not None)})"


def _checked(column: RuleColumn, output: RuleOutput, tree: Tree) -> str:
    """The value in its type; the statement fails where it does not fit."""
    value, bad = _value_and_misfit(column, output, tree)
    needed = f"WHEN {value} IS NULL THEN error('null') " if column.required else ""
    return f"CASE {needed}WHEN {bad} THEN error('unfit') ELSE {cast(value, column.type)} END"


def _value_and_misfit(column: RuleColumn, output: RuleOutput, tree: Tree) -> tuple[str, str]:
    leaf = expression(column.path, output)
    value = as_text(leaf, tree.read_as(column.path), column.type)
    return value, unfit(value, leaf, column.type)


def _options(output: RuleOutput) -> str:
    keys = f", KV_METADATA {{tidegate_key: {text(','.join(output.key))}}}" if output.key else ""
    return f"FORMAT parquet{keys}"


def _misfit(engine: Engine, source: Source, output: RuleOutput, tree: Tree, place: str) -> FileRefused | None:
    """The first record whose value does not fit, column by column."""
    numbers = [f"i{number}" for number in range(1, output.depth + 1)]
    rows = rows_of(output, f"(SELECT row_number() OVER () AS {_RECORD}, * FROM {_SOURCE})", numbered=True)
    found: tuple[tuple[int, ...], RuleColumn, str | None] | None = None
    for column in output.columns:
        value, _ = _value_and_misfit(column, output, tree)
        places = ", ".join([_RECORD, *numbers])
        condition = _misfit_condition(value, column, output, tree)
        query = f"SELECT {places}, {value}::VARCHAR FROM ({rows}) WHERE {condition} ORDER BY {places} LIMIT 1"
        row = engine.execute(query).fetchone()
        if row is not None and (found is None or row[:-1] < found[0]):
            found = (tuple(int(number) for number in row[:-1]), column, row[-1])
    return _refusal(source, *found, place) if found else None


_RECORD = "tidegate_record"


def _misfit_condition(value: str, column: RuleColumn, output: RuleOutput, tree: Tree) -> str:
    """As `_checked`, without a cast that fails."""
    _, bad = _value_and_misfit(column, output, tree)
    null = f"({value} IS NULL AND {str(column.required).lower()})"
    castable = f"TRY_CAST({value} AS {engine_type(column.type)}) IS NOT NULL"
    return f"({null} OR ({value} IS NOT NULL AND CASE WHEN {castable} THEN {bad} ELSE true END))"


def _refusal(
    source: Source, position: tuple[int, ...], column: RuleColumn, value: str | None, place: str
) -> FileRefused:
    record, *positions = position
    path = shown(column.path, tuple(number - 1 for number in positions))
    where = f"{source.name}: record {record}: {path}"
    if value is None:
        return FileRefused(f"{where} is missing", hint=f"Give it a value, or let {column.name} be without one.")
    if column.type.kind is TypeKind.SUPER and (limit := column.type.length) and (length := len(value.encode())) > limit:
        return FileRefused(
            f"{where} has {length} bytes of JSON, and {limit} are taken at most",
            hint="Shorten the value, or take it apart into columns of its own.",
        )
    cut = value if len(value) <= _SHOWN else value[:_SHOWN] + "…"
    return FileRefused(
        f"{where}: {cut!r} does not fit {written(column.type)}",
        hint=f"Correct the value, or choose another type for {column.name} {place}.",
    )


def _broken(source: Source, error: duckdb.Error) -> FileRefused:
    return FileRefused(f"{source.name} cannot be converted: {first_line(error)}", hint="Correct the file.")


def first_line(error: duckdb.Error) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__).rstrip(". ")


def _one(engine: Engine, statement: str) -> int:
    row = engine.execute(statement).fetchone()
    return int(row[0]) if row else 0


@contextmanager
def _room(name: str) -> Iterator[None]:
    try:
        yield
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise LakeUnreachable(
            f"cannot convert {name}: {first_line(error)}",
            hint="Make room where the result goes and in the folder for temporary files, or name another by TMPDIR.",
        ) from error
