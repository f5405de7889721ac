"""The price file: packaged prices, replaced one by one, and what is wrong with a file said in one sentence."""

from decimal import Decimal
from pathlib import Path

import pytest

from tidegate.config.prices import load_prices
from tidegate.errors import ConfigError
from tidegate.model.tiers import POLICY_TIERS, Retrieval, Tier


def test_every_tier_has_a_packaged_price() -> None:
    prices = load_prices(None)
    assert set(prices.tiers) == set(Tier)
    assert all(prices.tiers[tier].transition > 0 for tier in POLICY_TIERS)
    assert (prices.region, prices.currency) == ("us-east-1", "USD")


def test_a_file_replaces_single_prices(tmp_path: Path) -> None:
    file = tmp_path / "prices.toml"
    file.write_text(
        'date = "2026-11-01"\nregion = "eu-central-1"\n[tiers.GLACIER]\nstorage = 0.00405\n'
        "retrieval.standard = { requests = 0.06 }\n"
    )
    prices, packaged = load_prices(file), load_prices(None)
    glacier = prices.tiers[Tier.GLACIER]
    assert (prices.date, prices.region, prices.currency) == ("2026-11-01", "eu-central-1", "USD")
    assert (glacier.storage, glacier.transition) == (Decimal("0.00405"), Decimal("0.03"))
    assert (glacier.retrieval[Retrieval.STANDARD].gb, glacier.retrieval[Retrieval.STANDARD].requests) == (
        Decimal("0.01"),
        Decimal("0.06"),
    )
    assert prices.tiers[Tier.STANDARD] == packaged.tiers[Tier.STANDARD]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("dat = 1", "unknown key dat, did you mean date?"),
        ("[tiers.GLACIER]\nstorag = 1", "unknown key tiers.GLACIER.storag, did you mean storage?"),
        ("[tiers.GLACIER]\nstorage = -1", "tiers.GLACIER.storage must be 0 or more"),
        ('[warehouse]\nstorage = "1"', "warehouse.storage must be a number"),
        ("[warehouse]\nstorage = nan", "warehouse.storage must be 0 or more"),
        ('date = "today"', 'date must be a day such as "2026-01-31"'),
        ("[tiers.ICE]\nstorage = 1", "tiers.ICE must be 'STANDARD', 'STANDARD_IA'"),
        ("[tiers.GLACIER.retrieval]\nslow = {}", "tiers.GLACIER.retrieval.slow must be 'expedited', 'standard'"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "prices.toml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_prices(file)
    assert caught.value.message.startswith(f"{file}: {told}")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read the prices in .*none.toml: no such file or directory"):
        load_prices(tmp_path / "none.toml")
