"""Columns, literals, operators and CASE."""

from decimal import Decimal

from sqlglot import exp

from tidegate.errors import StatementError
from tidegate.model.tables import SqlType, TypeKind
from tidegate.warehouse.embedded.catalog import quoted
from tidegate.warehouse.embedded.conditions import CONDITIONS, check_comparable, compared, condition
from tidegate.warehouse.embedded.emitter import Emitter, Expression, folded, only, refused, spelled, text
from tidegate.warehouse.embedded.scope import Scope, Source
from tidegate.warehouse.embedded.subqueries import subquery
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


def plain_string(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    """A string between dollars, or one with escapes after E."""
    return literal(emit, exp.Literal.string(node.name), scope)


def null(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    return Value("NULL")


def boolean(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    return Value("TRUE" if node.this else "FALSE", BOOLEAN)


def paren(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    only(node, "this")
    return emit.expr(node.this, scope)


def minus(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    value = emit.expr(node.this, scope)
    return Value(f"(-{value.sql})", lambda: value.type)


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


def case(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    only(node, "this", "ifs", "default")
    operand = node.args.get("this")
    branches = [(each.this, each.args["true"]) for each in node.args["ifs"]]
    values = [emit.expr(then, scope) for _, then in branches]
    default = node.args.get("default")
    otherwise = None if default is None else emit.expr(default, scope)
    tests = _tests(emit, operand, [when for when, _ in branches], scope)
    whens = [f"WHEN {test} THEN {value.sql}" for test, value in zip(tests, values, strict=True)]
    head = "CASE " if operand is None else f"CASE {compared(emit, operand, scope).sql} "
    tail = "" if otherwise is None else f" ELSE {otherwise.sql}"
    results = values if otherwise is None else [*values, otherwise]
    return Value(f"({head}{' '.join(whens)}{tail} END)", lambda: common_type(results))


def _tests(emit: Emitter, operand: exp.Expr | None, whens: list[exp.Expr], scope: Scope) -> list[str]:
    """What stands after WHEN: conditions, or values that an operand is compared with."""
    if operand is None:
        return [condition(emit, when, scope, "CASE WHEN") for when in whens]
    value, tests = compared(emit, operand, scope), [compared(emit, when, scope) for when in whens]
    for test in tests:
        check_comparable(value, test, "CASE")
    return [test.sql for test in tests]


def tuple_(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    return Value(f"({emit.list(node.expressions, scope)})")


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
    **CONDITIONS,
    exp.Column: column,
    exp.Dot: dot,
    exp.Bracket: bracket,
    exp.Literal: literal,
    exp.RawString: plain_string,
    exp.ByteString: plain_string,
    exp.Null: null,
    exp.Boolean: boolean,
    exp.Paren: paren,
    exp.Neg: minus,
    **dict.fromkeys(_ARITHMETIC, arithmetic),
    exp.Div: division,
    exp.Mod: modulo,
    exp.DPipe: concatenation,
    exp.Subquery: subquery,
    exp.Select: subquery,
    exp.Case: case,
    exp.Tuple: tuple_,
    exp.Interval: interval,
}
