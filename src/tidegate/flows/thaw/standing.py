"""Where the files of parked periods stand in the lake, and what it takes to bring them back."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from tidegate.config.prices import load_prices
from tidegate.errors import DifferenceFound
from tidegate.flows.context import Context
from tidegate.flows.files import listing
from tidegate.lake.base import ObjectInfo
from tidegate.model.batch import FileEntry
from tidegate.model.prices import Prices
from tidegate.model.thawing import NO_FILES, Amount, FileStates, ThawEstimate, Way, retrieval_time
from tidegate.model.tiers import Retrieval, ThawState, Tier

KEPT_DAYS = 7
"""How long the lake keeps what it thawed: the time in which a run has to come back for it."""

DAYS_OF_MONTH = 30
"""As prices count them."""


@dataclass(frozen=True)
class ParkedFiles:
    """Files of one batch that are to be read; their keys are relative to `prefix`."""

    prefix: str
    files: tuple[FileEntry, ...]


@dataclass(frozen=True)
class Standing:
    """`asleep`: the files that nobody asked for yet, by tier."""

    states: FileStates = NO_FILES
    asleep: Mapping[Tier, Amount] = field(default_factory=dict)


def objects(ctx: Context, batch: ParkedFiles) -> Iterator[ObjectInfo]:
    """The files as the lake has them now, from one listing. Raises DifferenceFound when one is missing."""
    found = listing(ctx, batch.prefix)
    for file in batch.files:
        info = found.get(file.key)
        if info is None:
            raise DifferenceFound(
                f"{batch.prefix}{file.key} is missing",
                hint="Bring the object back from a backup or an older version of it; "
                "`tidegate verify` names every file that differs.",
            )
        yield info


def state_of(info: ObjectInfo) -> ThawState | None:
    """None for an object that can be read without a thaw."""
    return None if info.thaw is None else info.thaw.state


def stand(infos: Iterable[ObjectInfo]) -> Standing:
    states, asleep = FileStates(), dict[Tier, Amount]()
    for info in infos:
        state = state_of(info)
        name = "readable" if state is None else state.value
        states = replace(states, **{name: getattr(states, name).and_one(info.size)})
        if state is ThawState.PARKED:
            asleep[info.tier] = asleep.get(info.tier, Amount()).and_one(info.size)
    return Standing(states, asleep)


def estimate(ctx: Context, asleep: Mapping[Tier, Amount], days: int) -> ThawEstimate | None:
    """What it takes to read these files for `days`; None when there is nothing to ask for. Raises ConfigError."""
    if not asleep:
        return None
    prices = load_prices(ctx.settings.prices_file)
    found = (_way(prices, asleep, retrieval) for retrieval in Retrieval)
    month = sum(prices.cold_month(Tier.STANDARD, each.bytes, each.files) for each in asleep.values())
    return ThawEstimate(
        tuple(way for way in found if way is not None),
        Decimal(month) * (KEPT_DAYS + days) / DAYS_OF_MONTH,
        prices.date,
        prices.region,
        prices.currency,
    )


def _way(prices: Prices, asleep: Mapping[Tier, Amount], retrieval: Retrieval) -> Way | None:
    times = [retrieval_time(tier, retrieval) for tier in asleep]
    known = [time for time in times if time is not None]
    if len(known) < len(times):
        return None
    time, hours = max(known, key=lambda found: found[1])
    costs = [prices.retrieval(tier, retrieval, amount.bytes, amount.files) for tier, amount in asleep.items()]
    paid = [cost for cost in costs if cost is not None]
    return Way(retrieval, time, hours, sum(paid[1:], paid[0]) if paid and len(paid) == len(costs) else None)
