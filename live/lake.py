"""The object store: what is written is read, one of many wins, identities change with the bytes; and the clocks."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from live.assumption import Assumption, Violated, expect
from live.site import Site
from tidegate.errors import ObjectExists, ObjectNotFound

_ROUNDS = 10
_SKEW = timedelta(minutes=5)
"""Signatures of requests to AWS are refused beyond 15 minutes (Amazon S3 user guide, troubleshooting)."""
_BIG = bytes(range(256)) * 4 * 1024 * 9
"""9 MiB: two parts of a multipart upload."""


def read_after_write(site: Site) -> str:
    key = f"{site.folder('s3')}object"
    for number in range(_ROUNDS):
        data = b"%d" % number
        put = site.lake.put(key, data)
        seen = site.lake.get(key), site.lake.head(key), [info.etag for info in site.lake.list(key)]
        expect(seen == (data, put, [put.etag]), f"after write {number} was read {seen[0]!r}, {seen[1]}, {seen[2]}")
    return f"{_ROUNDS} overwrites were read, described and listed at once"


def listing_after_delete(site: Site) -> str:
    folder = site.folder("s3")
    for number in range(_ROUNDS):
        key = f"{folder}{number}"
        site.lake.put(key, b"x")
        expect([info.key for info in site.lake.list(folder)] == [key], f"object {number} is not listed alone")
        site.lake.delete([key])
        expect(not list(site.lake.list(folder)), f"object {number} is listed after it was deleted")
        _expect_missing(site, key)
    return f"{_ROUNDS} objects were listed once written, and missing once deleted"


def conditional_put(site: Site) -> str:
    folder = site.folder("s3")
    keys = [f"{folder}{number}" for number in range(_ROUNDS)]

    def claim(writer: int) -> set[str]:
        won = set()
        for key in keys:
            try:
                site.lake.put(key, b"%d" % writer, if_absent=True)
            except ObjectExists:
                continue
            won.add(key)
        return won

    with ThreadPoolExecutor(4) as pool:
        won = list(pool.map(claim, range(4)))
    expect(sorted(key for each in won for key in each) == sorted(keys), f"the four writers won {won} of {_ROUNDS} keys")
    kept = all(site.lake.get(key) == b"%d" % writer for writer, each in enumerate(won) for key in each)
    expect(kept, "an object is not that of the writer who won")
    return f"of four writers exactly one won each of {_ROUNDS} keys"


def etag_changes(site: Site) -> str:
    key = f"{site.folder('s3')}object"
    etags = [site.lake.put(key, data).etag for data in (b"one", b"two", b"six")]
    same = {site.lake.head(key).etag for _ in range(3)}
    expect(len(set(etags)) == 3 and same == {etags[-1]}, f"three contents had the ETags {etags}, then {same}")
    return "another ETag for other bytes of the same size"


def copy_keeps_bytes(site: Site) -> str:
    folder = site.folder("s3")
    site.lake.put(f"{folder}source", _BIG)
    site.lake.copy(f"{folder}source", f"{folder}target")
    digests = {site.lake.sha256(f"{folder}{name}") for name in ("source", "target")}
    expect(digests == {hashlib.sha256(_BIG).hexdigest()}, "a copy has other bytes")
    return f"a copy of {len(_BIG)} bytes has the same SHA-256"


def checksum_is_accepted(site: Site) -> str:
    """Every put carries a SHA-256 of its bytes, which the store compares and keeps."""
    key = f"{site.folder('s3')}object"
    info = site.lake.put(key, _BIG)
    expect(info.size == len(_BIG) and site.lake.get(key) == _BIG, "what was put is not what is got")
    return "a put with a checksum is stored and given back"


def multipart(site: Site) -> str:
    folder = site.folder("s3")
    with site.lake.writer(f"{folder}whole") as out:
        out.write(_BIG)
    expect(site.lake.get(f"{folder}whole") == _BIG, "an object of several parts is not what was written")
    try:
        with site.lake.writer(f"{folder}broken") as out:
            out.write(_BIG)
            raise _GivenUp
    except _GivenUp:
        _expect_missing(site, f"{folder}broken")
    return "an object of several parts is there whole, or not at all"


class _GivenUp(Exception):
    """A writer that stops half way."""


def unloaded_objects_are_seen(site: Site) -> str:
    """The role of the warehouse wrote them; whoever runs Tidegate reads, and later deletes, them."""
    table, folder = site.table("rows", "a INTEGER", ["(1)"]), site.folder("s3")
    site.warehouse.execute(site.unload(f"SELECT a FROM {table}", folder, parallel=False))
    infos = list(site.lake.list(folder))
    expect(len(infos) == 2, f"right after an UNLOAD of one file {[info.key for info in infos]} are listed")
    heads = [site.lake.head(info.key) for info in infos]
    expect([(h.etag, h.size) for h in heads] == [(i.etag, i.size) for i in infos], "listing and head tell otherwise")
    site.lake.delete([info.key for info in infos])
    expect(not list(site.lake.list(folder)), "objects of the warehouse cannot be deleted")
    return "what the warehouse wrote is listed at once, with one identity, and can be deleted"


def clock_of_the_lake(site: Site) -> str:
    before = datetime.now(UTC)
    return _near(site.lake.put(f"{site.folder('s3')}clock", b"x").modified - before)


def clock_of_the_warehouse(site: Site) -> str:
    before = datetime.now(UTC)
    ((now,),) = site.warehouse.execute("SELECT GETDATE()").rows
    if not isinstance(now, datetime):
        raise Violated(f"GETDATE() gives {now!r}")
    return _near(now.replace(tzinfo=UTC) - before)


def _near(difference: timedelta) -> str:
    expect(abs(difference) <= _SKEW, f"its clock and ours are {difference} apart")
    return f"{abs(round(difference.total_seconds()))} s from ours"


def _expect_missing(site: Site, key: str) -> None:
    try:
        site.lake.head(key)
    except ObjectNotFound:
        return
    raise Violated(f"the object {key} is there")


CHECKS = (
    Assumption("s3-read-after-write", read_after_write),
    Assumption("s3-delete-then-list", listing_after_delete),
    Assumption("s3-conditional-put", conditional_put),
    Assumption("s3-etag", etag_changes),
    Assumption("s3-copy", copy_keeps_bytes),
    Assumption("s3-checksum", checksum_is_accepted),
    Assumption("s3-multipart", multipart),
    Assumption("s3-warehouse-writes", unloaded_objects_are_seen),
    Assumption("clock-lake", clock_of_the_lake),
    Assumption("clock-warehouse", clock_of_the_warehouse),
)
