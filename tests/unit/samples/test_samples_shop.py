"""The imagined shop: the same for the same seed, and true to life."""

from datetime import date

import duckdb
import pytest

from tidegate.errors import UsageError
from tidegate.samples.shop import DEFAULT_UNTIL, choose_orders, open_shop

_VIEWS = ("orders_nested", "orders", "order_items", "orders_flat", "customers", "products", "product_prices")


def _digest(shop: duckdb.DuckDBPyConnection, first: int = 1, last: int = 1000) -> str:
    """SHA-256 of all rows of all views as JSON, sorted."""
    choose_orders(shop, first, last)
    rows = " UNION ALL ".join(f"SELECT '{view}' AS v, to_json(r)::VARCHAR AS j FROM {view} AS r" for view in _VIEWS)
    return str(_one(shop, f"SELECT sha256(string_agg(v || j, chr(10) ORDER BY v, j)) FROM ({rows})"))


def _one(shop: duckdb.DuckDBPyConnection, sql: str) -> object:
    row = shop.execute(sql).fetchone()
    assert row is not None
    return row[0]


@pytest.fixture(scope="module")
def busy_shop() -> duckdb.DuckDBPyConnection:
    """20,000 orders as tables."""
    shop = open_shop()
    choose_orders(shop, 1, 20_000)
    shop.execute("CREATE TABLE o AS FROM orders")
    shop.execute("CREATE TABLE i AS FROM order_items")
    return shop


@pytest.mark.parametrize("threads", [1, 2])
def test_the_rows_do_not_depend_on_the_number_of_threads(threads: int) -> None:
    shop = open_shop(seed=42)
    shop.execute(f"SET threads = {threads}")
    assert _digest(shop) == _digest(open_shop(seed=42))


@pytest.mark.parametrize(("seed", "until"), [(43, DEFAULT_UNTIL), (42, date(2026, 6, 29))])
def test_another_seed_or_last_day_makes_other_orders(seed: int, until: date) -> None:
    shop, other = open_shop(), open_shop(seed, until)
    for each in (shop, other):
        choose_orders(each, 1, 1000)
    assert _one(shop, "SELECT count(*) FROM orders") == 1000
    keys = "SELECT order_id FROM orders WHERE order_date BETWEEN '2025-01-01' AND '2025-12-31'"
    assert set(shop.execute(keys).fetchall()) != set(other.execute(keys).fetchall())


def test_an_order_depends_on_its_number_and_not_on_how_many_there_are() -> None:
    shop = open_shop()
    choose_orders(shop, 1, 1000)
    thousand = shop.execute("FROM orders_nested").fetchall()
    customers = shop.execute("FROM customers").fetchall()
    choose_orders(shop, 1, 100)
    assert shop.execute("FROM orders_nested").fetchall() == thousand[:100]
    assert shop.execute("FROM customers").fetchall() == customers[:40]
    choose_orders(shop, 901, 1000)
    assert shop.execute("FROM orders_nested").fetchall() == thousand[900:]


def test_a_draw_says_nothing_about_the_next_one() -> None:
    shop = open_shop()
    pairs = shop.execute(
        "SELECT order_draw(n, 1) % 10 AS a, order_draw(n, 2) % 10 AS b, count(*) AS c"
        " FROM range(100000) AS r(n) GROUP BY ALL"
    ).fetchall()
    assert len(pairs) == 100
    assert all(850 < count < 1150 for _, _, count in pairs)


@pytest.mark.parametrize(
    ("until", "start"),
    [
        (date(2026, 6, 30), date(2024, 1, 1)),
        (date(2026, 8, 29), date(2024, 2, 29)),
        (date(2024, 2, 29), date(2021, 9, 1)),
        (date(1970, 1, 1), date(1967, 7, 2)),
        (date(2999, 12, 31), date(2997, 7, 1)),
    ],
)
def test_orders_fill_thirty_months_that_end_with_the_last_day(until: date, start: date) -> None:
    shop = open_shop(until=until)
    choose_orders(shop, 1, 20_000)
    shop.execute("CREATE TABLE o AS FROM orders")
    days = shop.execute("SELECT min(order_date), max(order_date), count(DISTINCT order_date) FROM o").fetchone()
    assert days == (start, until, (until - start).days + 1)
    assert _one(shop, "SELECT count(*) FROM o WHERE ordered_at::DATE <> order_date OR updated_at < ordered_at") == 0
    assert _one(shop, "SELECT count(*) FROM o WHERE updated_at::DATE > getvariable('until')") == 0
    assert _one(shop, "SELECT count(*) FROM order_items WHERE unit_price IS NULL OR unit_price <= 0") == 0


@pytest.mark.parametrize("until", [date(1969, 12, 31), date(3000, 1, 1)])
def test_a_last_day_out_of_range_is_refused(until: date) -> None:
    with pytest.raises(UsageError, match=f"^sample orders cannot end on {until}$") as caught:
        open_shop(until=until)
    assert caught.value.hint == "Choose a day from 1970-01-01 to 2999-12-31."


