"""Columns, literals, operators and CASE."""

from decimal import Decimal

from sqlglot import exp

from tidegate.errors import StatementError
from tidegate.model.tables import SqlType, TypeKind
from tidegate.warehouse.embedded.catalog import quoted
from tidegate.warehouse.embedded.emitter import Emitter, Expression, folded, only, refused, spelled, text
from tidegate.warehouse.embedded.scope import Scope, Source
from tidegate.warehouse.embedded.values import (
    BIGINT,
    BOOLEAN,
    DATE,
    FLOATS,
    INTEGER,
    INTEGERS,
    INTERVAL,
    NUMBERS,
    SUPER,
    TEXTS,
    TIMESTAMP,
    WHOLE,
    Value,
    common_type,
    wider,
)

_COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_ARITHMETIC: dict[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*"}
_TIMES = (TypeKind.DATE, TypeKind.TIMESTAMP, TypeKind.TIMESTAMPTZ, TypeKind.TIME, TypeKind.TIMETZ)
_INTERVAL_UNITS = {"YEAR", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND"}


def column(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    """A column; `x.y` may also be the attribute `y` of the SUPER column `x`."""
    only(node, "this", "table", "db", "catalog")
    parts = [folded(node.args[name]) for name in ("catalog", "db", "table", "this") if node.args.get(name)]
    if len(parts) == 1:
        name = parts[0]
        if not scope.knows(name):
            raise StatementError(f'column "{name}" does not exist', hint="Check the name.")
        return Value(quoted(name), lambda: scope.type_of(name))
    source = scope.source(parts[0])
    if source is not None:
        name = parts[1]
        return _navigated(_qualified(source, parts[0], name), parts[2:])
    if len(parts) >= 3 and (source := scope.source(parts[1])) is not None and source.schema == parts[0]:
        table, name = parts[1], parts[2]
        return _navigated(_qualified(source, table, name), parts[3:])
    if scope.owner(parts[0]) is not None:
        return _navigated(Value(quoted(parts[0]), scope.type_of(parts[0])), parts[1:])
    raise StatementError(f'missing FROM item for "{".".join(parts)}"', hint="Name a table or an alias of this SELECT.")


def _qualified(source: Source, alias: str, name: str) -> Value:
    if name not in source.columns:
        raise StatementError(f'column "{alias}.{name}" does not exist', hint="Check the name.")
    return Value(f"{quoted(alias)}.{quoted(name)}", lambda: source.columns[name])


def _navigated(base: Value, attributes: list[str]) -> Value:
    for attribute in attributes:
        base = _attribute(base, attribute)
    return base


def _attribute(base: Value, name: str) -> Value:
    if base.kind is not TypeKind.SUPER:
        raise StatementError(f'"{name}" is looked up in a value that is not SUPER', hint="Navigate SUPER columns only.")
    return Value(f"json_extract({base.sql}, {text(_path(name))})", SUPER)


def _path(name: str) -> str:
    return '$."' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def dot(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    if not isinstance(node.expression, exp.Identifier):
        raise refused(spelled(node))
    return _attribute(emit.expr(node.this, scope), folded(node.expression))


def bracket(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    """An element of a SUPER array, counted from 0 in both engines; one that is not there is NULL."""
    only(node, "this", "expressions")
    base = emit.expr(node.this, scope)
    if base.kind is not TypeKind.SUPER or len(node.expressions) != 1:
        raise refused(spelled(node), hint="Use brackets on SUPER values only.")
    index = node.expressions[0]
    if not isinstance(index, exp.Literal):
        raise refused(spelled(node), hint="Use a constant position or name in brackets.")
    if index.is_string:
        return _attribute(base, index.name)
    return Value(f"json_extract({base.sql}, '$[{int(index.name)}]')", SUPER)


def literal(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    written = node.name
    if node.args.get("is_string"):
        length = max(1, len(written.encode()))
        return Value(text(written), SqlType(TypeKind.VARCHAR, length=length), literal=written)
    if "e" in written.lower():
        return Value(f"CAST({text(written)} AS DOUBLE)", SqlType(TypeKind.DOUBLE), literal=written)
    if "." in written:
        return _decimal_literal(written)
    number = int(written)
    if number < 2**31:
        return Value(written, INTEGER, literal=written)
    if number < 2**63:
        return Value(written, BIGINT, literal=written)
    return Value(f"CAST({text(written)} AS DECIMAL(38,0))", WHOLE, literal=written)


def _decimal_literal(written: str) -> Value:
    digits = Decimal(written).as_tuple()
    scale = max(0, -int(digits.exponent))
    precision = max(len(digits.digits), scale, 1)
    if precision > 38:
        raise StatementError(f"the number {written} has more than 38 digits", hint="Shorten it.")
    type = SqlType(TypeKind.DECIMAL, precision=precision, scale=scale)
    sql = f"{Decimal(written):f}" if scale else f"CAST({text(written)} AS DECIMAL({precision},0))"
    return Value(sql, type, literal=written)


def raw_string(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    """A string between dollars."""
    return literal(emit, exp.Literal.string(node.name), scope)


def null(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    return Value("NULL")


def boolean(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    return Value("TRUE" if node.this else "FALSE", BOOLEAN)


def paren(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    only(node, "this")
    return emit.expr(node.this, scope)


def connector(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    """AND and OR. A long chain is written flat, so that its length is not its depth."""
    operands: list[exp.Expr] = []
    left: exp.Expr = node
    while type(left) is type(node):
        only(left, "this", "expression")
        operands.append(left.args["expression"])
        left = left.args["this"]
    word = " AND " if isinstance(node, exp.And) else " OR "
    return Value("(" + word.join(emit.sql(each, scope) for each in [left, *reversed(operands)]) + ")", BOOLEAN)


def negation(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    return Value(f"(NOT {emit.sql(node.this, scope)})", BOOLEAN)


def minus(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    value = emit.expr(node.this, scope)
    return Value(f"(-{value.sql})", lambda: value.type)


def comparison(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    only(node, "this", "expression")
    left, right = compared(emit, node.this, scope), compared(emit, node.args["expression"], scope)
    return Value(f"({left} {_COMPARISONS[type(node)]} {right})", BOOLEAN)


def compared(emit: Emitter, node: exp.Expr, scope: Scope) -> str:
    """An operand of a comparison, where trailing blanks do not count (Character types)."""
    if isinstance(node, exp.Literal) and node.is_string:
        return text(node.name.rstrip(" "))
    if isinstance(node, exp.Tuple):
        return f"({', '.join(compared(emit, each, scope) for each in node.expressions)})"
    return emit.sql(node, scope)


def arithmetic(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    """+, - and *. Integers keep their type, so an overflow is an error in both engines."""
    only(node, "this", "expression")
    left, right = emit.expr(node.this, scope), emit.expr(node.args["expression"], scope)
    return Value(f"({left.sql} {_ARITHMETIC[type(node)]} {right.sql})", lambda: _arithmetic_type(node, left, right))


def _arithmetic_type(node: exp.Expr, left: Value, right: Value) -> SqlType | None:
    kinds = (left.kind, right.kind)
    if TypeKind.DATE in kinds and not any(k in (TypeKind.INTERVAL_DS, TypeKind.INTERVAL_YM) for k in kinds):
        return BIGINT if kinds[0] == kinds[1] else DATE
    if any(kind in _TIMES for kind in kinds):
        if kinds[0] == kinds[1]:
            return INTERVAL
        return next((t for t in (left.type, right.type) if t is not None and t.kind is TypeKind.TIMESTAMPTZ), TIMESTAMP)
    if TypeKind.DECIMAL not in kinds or any(kind in FLOATS for kind in kinds):
        return common_type([left, right])
    both = wider([t for t in (left.type, right.type) if t is not None])
    if both is None or not isinstance(node, exp.Mul):
        return both
    scale = sum(v.type.scale or 0 for v in (left, right) if v.type is not None)
    return SqlType(TypeKind.DECIMAL, precision=38, scale=min(scale, 37))


def division(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    """`/`: integers give an integer, cut towards zero; floats a DOUBLE PRECISION (Computations with numeric values).

    For DECIMAL the scale is documented, but not how digits beyond it are cut, so it is refused.
    """
    only(node, "this", "expression", "typed", "safe")
    left, right = emit.expr(node.this, scope), emit.expr(node.args["expression"], scope)
    kinds = {left.kind, right.kind}
    if kinds <= set(INTEGERS):
        return Value(f"({left.sql} // {right.sql})", lambda: common_type([left, right]))
    if kinds & set(FLOATS) and kinds <= set(NUMBERS):
        return Value(f"(CAST({left.sql} AS DOUBLE) / CAST({right.sql} AS DOUBLE))", SqlType(TypeKind.DOUBLE))
    if None in kinds:
        raise refused(f"{spelled(node)}, whose types are not known,", hint="Cast both operands.")
    raise refused(
        f"division of DECIMAL in {spelled(node)}", hint="Cast an operand to DOUBLE PRECISION, or both to an integer."
    )


def modulo(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    left, right = emit.expr(node.this, scope), emit.expr(node.args["expression"], scope)
    return Value(f"({left.sql} % {right.sql})", lambda: common_type([left, right]))


def concatenation(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    """`||`: NULL if an operand is. Only texts; a number is cast in the statement, so that its form is spelled out."""
    only(node, "this", "expression", "safe")
    return joined(emit, [node.this, node.args["expression"]], scope)


def joined(emit: Emitter, nodes: list[exp.Expr], scope: Scope) -> Value:
    values = [emit.expr(each, scope) for each in nodes]
    for value, each in zip(values, nodes, strict=True):
        if value.sql != "NULL" and value.kind not in (*TEXTS, *INTEGERS, TypeKind.DATE, TypeKind.DECIMAL):
            raise refused(f"{spelled(each)} in ||", hint="Cast it to VARCHAR.")
    length = sum(_text_length(value) for value in values)
    type = SqlType(TypeKind.VARCHAR, length=min(65_535, length))
    return Value("(" + " || ".join(f"CAST({v.sql} AS VARCHAR)" for v in values) + ")", type)


def _text_length(value: Value) -> int:
    known = value.type
    return 40 if known is None or known.kind not in TEXTS else known.length or 65_535


def is_test(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    only(node, "this", "expression")
    what = node.args["expression"]
    if not isinstance(what, (exp.Null, exp.Boolean)):
        raise refused(spelled(node))
    return Value(f"({emit.sql(node.this, scope)} IS {emit.sql(what, scope)})", BOOLEAN)


def between(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    only(node, "this", "low", "high")
    low, high = compared(emit, node.args["low"], scope), compared(emit, node.args["high"], scope)
    return Value(f"({emit.sql(node.this, scope)} BETWEEN {low} AND {high})", BOOLEAN)


def in_list(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    only(node, "this", "expressions", "query")
    left = compared(emit, node.this, scope)
    inner = node.args.get("query")
    if inner is not None:
        return Value(f"({left} IN {_subquery(emit, inner, scope).sql})", BOOLEAN)
    items = ", ".join(compared(emit, each, scope) for each in node.expressions)
    return Value(f"({left} IN ({items}))", BOOLEAN)


def subquery(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    """A scalar subquery."""
    return _subquery(emit, node, scope)


def _subquery(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    inner = emit.query(node.this if isinstance(node, exp.Subquery) and _bare(node) else node, scope)

    def type() -> SqlType | None:
        columns = inner.columns()
        return columns[0].value.type if columns else None

    return Value(f"({inner.sql})", type)


def _bare(node: exp.Subquery) -> bool:
    return not any(value for name, value in node.args.items() if name != "this")


def exists(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    only(node, "this")
    return Value(f"EXISTS {_subquery(emit, node.this, scope).sql}", BOOLEAN)


def case(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    only(node, "this", "ifs", "default")
    operand = node.args.get("this")
    branches = [(each.this, each.args["true"]) for each in node.args["ifs"]]
    values = [emit.expr(then, scope) for _, then in branches]
    default = node.args.get("default")
    otherwise = None if default is None else emit.expr(default, scope)
    whens = [f"WHEN {compared(emit, when, scope)} THEN {v.sql}" for (when, _), v in zip(branches, values, strict=True)]
    head = "CASE " if operand is None else f"CASE {compared(emit, operand, scope)} "
    tail = "" if otherwise is None else f" ELSE {otherwise.sql}"
    results = values if otherwise is None else [*values, otherwise]
    return Value(f"({head}{' '.join(whens)}{tail} END)", lambda: common_type(results))


def tuple_(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    return Value(f"({emit.list(node.expressions, scope)})")


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


def interval(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    only(node, "this", "unit")
    unit = node.args.get("unit")
    amount = node.this
    if not isinstance(unit, exp.Var) or not isinstance(amount, exp.Literal):
        raise refused(spelled(node), hint="Write INTERVAL 'n unit' with one unit, or use DATEADD.")
    name = unit.name.upper().removesuffix("S")
    if name not in _INTERVAL_UNITS or not amount.name.strip().lstrip("-").isdigit():
        raise refused(spelled(node), hint="Write INTERVAL 'n unit' with one unit, or use DATEADD.")
    return Value(f"(INTERVAL '{int(amount.name)}' {name})", INTERVAL)


EXPRESSIONS: dict[type[exp.Expr], Expression] = {
    exp.Column: column,
    exp.Dot: dot,
    exp.Bracket: bracket,
    exp.Literal: literal,
    exp.RawString: raw_string,
    exp.Null: null,
    exp.Boolean: boolean,
    exp.Paren: paren,
    exp.And: connector,
    exp.Or: connector,
    exp.Not: negation,
    exp.Neg: minus,
    **dict.fromkeys(_COMPARISONS, comparison),
    **dict.fromkeys(_ARITHMETIC, arithmetic),
    exp.Div: division,
    exp.Mod: modulo,
    exp.DPipe: concatenation,
    exp.Is: is_test,
    exp.Between: between,
    exp.In: in_list,
    exp.Subquery: subquery,
    exp.Select: subquery,
    exp.Exists: exists,
    exp.Case: case,
    exp.Tuple: tuple_,
    exp.Like: like,
    exp.ILike: like,
    exp.Escape: escape,
    exp.RegexpLike: regular_expression,
    exp.RegexpILike: regular_expression,
    exp.Interval: interval,
}
