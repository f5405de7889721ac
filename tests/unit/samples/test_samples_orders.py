"""The files of the sample orders: complete, in agreement with one another, and never half written."""

import hashlib
import json
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from tidegate.errors import UsageError
from tidegate.model.names import TableName
from tidegate.samples.orders import OrdersFiles, write_orders
from tidegate.samples.shop import MAX_ORDERS

_NAMES = [
    "customers.parquet",
    "order_items.parquet",
    "orders.json",
    "orders_flat.parquet",
    "orders_summary.parquet",
    "product_prices.parquet",
    "products.parquet",
]
# The types of orders.json, so that DECIMAL is read as it stands.
_MONEY = "DECIMAL(12,2)"
_NESTED = f"""{{
    order_id: 'BIGINT', customer_id: 'BIGINT', order_date: 'DATE', ordered_at: 'TIMESTAMP', updated_at: 'TIMESTAMP',
    status: 'VARCHAR', channel: 'VARCHAR', currency: 'VARCHAR', coupon: 'VARCHAR', item_count: 'INTEGER',
    subtotal: '{_MONEY}', discount: '{_MONEY}', shipping: '{_MONEY}', total: '{_MONEY}', refund: '{_MONEY}',
    customer: 'STRUCT(name VARCHAR, email VARCHAR, phone VARCHAR)',
    shipping_address: 'STRUCT(street VARCHAR, postal_code VARCHAR, city VARCHAR, country VARCHAR)',
    items: 'STRUCT(line_number INTEGER, product_id INTEGER, product_name VARCHAR, category VARCHAR, quantity INTEGER,
        unit_price {_MONEY}, line_discount {_MONEY}, line_total {_MONEY},
        returned STRUCT(quantity INTEGER, "at" TIMESTAMP, reason VARCHAR, status VARCHAR, refund {_MONEY}))[]'
}}"""
_ORDER = (
    "order_id, customer_id, order_date, ordered_at, updated_at, status, channel, currency, coupon, item_count, "
    "subtotal, discount, shipping, total, refund"
)
_ADDRESS = "shipping_address.street, shipping_address.postal_code, shipping_address.city, shipping_address.country"
_ITEM = (
    "item.product_id, item.product_name, item.category, item.quantity, item.unit_price, item.line_discount, "
    'item.line_total, item.returned.quantity, item.returned."at", item.returned.reason, item.returned.status, '
    "item.returned.refund"
)


def _count(db: duckdb.DuckDBPyConnection, rest: str) -> int:
    row = db.execute(f"SELECT count(*) FROM {rest}").fetchone()
    assert row is not None
    return int(row[0])


def _digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("rows", [0, 1, 7, 1000])
def test_as_many_orders_as_asked(tmp_path: Path, rows: int) -> None:
    files = write_orders(tmp_path / "out", rows)
    assert files.folder == tmp_path / "out"
    assert sorted(path.name for path in files.folder.iterdir()) == _NAMES
    lines = files.json[0].read_text("utf-8").splitlines()
    items = sum(len(json.loads(line)["items"]) for line in lines)
    assert (files.order_count, files.item_count, files.customer_count) == (rows, items, 20 + rows // 5)
    assert len(lines) == rows
    counted = {path.name: pq.read_metadata(path).num_rows for path in files.folder.glob("*.parquet")}
    prices = counted.pop("product_prices.parquet")
    assert counted == {
        "orders_summary.parquet": rows,
        "order_items.parquet": items,
        "orders_flat.parquet": items,
        "customers.parquet": 20 + rows // 5,
        "products.parquet": 480,
    }
    assert 480 < prices < 4 * 480


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path, files: OrdersFiles) -> None:
    write_orders(tmp_path / "again", 1000)
    write_orders(tmp_path / "other", 1000, seed=7)
    again, other = _digests(tmp_path / "again"), _digests(tmp_path / "other")
    assert again == _digests(files.folder)
    assert [name for name in _NAMES if again[name] == other[name]] == []


def test_the_nested_orders_say_what_the_tables_say(db: duckdb.DuckDBPyConnection, files: OrdersFiles) -> None:
    nested = f"read_json('{files.json[0]}', format='newline_delimited', columns={_NESTED})"
    unnested = f"(SELECT * EXCLUDE (items), unnest(items) AS item FROM {nested})"
    customer = "customer.name, customer.email, customer.phone"
    expected = {
        "summary": f"SELECT {_ORDER}, {_ADDRESS} FROM {nested}",
        "items": f"SELECT order_id, item.line_number, order_date, {_ITEM} FROM {unnested}",
        "flat": f"SELECT {_ORDER}, {customer}, {_ADDRESS}, item.line_number, {_ITEM} FROM {unnested}",
    }
    for view, query in expected.items():
        assert db.execute(f"FROM {view}").fetchall() == db.execute(query).fetchall(), view


