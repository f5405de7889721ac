"""The files of a batch: taken from UNLOAD's manifest, proven against the lake, described beside the rows."""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from tidegate.errors import CorruptRecord, DifferenceFound
from tidegate.flows.context import Context
from tidegate.flows.spec import BatchSpec
from tidegate.formats.stored import dump
from tidegate.lake.base import Lake, ObjectInfo
from tidegate.model.batch import PERIOD_COLUMN, Descriptor, Export, FileEntry, PeriodProof
from tidegate.model.layout import EXPORT, batch_of, descriptor_key, manifest_key
from tidegate.model.names import TableName, segment_name
from tidegate.redshift.ddl import create_table

_PERIOD = re.compile(rf"^{PERIOD_COLUMN}=([^/]+)/")
_VERIFY_HINT = "Nothing was deleted from the hot table. Run `tidegate verify`, then run the archive again."


_DAMAGED_HINT = (
    "Bring the object back from a backup or an older version of it; `tidegate verify` names every file that differs."
)
_STRAY_HINT = "Find out who put it there and move it away; nothing was changed."


@dataclass(frozen=True)
class Folder:
    """The objects below one batch's prefix, in the order of their keys."""

    batch: str
    prefix: str
    objects: tuple[ObjectInfo, ...]

    @property
    def by_key(self) -> dict[str, ObjectInfo]:
        """The objects by key relative to the prefix."""
        return {info.key.removeprefix(self.prefix): info for info in self.objects}


def batch_folders(ctx: Context, root: str) -> Iterator[Folder]:
    """Every batch's prefix below `root`, as one stream of its listing, one batch in memory."""
    for owner, objects in groupby(ctx.lake.list(root), lambda info: batch_of(info.key)):
        if owner is not None:
            yield Folder(owner[1], owner[0], tuple(objects))


def table_of(prefix: str) -> TableName | None:
    """The table whose folder a batch's prefix lies in; None where the folder's name is not that of a table."""
    schema, table = (segment_name(part) for part in prefix.rstrip("/").split("/")[-3:-1])
    return TableName(schema, table) if schema and table else None


def listing(ctx: Context, prefix: str) -> dict[str, ObjectInfo]:
    """The objects of a batch by key relative to its prefix: one listing, however many files."""
    return {info.key.removeprefix(prefix): info for info in ctx.lake.list(prefix)}


def manifest_files(ctx: Context, spec: BatchSpec) -> list[FileEntry]:
    """The files that UNLOAD says it wrote; sizes checked against the lake, made durable, identities taken.

    Raises:
        DifferenceFound: a file is missing, has another size, or was not announced.
        CorruptRecord: the manifest is not one.
    """
    below = announced(ctx.lake, manifest_key(spec.prefix))
    entries = {key.removeprefix(spec.prefix): counts for key, counts in below.items()}
    found = {key: info for key, info in listing(ctx, spec.prefix).items() if not key.startswith(EXPORT)}
    ctx.lake.sync(spec.prefix + key for key in [*entries, "manifest"])
    files = []
    for key, (size, rows) in entries.items():
        info = found.get(key)
        if info is None or info.size != size:
            actual = "missing" if info is None else f"{info.size} bytes"
            raise DifferenceFound(
                f"{spec.prefix}{key} is {actual}, UNLOAD's manifest says {size} bytes", hint=_VERIFY_HINT
            )
        checksum = ctx.lake.sha256(info.key) if ctx.lake.capabilities.checksums else None
        files.append(FileEntry(key, _period_of(key), rows, size, info.etag, info.version, checksum))
    extra = sorted(set(found) - set(entries) - {"manifest"})
    if extra:
        raise DifferenceFound(f"{spec.prefix}{extra[0]} is not in UNLOAD's manifest", hint=_VERIFY_HINT)
    return sorted(files, key=lambda f: f.key)


def announced(lake: Lake, manifest: str) -> dict[str, tuple[int, int]]:
    """Bytes and records of each file that a verbose manifest of UNLOAD lists, by the file's key in the lake.

    Raises:
        CorruptRecord: it is not one.
    """
    try:
        entries = json.loads(lake.get(manifest))["entries"]
        return {
            lake.key(entry["url"]): (int(entry["meta"]["content_length"]), int(entry["meta"]["record_count"]))
            for entry in entries
        }
    except (ValueError, KeyError, TypeError) as error:
        raise CorruptRecord(f"{manifest} is not an UNLOAD manifest", hint=_VERIFY_HINT) from error


