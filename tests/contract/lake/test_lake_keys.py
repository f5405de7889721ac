"""Names: what a key may hold, and the address that the warehouse gets for it."""

import pytest

from tidegate.errors import ConfigError, UsageError
from tidegate.lake.base import Lake

ODD_KEYS = [
    "a b/c d",
    "a!b",
    "a!2fb",
    "100%",
    "a%20b",
    "a%2fb",
    "k=v/x=1",
    'say "hi"',
    "it's",
    "ünïcödé/日本語/\U0001f600",
    "e\u0301 is not \u00e9",
    "#1",
    "name#1",
    "a?b&c+d",
    "a*b[c]{d}",
    "<a|b>",
    "~a^b`c$d@e,f;g",
    ".hidden/..twice",
    "_tidegate/x",
    "x" * 255,
    "é" * 127 + "/" + "日" * 85,
]


def test_odd_keys_round_trip_exactly(lake: Lake) -> None:
    for key in ODD_KEYS:
        lake.put(key, key.encode())
    assert [info.key for info in lake.list("")] == sorted(ODD_KEYS, key=str.encode)
    for key in ODD_KEYS:
        assert lake.get(key) == key.encode()
        assert [info.key for info in lake.list(key)] == [
            k for k in sorted(ODD_KEYS, key=str.encode) if k.startswith(key)
        ]
    lake.delete(ODD_KEYS)
    assert list(lake.list("")) == []


@pytest.mark.parametrize("key", [*ODD_KEYS, "", "a/", "k=v/"])
def test_the_address_of_a_key_leads_back_to_it(lake: Lake, key: str) -> None:
    assert lake.uri(key).endswith(f"/{key}")
    assert lake.key(lake.uri(key)) == key


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("", "the key '' holds '' as a name"),
        ("/a", "the key '/a' holds '' as a name"),
        ("a/", "the key 'a/' holds '' as a name"),
        ("a//b", "the key 'a//b' holds '' as a name"),
        ("../a", "the key '../a' holds '..' as a name"),
        ("a/../b", "the key 'a/../b' holds '..' as a name"),
        ("a/..", "the key 'a/..' holds '..' as a name"),
        ("./a", "the key './a' holds '.' as a name"),
        ("a\0b", r"the key 'a\x00b' holds a NUL character"),
        ("a\ud800", r"the key 'a\ud800' is not valid Unicode text"),
        ("x" * 256, f"the key '{'x' * 256}' holds a name of 256 bytes, more than 255"),
        ("é" * 128, f"the key '{'é' * 128}' holds a name of 256 bytes, more than 255"),
    ],
)
def test_a_key_that_is_no_name_is_refused_by_every_method(lake: Lake, key: str, reason: str) -> None:
    lake.put("source", b"1")
    calls = [
        lambda: lake.put(key, b""),
        lambda: lake.get(key),
        lambda: list(lake.stream(key)),
        lambda: lake.writer(key).__enter__(),
        lambda: lake.head(key),
        lambda: lake.delete([key]),
        lambda: lake.copy("source", key),
        lambda: lake.copy(key, "target"),
        lambda: lake.sha256(key),
        lambda: lake.sync([key]),
    ]
    for call in calls:
        with pytest.raises(UsageError) as caught:
            call()
        assert caught.value.message == reason
        assert caught.value.hint == "Use names parted by single slashes, such as a/b.csv."
    assert [info.key for info in lake.list("")] == ["source"]


@pytest.mark.parametrize("prefix", ["/", "/a", "a//", "../", "a/../", "a/./b", "a\0"])
def test_a_prefix_that_begins_no_key_is_refused(lake: Lake, prefix: str) -> None:
    for call in (lambda: list(lake.list(prefix)), lambda: list(lake.folders(prefix)), lambda: lake.uri(prefix)):
        with pytest.raises(UsageError, match=r"the key .* holds "):
            call()


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("a\\b", "a\\b"),
        ("c:/x", "c:"),
        ("a/nul", "nul"),
        ("a/CON.txt/b", "CON.txt"),
        ("lpt1.tar.gz", "lpt1.tar.gz"),
        ("a./b", "a."),
        ("a /b", "a "),
        ("...", "..."),
        ("a\nb", "a\nb"),
        ("a\x7f", "a\x7f"),
    ],
)
def test_a_new_object_may_not_have_a_name_that_changes_on_windows(lake: Lake, key: str, name: str) -> None:
    lake.put("source", b"1")
    for call in (
        lambda: lake.put(key, b""),
        lambda: lake.writer(key).__enter__(),
        lambda: lake.copy("source", key),
    ):
        with pytest.raises(UsageError) as caught:
            call()
        assert caught.value.message == f"the key {key!r} holds the name {name!r}, which is another name on Windows"
    assert [info.key for info in lake.list("")] == ["source"]


@pytest.mark.parametrize("address", ["", "/", "/etc/passwd", "s3://other-bucket/x", "relative/x", "http://host/x"])
def test_an_address_outside_of_the_lake_is_refused(lake: Lake, address: str) -> None:
    with pytest.raises(ConfigError) as caught:
        lake.key(address)
    assert caught.value.message.startswith(f"{address!r} is outside of the lake ")
    assert "[lake]" in caught.value.hint


def test_an_address_that_leads_out_of_the_lake_is_refused(lake: Lake) -> None:
    root = lake.uri("")
    with pytest.raises(ConfigError, match=r"is not an address in the lake: the key 'a/\.\./\.\./b' holds '\.\.'"):
        lake.key(root + "a/../../b")
    with pytest.raises(ConfigError, match="is outside of the lake"):
        lake.key(root.rstrip("/") + "x/a")
