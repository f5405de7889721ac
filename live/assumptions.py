"""Every assumption, by the room that checks it: one row of docs/assumptions.md each."""

from collections.abc import Mapping, Sequence

from live import catalog, copying, data_api, external, guards, hashes, lake, tiers, transactions, unloading
from live.assumption import Assumption

ROOMS: Mapping[str, Sequence[Assumption]] = {
    "Transactions": transactions.CHECKS,
    "The Data API": data_api.CHECKS,
    "Guards": guards.CHECKS,
    "UNLOAD": unloading.CHECKS,
    "Row hashes": hashes.CHECKS,
    "External tables": external.CHECKS,
    "COPY": copying.CHECKS,
    "The catalog": catalog.CHECKS,
    "S3 and clocks": lake.CHECKS,
    "Tiers": tiers.CHECKS,
}


def chosen(text: str | None) -> dict[str, list[Assumption]]:
    """Those whose id contains the text, or all."""
    found = {room: [each for each in checks if text is None or text in each.id] for room, checks in ROOMS.items()}
    return {room: checks for room, checks in found.items() if checks}
