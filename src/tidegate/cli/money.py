"""Amounts of money, printed: always as an estimate, with the date of its prices."""

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tidegate.flows.money import Estimate

_CENT, _MILL = Decimal("0.01"), Decimal("0.0001")


def amount(value: Decimal, currency: str) -> str:
    """`1,234.50 USD`; less than a cent keeps four digits."""
    step = _CENT if abs(value) >= _CENT or not value else _MILL
    return f"{value.quantize(step, ROUND_HALF_UP):,} {currency}"


def saving_lines(estimate: "Estimate") -> Iterator[str]:
    """What a plan would save, a line a table, then the total and what it rests on; not for dust."""
    unit = estimate.currency
    savings = [one for one in estimate.savings if max(one.hot, one.cold) >= _MILL]
    for one in savings:
        moving = f", once {amount(one.moving, unit)} to move" if one.moving else ""
        yield (
            f"{one.table}: {amount(one.hot, unit)} a month hot, {amount(one.cold, unit)} cold in {one.tier}{moving}: "
            f"{amount(one.saved, unit)} a month saved"
        )
    if len(savings) > 1:
        total = sum((one.saved for one in savings), Decimal(0))
        yield f"all tables: {amount(total, unit)} a month saved"
    if savings:
        yield _rests_on(estimate)


def bill_lines(estimate: "Estimate") -> Iterator[str]:
    """What a month costs, a line a table, and what it rests on; not for dust."""
    unit = estimate.currency
    billed = [bill for bill in estimate.bills if max(bill.hot or 0, bill.total_cold) >= _MILL]
    for bill in billed:
        tiers = ", ".join(f"{tier} {amount(cost, unit)}" for tier, cost in bill.cold.items())
        hot = "unknown" if bill.hot is None else amount(bill.hot, unit)
        yield f"{bill.table}: a month costs {hot} hot, {amount(bill.total_cold, unit)} cold ({tiers})"
    if billed:
        yield _rests_on(estimate)


def saving_document(estimate: "Estimate") -> dict[str, object]:
    """Amounts as decimal texts, a month each but `moving`."""
    savings = [
        {
            "table": str(one.table),
            "hot": _text(one.hot),
            "cold": _text(one.cold),
            "tier": one.tier.value,
            "moving": _text(one.moving),
            "saved": _text(one.saved),
        }
        for one in estimate.savings
    ]
    return {**_prices(estimate), "savings": savings}


def bill_document(estimate: "Estimate") -> dict[str, object]:
    """Amounts of a month as decimal texts."""
    bills = [
        {
            "table": str(bill.table),
            "hot": None if bill.hot is None else _text(bill.hot),
            "cold": [{"tier": tier.value, "month": _text(cost)} for tier, cost in bill.cold.items()],
        }
        for bill in estimate.bills
    ]
    return {**_prices(estimate), "bills": bills}


def _prices(estimate: "Estimate") -> dict[str, object]:
    return {"prices": estimate.date, "region": estimate.region, "currency": estimate.currency}


def _text(value: Decimal) -> str:
    return f"{value.quantize(_MILL, ROUND_HALF_UP)}"


def _rests_on(estimate: "Estimate") -> str:
    return f"estimated with the prices of {estimate.region} of {estimate.date}"
