"""DATEFORMAT and TIMEFORMAT (developer guide, DATEFORMAT and TIMEFORMAT strings)."""

import re

from tidegate.errors import StatementRefused

_PARTS = {
    "YYYY": "%Y",
    "YY": "%y",
    "MONTH": "%B",
    "MON": "%b",
    "MM": "%m",
    "DD": "%d",
    "HH24": "%H",
    "HH12": "%I",
    "HH": "%H",
    "MI": "%M",
    "SS": "%S",
    "AM": "%p",
    "PM": "%p",
}
_PART = re.compile("|".join(sorted(_PARTS, key=len, reverse=True)) + r"|[^A-Za-z]|.", re.IGNORECASE | re.DOTALL)
_AUTO_DATES = ("%Y/%m/%d", "%m/%d/%Y", "%b-%d-%Y", "%d-%b-%Y", "%Y-%b-%d", "%b %d, %Y", "%B %d, %Y", "%Y%m%d")
_AUTO_TIMES = ("%Y-%m-%d %I:%M:%S %p", "%m/%d/%Y %H:%M:%S", "%b %d, %Y %H:%M:%S", "%Y%m%d %H%M%S", "%Y%m%d%H%M%S")
"""Of the forms that 'auto' recognises, those beside ISO that have one meaning."""

_DEFAULT_DATE = "YYYY-MM-DD"
_DEFAULT_TIME = "YYYY-MM-DD HH:MI:SS"


def date_value(field: str, format: str | None) -> str:
    """The SQL of a date, NULL where the field does not match."""
    if format is None or format.upper() == _DEFAULT_DATE:
        return f"TRY_CAST({field} AS DATE)"
    if format == "auto":
        return f"CAST(coalesce(TRY_CAST({field} AS DATE), {_tried(field, _AUTO_DATES)}) AS DATE)"
    return f"CAST(try_strptime({field}, {_pattern('DATEFORMAT', format)}) AS DATE)"


def timestamp_value(field: str, type: str, format: str | None) -> str:
    """The SQL of a TIMESTAMP or TIMESTAMPTZ, NULL where the field does not match; without a zone it is UTC."""
    if format is None or format.upper() == _DEFAULT_TIME:
        return f"TRY_CAST({field} AS {type})"
    if format == "auto":
        return f"coalesce(TRY_CAST({field} AS {type}), {_in_type(_tried(field, _AUTO_TIMES + _AUTO_DATES), type)})"
    if format in ("epochsecs", "epochmillisecs"):
        micros = 1_000_000 if format == "epochsecs" else 1_000
        number = f"CASE WHEN regexp_full_match({field}, '-?[0-9]+([.][0-9]*)?') THEN {field} END"
        whole = f"TRY_CAST(trunc(TRY_CAST({number} AS DECIMAL(28,6)) * {micros}) AS BIGINT)"
        return _in_type(f"make_timestamp({whole})", type)
    return _in_type(f"try_strptime({field}, {_pattern('TIMEFORMAT', format)})", type)


def _in_type(timestamp: str, type: str) -> str:
    return f"timezone('UTC', {timestamp})" if type == "TIMESTAMPTZ" else timestamp


def _tried(field: str, formats: tuple[str, ...]) -> str:
    listed = ", ".join(f"'{format}'" for format in formats)
    return f"try_strptime({field}, [{listed}])"


def _pattern(option: str, format: str) -> str:
    parts = []
    for part in _PART.findall(format):
        known = _PARTS.get(part.upper())
        if known is None and part.isalpha():
            raise StatementRefused(
                f"the embedded warehouse does not read {part!r} in {option} {format!r}",
                hint=f"Use YYYY, YY, MM, MON, MONTH, DD, HH24, HH12, MI, SS and AM, or {option} 'auto'.",
            )
        parts.append(known or part.replace("%", "%%").replace("'", "''"))
    return "'" + "".join(parts) + "'"
