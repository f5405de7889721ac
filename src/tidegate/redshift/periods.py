"""Period columns: the expression that gives a row's period, and predicates that select whole periods."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from tidegate.errors import PolicyError
from tidegate.model.names import TableName
from tidegate.model.periods import DateRange, Granularity, Period
from tidegate.model.tables import SqlType, TypeKind
from tidegate.redshift.identifiers import literal, qualified, quote
from tidegate.redshift.types import render

_INTEGERS = frozenset({TypeKind.SMALLINT, TypeKind.INTEGER, TypeKind.BIGINT})
_TEXTS = frozenset({TypeKind.CHAR, TypeKind.VARCHAR})
_YEAR, _MONTH, _DAY = "[1-9][0-9][0-9][0-9]", "(0[1-9]|1[0-2])", "(0[1-9]|[12][0-9]|3[01])"
_PATTERNS = {
    "YYYYMMDD": (f"^{_YEAR}{_MONTH}{_DAY}$", 5, 7, "%Y%m%d"),
    "YYYY-MM-DD": (f"^{_YEAR}-{_MONTH}-{_DAY}$", 6, 9, "%Y-%m-%d"),
    "YYYYMM": (f"^{_YEAR}{_MONTH}$", 5, None, "%Y%m"),
    "YYYY-MM": (f"^{_YEAR}-{_MONTH}$", 6, None, "%Y-%m"),
}
"""Format: pattern of a valid text, where month and day begin (from 1), and the same format for Python."""

MANY_RANGES = 50
"""From here on a predicate lists periods instead of writing bounds for each range: less to send, parse and compare."""


@dataclass(frozen=True)
class PeriodColumn:
    """The column that decides a row's period. `format` is set for integer and text dates only."""

    name: str
    type: SqlType
    granularity: Granularity
    format: str | None = None
    time_zone: str = "UTC"

    def __post_init__(self) -> None:
        kind, text = self.type.kind, f'period column "{self.name}" is {render(self.type)}'
        if kind in _INTEGERS | _TEXTS:
            if self.format not in _PATTERNS:
                raise PolicyError(
                    f"{text}, which needs a date format", hint=f"Set column_format to one of {', '.join(_PATTERNS)}."
                )
            if kind in _INTEGERS and "-" in self.format:
                raise PolicyError(f"{text}, which cannot hold {self.format}", hint="Use YYYYMMDD or YYYYMM.")
            if self.granularity is Granularity.DAILY and _PATTERNS[self.format][2] is None:
                raise PolicyError(f"{text} with the format {self.format}, which names no day", hint="Use monthly.")
        elif kind not in (TypeKind.DATE, TypeKind.TIMESTAMP, TypeKind.TIMESTAMPTZ):
            raise PolicyError(
                f"{text}, which is not a date",
                hint="Choose a DATE, TIMESTAMP or TIMESTAMPTZ column, or an integer or text one with column_format.",
            )
        elif self.format is not None:
            raise PolicyError(f"{text}, which takes no date format", hint="Remove column_format.")


def period_expression(column: PeriodColumn) -> str:
    """A DATE: the day, or the first day of the month. NULL where the value is NULL or not a date of the format."""
    name, kind = quote(column.name), column.type.kind
    if column.format is not None:
        return _text_period(column)
    local = f"({name} AT TIME ZONE {literal(column.time_zone)})" if kind is TypeKind.TIMESTAMPTZ else name
    if column.granularity is Granularity.MONTHLY:
        return f"CAST(DATE_TRUNC('month', {local}) AS DATE)"
    return local if kind is TypeKind.DATE else f"CAST({local} AS DATE)"


def _text_period(column: PeriodColumn) -> str:
    pattern, month_at, day_at, _ = _PATTERNS[column.format or ""]
    name = quote(column.name)
    text = f"CAST({name} AS VARCHAR(20))" if column.type.kind in _INTEGERS else f"RTRIM({name})"
    month = f"CAST(SUBSTRING({text}, 1, 4) || '-' || SUBSTRING({text}, {month_at}, 2) || '-01' AS DATE)"
    period = month
    if day_at is not None:
        day = f"CAST(SUBSTRING({text}, {day_at}, 2) AS INTEGER)"
        exists = f"{day} <= DATE_PART(day, LAST_DAY({month}))"
        value = (
            month if column.granularity is Granularity.MONTHLY else f"CAST(DATEADD(day, {day} - 1, {month}) AS DATE)"
        )
        period = f"CASE WHEN {exists} THEN {value} END"
    return f"CASE WHEN {text} ~ {literal(pattern)} THEN {period} END"


