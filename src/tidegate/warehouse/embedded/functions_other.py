"""Conditional, mathematical, JSON and binary functions."""

from sqlglot import exp

from tidegate.model.tables import SqlType, TypeKind
from tidegate.warehouse.embedded.conditions import check_comparable, compared
from tidegate.warehouse.embedded.emitter import refused, text
from tidegate.warehouse.embedded.functions import Call, Function
from tidegate.warehouse.embedded.values import (
    BOOLEAN,
    DATE,
    DOUBLE,
    FLOATS,
    INTEGER,
    NUMBERS,
    SUPER,
    TEXT,
    TEXTS,
    WHOLE,
    Value,
    common_type,
)

_VARBYTE = SqlType(TypeKind.VARBYTE, length=64_000)


def _first_known(name: str) -> Function:
    def write(call: Call) -> Value:
        values = call.values()
        return Value(f"{name}({', '.join(v.sql for v in values)})", lambda: common_type(values))

    return Function(write, 2, 99)


def _nvl2(call: Call) -> Value:
    test, there, absent = call.values()
    sql = f"(CASE WHEN {test.sql} IS NOT NULL THEN {there.sql} ELSE {absent.sql} END)"
    return Value(sql, lambda: common_type([there, absent]))


def _nullif(call: Call) -> Value:
    value, other = call.value(0), compared(call.emit, call.nodes[1], call.scope)
    check_comparable(value, other, "NULLIF")
    return Value(f"nullif({value.sql}, {other.sql})", lambda: value.type)


def _decode(call: Call) -> Value:
    """NULL equals NULL here (DECODE expression)."""
    operand = call.value(0)
    pairs = list(zip(call.nodes[1::2], call.nodes[2::2], strict=False))
    results = [call.emit.expr(result, call.scope) for _, result in pairs]
    searches = [compared(call.emit, search, call.scope) for search, _ in pairs]
    for search in searches:
        check_comparable(operand, search, "DECODE")
    whens = " ".join(
        f"WHEN {operand.sql} IS NOT DISTINCT FROM {search.sql} THEN {result.sql}"
        for search, result in zip(searches, results, strict=True)
    )
    if len(call.nodes) % 2 == 0:
        results.append(call.value(len(call.nodes) - 1))
        whens += f" ELSE {results[-1].sql}"
    return Value(f"(CASE {whens} END)", lambda: common_type(results))


def _number(call: Call, at: int = 0) -> Value:
    value = call.value(at)
    if call.typed(at).kind not in NUMBERS:
        raise refused(f"{call.name} of {call.typed(at).kind.value}", hint="Cast the argument to a number.")
    return value


def _keeping(name: str) -> Function:
    """One number in, a number of the same type out."""

    def write(call: Call) -> Value:
        value = _number(call)
        return Value(f"{name}({value.sql})", lambda: value.type)

    return Function(write, 1, 1)


def _round(call: Call) -> Value:
    """Halves are rounded away from zero. PostgreSQL rounds those of floats to even, so floats are refused."""
    value = _number(call)
    if value.kind in FLOATS:
        raise refused("ROUND of a float", hint="Cast the argument to DECIMAL.")
    digits = call.integer(1) if len(call.nodes) > 1 else 0
    type = value.type
    if type is not None and type.kind is TypeKind.DECIMAL:
        measures = f"DECIMAL({type.precision},{type.scale})"
        return Value(f"CAST(round({value.sql}, {digits}) AS {measures})", type)
    return Value(f"round({value.sql}, {digits})", type)


def _trunc(call: Call) -> Value:
    """Of a TIMESTAMP the DATE, of a number its whole part (TRUNC function)."""
    if call.typed(0).kind in (TypeKind.TIMESTAMP, TypeKind.TIMESTAMPTZ, TypeKind.DATE):
        return Value(f"CAST({call.value(0).sql} AS DATE)", DATE)
    value = _number(call)
    return Value(f"trunc({value.sql})", lambda: value.type)


def _mod(call: Call) -> Value:
    left, right = _number(call, 0), _number(call, 1)
    if FLOATS[1] in (left.kind, right.kind) or FLOATS[0] in (left.kind, right.kind):
        raise refused("MOD of a float", hint="Cast the arguments to DECIMAL.")
    return Value(f"({left.sql} % {right.sql})", lambda: common_type([left, right]))


def _real(name: str, count: int = 1) -> Function:
    """Numbers in, a DOUBLE PRECISION out."""

    def write(call: Call) -> Value:
        arguments = ", ".join(f"CAST({_number(call, at).sql} AS DOUBLE)" for at in range(count))
        return Value(f"{name}({arguments})", DOUBLE)

    return Function(write, count, count)


def _sign(call: Call) -> Value:
    value = _number(call)
    if value.kind is TypeKind.DECIMAL:
        type = SqlType(TypeKind.DECIMAL, precision=1, scale=0)
        return Value(f"CAST(sign({value.sql}) AS DECIMAL(1,0))", type)
    duck = {TypeKind.REAL: "FLOAT", TypeKind.DOUBLE: "DOUBLE"}
    kind = call.typed(0).kind
    return Value(f"CAST(sign({value.sql}) AS {duck.get(kind, kind.value)})", lambda: value.type)


