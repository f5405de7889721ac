"""COPY of Parquet as a restore of IDENTITY columns uses it: in a transaction, after LOCK, from an exact manifest."""

import json

from live.archived import BATCH, DAYS, Archived, archive
from live.assumption import Assumption, Violated, expect
from live.site import Site
from tidegate.errors import GuardFailed
from tidegate.model.names import TableName
from tidegate.redshift.copy import Copy, copy
from tidegate.redshift.guard import guard


def _archive(site: Site) -> Archived:
    return archive(site, "a BIGINT, b CHAR(4)", [f"{n + 40}, 'x', '{day}'" for n, day in enumerate(DAYS)])


def _manifest(site: Site, archived: Archived, days: tuple[str, ...]) -> str:
    """An exact list of the files of these days."""
    infos = [info for day in days for info in site.lake.list(archived.period_folder(day))]
    entries = [
        {"url": site.lake.uri(info.key), "mandatory": True, "meta": {"content_length": info.size}} for info in infos
    ]
    key = f"{site.folder('copy')}{BATCH}.manifest"
    site.lake.put(key, json.dumps({"entries": entries}).encode())
    return site.lake.uri(key)


def _target(site: Site) -> TableName:
    return site.table("restored", "a BIGINT IDENTITY(1,1), b CHAR(4), day DATE")


def _copy(site: Site, target: TableName, manifest: str) -> str:
    return copy(Copy(target, manifest, site.role, ("a", "b", "day"), manifest=True, explicit_ids=True))


def explicit_ids(site: Site) -> str:
    archived = site.once("identities", _archive)
    locked, target = site.table("lock", "nothing SMALLINT"), _target(site)
    statements = [f"LOCK {locked}", _copy(site, target, _manifest(site, archived, DAYS))]
    loaded = site.warehouse.transaction(statements)[1].rowcount
    rows = site.warehouse.execute(f"SELECT a, RTRIM(b) FROM {target} ORDER BY a").rows
    expect(rows == ((40, "x"), (41, "x")), f"COPY of the ids 40 and 41 wrote {rows}")
    expect(loaded == 2, f"COPY of 2 rows told {loaded}")
    return "ids and texts are those of the files, after LOCK, in a transaction"


def only_listed_files(site: Site) -> str:
    archived = site.once("identities", _archive)
    target = _target(site)
    site.warehouse.transaction([_copy(site, target, _manifest(site, archived, DAYS[1:]))])
    rows = site.warehouse.execute(f"SELECT a FROM {target}").rows
    expect(rows == ((41,),), f"COPY of one of two files wrote {rows}")
    return "a file that the manifest does not name is not read"


def rolls_back(site: Site) -> str:
    archived = site.once("identities", _archive)
    target = _target(site)
    manifest = _manifest(site, archived, DAYS)
    try:
        site.warehouse.transaction([_copy(site, target, manifest), guard(str(target), "COUNT(*) = 3", "rows differ")])
    except GuardFailed:
        left = site.count(target)
        expect(left == 0, f"{left} rows of a COPY that was rolled back are there")
        return "nothing is left of a COPY whose transaction failed"
    raise Violated("the guard after the COPY passed over 2 rows instead of 3")


CHECKS = (
    Assumption("copy-explicit-ids", explicit_ids),
    Assumption("copy-only-listed", only_listed_files),
    Assumption("copy-rolls-back", rolls_back),
)