def predicate(column: PeriodColumn, ranges: Sequence[DateRange]) -> str:
    """Rows of the periods in `ranges`, and no others: NULL and unusable values are never selected.

    `ranges`: disjoint, in order, of whole periods. Bounds on the bare column come first, so that zone maps and
    row-group statistics prune.
    """
    if not ranges:
        return "FALSE"
    if len(ranges) > MANY_RANGES:
        return _listed(column, ranges)
    return " OR ".join(f"({_in_range(column, r)})" for r in ranges)


def _listed(column: PeriodColumn, ranges: Sequence[DateRange]) -> str:
    """Bounds over all ranges, and a list: of the periods inside, or of those between, whichever is shorter."""
    whole = DateRange(ranges[0].start, ranges[-1].end)
    gaps: Sequence[DateRange] = [DateRange(before.end, after.start) for before, after in pairwise(ranges)]
    if _count(ranges, column.granularity) <= _count(gaps, column.granularity):
        bounds, word, listed = _bounds(column, whole), "IN", ranges
    else:
        bounds, word, listed = _in_range(column, whole), "NOT IN", gaps
    days = ", ".join(literal(str(day)) for day in _starts(listed, column.granularity))
    return f"{bounds} AND {period_expression(column)} {word} ({days})"


def _count(ranges: Sequence[DateRange], granularity: Granularity) -> int:
    if granularity is Granularity.DAILY:
        return sum((r.end - r.start).days for r in ranges)
    return sum((r.end.year - r.start.year) * 12 + r.end.month - r.start.month for r in ranges)


def _starts(ranges: Sequence[DateRange], granularity: Granularity) -> Iterator[date]:
    for span in ranges:
        day = span.start
        while day < span.end:
            yield day
            day = Period(day, granularity).end


def _in_range(column: PeriodColumn, span: DateRange) -> str:
    if column.type.kind in (TypeKind.DATE, TypeKind.TIMESTAMP):
        return _bounds(column, span)
    period = period_expression(column)
    return f"{_bounds(column, span)} AND {period} >= DATE '{span.start}' AND {period} < DATE '{span.end}'"


def _bounds(column: PeriodColumn, span: DateRange) -> str:
    """Bounds on the bare column: exact for DATE and TIMESTAMP, else what no row of the periods lies outside of."""
    name, kind = quote(column.name), column.type.kind
    if kind is TypeKind.DATE:
        return f"{name} >= DATE '{span.start}' AND {name} < DATE '{span.end}'"
    if kind is TypeKind.TIMESTAMP:
        return f"{name} >= TIMESTAMP '{span.start} 00:00:00' AND {name} < TIMESTAMP '{span.end} 00:00:00'"
    if kind is TypeKind.TIMESTAMPTZ:
        low, high = _shift(span.start, -2), _shift(span.end, 2)
        return (
            f"{name} >= CAST('{low} 00:00:00+00' AS TIMESTAMPTZ) AND {name} < CAST('{high} 00:00:00+00' AS TIMESTAMPTZ)"
        )
    form = _PATTERNS[column.format or ""][3]
    low_text, high_text = span.start.strftime(form), span.end.strftime(form)
    if kind in _INTEGERS:
        return f"{name} >= {int(low_text)} AND {name} < {int(high_text)}"
    return f"{name} >= {literal(low_text)} AND {name} < {literal(high_text)}"


def _shift(day: date, days: int) -> date:
    """`day` moved, but kept inside of the years that a date can hold."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return day


def statistics(table: TableName, column: PeriodColumn) -> str:
    """One row a period with its count, in order; the NULL row counts values that have no period."""
    return (
        f"SELECT {period_expression(column)} AS tg_period, COUNT(*) AS tg_rows "
        f"FROM {qualified(table)} GROUP BY 1 ORDER BY 1"
    )