def test_the_order_id_is_the_day_and_the_number(busy_shop: duckdb.DuckDBPyConnection) -> None:
    ids = busy_shop.execute("SELECT order_id // 100000000, order_id % 100000000, order_date FROM o").fetchall()
    assert [number for _, number, _ in ids] == list(range(1, 20_001))
    assert all(f"{day:%Y%m%d}" == str(prefix) for prefix, _, day in ids)
    assert _one(busy_shop, "SELECT max(order_id) < pow(2, 53) FROM o") is True


def test_more_is_ordered_at_the_end_of_the_year(busy_shop: duckdb.DuckDBPyConnection) -> None:
    per_month = dict(
        busy_shop.execute(
            "SELECT month(order_date), count(*) / count(DISTINCT order_date) FROM o"
            " WHERE year(order_date) < 2026 GROUP BY 1"
        ).fetchall()
    )
    assert per_month[12] > per_month[2] * 1.5
    assert per_month[11] > per_month[8] * 1.3
    christmas = busy_shop.execute(
        "SELECT count(*) FILTER (day(order_date) = 25), count(*) FILTER (day(order_date) = 18)"
        " FROM o WHERE month(order_date) = 12"
    ).fetchone()
    assert christmas is not None
    assert christmas[0] < christmas[1] / 2


def test_the_shop_grows_and_rests_on_sundays_and_at_night(busy_shop: duckdb.DuckDBPyConnection) -> None:
    growth = "SELECT count(*) FILTER (year(order_date) = 2025) / count(*) FILTER (year(order_date) = 2024) FROM o"
    assert 1.1 < float(str(_one(busy_shop, growth))) < 1.4
    weekdays = dict(busy_shop.execute("SELECT isodow(order_date), count(*) FROM o GROUP BY 1").fetchall())
    assert min(weekdays, key=weekdays.__getitem__) == 7
    hours = dict(busy_shop.execute("SELECT hour(ordered_at), count(*) FROM o GROUP BY 1").fetchall())
    assert len(hours) == 24
    assert hours[20] > hours[3] * 5


def test_few_customers_order_much_and_few_products_sell_much(busy_shop: duckdb.DuckDBPyConnection) -> None:
    def share_of_first_tenth(table: str, key: str, whole: int) -> float:
        counts = f"SELECT count(*) AS c FROM {table} GROUP BY {key} ORDER BY c DESC LIMIT {whole // 10}"
        return float(str(_one(busy_shop, f"SELECT sum(c) / (SELECT count(*) FROM {table}) FROM ({counts})")))

    assert 0.3 < share_of_first_tenth("o", "customer_id", 4020) < 0.6
    assert 0.4 < share_of_first_tenth("i", "product_id", 480) < 0.6


def test_nobody_orders_before_being_a_customer(busy_shop: duckdb.DuckDBPyConnection) -> None:
    known = "20 + (order_id % 100000000 - 1) // 5"
    assert _one(busy_shop, f"SELECT count(*) FROM o WHERE customer_id NOT BETWEEN 1 AND {known}") == 0
    assert _one(busy_shop, "SELECT max(customer_id) > 3900 FROM o") is True


def test_orders_have_one_to_eight_items_and_every_status(busy_shop: duckdb.DuckDBPyConnection) -> None:
    sizes = busy_shop.execute("SELECT item_count, count(*) FROM o GROUP BY 1 ORDER BY 1").fetchall()
    assert [size for size, _ in sizes] == list(range(1, 9))
    assert sizes[0][1] > sizes[1][1] > sizes[2][1]
    statuses = dict(busy_shop.execute("SELECT status, count(*) FROM o GROUP BY 1").fetchall())
    assert set(statuses) == {"placed", "paid", "shipped", "delivered", "returned", "cancelled"}
    assert statuses["delivered"] > 15_000


def test_only_late_orders_are_still_on_their_way(busy_shop: duckdb.DuckDBPyConnection) -> None:
    oldest = dict(busy_shop.execute("SELECT status, max(DATE '2026-07-01' - order_date) FROM o GROUP BY 1").fetchall())
    assert oldest["placed"] <= 1
    assert oldest["paid"] <= 4
    assert oldest["shipped"] <= 10


def test_amounts_are_small_and_big_and_names_come_in_many_scripts(busy_shop: duckdb.DuckDBPyConnection) -> None:
    prices = busy_shop.execute("SELECT min(unit_price) < 0.1, max(unit_price) > 25000 FROM i").fetchone()
    assert prices == (True, True)
    for script in ("[ÄÖÜäöüß]", "[Łłżś]", "[Α-Ωα-ω]", "[一-龠]"):
        assert _one(busy_shop, f"SELECT count(*) > 50 FROM customers WHERE regexp_matches(name, '{script}')") is True
    address = r"[a-z]+\.[a-z]+[0-9]+@example\.(com|net|org)"
    assert _one(busy_shop, f"SELECT count(*) FROM customers WHERE NOT regexp_full_match(email, '{address}')") == 0


def test_a_few_values_are_missing(busy_shop: duckdb.DuckDBPyConnection) -> None:
    coupons = float(str(_one(busy_shop, "SELECT count(coupon) / count(*) FROM o")))
    phones = float(str(_one(busy_shop, "SELECT count(phone) / count(*) FROM customers")))
    assert 0.10 < coupons < 0.14
    assert 0.85 < phones < 0.91
