"""Functions that psql calls to describe objects: sizes, definitions of views, arrays of privileges and options."""

from sqlglot import exp

from tidegate.warehouse.embedded.bootstrap import ENGINE
from tidegate.warehouse.embedded.emitter import refused
from tidegate.warehouse.embedded.functions import Call, Function
from tidegate.warehouse.embedded.scope import Scope
from tidegate.warehouse.embedded.system_pg import VIEW_TEXT
from tidegate.warehouse.embedded.values import BIGINT, BOOLEAN, TEXT, Value

_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def _view_definition(call: Call) -> Value:
    """As PG_VIEWS shows it; NULL when there is no such view."""
    rows = f"{ENGINE}.relations AS r WHERE r.kind = 'view' AND r.id = {call.value(0).sql}"
    return Value(f"(SELECT {VIEW_TEXT} FROM {rows})", TEXT)


def _pretty(call: Call) -> Value:
    """Bytes in the largest unit of which there are ten at least (PostgreSQL, pg_size_pretty)."""
    size = f"CAST({call.value(0).sql} AS BIGINT)"
    steps = [
        f"WHEN {size} < {10 * 1024 ** (at + 1)} THEN CAST(round({size} / {1024**at}) AS BIGINT) || ' {unit}'"
        for at, unit in enumerate(_UNITS)
    ]
    return Value(f"(CASE {' '.join(steps)} ELSE CAST(round({size} / {1024**4}) AS BIGINT) || ' TB' END)", TEXT)


def array_query(call: Call) -> str:
    """The list that `ARRAY(SELECT …)` is."""
    if not isinstance(call.nodes[0], exp.Query):
        raise refused("ARRAY of values", hint="Use JSON_PARSE, or ARRAY(SELECT …).")
    return f"ARRAY({call.emit.query(call.nodes[0], Scope(parent=call.scope)).sql})"


def joined(call: Call) -> Value:
    """ARRAY_TO_STRING of a query, or of an array of the catalog, which is a text in braces here.

    What is added to the options of a relation with `||` does not count: there are none.
    """
    node = call.nodes[0]
    while isinstance(node, exp.DPipe):
        node = node.this
    between = call.value(1).sql
    if isinstance(node, exp.Anonymous) and node.name.upper() == "ARRAY":
        inner = Call("ARRAY", tuple(node.expressions), call.emit, call.scope)
        return Value(f"array_to_string({array_query(inner)}, {between})", TEXT)
    return Value(f"replace(trim({call.emit.sql(node, call.scope)}, '{{}}'), ',', {between})", TEXT)


def _array(call: Call) -> Value:
    return Value(f"('{{' || array_to_string({array_query(call)}, ',') || '}}')", TEXT)


def _nothing(least: int, most: int) -> Function:
    """Of objects that there are none of."""
    return Function(lambda call: Value("CAST(NULL AS VARCHAR)", TEXT), least, most)


def _size(least: int, most: int) -> Function:
    """An unknown number is 0 in the catalog."""
    return Function(lambda call: Value("CAST(0 AS BIGINT)", BIGINT), least, most)


CATALOG_FUNCTIONS: dict[str, Function] = {
    "ARRAY": Function(_array, 1, 1),
    "ARRAY_TO_STRING": Function(joined, 2, 2),
    "PG_GET_VIEWDEF": Function(_view_definition, 1, 2),
    "PG_TABLE_SIZE": _size(1, 1),
    "PG_RELATION_SIZE": _size(1, 2),
    "PG_TOTAL_RELATION_SIZE": _size(1, 1),
    "PG_DATABASE_SIZE": _size(1, 1),
    "PG_SIZE_PRETTY": Function(_pretty, 1, 1),
    "PG_GET_FUNCTION_RESULT": _nothing(1, 1),
    "PG_GET_FUNCTION_ARGUMENTS": _nothing(1, 1),
    "PG_GET_RULEDEF": _nothing(1, 2),
    "PG_FUNCTION_IS_VISIBLE": Function(lambda call: Value("false", BOOLEAN), 1, 1),
    "PG_TYPE_IS_VISIBLE": Function(lambda call: Value("true", BOOLEAN), 1, 1),
}
