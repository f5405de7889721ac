"""Date and time functions. The session's time zone is UTC (Date and time functions)."""

import re

from tidegate.model.tables import SqlType, TypeKind
from tidegate.warehouse.embedded.emitter import refused, text
from tidegate.warehouse.embedded.functions import Call, Function
from tidegate.warehouse.embedded.values import (
    BIGINT,
    DATE,
    DOUBLE,
    INTEGER,
    TEXT,
    TEXTS,
    TIMESTAMP,
    TIMESTAMPTZ,
    Value,
)

_ALIASES = {
    **dict.fromkeys(("y", "yr", "yrs", "years"), "year"),
    **dict.fromkeys(("qtr", "qtrs", "quarters"), "quarter"),
    **dict.fromkeys(("mon", "mons", "months"), "month"),
    **dict.fromkeys(("w", "weeks"), "week"),
    **dict.fromkeys(("d", "days"), "day"),
    **dict.fromkeys(("h", "hr", "hrs", "hours"), "hour"),
    **dict.fromkeys(("m", "min", "mins", "minutes"), "minute"),
    **dict.fromkeys(("s", "sec", "secs", "seconds"), "second"),
    **dict.fromkeys(("dayofweek", "dw", "weekday"), "dow"),
    **dict.fromkeys(("dayofyear", "yearday"), "doy"),
    **dict.fromkeys(("ms", "msec", "msecs", "milliseconds", "millisec"), "millisecond"),
    **dict.fromkeys(("us", "usec", "usecs", "microseconds", "microsec"), "microsecond"),
}
_STEPS = ("year", "month", "week", "day", "hour", "minute", "second", "millisecond", "microsecond")
_NOW = "CAST(now() AT TIME ZONE 'UTC' AS TIMESTAMP)"
_ZONE = re.compile(r"[A-Za-z_]+(/[A-Za-z_]+)*(-[A-Za-z_]+)*")
_FORMATS = {
    "YYYY": "%Y",
    "YY": "%y",
    "MM": "%m",
    "DDD": "%j",
    "DD": "%d",
    "HH24": "%H",
    "HH12": "%I",
    "HH": "%I",
    "MI": "%M",
    "SS": "%S",
    "MS": "%g",
    "US": "%f",
    "Mon": "%b",
    "Dy": "%a",
    "AM": "%p",
    "PM": "%p",
}
_FORMAT = re.compile(r'YYYY|YY|MM|DDD|DD|HH24|HH12|HH|MI|SS|MS|US|Mon|Dy|AM|PM|"[^"]*"|[^A-Za-z%"]|.')


def _part(call: Call, at: int, allowed: tuple[str, ...]) -> str:
    written = call.part(at)
    part = _ALIASES.get(written, written)
    if part not in allowed:
        raise refused(f"the date part {written} in {call.name}", hint=f"Use one of {', '.join(allowed)}.")
    return part


def _moment(call: Call, at: int) -> Value:
    """A DATE, TIMESTAMP or TIMESTAMPTZ; a constant text is read as a TIMESTAMP."""
    value, kind = call.value(at), call.typed(at).kind
    if kind in TEXTS and value.literal is not None:
        return Value(f"CAST({value.sql} AS TIMESTAMP)", TIMESTAMP)
    if kind not in (TypeKind.DATE, TypeKind.TIMESTAMP, TypeKind.TIMESTAMPTZ):
        raise refused(f"{call.name} of {kind.value}", hint="Cast the argument to DATE or TIMESTAMP.")
    return value


def _stamp(value: Value) -> str:
    return f"CAST({value.sql} AS TIMESTAMP)" if value.kind is TypeKind.DATE else value.sql


def _stamp_type(value: Value) -> SqlType:
    return TIMESTAMPTZ if value.kind is TypeKind.TIMESTAMPTZ else TIMESTAMP


def _dateadd(call: Call) -> Value:
    """A TIMESTAMP, of a DATE too (DATEADD function)."""
    part = _part(call, 0, (*_STEPS, "quarter"))
    moment, count = _moment(call, 2), call.value(1).sql
    if part == "quarter":
        part, count = "month", f"(3 * {count})"
    steps = f"to_{part}s(CAST(trunc({count}) AS INTEGER))"
    return Value(f"({_stamp(moment)} + {steps})", _stamp_type(moment))


def _datediff(call: Call) -> Value:
    """How many borders of the part lie between. Weeks begin on Sunday there and on Monday in DuckDB: refused."""
    part = _part(call, 0, tuple(p for p in (*_STEPS, "quarter") if p != "week"))
    first, second = _moment(call, 1), _moment(call, 2)
    zoned = TypeKind.TIMESTAMPTZ in (first.kind, second.kind)
    type = "TIMESTAMPTZ" if zoned else "TIMESTAMP"
    operands = ", ".join(f"CAST({v.sql} AS {type})" for v in (first, second))
    return Value(f"date_diff('{part}', {operands})", BIGINT)


def _date_trunc(call: Call) -> Value:
    """A TIMESTAMP, of a DATE too; a week begins on Monday (DATE_TRUNC function)."""
    part = _part(call, 0, ("year", "quarter", "month", "week", "day", "hour", "minute", "second"))
    moment = _moment(call, 1)
    truncated = f"date_trunc('{part}', {moment.sql})"
    if moment.kind is TypeKind.DATE:
        truncated = f"CAST({truncated} AS TIMESTAMP)"
    return Value(truncated, _stamp_type(moment))


_FIELDS = ("year", "quarter", "month", "week", "day", "hour", "minute", "dow", "doy", "epoch")


