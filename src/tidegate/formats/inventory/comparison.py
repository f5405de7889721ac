"""What an inventory says, beside what should be there."""

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from tidegate.formats.inventory.engine import Engine, reading, text
from tidegate.model.inventory import DifferenceKind, InventoryDifference

_CHUNK = 10_000
_EXPECTED = pa.schema(
    [
        ("key", pa.string()),
        ("size", pa.int64()),
        ("etag", pa.string()),
        ("needed", pa.bool_()),
        ("readable", pa.bool_()),
        ("table_name", pa.string()),
        ("batch", pa.string()),
    ]
)


@dataclass(frozen=True)
class Expected:
    """An object that may be there. `size` and `etag` None: not known. `needed`: it must be there; `readable`: rows in
    it count as readable.
    """

    key: str
    size: int | None
    etag: str | None
    needed: bool
    readable: bool
    table: str
    batch: str


@dataclass(frozen=True)
class Scope:
    """What extra objects are looked for below `root` (a key prefix in the bucket), without those of `known` batches."""

    root: str
    known: frozenset[str]


def expect(engine: Engine, objects: Iterable[Sequence[Expected]]) -> None:
    """Tell the engine what should be there, some objects at a time."""
    engine.execute(
        "CREATE TABLE expected (key VARCHAR, size BIGINT, etag VARCHAR, needed BOOLEAN, readable BOOLEAN, "
        "table_name VARCHAR, batch VARCHAR)"
    )
    for some in objects:
        columns = [
            [each.key for each in some],
            [each.size for each in some],
            [each.etag for each in some],
            [each.needed for each in some],
            [each.readable for each in some],
            [each.table for each in some],
            [each.batch for each in some],
        ]
        chunk = pa.table(columns, schema=_EXPECTED)
        engine.register("expected_chunk", chunk)
        engine.execute(f"INSERT INTO expected SELECT {', '.join(_EXPECTED.names)} FROM expected_chunk")
        engine.unregister("expected_chunk")


def differences(
    engine: Engine, inventory: Path, scope: Scope, created: datetime
) -> Generator[InventoryDifference, None, None]:
    """Every difference between the inventory and what `expect` told, by kind and key.

    Objects that were written after `created` (when S3 began to list) are left alone: the report may lack them, or know
    them as they were before.
    """
    with reading("the inventory"):
        engine.execute("CREATE TABLE known (batch VARCHAR)")
        if scope.known:
            engine.execute("INSERT INTO known SELECT unnest(?)", [sorted(scope.known)])
        engine.execute(_query(inventory, scope, created))
        while rows := engine.fetchmany(_CHUNK):
            for kind, key, table, batch, detail in rows:
                yield InventoryDifference(DifferenceKind(kind), key, table, batch, detail)


def _query(inventory: Path, scope: Scope, created: datetime) -> str:
    present = (
        f"(SELECT key, size, etag, storage_class, access_tier, needs_restore, table_schema, table_name, batch "
        f"FROM read_parquet({text(str(inventory))}) WHERE is_latest IS NOT FALSE AND is_delete_marker IS NOT TRUE "
        f"AND last_modified <= TIMESTAMP {text(f'{created:%Y-%m-%d %H:%M:%S.%f}')})"
    )
    both = f"FROM expected e JOIN {present} i ON i.key = e.key WHERE"
    tier = "i.storage_class || COALESCE(' ' || i.access_tier, '')"
    parts = (
        (
            "missing",
            "e.key, e.table_name, e.batch, 'the inventory lacks it' AS detail "
            f"FROM expected e ANTI JOIN {_every(inventory)} i ON i.key = e.key WHERE e.needed",
        ),
        (
            "size",
            f"e.key, e.table_name, e.batch, i.size || ' bytes, ' || e.size || ' were written' {both} i.size <> e.size",
        ),
        (
            "replaced",
            f"e.key, e.table_name, e.batch, 'its ETag is ' || i.etag || ', ' || e.etag || ' was written' {both} "
            "i.size = e.size AND i.etag <> e.etag",
        ),
        (
            "tier",
            f"e.key, e.table_name, e.batch, 'it lies in ' || {tier} || ', but its rows count as readable' {both} "
            "i.needs_restore AND e.readable",
        ),
        (
            "extra",
            "i.key, CASE WHEN i.table_name IS NOT NULL THEN i.table_schema || '.' || i.table_name END, i.batch, "
            f"'nothing that is known put it there' FROM {present} i ANTI JOIN expected e ON e.key = i.key "
            f"WHERE starts_with(i.key, {text(scope.root)}) "
            "AND NOT EXISTS (SELECT 1 FROM known k WHERE k.batch = i.batch)",
        ),
    )
    union = " UNION ALL ".join(f"SELECT {text(kind)} AS kind, {select}" for kind, select in parts)
    return f"SELECT kind, key, table_name, batch, detail FROM ({union}) ORDER BY kind, key"


def _every(inventory: Path) -> str:
    """Objects that are there, however new: one that was written anew since is not missing."""
    return (
        f"(SELECT key FROM read_parquet({text(str(inventory))}) "
        "WHERE is_latest IS NOT FALSE AND is_delete_marker IS NOT TRUE)"
    )
