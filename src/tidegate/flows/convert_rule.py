"""Rules of conversion: those that come with Tidegate, and those of a TOML file (docs/convert.md)."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from tidegate.errors import ConfigError, ConfigNotFound, TidegateError, UsageError
from tidegate.formats.convert.rule import LIST, Rule, RuleColumn, RuleOutput, parse_path
from tidegate.formats.convert.rule import Path as Place
from tidegate.formats.convert.values import engine_type
from tidegate.model.names import check_identifier
from tidegate.model.tables import Column, Table
from tidegate.redshift.types import parse
from tidegate.samples.tables import ORDERS_TABLES

SUMMARY, ITEMS, FLATTENED = "summary", "items", "flattened"
BUILT_IN = (SUMMARY, ITEMS, FLATTENED)
"""A row an order, a row an item, a row an item with its order: the documents of `tidegate demo orders`."""

_ITEMS = f"items{LIST}"
_OBJECTS = ("shipping_address", "returned", "customer")
_HINT = "See docs/convert.md for what a rule may say."
_OUTPUT_KEYS = ("name", "rows", "key", "columns")
_COLUMN_KEYS = ("path", "type", "required")


def rule_of(names: Sequence[str]) -> Rule:
    """The outputs of all rules named: `summary`, `items`, `flattened`, or paths of TOML files.

    Raises:
        ConfigError: a file is missing or wrong.
        UsageError: two outputs have one name.
    """
    outputs = tuple(output for name in names for output in _outputs(name))
    twice = [output.name for number, output in enumerate(outputs) if output.name in [o.name for o in outputs[:number]]]
    if twice:
        raise UsageError(
            f"two outputs are called {twice[0]}", hint="Give each rule once, and each output its own name."
        )
    return Rule(outputs)


def _outputs(name: str) -> tuple[RuleOutput, ...]:
    if name in BUILT_IN:
        return (_built_in(name),)
    path = Path(name)
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigNotFound(
            f"the rule {name!r} cannot be read: {(error.strerror or str(error)).lower()}",
            hint=f"Name one of {', '.join(BUILT_IN)}, or a TOML file.",
        ) from error
    except ValueError as error:
        raise ConfigError(f"{name} is no TOML: {error}", hint=_HINT) from error
    try:
        return _parsed(document)
    except UsageError as error:
        raise ConfigError(f"{name}: {error.message}", hint=error.hint) from error


def _built_in(name: str) -> RuleOutput:
    tables = {table.name.name: table for table in ORDERS_TABLES}
    orders, items, customers = tables["orders"], tables["order_items"], tables["customers"]
    head = [_taken(column, ()) for column in orders.columns]
    lines = [_taken(column, () if orders.column(column.name) else (_ITEMS,)) for column in items.columns]
    if name == SUMMARY:
        return RuleOutput("order_summary", (), tuple(head), orders.primary_key)
    if name == ITEMS:
        return RuleOutput("order_items", (_ITEMS,), tuple(lines), items.primary_key)
    at = next(number for number, column in enumerate(head) if column.name.startswith(_OBJECTS[0]))
    own = [column for column in lines if orders.column(column.name) is None]
    flat = (*head[:at], *_customer(customers), *head[at:], *own)
    return RuleOutput("order_flattened", (_ITEMS,), flat, items.primary_key)


def _customer(customers: Table) -> list[RuleColumn]:
    columns = [column for column in customers.columns if column.name in ("name", "email", "phone")]
    return [RuleColumn(f"customer_{c.name}", ("customer", c.name), c.type, not c.nullable) for c in columns]


def _taken(column: Column, inside: Place) -> RuleColumn:
    """`shipping_address_city` is the key `city` of the object `shipping_address`."""
    holder = next((name for name in _OBJECTS if column.name.startswith(f"{name}_")), None)
    keys = (column.name,) if holder is None else (holder, column.name.removeprefix(f"{holder}_"))
    keys = (column.name,) if column.name == "customer_id" else keys
    return RuleColumn(column.name, (*inside, *keys), column.type, required=not column.nullable)


def _parsed(document: Mapping[str, object]) -> tuple[RuleOutput, ...]:
    _known(document, ("output",), "the rule")
    outputs = document.get("output")
    if not isinstance(outputs, list) or not outputs:
        raise UsageError("the rule has no [[output]]", hint=_HINT)
    return tuple(_output(output) for output in outputs)


def _output(given: object) -> RuleOutput:
    if not isinstance(given, dict) or not isinstance(given.get("name"), str):
        raise UsageError("an [[output]] has no name", hint=_HINT)
    name = given["name"]
    _known(given, _OUTPUT_KEYS, f"the output {name}")
    if not name or name != Path(name).name or name.startswith("."):
        raise UsageError(f"the output name {name!r} cannot be that of a folder", hint="Write letters, digits and _.")
    columns = given.get("columns")
    if not isinstance(columns, dict) or not columns:
        raise UsageError(f"the output {name} has no columns", hint=_HINT)
    rows = given.get("rows", "")
    key = given.get("key", [])
    if not isinstance(rows, str) or not isinstance(key, list) or not all(one in columns for one in key):
        raise UsageError(f"the output {name}: rows is no path, or key no list of its columns", hint=_HINT)
    place = parse_path(rows) if rows else ()
    if place and not place[-1].endswith(LIST):
        raise UsageError(f"the output {name}: rows = {rows!r} is no list", hint='A list ends with [], as in "items[]".')
    found = tuple(_column(column, value, name) for column, value in columns.items())
    return RuleOutput(name, place, found, tuple(key))


def _column(name: str, given: object, output: str) -> RuleColumn:
    described = {"type": given} if isinstance(given, str) else given
    where = f"the column {name} of {output}"
    if not isinstance(described, dict) or not isinstance(described.get("type"), str):
        raise UsageError(f"{where} has no type", hint=_HINT)
    _known(described, _COLUMN_KEYS, where)
    path, required = described.get("path", name), described.get("required", False)
    if not isinstance(path, str) or not isinstance(required, bool):
        raise UsageError(f"{where}: path is a text, required is true or false", hint=_HINT)
    try:
        kind = parse(described["type"])
        engine_type(kind)
        check_identifier(name)
        return RuleColumn(name, parse_path(path), kind, required)
    except TidegateError as error:
        raise UsageError(f"{where}: {error.message}", hint=error.hint) from error


def _known(given: Mapping[str, object], known: Sequence[str], where: str) -> None:
    if unknown := [key for key in given if key not in known]:
        raise UsageError(f"{where} has the unknown key {unknown[0]!r}", hint=f"Known are {', '.join(known)}.")
