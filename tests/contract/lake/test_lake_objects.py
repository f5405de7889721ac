"""Objects one by one: what is put is what is got, whole, or a named error."""

import hashlib
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from tidegate.errors import ObjectExists, ObjectNotFound
from tidegate.lake.base import Lake, ObjectInfo

BIG = bytes(range(256)) * 4096 * 3 + b"end"
"""Three chunks of 1 MiB and a little more."""


def test_put_then_get_gives_the_same_bytes(lake: Lake) -> None:
    lake.put("a/b.bin", b"\x00\xff bytes")
    assert lake.get("a/b.bin") == b"\x00\xff bytes"


def test_put_of_nothing_is_an_empty_object(lake: Lake) -> None:
    assert lake.put("empty", b"").size == 0
    assert lake.get("empty") == b""
    assert b"".join(lake.stream("empty")) == b""


def test_read_gives_a_range_and_less_where_the_object_ends(lake: Lake) -> None:
    lake.put("k", b"0123456789")
    assert lake.read("k", 3, 4) == b"3456"
    assert lake.read("k", 8, 100) == b"89"
    assert lake.read("k", 10, 5) == b""
    with pytest.raises(ObjectNotFound, match="gone"):
        lake.read("gone", 0, 1)


def test_put_replaces_the_whole_object(lake: Lake) -> None:
    lake.put("k", b"a longer first version")
    lake.put("k", b"short")
    assert lake.get("k") == b"short"


def test_put_head_and_list_describe_the_object_alike(lake: Lake) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)
    put = lake.put("a/b", b"12345")
    assert (put.key, put.size) == ("a/b", 5)
    assert put.etag
    assert before <= put.modified <= datetime.now(UTC) + timedelta(seconds=2)
    assert lake.head("a/b") == put
    assert list(lake.list("")) == [put]


def test_put_if_absent_of_a_new_key_stores_it(lake: Lake) -> None:
    assert lake.put("log/1.json", b"first", if_absent=True) == lake.head("log/1.json")
    assert lake.get("log/1.json") == b"first"


def test_put_if_absent_of_a_taken_key_changes_nothing(lake: Lake) -> None:
    first = lake.put("log/1.json", b"first")
    with pytest.raises(ObjectExists, match=r"the object 'log/1\.json' is in the lake .* already") as caught:
        lake.put("log/1.json", b"second", if_absent=True)
    assert caught.value.hint == "Another process wrote it first: read what it wrote, or choose another key."
    assert lake.get("log/1.json") == b"first"
    assert list(lake.list("")) == [first]


def test_etag_changes_with_the_bytes_and_not_otherwise(lake: Lake) -> None:
    etags = [lake.put("k", data).etag for data in (b"aa", b"bb", b"aa", b"bb", b"cc", b"aa", b"dd", b"ee")]
    assert all(former != etag for former, etag in pairwise(etags))
    assert len(set(etags)) >= 5
    assert lake.head("k").etag == lake.head("k").etag == etags[-1]


@pytest.mark.parametrize("key", ["nope", "nope/deep/er", "folder", "file/below"])
def test_a_missing_object_is_named(lake: Lake, key: str) -> None:
    lake.put("folder/object", b"1")
    lake.put("file", b"1")
    for read in (lake.get, lake.head, lake.sha256, lambda k: list(lake.stream(k)), lambda k: lake.copy(k, "copy")):
        with pytest.raises(ObjectNotFound, match=f"the object '{key}' is not in the lake") as caught:
            read(key)
        assert caught.value.hint == "Check the key, or restore the file from a backup of the lake."
    assert [info.key for info in lake.list("")] == ["file", "folder/object"]


def test_stream_gives_a_big_object_in_chunks(lake: Lake) -> None:
    lake.put("big", BIG)
    chunks = list(lake.stream("big"))
    assert b"".join(chunks) == BIG
    assert len(chunks) > 1
    assert max(map(len, chunks)) <= 1 << 20


def test_sha256_is_that_of_the_bytes(lake: Lake) -> None:
    lake.put("big", BIG)
    assert lake.sha256("big") == hashlib.sha256(BIG).hexdigest()


def test_writer_shows_the_object_whole_at_the_end(lake: Lake) -> None:
    with lake.writer("deep/er/big") as out:
        for start in range(0, len(BIG), 700_001):
            out.write(BIG[start : start + 700_001])
            assert list(lake.list("")) == []
    assert lake.get("deep/er/big") == BIG
    assert lake.head("deep/er/big").size == len(BIG)


def test_writer_without_a_write_makes_an_empty_object(lake: Lake) -> None:
    with lake.writer("empty"):
        pass
    assert lake.get("empty") == b""


def fail_while_writing(lake: Lake, key: str, error: Exception) -> None:
    with lake.writer(key) as out:
        out.write(BIG)
        raise error


def test_writer_that_fails_leaves_nothing(lake: Lake) -> None:
    with pytest.raises(OSError, match="the caller's own"):
        fail_while_writing(lake, "a/b", OSError("the caller's own"))
    assert list(lake.list("")) == []
    assert list(lake.folders("")) == []


def test_writer_that_fails_keeps_the_former_object(lake: Lake) -> None:
    former = lake.put("k", b"former")
    with pytest.raises(KeyError):
        fail_while_writing(lake, "k", KeyError())
    assert lake.get("k") == b"former"
    assert lake.head("k") == former


def test_a_reader_of_a_replaced_object_gets_one_version(lake: Lake) -> None:
    lake.put("k", b"a" * 3_000_000)
    chunks = lake.stream("k")
    first = next(chunks)
    lake.put("k", b"b" * 3_000_000)
    assert first + b"".join(chunks) == b"a" * 3_000_000


def test_copy_is_an_object_of_its_own(lake: Lake) -> None:
    lake.put("a/source", BIG)
    target = lake.copy("a/source", "b/target")
    assert target == lake.head("b/target")
    assert (target.key, target.size) == ("b/target", len(BIG))
    lake.put("a/source", b"changed")
    lake.delete(["a/source"])
    assert lake.get("b/target") == BIG


def test_copy_replaces_its_target(lake: Lake) -> None:
    lake.put("source", b"new")
    lake.put("target", b"old")
    lake.copy("source", "target")
    assert lake.get("target") == b"new"


def test_delete_removes_many_and_forgives_the_missing(lake: Lake) -> None:
    keys = [f"a/{n:03}/x" for n in range(50)]
    for key in keys:
        lake.put(key, b"1")
    kept = lake.put("a/kept", b"1")
    lake.delete(iter([*keys, "a/never", "no/such/folder/x", "a/000/x/below"]))
    assert list(lake.list("")) == [kept]
    assert list(lake.folders("a/")) == []
    lake.delete(keys)
    lake.delete([])
    assert list(lake.list("")) == [kept]


def test_delete_of_a_folders_name_deletes_nothing(lake: Lake) -> None:
    kept = lake.put("a/b", b"1")
    lake.delete(["a"])
    assert list(lake.list("")) == [kept]


def test_sync_of_present_objects_changes_nothing(lake: Lake) -> None:
    infos: list[ObjectInfo] = [lake.put(key, b"1") for key in ("a/b/1", "a/b/2", "c")]
    lake.sync(iter(["a/b/1", "a/b/2", "c"]))
    assert list(lake.list("")) == infos
