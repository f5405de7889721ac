"""Tiers: what is handed over keeps its identity, what is parked says so until it is thawed, what is erased is gone."""

from collections.abc import Callable

import pytest
from tests.contract.lake.drivers import park

from tidegate.errors import ObjectExists, ObjectNotFound, ObjectParked, UsageError
from tidegate.lake.base import Lake
from tidegate.model.tiers import Retrieval, Thaw, ThawState, Tier

HINT = "Thaw the object first: `tidegate restore <table> --days 7` makes it readable for so many days."
BULK = Retrieval.BULK


def test_an_object_handed_over_to_a_readable_tier_keeps_its_identity(lake: Lake) -> None:
    keys = [f"a/{number:03}" for number in range(45)]
    before = [lake.put(key, key.encode()) for key in keys]
    lake.transition(iter([*keys, "a/never"]), Tier.GLACIER_IR)
    lake.transition(keys, Tier.GLACIER_IR)
    after = [lake.head(key) for key in keys]
    assert [(i.key, i.size, i.etag, i.modified) for i in after] == [(i.key, i.size, i.etag, i.modified) for i in before]
    assert all(info.readable and info.tier in (Tier.STANDARD, Tier.GLACIER_IR) for info in after)
    assert lake.get("a/007") == b"a/007"
    assert len({info.tier for info in after}) == 1
    assert [(i.key, i.tier, i.thaw) for i in lake.list("")] == [(i.key, i.tier, i.thaw) for i in after]


def test_a_parked_object_is_told_as_parked(lake: Lake) -> None:
    park(lake, "a/parked", b"12345")
    info = lake.head("a/parked")
    assert (info.size, info.tier, info.thaw, info.readable) == (5, Tier.GLACIER, Thaw(ThawState.PARKED), False)
    assert list(lake.list("")) == [info]
    assert list(lake.folders("")) == ["a/"]


READS: dict[str, Callable[[Lake], object]] = {
    "get": lambda lake: lake.get("a/parked"),
    "stream": lambda lake: list(lake.stream("a/parked")),
    "copy": lambda lake: lake.copy("a/parked", "b"),
}


@pytest.mark.parametrize("read", READS)
def test_a_parked_object_is_not_read(lake: Lake, driver: str, read: str, request: pytest.FixtureRequest) -> None:
    if (driver, read) == ("s3", "copy"):
        request.applymarker(pytest.mark.xfail(reason="the emulator copies objects of GLACIER, which S3 refuses"))
    park(lake, "a/parked", b"12345")
    with pytest.raises(ObjectParked, match=r"^the object 'a/parked' in the lake .* is parked$") as caught:
        READS[read](lake)
    assert caught.value.hint == HINT
    assert [info.key for info in lake.list("")] == ["a/parked"]


def test_a_listing_keeps_the_order_of_keys_whatever_is_parked(lake: Lake) -> None:
    parked = ["a/b/1", "a/b/3", "a/d", "c/1", "é"]
    keys = sorted([*parked, "a.b", "a/b/2", "a/c/1", "b", "c/2"])
    for key in keys:
        if key in parked:
            park(lake, key, b"1")
        else:
            lake.put(key, b"1")
    assert [(info.key, info.readable) for info in lake.list("")] == [(key, key not in parked) for key in keys]
    for prefix in ("a/", "a/b", "c", "é"):
        assert [info.key for info in lake.list(prefix)] == [key for key in keys if key.startswith(prefix)]
    assert [info.key for info in lake.list("a/", after="a/b/1")] == ["a/b/2", "a/b/3", "a/c/1", "a/d"]
    assert list(lake.folders("")) == ["a/", "c/"]
    assert list(lake.folders("a/")) == ["a/b/", "a/c/"]


