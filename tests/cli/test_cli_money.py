"""What `plan` and `status` tell about money."""

from decimal import Decimal

from tests.cli.conftest import Cli

AS_OF = ("--as-of", "2020-06-20")
PRICES = """\
date = "2026-11-01"
region = "eu-central-1"

[warehouse]
storage = 100000000

[tiers.STANDARD]
storage = 1000000
"""


def _priced(shop: Cli) -> None:
    (shop.folder / "prices.toml").write_text(PRICES)
    config = shop.folder / "tidegate.toml"
    config.write_text(f'{config.read_text()}\n[prices]\nfile = "prices.toml"\n')


def test_a_plan_tells_what_it_saves(shop: Cli) -> None:
    _priced(shop)
    document = shop.ok("plan", *AS_OF, "--json").document
    size = sum(batch["bytes"] for batch in document["tables"][0]["batches"])
    hot, cold = Decimal(size) * 100000000 / 2**30, Decimal(size) * 1000000 / 2**30
    assert document["estimate"] == {
        "prices": "2026-11-01",
        "region": "eu-central-1",
        "currency": "USD",
        "savings": [
            {
                "table": "public.orders",
                "hot": f"{hot:.4f}",
                "cold": f"{cold:.4f}",
                "tier": "STANDARD",
                "moving": "0.0000",
                "saved": f"{hot - cold:.4f}",
            }
        ],
    }
    *_, saved, rests = shop.ok("plan", *AS_OF).stdout.splitlines()
    assert saved == (
        f"public.orders: {hot:.2f} USD a month hot, {cold:.2f} USD cold in STANDARD: {hot - cold:.2f} USD a month saved"
    )
    assert rests == "estimated with the prices of eu-central-1 of 2026-11-01"


def test_status_tells_what_a_month_costs(archived: Cli) -> None:
    _priced(archived)
    document = archived.ok("status", "--json").document
    (table,), (bill,) = document["tables"], document["estimate"]["bills"]
    hot, cold = Decimal(table["hot_bytes"]) * 100000000 / 2**30, Decimal(table["bytes"]) * 1000000 / 2**30
    assert bill == {
        "table": "public.orders",
        "hot": f"{hot:.4f}",
        "cold": [{"tier": "STANDARD", "month": f"{cold:.4f}"}],
    }
    *_, line, _ = archived.ok("status").stdout.splitlines()
    assert line == f"public.orders: a month costs {hot:.2f} USD hot, {cold:.2f} USD cold (STANDARD {cold:.2f} USD)"


def test_a_misspelt_price_is_an_error_of_the_configuration(shop: Cli) -> None:
    _priced(shop)
    (shop.folder / "prices.toml").write_text("[warehouse]\nstorge = 1\n")
    told = shop("plan", *AS_OF)
    assert told.exit_code == 3
    assert "unknown key warehouse.storge, did you mean storage?" in told.stderr
