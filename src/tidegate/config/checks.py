"""Checks of rows as [[load]] and [[check]] write them: which keys go with which kind; values as SQL literals."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from math import isfinite

from tidegate.config.load_schema import Bound, CheckSection, TableCheckSection
from tidegate.config.transaction_sql import check_expression
from tidegate.model.names import TableName, fold
from tidegate.model.route import CheckKind, CheckRule, TableRules

_TAKEN: dict[CheckKind, tuple[frozenset[str], frozenset[str]]] = {
    CheckKind.NOT_NULL: (frozenset({"columns"}), frozenset()),
    CheckKind.UNIQUE: (frozenset({"columns"}), frozenset()),
    CheckKind.RANGE: (frozenset({"columns"}), frozenset({"least", "most"})),
    CheckKind.VALUES: (frozenset({"columns", "values"}), frozenset()),
    CheckKind.FRESH: (frozenset({"columns", "max_age"}), frozenset()),
    CheckKind.ROWS: (frozenset(), frozenset({"least", "most", "fraction"})),
    CheckKind.SQL: (frozenset({"expression"}), frozenset()),
}
"""Of each kind the keys that it needs, and those of which it needs one at least."""


def to_rules(sections: Sequence[TableCheckSection]) -> tuple[tuple[TableRules, ...], list[tuple[int, str]]]:
    """The rules of each table, in the order of the file; and mistakes by the position of their section, from 0."""
    problems = list[tuple[int, str]]()
    first: dict[str, int] = {}
    for position, section in enumerate(sections):
        where = f"[[check]] {section.table}:"
        if not section.checks:
            problems.append((position, f"{where} checks is empty"))
        if first.setdefault(section.table, position) != position:
            problems.append((position, f"[[check]] {section.table} is there twice"))
        for number, check in enumerate(section.checks, 1):
            problems += [(position, f"{where} checks number {number} {text}") for text in check_problems(check)]
    if problems:
        return (), problems
    return tuple(TableRules(TableName.parse(s.table), tuple(map(check_rule, s.checks))) for s in sections), []


def check_problems(check: CheckSection) -> Iterator[str]:
    """What is wrong; each completes "checks number 1 "."""
    needed, one_of = _TAKEN[check.kind]
    given = {name for name in CheckSection.model_fields if name not in ("kind", "severity") and _is_given(check, name)}
    for name in sorted(needed - given):
        yield f'has no {name}, which kind = "{check.kind}" needs'
    for name in sorted(given - needed - one_of):
        yield f'has {name}, which kind = "{check.kind}" does not take'
    if one_of and not one_of & given:
        yield f'has none of {", ".join(sorted(one_of))}, of which kind = "{check.kind}" needs one'
    if check.kind is CheckKind.ROWS:
        for name in ("least", "most"):
            bound = getattr(check, name)
            if bound is not None and (not isinstance(bound, int) or isinstance(bound, bool) or bound < 0):
                yield f"has the {name} {bound}, must be a number of rows"
    yield from _value_problems(check)


def _value_problems(check: CheckSection) -> Iterator[str]:
    if len(set(map(fold, check.columns))) < len(check.columns):
        yield "names a column twice"
    given = (("least", check.least), ("most", check.most), *(("value", value) for value in check.values))
    for name, value in given:
        if isinstance(value, float) and not isfinite(value):
            yield f"has the {name} {value}, must be a finite number"
    if check.expression is not None and (problem := check_expression(check.expression)):
        yield f"has an expression with {problem}"
    if _is_more(check.least, check.most):
        yield "has a least that is more than its most"


def _is_more(least: Bound | None, most: Bound | None) -> bool:
    if isinstance(least, int | float) and isinstance(most, int | float):
        return least > most
    if isinstance(least, datetime) and isinstance(most, datetime):
        return (least.tzinfo is None) is (most.tzinfo is None) and least > most
    return type(least) is type(most) and least is not None and least > most  # type: ignore[operator]


def check_rule(check: CheckSection) -> CheckRule:
    return CheckRule(
        kind=check.kind,
        columns=tuple(check.columns),
        least=_bound(check.least),
        most=_bound(check.most),
        values=tuple(str(value) for value in check.values),
        hours=None if check.max_age is None else check.max_age / 3600,
        fraction=check.fraction,
        expression=check.expression,
        severity=check.severity,
    )


def _is_given(check: CheckSection, name: str) -> bool:
    return getattr(check, name) not in (None, [])


def _bound(value: Bound | None) -> str | None:
    """As the text of a SQL literal."""
    if value is None:
        return None
    if isinstance(value, int | float):
        return str(value)
    text = value.isoformat(" ") if isinstance(value, datetime) else str(value)
    return "'" + re.sub(r"(['\\])", lambda m: m[1] * 2, text) + "'"