def test_thaw_tells_where_each_stands_and_may_be_repeated(lake: Lake) -> None:
    park(lake, "a/1", b"1")
    park(lake, "a/2", b"2")
    plain = lake.put("plain", b"3")
    first = list(lake.thaw(iter(["a/2", "plain", "a/1"]), 3, BULK))
    assert [info.key for info in first] == ["a/2", "plain", "a/1"]
    assert first[1] == plain
    assert {info.thaw.state for info in first if info.thaw} <= {ThawState.THAWING, ThawState.THAWED}
    assert {info.tier for info in first if info.thaw} == {Tier.GLACIER}
    assert [lake.head(info.key) for info in first] == first
    assert list(lake.thaw(["a/2", "plain", "a/1"], 3, BULK)) == first


def test_a_listing_tells_of_a_thaw_as_head_does(lake: Lake, driver: str, request: pytest.FixtureRequest) -> None:
    if driver == "s3":
        request.applymarker(pytest.mark.xfail(reason="the emulator's listings do not know RestoreStatus"))
    park(lake, "a/1", b"1")
    (info,) = lake.thaw(["a/1"], 3, BULK)
    assert list(lake.list("")) == [info]


def test_thaw_of_a_missing_object_names_it(lake: Lake) -> None:
    park(lake, "a", b"1")
    with pytest.raises(ObjectNotFound, match=r"^the object 'b' is not in the lake"):
        list(lake.thaw(["a", "b"], 1, BULK))


def test_what_tiers_do_not_know_is_refused(lake: Lake) -> None:
    lake.put("plain", b"1")
    park(lake, "deep", b"1", Tier.DEEP_ARCHIVE)
    with pytest.raises(UsageError, match=r"^no object moves to the tier STANDARD$") as caught:
        lake.transition(["plain"], Tier.STANDARD)
    assert caught.value.hint == "Copy the object: a copy is in STANDARD."
    with pytest.raises(UsageError, match=r"^an object is thawed for 0 days, must be 1 or more$") as caught:
        list(lake.thaw(["deep"], 0, BULK))
    assert caught.value.hint == "Give whole days from 1 on."
    with pytest.raises(UsageError, match=r"^the object 'deep' is in DEEP_ARCHIVE, which has no expedited re") as caught:
        list(lake.thaw(["deep"], 1, Retrieval.EXPEDITED))
    assert caught.value.hint == "Ask for the standard or the bulk retrieval."
    assert lake.head("deep").thaw == Thaw(ThawState.PARKED)


def test_a_parked_key_is_taken_until_it_is_written_over(lake: Lake) -> None:
    park(lake, "a/k", b"old")
    with pytest.raises(ObjectExists, match=r"^the object 'a/k' is in the lake .* already$"):
        lake.put("a/k", b"new", if_absent=True)
    assert not lake.head("a/k").readable
    new = lake.put("a/k", b"new")
    assert (new.tier, new.thaw) == (Tier.STANDARD, None)
    assert lake.head("a/k") == new
    assert list(lake.list("")) == [new]
    assert lake.get("a/k") == b"new"
    park(lake, "a/k", b"cold again")
    with lake.writer("a/k") as out:
        out.write(b"written")
    assert lake.get("a/k") == b"written"
    lake.delete(["a/k"])
    assert list(lake.list("")) == []


@pytest.mark.parametrize("way", ["delete", "erase"])
def test_what_is_deleted_or_erased_is_gone_parked_or_not(lake: Lake, way: str) -> None:
    lake.put("a/b", b"1")
    kept = [lake.put(key, b"1") for key in ("a/b.c", "a/bc")]
    park(lake, "x/y/parked", b"1")
    list(lake.thaw(["x/y/parked"], 2, BULK))
    park(lake, "x/y/other", b"1")
    getattr(lake, way)(iter(["a/b", "x/y/parked", "x/y/other", "a/never"]))
    assert list(lake.list("")) == kept
    assert list(lake.folders("")) == ["a/"]
    with pytest.raises(ObjectNotFound, match=r"^the object 'x/y/parked' is not in the lake"):
        lake.head("x/y/parked")
    getattr(lake, way)([])
    assert lake.put("x/y/parked", b"2", if_absent=True).size == 1
