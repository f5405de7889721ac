"""The lake: can objects be written, found, read and deleted, and does a conditional put keep its word?"""

from datetime import datetime, timedelta

from tidegate.errors import LakeUnreachable, ObjectExists, ObjectNotFound
from tidegate.flows.context import Context
from tidegate.flows.doctor.checks import Check, Finding, Verdict, check, skipped

MAX_SKEW = timedelta(minutes=5)
"""Signatures of requests to AWS are refused beyond 15 minutes (Amazon S3 user guide, troubleshooting)."""


def check_lake(ctx: Context, folder: str) -> list[Check]:
    """Probe with one small object below `folder`, which is gone afterwards."""
    key = f"{folder}probe"
    found = check("lake", lambda: _round_trip(ctx, key))
    if found.verdict is Verdict.FAILED:
        rest = ("conditional put", "clock of the lake", "lifecycle rules")
        return [found, *(skipped(name, "the lake cannot be used") for name in rest)]
    return [
        found,
        check("conditional put", lambda: _conditional(ctx, key)),
        check("clock of the lake", lambda: _clock(ctx, key)),
        check("lifecycle rules", lambda: _rules(ctx)),
    ]


def _round_trip(ctx: Context, key: str) -> str:
    lake, data = ctx.lake, b"tidegate doctor"
    lake.put(key, data)
    try:
        if lake.get(key) != data or [info.key for info in lake.list(key)] != [key]:
            raise LakeUnreachable(
                f"the lake does not give back what was written to {lake.uri(key)}",
                hint="Use a store that reads its own writes, as Amazon S3 does.",
            )
    finally:
        lake.delete([key])
    try:
        lake.head(key)
    except ObjectNotFound:
        return f"{lake.uri('')} can be written, listed, read and deleted from"
    raise LakeUnreachable(
        f"the lake still has {lake.uri(key)} after it was deleted", hint="Use a store that reads its own writes."
    )


def _conditional(ctx: Context, key: str) -> Finding | str:
    ctx.lake.put(key, b"first")
    try:
        ctx.lake.put(key, b"second", if_absent=True)
    except ObjectExists:
        return "a second writer of the same key is refused"
    finally:
        ctx.lake.delete([key])
    return (
        Verdict.FAILED,
        "a put that must not overwrite did overwrite: records of the lake could be lost",
        "Use a store that honours If-None-Match, as Amazon S3 does.",
    )


def _clock(ctx: Context, key: str) -> Finding | str:
    before = ctx.clock()
    info = ctx.lake.put(key, b"clock")
    ctx.lake.delete([key])
    return skew("the lake", info.modified - before)


def _rules(ctx: Context) -> Finding | str:
    """Whether somebody else's rules delete what counts, or move it to where it cannot be read."""
    try:
        effects = ctx.lake.foreign_rules()
    except LakeUnreachable as error:
        return Verdict.WARNING, error.message, error.hint
    if not effects:
        return "nobody else's rule deletes or moves objects of the lake"
    told = f"rules of others hold for the lake: {'; '.join(effects)}"
    if any(effect.startswith("deletes") for effect in effects):
        return Verdict.FAILED, told, "Take the lake's prefix out of these rules: they delete what counts as archived."
    return Verdict.WARNING, told, "Take the lake's prefix out of these rules, and give the policy its tiers instead."


def skew(what: str, difference: timedelta) -> Finding | str:
    """Whether a clock is near enough to ours."""
    seconds = round(difference.total_seconds())
    if abs(difference) <= MAX_SKEW:
        return f"the clock of {what} and ours agree to {abs(seconds)} s"
    direction = "ahead of" if seconds > 0 else "behind"
    return (
        Verdict.WARNING,
        f"the clock of {what} is {abs(seconds)} s {direction} ours",
        "Set both by NTP: leases, grace periods and signatures rest on them.",
    )


def as_utc(value: object, like: datetime) -> datetime:
    """A TIMESTAMP of the warehouse, which is in UTC, as an aware time."""
    if not isinstance(value, datetime):
        raise TypeError(f"not a timestamp: {value!r}")
    return value if value.tzinfo else value.replace(tzinfo=like.tzinfo)
