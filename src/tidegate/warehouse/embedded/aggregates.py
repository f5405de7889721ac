"""Aggregate and window functions (Aggregate functions, Window functions)."""

from tidegate.model.tables import SqlType, TypeKind
from tidegate.warehouse.embedded.emitter import refused
from tidegate.warehouse.embedded.functions import Call, Function
from tidegate.warehouse.embedded.values import BIGINT, BOOLEAN, DOUBLE, FLOATS, INTEGERS, TEXT, TEXTS, Value

_TO_DOUBLE = "Cast the argument to DOUBLE PRECISION."


def _raw(call: Call, name: str, arguments: str) -> str:
    if call.within or call.ignore_nulls:
        raise refused(f"WITHIN GROUP or IGNORE NULLS with {call.name}")
    if call.distinct and call.over:
        raise refused(f"{call.name}(DISTINCT …) OVER")
    return f"{name}({'DISTINCT ' if call.distinct else ''}{arguments}){call.over}"


def _argument(call: Call) -> Value:
    if call.star:
        raise refused(f"{call.name}(*)")
    return call.value(0)


def _count(call: Call) -> Value:
    if call.star:
        return Value(_raw(call, "COUNT", "*"), BIGINT)
    if len(call.nodes) != 1:
        raise refused("COUNT of several columns")
    return Value(_raw(call, "COUNT", call.sql()), BIGINT)


def _sum(call: Call) -> Value:
    """BIGINT of integers, DECIMAL(38,s) of a DECIMAL(p,s), DOUBLE PRECISION of floats (SUM function)."""
    argument, type = _argument(call), call.typed(0)
    raw = _raw(call, "SUM", argument.sql)
    if type.kind in INTEGERS:
        return Value(f"CAST({raw} AS BIGINT)", BIGINT)
    if type.kind is TypeKind.DECIMAL:
        return Value(raw, SqlType(TypeKind.DECIMAL, precision=38, scale=type.scale))
    if type.kind in FLOATS:
        return Value(raw, DOUBLE)
    raise refused(f"SUM of {type.kind.value}", hint="Cast the argument to a number.")


def _avg(call: Call) -> Value:
    """BIGINT of integers, cut; DOUBLE PRECISION of floats (AVG function). How a DECIMAL is cut is not documented."""
    argument, type = _argument(call), call.typed(0)
    if type.kind in INTEGERS:
        total, count = _raw(call, "SUM", argument.sql), _raw(call, "COUNT", argument.sql)
        return Value(f"CAST({total} // NULLIF({count}, 0) AS BIGINT)", BIGINT)
    if type.kind in FLOATS:
        return Value(_raw(call, "AVG", argument.sql), DOUBLE)
    raise refused(f"AVG of {type.kind.value}", hint=_TO_DOUBLE)


def _extreme(call: Call) -> Value:
    argument = _argument(call)
    return Value(_raw(call, call.name, argument.sql), lambda: argument.type)


def _any_value(call: Call) -> Value:
    argument = _argument(call)
    return Value(_raw(call, "any_value", argument.sql), lambda: argument.type)


def _spread(call: Call) -> Value:
    """Standard deviations and variances as DOUBLE PRECISION; those of a DECIMAL are DECIMAL in Redshift."""
    argument, type = _argument(call), call.typed(0)
    if type.kind is TypeKind.DECIMAL:
        raise refused(f"{call.name} of DECIMAL", hint=_TO_DOUBLE)
    names = {"STDDEV": "stddev_samp", "VARIANCE": "var_samp"}
    return Value(_raw(call, names.get(call.name, call.name.lower()), argument.sql), DOUBLE)


def _both(call: Call) -> Value:
    return Value(_raw(call, call.name.lower(), _argument(call).sql), BOOLEAN)


def _median(call: Call) -> Value:
    """Interpolated. Of integers and DECIMAL it is a DECIMAL whose scale is not documented (MEDIAN function)."""
    argument, type = _argument(call), call.typed(0)
    if type.kind not in FLOATS:
        raise refused(f"MEDIAN of {type.kind.value}", hint=_TO_DOUBLE)
    return Value(_raw(call, "median", argument.sql), DOUBLE)


def _listagg(call: Call) -> Value:
    """Without a delimiter nothing stands between the values (LISTAGG function)."""
    value = call.value(0)
    if value.kind not in TEXTS:
        raise refused(f"LISTAGG of {value.kind.value if value.kind else 'a value whose type is not known'}")
    if call.over or call.ignore_nulls:
        raise refused("LISTAGG OVER")
    delimiter = call.value(1).sql if len(call.nodes) > 1 else "''"
    distinct = "DISTINCT " if call.distinct else ""
    order = f" {call.order}" if call.within else ""
    return Value(f"string_agg({distinct}{value.sql}, {delimiter}{order})", TEXT)


def _percentile(call: Call) -> Value:
    """Interpolated, as MEDIAN; of floats only for the same reason (PERCENTILE_CONT function)."""
    if call.within is None or call.over or len(call.within.expressions) != 1:
        raise refused(f"{call.name} without WITHIN GROUP, or with OVER")
    kind = call.emit.expr(call.within.expressions[0].this, call.scope).kind
    if kind not in FLOATS:
        raise refused(f"{call.name} of {kind.value if kind else 'a value whose type is not known'}", hint=_TO_DOUBLE)
    return Value(f"percentile_cont({call.sql()}) WITHIN GROUP ({call.order})", DOUBLE)


def _ranking(call: Call) -> Value:
    if call.ignore_nulls or call.within:
        raise refused(f"IGNORE NULLS with {call.name}")
    type = DOUBLE if call.name in ("PERCENT_RANK", "CUME_DIST") else BIGINT
    return Value(f"{call.name.lower()}({call.sql()}){call.over}", type)


def _neighbour(call: Call) -> Value:
    first = call.value(0)
    nulls = " IGNORE NULLS" if call.ignore_nulls else ""
    return Value(f"{call.name.lower()}({call.sql()}{nulls}){call.over}", lambda: first.type)


AGGREGATES: dict[str, Function] = {
    "COUNT": Function(_count, 0, 99, "aggregate"),
    "SUM": Function(_sum, 1, 1, "aggregate"),
    "AVG": Function(_avg, 1, 1, "aggregate"),
    "MIN": Function(_extreme, 1, 1, "aggregate"),
    "MAX": Function(_extreme, 1, 1, "aggregate"),
    "ANY_VALUE": Function(_any_value, 1, 1, "aggregate"),
    **{
        name: Function(_spread, 1, 1, "aggregate")
        for name in ("STDDEV", "STDDEV_SAMP", "STDDEV_POP", "VARIANCE", "VAR_SAMP", "VAR_POP")
    },
    "BOOL_AND": Function(_both, 1, 1, "aggregate"),
    "BOOL_OR": Function(_both, 1, 1, "aggregate"),
    "MEDIAN": Function(_median, 1, 1, "aggregate"),
    "LISTAGG": Function(_listagg, 1, 2, "aggregate"),
    "PERCENTILE_CONT": Function(_percentile, 1, 1, "aggregate"),
    **{
        name: Function(_ranking, 0, 0, "window")
        for name in ("ROW_NUMBER", "RANK", "DENSE_RANK", "PERCENT_RANK", "CUME_DIST")
    },
    "NTILE": Function(_ranking, 1, 1, "window"),
    "LAG": Function(_neighbour, 1, 2, "window"),
    "LEAD": Function(_neighbour, 1, 2, "window"),
    "FIRST_VALUE": Function(_neighbour, 1, 1, "window"),
    "LAST_VALUE": Function(_neighbour, 1, 1, "window"),
}