def _field(call: Call) -> str:
    part = _part(call, 0, _FIELDS)
    moment = _moment(call, 1)
    if part == "epoch" and moment.kind is not TypeKind.DATE:
        raise refused(f"epoch of {moment.kind.value if moment.kind else 'a value'}", hint="Use DATEDIFF(second, …).")
    return f"date_part('{part}', {_stamp(moment)})"


def _date_part(call: Call) -> Value:
    return Value(f"CAST({_field(call)} AS DOUBLE)", DOUBLE)


def _extract(call: Call) -> Value:
    if call.typed(1).kind is TypeKind.TIMESTAMPTZ:
        return _date_part(call)
    return Value(f"CAST({_field(call)} AS INTEGER)", INTEGER)


def _pattern(call: Call, at: int, parsing: bool = False) -> str:
    """A constant Redshift format as DuckDB's; what has another meaning there is refused."""
    written = call.text(at)
    parts = []
    for piece in _FORMAT.findall(written):
        if piece in _FORMATS and not (parsing and piece in ("DDD", "MS", "US", "Dy", "AM", "PM")):
            parts.append(_FORMATS[piece])
        elif piece.startswith('"') and len(piece) > 1:
            parts.append(piece[1:-1].replace("%", "%%"))
        elif piece.isalpha() or piece in ('"', "%"):
            raise refused(f"the format {written!r} in {call.name}", hint=f"Use {', '.join(_FORMATS)} and separators.")
        else:
            parts.append(piece)
    return text("".join(parts))


def _to_char(call: Call) -> Value:
    return Value(f"strftime({_moment(call, 0).sql}, {_pattern(call, 1)})", TEXT)


def _written(call: Call) -> Value:
    if call.typed(0).kind not in TEXTS:
        raise refused(f"{call.name} of {call.typed(0).kind.value}", hint="Cast the argument to VARCHAR.")
    return call.value(0)


def _to_date(call: Call) -> Value:
    return Value(f"CAST(strptime({_written(call).sql}, {_pattern(call, 1, True)}) AS DATE)", DATE)


def _to_timestamp(call: Call) -> Value:
    return Value(f"(strptime({_written(call).sql}, {_pattern(call, 1, True)}) AT TIME ZONE 'UTC')", TIMESTAMPTZ)


def _zone(call: Call, at: int) -> str:
    name = call.text(at)
    if not _ZONE.fullmatch(name):
        raise refused(f"the time zone {name!r}", hint="Name a zone such as UTC, CET or America/New_York.")
    return text(name)


def _convert_timezone(call: Call) -> Value:
    source = "'UTC'" if len(call.nodes) == 2 else _zone(call, 0)
    target, moment = _zone(call, len(call.nodes) - 2), _moment(call, len(call.nodes) - 1)
    if moment.kind is TypeKind.TIMESTAMPTZ:
        if len(call.nodes) == 3:
            raise refused("CONVERT_TIMEZONE of TIMESTAMPTZ with a source zone", hint="Leave the source zone out.")
        return Value(f"timezone({target}, {moment.sql})", TIMESTAMP)
    return Value(f"timezone({target}, timezone({source}, {_stamp(moment)}))", TIMESTAMP)


def _timezone(call: Call) -> Value:
    moment = _moment(call, 1)
    type = TIMESTAMP if moment.kind is TypeKind.TIMESTAMPTZ else TIMESTAMPTZ
    return Value(f"timezone({_zone(call, 0)}, {_stamp(moment)})", type)


def _add_months(call: Call) -> Value:
    """The last day of a month becomes the last day of the other month (ADD_MONTHS function)."""
    stamp = f"CAST({_moment(call, 0).sql} AS TIMESTAMP)"
    moved = f"({stamp} + to_months(CAST({call.value(1).sql} AS INTEGER)))"
    last = f"(last_day({moved}) + ({stamp} - date_trunc('day', {stamp})))"
    return Value(f"(CASE WHEN last_day({stamp}) = CAST({stamp} AS DATE) THEN {last} ELSE {moved} END)", TIMESTAMP)


def _last_day(call: Call) -> Value:
    return Value(f"last_day(CAST({_moment(call, 0).sql} AS TIMESTAMP))", DATE)


def _to_day(call: Call) -> Value:
    return Value(f"CAST({_moment(call, 0).sql} AS DATE)", DATE)


TIME_FUNCTIONS: dict[str, Function] = {
    "GETDATE": Function(lambda call: Value(f"date_trunc('second', {_NOW})", TIMESTAMP), 0, 0),
    "SYSDATE": Function(lambda call: Value(_NOW, TIMESTAMP), 0, 0),
    "CURRENT_DATE": Function(lambda call: Value(f"CAST({_NOW} AS DATE)", DATE), 0, 0),
    "DATEADD": Function(_dateadd, 3, 3),
    "DATE_ADD": Function(_dateadd, 3, 3),
    "DATEDIFF": Function(_datediff, 3, 3),
    "DATE_DIFF": Function(_datediff, 3, 3),
    "DATE_TRUNC": Function(_date_trunc, 2, 2),
    "DATE_PART": Function(_date_part, 2, 2),
    "PGDATE_PART": Function(_date_part, 2, 2),
    "EXTRACT": Function(_extract, 2, 2),
    "TO_CHAR": Function(_to_char, 2, 2),
    "TO_DATE": Function(_to_date, 2, 2),
    "TO_TIMESTAMP": Function(_to_timestamp, 2, 2),
    "CONVERT_TIMEZONE": Function(_convert_timezone, 2, 3),
    "TIMEZONE": Function(_timezone, 2, 2),
    "ADD_MONTHS": Function(_add_months, 2, 2),
    "LAST_DAY": Function(_last_day, 1, 1),
    "DATE": Function(_to_day, 1, 1),
}