def test_an_order_as_json(files: OrdersFiles) -> None:
    order = json.loads(files.json[0].read_text("utf-8").splitlines()[0])
    assert list(order) == [
        *_ORDER.split(", "),
        "customer",
        "shipping_address",
        "items",
    ]
    assert list(order["customer"]) == ["name", "email", "phone"]
    assert list(order["shipping_address"]) == ["street", "postal_code", "city", "country"]
    assert list(order["items"][0])[-1] == "returned"
    assert order["ordered_at"][:10] == order["order_date"]


def test_money_adds_up(db: duckdb.DuckDBPyConnection) -> None:
    assert _count(db, "summary WHERE total IS DISTINCT FROM subtotal - discount + shipping") == 0
    assert _count(db, "items WHERE line_total IS DISTINCT FROM unit_price * quantity - line_discount") == 0
    assert _count(db, "items WHERE line_discount < 0 OR line_total <= 0") == 0
    sums = """(
        SELECT order_id, count(*) AS n, sum(unit_price * quantity) AS subtotal, sum(line_discount) AS discount,
               sum(line_total) AS net, coalesce(sum(returned_refund), 0) AS refund
        FROM items GROUP BY order_id)"""
    joined = f"summary s FULL JOIN {sums} i USING (order_id)"
    assert _count(db, joined) == 1000
    of_order = "(s.item_count, s.subtotal, s.discount, s.subtotal - s.discount, s.refund)"
    of_items = "(i.n, i.subtotal, i.discount, i.net, i.refund)"
    assert _count(db, f"{joined} WHERE {of_order} IS NOT DISTINCT FROM {of_items}") == 1000
    assert _count(db, "items WHERE line_discount > 0") > 300


def test_items_cost_what_the_price_list_said_on_the_day(db: duckdb.DuckDBPyConnection, files: OrdersFiles) -> None:
    valid = (
        "p.product_id = i.product_id AND i.order_date >= valid_from AND (valid_to IS NULL OR i.order_date < valid_to)"
    )
    assert _count(db, f"items i JOIN prices p ON {valid} AND p.list_price = i.unit_price") == files.item_count
    assert _count(db, f"items i JOIN prices p ON {valid}") == files.item_count
    last = "prices JOIN products p USING (product_id) WHERE valid_to IS NULL AND prices.list_price = p.list_price"
    assert _count(db, last) == 480
    changes = "prices a JOIN prices b ON a.product_id = b.product_id AND a.valid_to = b.valid_from"
    assert _count(db, f"{changes} WHERE a.list_price <> b.list_price") > 400


def test_every_reference_finds_its_row(db: duckdb.DuckDBPyConnection, files: OrdersFiles) -> None:
    assert _count(db, "summary JOIN customers USING (customer_id)") == 1000
    assert _count(db, "items JOIN summary USING (order_id, order_date)") == files.item_count
    named = "items i JOIN products p ON (i.product_id, product_name, i.category) = (p.product_id, name, p.category)"
    assert _count(db, named) == files.item_count
    written = (
        "flat f JOIN customers c ON f.customer_id = c.customer_id AND (customer_name, customer_email) = (name, email)"
    )
    assert _count(db, written) == files.item_count
    assert _count(db, "(SELECT DISTINCT order_id, product_id FROM items)") == files.item_count
    assert _count(db, "summary s JOIN customers c USING (customer_id) WHERE shipping_address_city = city") == 1000
    elsewhere = "summary s JOIN customers c USING (customer_id) WHERE shipping_address_street <> street"
    assert 30 < _count(db, elsewhere) < 150


def test_returns_come_after_delivery_and_give_money_back(db: duckdb.DuckDBPyConnection) -> None:
    returned = "items i JOIN summary s USING (order_id) WHERE returned_quantity IS NOT NULL"
    assert _count(db, returned) > 50
    assert _count(db, f"{returned} AND status <> 'returned'") == 0
    assert _count(db, f"{returned} AND returned_at < ordered_at + INTERVAL 3 DAY") == 0
    assert _count(db, f"{returned} AND returned_quantity NOT BETWEEN 1 AND quantity") == 0
    assert (
        _count(db, f"{returned} AND returned_status = 'refunded' AND returned_refund NOT BETWEEN -line_total AND 0")
        == 0
    )
    whole = "returned_status = 'refunded' AND returned_quantity = quantity"
    assert _count(db, f"{returned} AND {whole} AND returned_refund = -line_total") == _count(
        db, f"{returned} AND {whole}"
    )
    assert _count(db, f"{returned} AND returned_status = 'received' AND returned_refund <> 0") == 0
    assert _count(db, "summary WHERE status = 'returned'") == _count(db, f"(SELECT DISTINCT order_id FROM {returned})")
    assert _count(db, "summary WHERE refund < 0") > 40
    assert _count(db, "summary WHERE refund < 0 AND status <> 'returned'") == 0


