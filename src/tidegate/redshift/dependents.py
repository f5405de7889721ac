"""Who reads a table: views by the text of their definitions, and what datashares share.

Columns as in the developer guide, SVV_MV_INFO and SVV_DATASHARE_OBJECTS; PG_VIEWS holds ordinary, late-binding and
materialized views (dbt-redshift reads all three there). A text says it where the catalog does not: late-binding views
have no dependencies.
"""

import re
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from tidegate.model.names import TableName, fold

_TOKEN = re.compile(
    r"""/\*.*?\*/ | --[^\n]* | '(?:[^'\\]|\\.|'')*'
    | (?P<quoted>"(?:[^"]|"")*") | (?P<word>[^\W\d][\w$]*) | \d[\w.]* | (?P<symbol>\S)""",
    re.VERBOSE | re.DOTALL,
)
_NOT_FROM = frozenset(
    {"SELECT", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "QUALIFY", "WINDOW", "CONNECT", "START"}
    | {"UNION", "INTERSECT", "EXCEPT", "MINUS"}
)
_JOINED = frozenset({"ON", "USING"})
_END = ("symbol", "")

Token = tuple[str, str]
"""`name`, `word` (in upper case, which may be a name too) or `symbol`, and its text."""

Reference = tuple[str | None, str]
"""Schema, where it is written, and name; folded."""


def select_views() -> str:
    return (
        "SELECT schemaname, viewname, definition FROM pg_views "
        "WHERE schemaname NOT IN ('pg_catalog', 'pg_internal', 'pg_automv', 'information_schema')"
    )


def select_materialized_views() -> str:
    """Of these two views it is the one that Redshift Serverless has too; it shows the materialized views that the
    user may see.
    """
    return "SELECT BTRIM(schema_name), BTRIM(name) FROM svv_mv_info"


def select_shared_objects() -> str:
    """What this warehouse shares; `object_name` is `schema.name`."""
    return (
        "SELECT share_name, object_name FROM svv_datashare_objects "
        "WHERE share_type = 'OUTBOUND' AND object_type <> 'schema' AND object_type <> 'function'"
    )


def is_late_binding(definition: str) -> bool:
    return definition.rstrip().rstrip(";").rstrip().lower().endswith("with no schema binding")


def is_materialized(definition: str) -> bool:
    return re.match(r"\s*create\s+materialized\s+view\b", definition, re.IGNORECASE) is not None


def readers(
    views: Mapping[TableName, str], relations: Collection[TableName], skipped: Collection[TableName]
) -> Callable[[TableName], list[TableName]]:
    """A function that tells which views read a table, be it through other views; `skipped` are not looked through.

    A name without a schema means the relation in `public`, and where that has none, every one of that name.
    """
    named: dict[str, list[TableName]] = {}
    for relation in (*relations, *views):
        named.setdefault(relation.name, []).append(relation)
    read_by: dict[TableName, set[TableName]] = {}
    for view, definition in views.items():
        if view not in skipped:
            for schema, name in references(definition):
                for target in _meant(schema, name, named.get(name, [])):
                    read_by.setdefault(target, set()).add(view)

    def of(table: TableName) -> list[TableName]:
        found: set[TableName] = set()
        waiting = deque([table])
        while waiting:
            new = read_by.get(waiting.popleft(), set()) - found
            found |= new
            waiting.extend(new)
        return sorted(found - {table})

    return of


def _meant(schema: str | None, name: str, known: Iterable[TableName]) -> list[TableName]:
    fitting = [relation for relation in known if schema in (None, relation.schema)]
    public = [relation for relation in fitting if relation.schema == "public"]
    return public if schema is None and public else fitting


@dataclass
class _Level:
    """One pair of parentheses: which part of a query it is in, and whether a relation's name comes next."""

    part: str = "other"
    expecting: bool = False
    has_select: bool = False


def references(definition: str) -> frozenset[Reference]:
    """The relations that a query names after FROM, JOIN and the commas between them; names of WITH items are none."""
    found: set[Reference] = set()
    items: set[str] = set()
    levels = [_Level()]
    tokens = [*_tokens(definition), _END]
    at = 0
    while at < len(tokens) - 1:
        level, (kind, text) = levels[-1], tokens[at]
        if kind == "symbol":
            _symbol(levels, text)
        elif kind == "word" and _keyword(level, text):
            pass
        elif level.expecting:
            parts, at = _dotted(tokens, at)
            level.expecting = False
            if tokens[at + 1] != ("symbol", "("):
                found.add((parts[-2] if len(parts) > 1 else None, parts[-1]))
        elif [t[1] for t in tokens[at + 1 : at + 3]] == ["AS", "("] and level.part == "other":
            items.add(fold(text))
        at += 1
    return frozenset((schema, name) for schema, name in found if schema is not None or name not in items)


def _symbol(levels: list[_Level], text: str) -> None:
    level = levels[-1]
    if text == "(":
        inside = level.expecting
        level.expecting = False
        levels.append(_Level("from" if inside else "other", inside))
    elif text == ")":
        if len(levels) > 1:
            levels.pop()
    elif text == "," and level.part != "other":
        level.part, level.expecting = "from", True


def _keyword(level: _Level, word: str) -> bool:
    """Whether the word is one that says where in the query we are."""
    if (word == "FROM" and level.has_select) or word == "JOIN":
        level.part, level.expecting = "from", True
    elif word in _NOT_FROM:
        level.part, level.expecting = "other", False
        level.has_select = level.has_select or word == "SELECT"
    elif word in _JOINED and level.part == "from":
        level.part, level.expecting = "on", False
    else:
        return level.expecting and word in ("ONLY", "LATERAL")
    return True


def _dotted(tokens: list[Token], at: int) -> tuple[list[str], int]:
    """The parts of a name that begins here, and the position of its last token."""
    parts = [fold(tokens[at][1])]
    while tokens[at + 1] == ("symbol", ".") and at + 2 < len(tokens) and tokens[at + 2][0] != "symbol":
        at += 2
        parts.append(fold(tokens[at][1]))
    return parts, at


def _tokens(text: str) -> Iterator[Token]:
    """Comments, strings and numbers left out."""
    for match in _TOKEN.finditer(text):
        if match["quoted"] is not None:
            yield "name", match["quoted"][1:-1].replace('""', '"')
        elif match["word"] is not None:
            yield "word", match["word"].upper()
        elif match["symbol"] is not None:
            yield "symbol", match["symbol"]
