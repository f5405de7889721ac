"""Options that several commands take, from text to values."""

from calendar import monthrange
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tidegate.errors import UsageError


def day(text: str | None, option: str) -> date | None:
    """`2020-06-20`. Raises UsageError naming the option."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{option}: {text!r} is not a date", hint="Write it as YYYY-MM-DD.") from error


def first_day(text: str | None, option: str) -> date | None:
    """The first day of `2020-06`, or the day itself."""
    return day(f"{text}-01" if text and len(text) == len("2020-06") else text, option)


def last_day(text: str | None, option: str) -> date | None:
    """The last day of `2020-06`, or the day itself."""
    if text is None or len(text) != len("2020-06"):
        return day(text, option)
    first = day(f"{text}-01", option)
    return first.replace(day=monthrange(first.year, first.month)[1]) if first else None


def moment(text: str | None, option: str, timezone: str) -> datetime | None:
    """`2020-06-20` (its first moment in `timezone`) or `2020-06-20T05:30`. Raises UsageError naming the option."""
    if text is None:
        return None
    try:
        given = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            f"{option}: {text!r} is not a time", hint="Write it as YYYY-MM-DD or YYYY-MM-DDTHH:MM."
        ) from error
    return given if given.tzinfo else given.replace(tzinfo=ZoneInfo(timezone))


def window_end(text: str | None, now: datetime, timezone: str) -> datetime | None:
    """`05:30` (the next one in `timezone`) or `2020-06-20T05:30`. Raises UsageError."""
    if text is None:
        return None
    zone = ZoneInfo(timezone)
    try:
        if "T" in text or " " in text:
            given = datetime.fromisoformat(text)
            return given if given.tzinfo else given.replace(tzinfo=zone)
        local = now.astimezone(zone)
        end = datetime.combine(local.date(), time.fromisoformat(text), zone)
    except ValueError as error:
        raise UsageError(f"--until: {text!r} is not a time", hint="Write it as HH:MM or YYYY-MM-DDTHH:MM.") from error
    return end if end > local else end + timedelta(days=1)


def duration(text: str | None, option: str) -> timedelta | None:
    """`1d`, `36h`, `0s`. Raises UsageError."""
    from tidegate.config.quantities import parse_seconds

    if text is None:
        return None
    try:
        return timedelta(seconds=parse_seconds(text))
    except ValueError as error:
        raise UsageError(f"{option} is {text!r}, {error}", hint="Write it as 1d, 36h or 0s.") from error


def byte_size(text: str | None, option: str) -> int | None:
    """`1GB`, `500MB`. Raises UsageError."""
    from tidegate.config.quantities import parse_bytes

    if text is None:
        return None
    try:
        return parse_bytes(text)
    except ValueError as error:
        raise UsageError(f"{option} is {text!r}, {error}", hint="Write it as 1GB or 500MB.") from error
