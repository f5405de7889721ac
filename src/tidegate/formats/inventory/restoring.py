"""Manifests of S3 Batch Operations, made of a normalized inventory.

S3 User Guide, Specifying a manifest: CSV without a line of names, `bucket,key[,version]` with the key URL-encoded, and
either every line with a version or none; the version of an object that has none is `null`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from tidegate.formats.inventory.engine import Engine, reading, text
from tidegate.formats.inventory.rows import PARKED_CLASSES

GLACIER = "GLACIER"
INTELLIGENT_TIERING = "INTELLIGENT_TIERING"
STORAGES = (GLACIER, INTELLIGENT_TIERING)
"""Objects of the two need jobs of their own (S3 User Guide, Restore objects with Batch Operations)."""


@dataclass(frozen=True)
class Found:
    """How many of the wanted files there are: to restore, by storage (objects, bytes); readable ones; absent ones."""

    parked: dict[str, tuple[int, int]]
    readable: int
    absent: int


def want(engine: Engine, keys: Iterable[Sequence[str]]) -> None:
    """Tell the engine the keys (in the bucket) of the files that are wanted, some at a time."""
    engine.execute("CREATE TABLE wanted (key VARCHAR)")
    for some in keys:
        engine.register("wanted_chunk", pa.table({"key": pa.array(some, pa.string())}))
        engine.execute("INSERT INTO wanted SELECT key FROM wanted_chunk")
        engine.unregister("wanted_chunk")


def find(engine: Engine, inventory: Path) -> Found:
    """Look the wanted files up, in their current versions."""
    with reading("the inventory"):
        engine.execute(
            "CREATE TABLE found AS SELECT i.key, i.version_id, i.size, "
            f"CASE WHEN NOT i.needs_restore THEN 'readable' WHEN i.storage_class IN ({_classes()}) "
            f"THEN {text(GLACIER)} ELSE {text(INTELLIGENT_TIERING)} END AS storage "
            f"FROM wanted w JOIN read_parquet({text(str(inventory))}) i ON i.key = w.key "
            "WHERE i.is_latest IS NOT FALSE AND i.is_delete_marker IS NOT TRUE"
        )
        counts = {
            storage: (int(objects), int(size))
            for storage, objects, size in engine.execute(
                "SELECT storage, COUNT(*), SUM(size) FROM found GROUP BY storage"
            ).fetchall()
        }
        absent = engine.execute("SELECT COUNT(*) FROM wanted w ANTI JOIN found f ON f.key = w.key").fetchall()[0][0]
    parked = {storage: counts[storage] for storage in STORAGES if storage in counts}
    return Found(parked, counts.get("readable", (0, 0))[0], int(absent))


def write_manifest(engine: Engine, storage: str, bucket: str, target: Path) -> bool:
    """Write the files found in `storage`, in the order of their keys; True when the lines have versions."""
    with reading("the list of files"):
        where = f"FROM found WHERE storage = {text(storage)}"
        versions = bool(engine.execute(f"SELECT COUNT(version_id) {where}").fetchall()[0][0])
        version = ", COALESCE(version_id, 'null') AS version_id" if versions else ""
        engine.execute(
            f"COPY (SELECT {text(bucket)} AS bucket, replace(url_encode(key), '%2F', '/') AS key{version} {where} "
            f"ORDER BY found.key) TO {text(str(target))} (FORMAT csv, HEADER false)"
        )
    return versions


def _classes() -> str:
    return ", ".join(map(text, PARKED_CLASSES))