def test_split_files_hold_the_same_rows(tmp_path: Path, files: OrdersFiles) -> None:
    split = write_orders(tmp_path / "out", 1000, split_rows=400)
    assert [path.name for path in split.json] == ["orders_00001.json", "orders_00002.json", "orders_00003.json"]
    assert [path.name for path in split.summary] == [f"orders_summary_{part:05}.parquet" for part in (1, 2, 3)]
    assert [pq.read_metadata(path).num_rows for path in split.summary] == [400, 400, 200]
    assert b"".join(path.read_bytes() for path in split.json) == files.json[0].read_bytes()
    assert (split.order_count, split.item_count, split.customer_count) == (1000, files.item_count, 220)
    for parts, whole in ((split.summary, files.summary), (split.items, files.items), (split.flat, files.flat)):
        rows = [row for path in parts for row in pq.read_table(path).to_pylist()]
        assert rows == pq.read_table(whole[0]).to_pylist()
    for summary, items in zip(split.summary, split.items, strict=True):
        orders = set(pq.read_table(summary).column("order_id").to_pylist())
        assert set(pq.read_table(items).column("order_id").to_pylist()) == orders
    assert split.customers.read_bytes() == files.customers.read_bytes()


@pytest.mark.parametrize(("rows", "parts"), [(0, 1), (1, 1), (400, 1), (401, 2)])
def test_there_are_no_empty_parts_but_one(tmp_path: Path, rows: int, parts: int) -> None:
    split = write_orders(tmp_path / "out", rows, split_rows=400)
    assert (len(split.summary), split.order_count) == (parts, rows)


def test_the_files_of_the_tables(files: OrdersFiles) -> None:
    assert files.by_table == {
        TableName("public", "orders"): files.summary,
        TableName("public", "order_items"): files.items,
        TableName("public", "customers"): (files.customers,),
        TableName("public", "products"): (files.products,),
        TableName("public", "product_prices"): (files.product_prices,),
    }
    assert all(path.is_file() for paths in files.by_table.values() for path in paths)


def test_progress_counts_files(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    write_orders(tmp_path / "it's here", 10, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(done, 7) for done in range(1, 8)]


class _Stopped(Exception):
    pass


def _stop(done: int, total: int) -> None:
    raise _Stopped


def test_a_cancelled_run_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(_Stopped):
        write_orders(tmp_path / "new", 5000, progress=_stop)
    assert not (tmp_path / "new").exists()
    (tmp_path / "empty").mkdir()
    with pytest.raises(_Stopped):
        write_orders(tmp_path / "empty", 5000, progress=_stop)
    assert list((tmp_path / "empty").iterdir()) == []


def test_no_file_has_its_name_before_all_are_complete(tmp_path: Path) -> None:
    seen: list[list[str]] = []
    write_orders(tmp_path, 10, progress=lambda done, total: seen.append(sorted(p.name for p in tmp_path.iterdir())))
    assert seen == [[".tidegate-partial"]] * 7
    assert sorted(path.name for path in tmp_path.iterdir()) == _NAMES


def test_what_a_killed_run_left_is_replaced(tmp_path: Path) -> None:
    (tmp_path / ".tidegate-partial").mkdir()
    (tmp_path / ".tidegate-partial" / "orders_00009.json").write_text("half an ord")
    write_orders(tmp_path, 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == _NAMES


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "keep.txt").write_text("mine")
    with pytest.raises(UsageError) as caught:
        write_orders(tmp_path, 1)
    assert caught.value.message == f"the folder {tmp_path} is not empty"
    assert caught.value.hint == "Name a new or an empty folder."
    assert [path.name for path in tmp_path.iterdir()] == ["keep.txt"]


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(UsageError, match=r"is a file$") as caught:
        write_orders(file, 1)
    assert caught.value.hint == "Name a new or an empty folder."
    with pytest.raises(UsageError) as caught:
        write_orders(file / "below", 1)
    assert caught.value.message.startswith(f"the sample orders cannot be written to {file}/below: ")
    assert "Name a folder that you may write to" in caught.value.hint
    assert file.read_text() == "mine"


@pytest.mark.parametrize(
    ("rows", "split_rows", "message"),
    [
        (-1, None, "-1 sample orders cannot be made"),
        (MAX_ORDERS + 1, None, "100000000 sample orders cannot be made"),
        (1, 0, "a file of 0 orders cannot be made"),
    ],
)
def test_numbers_out_of_range_are_refused(tmp_path: Path, rows: int, split_rows: int | None, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        write_orders(tmp_path / "out", rows, split_rows=split_rows)
    assert caught.value.message == message
    assert caught.value.hint != ""
    assert not (tmp_path / "out").exists()
