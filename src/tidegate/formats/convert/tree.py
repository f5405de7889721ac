"""The part of a JSON document that a rule reads, as the type of the rows that DuckDB makes of it."""

import json
from dataclasses import dataclass, field

from tidegate.errors import UsageError
from tidegate.formats.convert.rule import LIST, Path, Rule, RuleOutput, shown
from tidegate.formats.convert.values import JSON, TEXT, leaf_type
from tidegate.formats.inventory.engine import identifier, text
from tidegate.model.names import fold

_SHOWN = 80
"""Characters of a value in a message."""

_HINT = "Give each place of the document one meaning in the rule."


@dataclass
class _Node:
    """A key: a leaf, an object, or a list of either."""

    leaf: str | None = None
    is_list: bool = False
    keys: dict[str, "_Node"] = field(default_factory=dict)

    def type(self) -> str:
        fields = ", ".join(f"{identifier(name)} {node.type()}" for name, node in self.keys.items())
        return (f"STRUCT({fields})" if self.keys else self.leaf or JSON) + (LIST if self.is_list else "")


class Tree:
    """Raises UsageError when two columns of the rule take the same place for different things."""

    def __init__(self, rule: Rule) -> None:
        self._root = _Node()
        for path, kind in rule.paths:
            self._grow(path, leaf_type(kind) if kind is not None else None)

    def columns(self) -> str:
        """The `columns` of read_json."""
        fields = (f"{text(name)}: {text(node.type())}" for name, node in self._root.keys.items())
        return "{" + ", ".join(fields) + "}"

    def read_as(self, path: Path) -> str:
        node = self._root
        for key in path:
            node = node.keys[key.removesuffix(LIST)]
        return node.leaf or JSON

    def misfit(self, record: dict[str, object]) -> str | None:
        """The first place where an object or a list is expected and something else stands."""
        return _misfit(self._root, record, "")

    def _grow(self, path: Path, leaf: str | None) -> None:
        node = self._root
        for number, key in enumerate(path):
            name, is_list, is_last = key.removesuffix(LIST), key.endswith(LIST), number == len(path) - 1
            if name not in node.keys:
                if any(fold(other) == fold(name) for other in node.keys):
                    raise UsageError(f"{shown(path)}: two keys differ in upper and lower case only", hint=_HINT)
                node.keys[name] = _Node(is_list=is_list)
            node = node.keys[name]
            wanted = leaf if is_last else None
            if node.is_list != is_list or (node.leaf is not None and not is_last) or (wanted and node.keys):
                raise UsageError(
                    f"{shown(path)} is an object or a list for one column, a value for another", hint=_HINT
                )
            if wanted:
                node.leaf = JSON if JSON in (wanted, node.leaf) else TEXT


def _misfit(node: _Node, value: object, place: str) -> str | None:
    if value is None or not node.keys:
        return None
    if not isinstance(value, dict):
        return f"{place} is no object: {json.dumps(value, ensure_ascii=False)[:_SHOWN]}"
    for name, inner in node.keys.items():
        found, where = value.get(name), f"{place}.{name}" if place else name
        if inner.is_list and found is not None and not isinstance(found, list):
            return f"{where} is no list: {json.dumps(found, ensure_ascii=False)[:_SHOWN]}"
        elements = [(found, where)]
        if inner.is_list and isinstance(found, list):
            elements = [(one, f"{where}[{number}]") for number, one in enumerate(found)]
        if fault := next((fault for one, at in elements if (fault := _misfit(inner, one, at))), None):
            return fault
    return None


def expression(path: Path, output: RuleOutput) -> str:
    """The value at `path` in a row of `rows_of(output, …)`.

    Raises:
        UsageError: it lies in a list that the output has no row for.
    """
    depth = _depth(path, output.rows)
    rest = path[len(_lists(output.rows)[depth - 1]) if depth else 0 :]
    if any(key.endswith(LIST) for key in rest):
        raise UsageError(
            f"{output.name}: {shown(path)} lies in a list, which has many values",
            hint=f'Set rows to that list, as in rows = "{shown(path[:1]).removesuffix(LIST)}[]".',
        )
    if not depth:
        return _inside(identifier(rest[0]), rest[1:])
    return _inside(f"e{depth}", rest)


def rows_of(output: RuleOutput, source: str, *, numbered: bool = False) -> str:
    """A query whose rows are those of the output: columns of `source`, and the elements e1, e2, … of its lists.

    `numbered`: with their numbers i1, i2, …, counted from 1.
    """
    query = f"SELECT * FROM {source}"
    before: Path = ()
    for number, path in enumerate(_lists(output.rows), 1):
        inner = path[len(before) :]
        base = _inside(f"e{number - 1}", inner) if number > 1 else _inside(identifier(_bare(inner[0])), inner[1:])
        places = f", generate_subscripts({base}, 1) AS i{number}" if numbered else ""
        query = f"SELECT *, unnest({base}) AS e{number}{places} FROM ({query})"
        before = path
    return query


def has_every_value(path: Path, output: RuleOutput) -> bool:
    """Whether each value at `path` is in a row of the output: a record whose list is empty is in none of a list's."""
    return _depth(path, output.rows) == len(_lists(output.rows))


def _lists(rows: Path) -> list[Path]:
    """The lists from the record inwards, each with its path: of `a[].b.c[]`, `a[]` and `a[].b.c[]`."""
    return [rows[: number + 1] for number, key in enumerate(rows) if key.endswith(LIST)]


def _depth(path: Path, rows: Path) -> int:
    return sum(path[: len(one)] == one for one in _lists(rows))


def _inside(base: str, keys: Path) -> str:
    for key in keys:
        base = f"struct_extract({base}, {text(_bare(key))})"
    return base


def _bare(key: str) -> str:
    return key.removesuffix(LIST)
