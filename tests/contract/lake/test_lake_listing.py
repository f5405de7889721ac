"""Listings: every object once, in the order of the keys' bytes, from any place on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contract.lake.drivers import DRIVERS, place_on_s3
from tests.servers.emulator import Emulator

from tidegate.errors import UsageError
from tidegate.lake.base import Lake

KEYS = sorted(
    [
        "_tidegate/w1/log/public/orders/1.json",
        "a b",
        "a!b",
        "a",
        "b/1",
        "b/10",
        "b/2",
        "b/c!d",
        "b/c/1",
        "b/c/d/e",
        "b/c0",
        "b!",
        "b0",
        "bé",
        "b\U0001f600",
        "b\uffff",
        "public/orders/batch=01/_tidegate/batch.json",
        "public/orders/batch=01/tg_period=2020-01-01/0000_part_00.parquet",
        "public/orders/batch=02/tg_period=2020-02-01/0000_part_00.parquet",
        "public/orders!2fx/batch=01/x",
    ],
    key=str.encode,
)


@pytest.fixture
def full(lake: Lake) -> Lake:
    for key in reversed(KEYS):
        lake.put(key, key.encode())
    return lake


def listed(lake: Lake, prefix: str = "", after: str | None = None) -> list[str]:
    return [info.key for info in lake.list(prefix, after=after)]


def test_list_of_everything_is_in_the_order_of_bytes(full: Lake) -> None:
    assert listed(full) == KEYS


def test_an_empty_lake_lists_nothing(lake: Lake) -> None:
    assert listed(lake) == []
    assert list(lake.folders("")) == []


def test_list_by_prefix_is_by_plain_text(full: Lake) -> None:
    present = ["a", "a!", "b", "b/", "b/c", "b/c/", "b/c/d/e", "pub", "public/orders/", "public/orders", "_tidegate/"]
    for prefix in present:
        expected = [key for key in KEYS if key.startswith(prefix)]
        assert expected
        assert listed(full, prefix) == expected


def test_list_of_a_missing_prefix_is_empty(full: Lake) -> None:
    for prefix in ("nope", "nope/", "b/c/nope/", "a/", "b/1/", "b/1/x", "public/orders/batch=03/"):
        assert listed(full, prefix) == [], prefix


def test_list_after_any_place_goes_on_right_there(full: Lake) -> None:
    places = [*KEYS, "", "0", "b/", "b/c", "b/c/", "b/c/d", "b/c/z", "b/zzz", "public/orders", "zzz"]
    for after in places:
        assert listed(full, after=after) == [k for k in KEYS if k.encode() > after.encode()], after
        assert listed(full, "b/", after) == [k for k in KEYS if k.startswith("b/") and k.encode() > after.encode()]


def test_list_is_a_stream(full: Lake) -> None:
    objects = full.list("")
    assert isinstance(objects, Iterator)
    first = next(objects)
    full.delete(KEYS[1:])
    assert first.key == KEYS[0]
    assert set(info.key for info in objects) <= set(KEYS[1:])


def test_list_gives_size_and_identity_of_each(full: Lake) -> None:
    for info in full.list("b/"):
        assert info == full.head(info.key)
        assert info.size == len(info.key.encode())


def test_folders_are_those_directly_below(full: Lake) -> None:
    expected = {
        "": ["_tidegate/", "b/", "public/"],
        "b/": ["b/c/"],
        "b/c/": ["b/c/d/"],
        "public/": ["public/orders!2fx/", "public/orders/"],
        "public/orders/": ["public/orders/batch=01/", "public/orders/batch=02/"],
        "nope/": [],
        "a/": [],
    }
    assert {prefix: list(full.folders(prefix)) for prefix in expected} == expected


def test_folders_of_a_prefix_within_a_name_is_refused(full: Lake) -> None:
    with pytest.raises(UsageError, match="the prefix 'publ' is not a folder") as caught:
        list(full.folders("publ"))
    assert caught.value.hint == "End the prefix with a slash."


def test_a_folder_goes_with_its_last_object(full: Lake) -> None:
    full.delete([key for key in KEYS if key.startswith("public/orders/batch=01/")])
    assert list(full.folders("public/orders/")) == ["public/orders/batch=02/"]
    full.delete([key for key in KEYS if key.startswith("public/")])
    assert list(full.folders("")) == ["_tidegate/", "b/"]


def test_objects_that_no_key_can_name_are_told_and_the_others_listed(aws_environment: Emulator, tmp_path: Path) -> None:
    bucket = aws_environment.new_bucket()
    place_on_s3(tmp_path, aws_environment, bucket)
    lake = DRIVERS["s3"](tmp_path)
    root = lake.uri("")
    names = ["in//1.csv", "in/./1.csv", "in/a.csv", f"in/{'y' * 256}.csv", "in/z.csv", "in/empty/", "in//"]
    for name in names:
        aws_environment.s3.put_object(Bucket=bucket, Key=f"{root.removeprefix(f's3://{bucket}/')}{name}", Body=b"")
    odd: list[str] = []
    assert [info.key for info in lake.list("in/", odd=odd.append)] == ["in/a.csv", "in/z.csv"]
    assert odd == [f"{root}{name}" for name in (names[1], names[0], names[3])]