def _period_of(key: str) -> date:
    match = _PERIOD.match(key)
    try:
        return date.fromisoformat(match.group(1) if match else "")
    except ValueError as error:
        raise DifferenceFound(f"{key} lies in no period's folder", hint=_VERIFY_HINT) from error


def check_counts(spec: BatchSpec, proofs: Sequence[PeriodProof], files: Sequence[FileEntry]) -> None:
    """The manifest's counts per period are those of the fingerprint statement, in the same transaction.

    Raises:
        DifferenceFound: they differ, or a period was written that is not part of the batch.
    """
    written: dict[date, int] = {}
    for file in files:
        written[file.period] = written.get(file.period, 0) + file.rows
    counted = {p.period: p.rows for p in proofs}
    if written != counted:
        period = min(p for p in {*written, *counted} if written.get(p) != counted.get(p))
        raise DifferenceFound(
            f"{spec.table.name} {period}: {counted.get(period, 0)} rows counted, {written.get(period, 0)} unloaded",
            hint=_VERIFY_HINT,
        )
    foreign = set(counted) - {p.start for p in spec.periods}
    if foreign:
        raise DifferenceFound(f"{spec.table.name}: rows of {min(foreign)} are not part of the batch", hint=_VERIFY_HINT)


def check_identities(
    ctx: Context, prefix: str, files: Sequence[FileEntry], periods: Collection[date] | None = None
) -> None:
    """Every file (of `periods`, else of all) is there with the size and identity of the descriptor.

    No other data file lies beside them. `periods` are those of an archive, whose rows are in these files alone.

    Raises:
        DifferenceFound: names the first file that differs.
    """
    hint = _VERIFY_HINT if periods is None else _DAMAGED_HINT
    found: Mapping[str, ObjectInfo] = listing(ctx, prefix)
    for file in files:
        if periods is not None and file.period not in periods:
            continue
        info = found.get(file.key)
        if info is None:
            raise DifferenceFound(f"{prefix}{file.key} is missing", hint=hint)
        if not _same(ctx, info, file):
            raise DifferenceFound(f"{prefix}{file.key} was changed after it was written", hint=hint)
    known = {f.key for f in files}
    extra = sorted(key for key in found if key not in known and _PERIOD.match(key))
    if extra:
        raise DifferenceFound(f"{prefix}{extra[0]} does not belong to the batch", hint=_STRAY_HINT)


def same_identity(info: ObjectInfo, file: FileEntry) -> bool:
    """Size, ETag and, where both tell it, version of an object are those of the file that was written."""
    versions = {info.version, file.version} - {None}
    return (info.size, info.etag) == (file.size, file.etag) and len(versions) < 2


def _same(ctx: Context, info: ObjectInfo, file: FileEntry) -> bool:
    """Whether the object still is the file that was written; one that was moved has another ETag, its bytes decide."""
    if same_identity(info, file):
        return True
    return info.size == file.size and file.sha256 is not None and ctx.lake.sha256(info.key) == file.sha256


def write_descriptor(
    ctx: Context,
    warehouse: str,
    spec: BatchSpec,
    proofs: Sequence[PeriodProof],
    files: Sequence[FileEntry],
    export: Export | None = None,
) -> Descriptor:
    """Put `_tidegate/batch.json` below the batch's prefix."""
    version = spec.version
    if version is None:
        raise AssertionError("a purge has no descriptor")
    descriptor = Descriptor(
        warehouse=warehouse,
        batch=spec.batch,
        table=spec.table,
        ddl=create_table(spec.table, if_not_exists=True),
        columns=version.columns,
        period_column=spec.policy.column,
        period_format=spec.policy.column_format,
        granularity=spec.policy.granularity,
        time_zone=spec.column.time_zone if spec.column else "UTC",
        prefix=spec.prefix,
        external=version.external,
        hash=spec.hash,
        periods=tuple(proofs),
        files=tuple(files),
        created_at=ctx.clock().isoformat(),
        export=export,
    )
    ctx.lake.put(descriptor_key(spec.prefix), dump(descriptor))
    return descriptor
