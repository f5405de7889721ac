"""The rules of billing, with numbers worked out by hand."""

from decimal import Decimal

from tidegate.config.prices import load_prices
from tidegate.model.tiers import Retrieval, Tier

PRICES = load_prices(None)
GB = 2**30


def test_a_month_in_the_warehouse_is_billed_by_size() -> None:
    assert PRICES.hot_month(1000 * GB) == Decimal("24.000")


def test_a_month_in_a_readable_tier_bills_small_objects_as_128_kb() -> None:
    assert PRICES.cold_month(Tier.STANDARD, 100 * GB, 7) == Decimal("2.300")
    assert PRICES.cold_month(Tier.GLACIER_IR, 100 * GB, 7) == Decimal("0.400")
    assert PRICES.cold_month(Tier.GLACIER_IR, 8192, 8192) == Decimal("0.004")


def test_a_month_in_a_parking_tier_bills_what_each_object_takes_beside_its_bytes() -> None:
    objects = 32768
    assert PRICES.cold_month(Tier.GLACIER, 0, objects) == Decimal("0.0036") + Decimal("0.023") / 4
    assert PRICES.cold_month(Tier.DEEP_ARCHIVE, 10 * GB, 0) == Decimal("0.0099")


def test_moving_is_billed_by_object() -> None:
    assert PRICES.transition(Tier.GLACIER, 2500) == Decimal("0.075")
    assert PRICES.transition(Tier.STANDARD, 2500) == 0


def test_who_deletes_early_pays_for_the_rest_of_the_minimum() -> None:
    assert PRICES.early_deletion(Tier.GLACIER, 100 * GB, 0, 60) == Decimal("0.36")
    assert PRICES.early_deletion(Tier.GLACIER, 100 * GB, 0, 90) == 0
    assert PRICES.early_deletion(Tier.DEEP_ARCHIVE, 100 * GB, 0, 0) == Decimal("0.594")
    assert PRICES.early_deletion(Tier.STANDARD, 100 * GB, 0, 0) == 0


def test_retrieval_is_billed_by_size_and_by_object() -> None:
    assert PRICES.retrieval(Tier.GLACIER, Retrieval.STANDARD, 50 * GB, 1000) == Decimal("0.55")
    assert PRICES.retrieval(Tier.GLACIER, Retrieval.BULK, 50 * GB, 1000) == 0
    assert PRICES.retrieval(Tier.DEEP_ARCHIVE, Retrieval.EXPEDITED, 50 * GB, 1000) is None
