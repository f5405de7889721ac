"""The orders of the demo as Parquet: a row an order, a row an item, a row an item with its order."""

from pathlib import Path

import duckdb

from bench.clock import Clock, Timed
from tidegate.app.converting import convert
from tidegate.flows import convert as _convert  # noqa: F401 - imported before the clock starts
from tidegate.flows.convert_rule import BUILT_IN, rule_of
from tidegate.formats.convert.rule import Rule, RuleOutput
from tidegate.formats.convert.tree import Tree, expression, rows_of
from tidegate.formats.convert.values import cast, engine_type
from tidegate.samples.orders import write_orders

COUNT = "orders"
"""The file in the folder that holds the number of orders."""

_OPTIONS = "format = 'newline_delimited'"


def prepare(folder: Path) -> Timed:
    clock = Clock()
    written = write_orders(folder / "shop", int((folder / COUNT).read_text(encoding="ascii")))
    return clock.timed(bytes=sum(path.stat().st_size for path in written.json))


def found(folder: Path) -> Timed:
    """As one would write it: read_json finds the types, the query casts to those that are wanted."""
    return _by_duckdb(folder, f"read_json('{_document(folder)}', {_OPTIONS})")


def spelled(folder: Path) -> Timed:
    """With the types of all columns given, so that nothing has to be found and nothing is checked."""
    columns = Tree(rule_of(BUILT_IN)).columns()
    for output in rule_of(BUILT_IN).outputs:
        for column in output.columns:
            name, kind = column.path[-1], engine_type(column.type)
            columns = columns.replace(f"'{name}': 'VARCHAR'", f"'{name}': '{kind}'")
            columns = columns.replace(f'"{name}" VARCHAR', f'"{name}" {kind}')
    return _by_duckdb(folder, f"read_json('{_document(folder)}', {_OPTIONS}, columns = {columns})")


def tidegate(folder: Path) -> Timed:
    clock = Clock()
    (done,) = convert(_document(folder), folder / "out", BUILT_IN)
    if done.error is not None:
        raise done.error
    return clock.timed(rows=[output.rows for output in done.outputs])


def _by_duckdb(folder: Path, source: str) -> Timed:
    rule: Rule = rule_of(BUILT_IN)
    clock = Clock()
    with duckdb.connect(":memory:") as engine:
        rows = [_copied(engine, output, source, folder / f"{output.name}.parquet") for output in rule.outputs]
    return clock.timed(rows=rows)


def _copied(engine: duckdb.DuckDBPyConnection, output: RuleOutput, source: str, target: Path) -> int:
    values = ", ".join(f'{cast(expression(c.path, output), c.type)} AS "{c.name}"' for c in output.columns)
    row = engine.execute(f"COPY (SELECT {values} FROM ({rows_of(output, source)})) TO '{target}' (FORMAT parquet)")
    found = row.fetchone()
    return int(found[0]) if found else 0


def _document(folder: Path) -> Path:
    return folder / "shop" / "orders.json"
