"""Patterns of keys: what they match, and which of two is the more specific."""

import pytest

from tidegate.config.patterns import KeyPattern


@pytest.mark.parametrize(
    ("pattern", "key", "found"),
    [
        ("orders/*.parquet", "orders/1.parquet", {}),
        ("orders/*.parquet", "orders/a/1.parquet", None),
        ("orders/*.parquet", "other/orders/1.parquet", None),
        ("orders/*", "orders/", None),
        ("orders/*.parquet", "orders/1xparquet", None),
        ("orders/**/*.parquet", "orders/1.parquet", {}),
        ("orders/**/*.parquet", "orders/a/b/1.parquet", {}),
        ("**/*.csv", "a+b/ü x.csv", {}),
        ("yyyy=*/mm=*/x.json", "yyyy=2026/mm=/x.json", {}),
        ("{table}/*.csv", "orders/1.csv", {"table": "orders"}),
        ("{schema}/{table}/*.csv", "shop/orders/1.csv", {"schema": "shop", "table": "orders"}),
        ("{table}_*.csv", "order_items_7.csv", {"table": "order_items"}),
        ("s3://landing/in/*.csv", "s3://landing/in/1.csv", {}),
        ("s3://landing/in/*.csv", "in/1.csv", None),
        ("/data/*.csv", "/data/1.csv", {}),
        ("**/*.csv", "_tidegate/x/1.csv", None),
        ("**/*.csv", "a/.hidden/1.csv", None),
        ("*", "_SUCCESS", None),
        ("_in/*", "_in/1.csv", {}),
        ("a?b/*", "axb/1", None),
    ],
)
def test_what_a_pattern_matches(pattern: str, key: str, found: dict[str, str] | None) -> None:
    assert KeyPattern.parse(pattern).match(key) == found


@pytest.mark.parametrize(
    ("pattern", "prefix"),
    [
        ("orders/2026-*.csv", "orders/2026-"),
        ("**/*.csv", ""),
        ("s3://landing/in/{table}/*", "s3://landing/in/"),
        ("/data/x.csv", "/data/x.csv"),
    ],
)
def test_every_matching_key_begins_with_the_prefix(pattern: str, prefix: str) -> None:
    assert KeyPattern.parse(pattern).prefix == prefix


def test_the_more_specific_of_two() -> None:
    ordered = [
        "s3://landing/**/*.csv",
        "orders/eu/*.csv",
        "orders/e*/*.csv",
        "orders/*/*.csv",
        "orders/**/1.csv",
        "orders/**/x*.csv",
        "orders/**/*.csv",
        "*/eu/*.csv",
        "**/orders/*.csv",
        "**/*.csv",
    ]
    assert sorted(ordered, key=lambda text: KeyPattern(text).specificity, reverse=True) == ordered


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        ("a*/x", "*a/x", True),
        ("a*/x", "b*/x", False),
        ("**/a*.csv", "**/b*.csv", False),
        ("**/*a.csv", "**/b*.csv", True),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/c/**/b", True),
        ("*/b/c", "a/*/d", False),
        ("{table}/x", "*/x", True),
        ("s3://landing/*", "s3://other/*", False),
        ("/a/*", "a/*", False),
        ("*1*", "*2*", True),
    ],
)
def test_whether_one_key_can_match_both(first: str, second: str, both: bool) -> None:
    one, two = KeyPattern.parse(first), KeyPattern.parse(second)
    assert (one.overlaps(two), two.overlaps(one)) == (both, both)
