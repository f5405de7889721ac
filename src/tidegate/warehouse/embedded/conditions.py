"""Conditions: comparisons, AND and OR, LIKE, regular expressions. What Redshift cannot compare is an error here too."""

from sqlglot import exp

from tidegate.errors import StatementError
from tidegate.model.tables import TypeKind
from tidegate.warehouse.embedded.emitter import Emitter, Expression, only, refused, spelled, text
from tidegate.warehouse.embedded.scope import Scope
from tidegate.warehouse.embedded.subqueries import subquery
from tidegate.warehouse.embedded.values import BOOLEAN, NUMBERS, TEXT, TEXTS, Value

_MOMENTS = (TypeKind.DATE, TypeKind.TIMESTAMP, TypeKind.TIMESTAMPTZ)
_FAMILIES: dict[TypeKind, str] = {
    **{kind: kind.value for kind in TypeKind},
    **dict.fromkeys(NUMBERS, "number"),
    **dict.fromkeys(TEXTS, "text"),
    **dict.fromkeys(_MOMENTS, "moment"),
}
_COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}


def connector(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    """AND and OR. A long chain is written flat, so that its length is not its depth."""
    operands: list[exp.Expr] = []
    left: exp.Expr = node
    while type(left) is type(node):
        only(left, "this", "expression")
        operands.append(left.args["expression"])
        left = left.args["this"]
    word = " AND " if isinstance(node, exp.And) else " OR "
    conditions = [condition(emit, each, scope, word.strip()) for each in [left, *reversed(operands)]]
    return Value("(" + word.join(conditions) + ")", BOOLEAN)


def negation(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    return Value(f"(NOT {condition(emit, node.this, scope, 'NOT')})", BOOLEAN)


def condition(emit: Emitter, node: exp.Expr, scope: Scope, where: str) -> str:
    """What must be true or false; DuckDB would take a number too."""
    value = emit.expr(node, scope)
    if value.kind not in (None, TypeKind.BOOLEAN):
        raise StatementError(
            f"argument of {where} must be boolean, not {value.kind.value.lower() if value.kind else ''}",
            hint="Write a comparison.",
        )
    return value.sql


def comparison(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    only(node, "this", "expression")
    left, right = compared(emit, node.this, scope), compared(emit, node.args["expression"], scope)
    check_comparable(left, right, node)
    return Value(f"({left.sql} {_COMPARISONS[type(node)]} {right.sql})", BOOLEAN)


def compared(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    """An operand of a comparison, where trailing blanks do not count (Character types)."""
    if isinstance(node, exp.Literal) and node.is_string:
        return Value(text(node.name.rstrip(" ")), TEXT, literal=node.name)
    if isinstance(node, exp.Tuple):
        return Value(f"({', '.join(compared(emit, each, scope).sql for each in node.expressions)})")
    return emit.expr(node, scope)


def check_comparable(left: Value, right: Value, what: exp.Expr | str) -> None:
    """Refuse to compare in `what` values that have no common meaning, where DuckDB would convert one of them.

    Raises:
        StatementError: e.g. a text column and a number, which need a cast on Redshift too.
        StatementRefused: SUPER, which DuckDB would compare as JSON text.
    """
    if left.kind is None or right.kind is None:
        return
    if TypeKind.SUPER in (left.kind, right.kind):
        raise refused(f"the comparison of SUPER in {_named(what)}", hint="Cast the SUPER value to VARCHAR.")
    if any(value.literal is not None and value.kind in TEXTS for value in (left, right)):
        return
    if not related(left.kind, right.kind):
        raise StatementError(
            f"{left.kind.value} and {right.kind.value} cannot be compared in {_named(what)}", hint="Cast one of them."
        )


def _named(what: exp.Expr | str) -> str:
    return what if isinstance(what, str) else spelled(what)


def related(one: TypeKind, other: TypeKind) -> bool:
    """Whether two types are of one family: numbers, texts, or moments."""
    return _FAMILIES[one] == _FAMILIES[other]


def is_test(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    only(node, "this", "expression")
    what = node.args["expression"]
    if not isinstance(what, (exp.Null, exp.Boolean)):
        raise refused(spelled(node))
    return Value(f"({emit.sql(node.this, scope)} IS {emit.sql(what, scope)})", BOOLEAN)


def between(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    only(node, "this", "low", "high")
    value = compared(emit, node.this, scope)
    low, high = compared(emit, node.args["low"], scope), compared(emit, node.args["high"], scope)
    for bound in (low, high):
        check_comparable(value, bound, node)
    return Value(f"({value.sql} BETWEEN {low.sql} AND {high.sql})", BOOLEAN)


def in_list(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    only(node, "this", "expressions", "query")
    left = compared(emit, node.this, scope)
    inner = node.args.get("query")
    if inner is not None:
        found = subquery(emit, inner, scope)
        check_comparable(left, found, node)
        return Value(f"({left.sql} IN {found.sql})", BOOLEAN)
    items = [compared(emit, each, scope) for each in node.expressions]
    for item in items:
        check_comparable(left, item, node)
    return Value(f"({left.sql} IN ({', '.join(item.sql for item in items)}))", BOOLEAN)


def exists(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    only(node, "this")
    return Value(f"EXISTS {subquery(emit, node.this, scope).sql}", BOOLEAN)


def like(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    return _like(emit, node, scope, "\\")


def escape(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    """LIKE … ESCAPE 'c'."""
    mark = node.args["expression"]
    if not isinstance(mark, exp.Literal) or len(mark.name) != 1 or not isinstance(node.this, (exp.Like, exp.ILike)):
        raise refused(spelled(node), hint="ESCAPE takes one character.")
    return _like(emit, node.this, scope, mark.name)


def _like(emit: Emitter, node: exp.Expr, scope: Scope, mark: str) -> Value:
    """LIKE; a backslash escapes unless another character is named. DuckDB has no escape by default."""
    only(node, "this", "expression", "negate")
    word = ("NOT " if node.args.get("negate") else "") + ("LIKE" if isinstance(node, exp.Like) else "ILIKE")
    pattern = node.args["expression"]
    if isinstance(pattern, (exp.Any, exp.All)):
        raise refused(spelled(node))
    plain = isinstance(pattern, exp.Literal) and mark not in pattern.name
    suffix = "" if plain else f" ESCAPE {text(mark)}"
    return Value(f"({emit.sql(node.this, scope)} {word} {emit.sql(pattern, scope)}{suffix})", BOOLEAN)


def regular_expression(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    """`~` and `~*`: a match anywhere; `.` matches a line break too, as in POSIX."""
    only(node, "this", "expression")
    options = "s" if isinstance(node, exp.RegexpLike) else "si"
    pattern = emit.sql(node.args["expression"], scope)
    return Value(f"regexp_matches({emit.sql(node.this, scope)}, {pattern}, '{options}')", BOOLEAN)


CONDITIONS: dict[type[exp.Expr], Expression] = {
    exp.And: connector,
    exp.Or: connector,
    exp.Not: negation,
    **dict.fromkeys(_COMPARISONS, comparison),
    exp.Is: is_test,
    exp.Between: between,
    exp.In: in_list,
    exp.Exists: exists,
    exp.Like: like,
    exp.ILike: like,
    exp.Escape: escape,
    exp.RegexpLike: regular_expression,
    exp.RegexpILike: regular_expression,
}