def _json(call: Call, at: int = 0) -> Value:
    value = call.value(at)
    if value.kind is not TypeKind.SUPER:
        raise refused(f"{call.name} of a value that is not SUPER", hint="Read it with JSON_PARSE first.")
    return value


def _json_text(call: Call, at: int = 0) -> Value:
    value = call.value(at)
    if value.kind not in TEXTS:
        raise refused(f"{call.name} of a value that is not a text", hint="Cast it to VARCHAR.")
    return value


def _json_parse(call: Call) -> Value:
    return Value(f"json({_json_text(call).sql})", SUPER)


def _json_serialize(call: Call) -> Value:
    return Value(f"CAST({_json(call).sql} AS VARCHAR)", TEXT)


def _json_typeof(call: Call) -> Value:
    names = {"OBJECT": "object", "ARRAY": "array", "VARCHAR": "string", "BOOLEAN": "boolean", "NULL": "null"}
    kind = f"json_type({_json(call).sql})"
    whens = " ".join(f"WHEN {kind} = '{known}' THEN '{name}'" for known, name in names.items())
    return Value(f"(CASE WHEN {kind} IS NULL THEN NULL {whens} ELSE 'number' END)", TEXT)


def _json_extract_path_text(call: Call) -> Value:
    """NULL where the path leads to nothing, and with TRUE at the end where the text is no JSON."""
    last = call.nodes[-1]
    lenient = isinstance(last, exp.Boolean)
    keys = [call.text(at) for at in range(1, len(call.nodes) - lenient)]
    path = "$" + "".join('."' + key.replace("\\", "\\\\").replace('"', '\\"') + '"' for key in keys)
    source = _json_text(call).sql
    value = f"({source} ->> {text(path)})"
    if lenient and last.this:
        value = f"(CASE WHEN json_valid({source}) THEN {value} END)"
    return Value(value, TEXT)


def _array_length(call: Call) -> Value:
    value = _json(call).sql
    length = f"CAST(json_array_length({value}) AS INTEGER)"
    return Value(f"(CASE WHEN json_type({value}) = 'ARRAY' THEN {length} END)", INTEGER)


def _bytes(call: Call) -> Value:
    value = call.value(0)
    if value.kind is not TypeKind.VARBYTE:
        raise refused(f"{call.name} of a value that is not VARBYTE", hint="Cast it to VARBYTE.")
    return value


def _to_varbyte(call: Call) -> Value:
    format = call.text(1).lower()
    if format in ("utf8", "utf-8"):
        return Value(f"encode({_json_text(call).sql})", _VARBYTE)
    if format == "hex":
        return Value(f"unhex({_json_text(call).sql})", _VARBYTE)
    raise refused(f"TO_VARBYTE with the format {format}", hint="Use 'hex' or 'utf8'.")


def _from_varbyte(call: Call) -> Value:
    format = call.text(1).lower()
    if format in ("utf8", "utf-8"):
        return Value(f"decode({_bytes(call).sql})", TEXT)
    if format == "hex":
        return Value(f"lower(hex({_bytes(call).sql}))", TEXT)
    raise refused(f"FROM_VARBYTE with the format {format}", hint="Use 'hex' or 'utf8'.")


def _row_hash(call: Call) -> Value:
    return Value(f"CAST(hash({call.sql()}) AS DECIMAL(38,0))", WHOLE)


OTHER_FUNCTIONS: dict[str, Function] = {
    "COALESCE": _first_known("coalesce"),
    "NVL": _first_known("coalesce"),
    "GREATEST": _first_known("greatest"),
    "LEAST": _first_known("least"),
    "NVL2": Function(_nvl2, 3, 3),
    "NULLIF": Function(_nullif, 2, 2),
    "DECODE": Function(_decode, 3, 99),
    "ABS": _keeping("abs"),
    "CEIL": _keeping("ceil"),
    "CEILING": _keeping("ceil"),
    "FLOOR": _keeping("floor"),
    "ROUND": Function(_round, 1, 2),
    "TRUNC": Function(_trunc, 1, 1),
    "MOD": Function(_mod, 2, 2),
    "SIGN": Function(_sign, 1, 1),
    "POWER": _real("pow", 2),
    "POW": _real("pow", 2),
    "SQRT": _real("sqrt"),
    "EXP": _real("exp"),
    "LN": _real("ln"),
    "LOG": _real("log10"),
    "JSON_PARSE": Function(_json_parse, 1, 1),
    "JSON_SERIALIZE": Function(_json_serialize, 1, 1),
    "JSON_TYPEOF": Function(_json_typeof, 1, 1),
    "JSON_EXTRACT_PATH_TEXT": Function(_json_extract_path_text, 2, 7),
    "GET_ARRAY_LENGTH": Function(_array_length, 1, 1),
    "CAN_JSON_PARSE": Function(lambda call: Value(f"json_valid({_json_text(call).sql})", BOOLEAN), 1, 1),
    "FROM_HEX": Function(lambda call: Value(f"unhex({_json_text(call).sql})", _VARBYTE), 1, 1),
    "TO_HEX": Function(lambda call: Value(f"lower(hex({_bytes(call).sql}))", TEXT), 1, 1),
    "TO_VARBYTE": Function(_to_varbyte, 2, 2),
    "FROM_VARBYTE": Function(_from_varbyte, 2, 2),
    "TIDEGATE_HASH": Function(_row_hash, 1, 1600),
}
