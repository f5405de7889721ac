"""UNLOAD: its snapshot, its folders, its manifest, its files."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from live.assumption import Assumption, Violated, expect
from live.site import Site, failing
from tidegate.errors import ObjectNotFound, StatementError
from tidegate.lake.base import ObjectInfo
from tidegate.model.names import TableName
from tidegate.redshift.unload import Unload, UnloadFormat, unload

_DAYS = ("2020-01-01", "2020-01-02")
_PARTITIONED = re.compile(r"tg_period=(\d{4}-\d\d-\d\d)/[^/]+\.parquet")


@dataclass(frozen=True)
class _Unloaded:
    """What lies below the prefix, by key relative to it, and the manifest."""

    objects: Mapping[str, ObjectInfo]
    manifest: Mapping[str, object]

    @property
    def data(self) -> list[str]:
        return [key for key in self.objects if key != "manifest"]


def _rows(site: Site) -> TableName:
    return site.table("rows", "a INTEGER, day DATE", [f"({n}, '{_DAYS[n % 2]}')" for n in range(5)])


def _select(table: TableName) -> str:
    return f"SELECT a, day AS tg_period FROM {table}"


def _look(site: Site, folder: str) -> _Unloaded:
    objects = {info.key.removeprefix(folder): info for info in site.lake.list(folder)}
    return _Unloaded(objects, json.loads(site.lake.get(f"{folder}manifest")))


def _unloaded(site: Site, *, parallel: bool | None = None) -> _Unloaded:
    folder = site.folder("unload")
    site.warehouse.execute(site.unload(_select(_rows(site)), folder, parallel=parallel, by=("tg_period",)))
    return _look(site, folder)


def same_snapshot(site: Site) -> str:
    """An UNLOAD after the SELECT that counts, while another session commits a row in between."""
    table, folder = _rows(site), site.folder("unload")
    with site.opened().session() as session:
        session.execute("BEGIN")
        ((counted,),) = session.execute(f"SELECT COUNT(*) FROM {table}").rows
        site.warehouse.execute(f"INSERT INTO {table} VALUES (99, '2020-01-01')")
        session.execute(site.unload(_select(table), folder, by=("tg_period",)))
        session.execute("COMMIT")
    written = sum(_counts(_look(site, folder)).values())
    expect(counted == written == 5, f"{counted} rows were counted and {written} unloaded, with one arriving between")
    return "UNLOAD wrote the rows that the SELECT before it had counted"


def folders(site: Site) -> str:
    found = _unloaded(site).data
    days = {match[1] if (match := _PARTITIONED.fullmatch(key)) else key for key in found}
    expect(days == set(_DAYS), f"the files are {sorted(found)}")
    return f"e.g. {found[0]}"


def manifest(site: Site) -> str:
    """Its place, its shape, its addresses, sizes and counts; the lake shows all of it at once."""
    unloaded = _unloaded(site)
    sizes = {
        site.lake.key(str(e["url"])).rpartition("/tg_period=")[2]: _meta(e, "content_length")
        for e in _entries(unloaded)
    }
    actual = {key.partition("=")[2]: unloaded.objects[key].size for key in unloaded.data}
    expect(sizes == actual, f"the manifest tells the sizes {sizes}, the lake {actual}")
    total = unloaded.manifest.get("meta")
    expect(isinstance(total, dict) and total.get("record_count") == 5, f"the totals of the manifest are {total}")
    return "url, content_length and record_count of each file, and the totals"


def record_counts(site: Site) -> str:
    counts = _counts(_unloaded(site))
    expect(counts == {_DAYS[0]: 3, _DAYS[1]: 2}, f"3 and 2 rows were unloaded, the manifest tells {counts}")
    return "the manifest's counts are those of the rows, by folder"


def nothing_to_unload(site: Site) -> str:
    """What an archive would find if all of its rows had gone meanwhile."""
    table, folder = site.table("rows", "a INTEGER, day DATE"), site.folder("unload")
    site.warehouse.execute(site.unload(_select(table), folder, by=("tg_period",)))
    keys = [info.key.removeprefix(folder) for info in site.lake.list(folder)]
    expect(set(keys) <= {"manifest"}, f"an UNLOAD of no rows wrote {keys}")
    try:
        entries = _entries(_look(site, folder))
    except ObjectNotFound:
        return "no file and no manifest is written"
    expect(entries == [], f"the manifest of no rows lists {entries}")
    return "a manifest without entries is written"


def parallel_off(site: Site) -> str:
    found = _unloaded(site, parallel=False).data
    expect(len(found) == len(_DAYS), f"PARALLEL OFF wrote {sorted(found)}")
    return "one small file a folder"


def never_overwrites(site: Site) -> str:
    table, folder = _rows(site), site.folder("unload")
    statement = site.unload(_select(table), folder, by=("tg_period",))
    site.warehouse.execute(statement)
    before = _look(site, folder).objects
    try:
        site.warehouse.execute(statement)
    except StatementError:
        expect(_look(site, folder).objects == before, "an UNLOAD that failed changed objects")
        return "an UNLOAD onto files that are there fails and changes none"
    raise Violated("an UNLOAD wrote onto the files of another")


def rows_are_counted(site: Site) -> str:
    """PG_LAST_UNLOAD_COUNT by the connector, ResultRows by the Data API."""
    result = site.warehouse.execute(site.unload(_select(_rows(site)), site.folder("unload"), by=("tg_period",)))
    expect(result.rowcount == 5, f"an UNLOAD of 5 rows told {result.rowcount}")
    return "UNLOAD tells how many rows it wrote"


def fails_with_its_transaction(site: Site) -> str:
    """The statement after the UNLOAD fails: its files stay, which is why each attempt has a prefix of its own."""
    table, folder = _rows(site), site.folder("unload")
    try:
        site.warehouse.transaction([site.unload(_select(table), folder, by=("tg_period",)), failing(table)])
    except StatementError:
        left = sum(1 for _ in site.lake.list(folder))
        return f"{left} objects of an UNLOAD that was rolled back are in the lake"
    raise Violated("a failing statement did not fail the transaction")


def exported_lines(site: Site) -> str:
    """CSV with a header and folders whose column stays in the files, as an export is written."""
    folder, key = site.folder("unload"), site.lake.capabilities.kms_key
    export = Unload(
        select=f"SELECT a, day AS tg_period FROM {_rows(site)}",
        to=site.lake.uri(folder),
        iam_role=site.role,
        format=UnloadFormat.CSV,
        partition_by=("tg_period",),
        include=True,
        manifest=True,
        verbose=True,
        header=True,
        parallel=False,
        encrypted=key is not None,
        kms_key_id=key,
    )
    site.warehouse.execute(unload(export))
    unloaded = _look(site, folder)
    counts = _counts(unloaded)
    expect(counts == {_DAYS[0]: 4, _DAYS[1]: 3}, f"3 and 2 rows and two headers are told as {counts}")
    lines = site.lake.get(f"{folder}{sorted(unloaded.data)[1]}").decode().splitlines()
    expect(sorted(lines) == [f"1,{_DAYS[1]}", f"3,{_DAYS[1]}", "a,tg_period"], f"a file holds {lines}")
    return "headers are counted, and the column of a folder stays in the files"


def _entries(unloaded: _Unloaded) -> list[Mapping[str, object]]:
    entries = unloaded.manifest.get("entries")
    if not isinstance(entries, list):
        raise Violated(f"the manifest has the keys {sorted(unloaded.manifest)}")
    return entries


def _meta(entry: Mapping[str, object], name: str) -> int:
    meta = entry.get("meta")
    if not isinstance(meta, dict) or not isinstance(meta.get(name), int):
        raise Violated(f"an entry of the manifest is {dict(entry)}")
    return int(meta[name])


def _counts(unloaded: _Unloaded) -> dict[str, int]:
    """Rows by day."""
    counts: dict[str, int] = {}
    for entry in _entries(unloaded):
        day = str(entry.get("url")).rpartition("/tg_period=")[2].partition("/")[0]
        counts[day] = counts.get(day, 0) + _meta(entry, "record_count")
    return counts


CHECKS = (
    Assumption("unload-snapshot", same_snapshot),
    Assumption("unload-folders", folders),
    Assumption("unload-manifest", manifest),
    Assumption("unload-record-counts", record_counts),
    Assumption("unload-nothing", nothing_to_unload),
    Assumption("unload-parallel-off", parallel_off),
    Assumption("unload-never-overwrites", never_overwrites),
    Assumption("unload-row-count", rows_are_counted),
    Assumption("unload-rolled-back", fails_with_its_transaction),
    Assumption("unload-export", exported_lines),
)
