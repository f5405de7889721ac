"""The export of a batch: what a policy may ask of it, and the proof that it holds as many rows as were counted."""

from collections.abc import Sequence

from tidegate.errors import ConfigError, CorruptRecord, DifferenceFound, ObjectNotFound, PolicyError
from tidegate.flows.context import Context
from tidegate.flows.files import announced
from tidegate.flows.published import read_descriptor
from tidegate.flows.spec import BatchSpec
from tidegate.lake.base import Lake
from tidegate.model.batch import BATCH_COLUMN, Export, ExportedFile, PeriodProof
from tidegate.model.layout import EXPORT, manifest_key
from tidegate.model.policy import Action, Policy

_HINT = "Nothing was deleted. Run the archive again; it writes a new batch."


def check_place(ctx: Context, policy: Policy) -> None:
    """External tables read in the warehouse's own region only, and what lies in the lake is Tidegate's.

    Raises:
        PolicyError: the policy's location cannot be archived to, or is not where it says.
    """
    unload, home = policy.unload, ctx.lake.capabilities.region
    if unload.target is None:
        if None not in (unload.region, home) and unload.region != home:
            raise PolicyError(
                f"{policy.table}: its location lies in the lake, which is in {home}, not in {unload.region}",
                hint=f"Correct unload_region (unload.region), or copy to a bucket in {unload.region}.",
            )
        return
    if policy.action is Action.ARCHIVE and unload.region not in (None, home):
        raise PolicyError(
            f"{policy.table}: {unload.target} is in {unload.region}, the lake in {home or 'no region'}: an external "
            "table cannot read there",
            hint="A location in another region can be copied to (update_delete_flag 0), not archived to.",
        )
    try:
        ctx.lake.key(unload.target)
    except ConfigError:
        return
    raise PolicyError(
        f"{policy.table}: unload.target {unload.target} lies inside the lake", hint="Use location for a folder of it."
    )


def read_export(ctx: Context, spec: BatchSpec, proofs: Sequence[PeriodProof]) -> Export | None:
    """The files of the second UNLOAD, with as many rows as were counted in its transaction; None without one.

    Raises:
        DifferenceFound: a file is missing or has another size, or the rows are not as many.
        CorruptRecord: its manifest is missing or is none.
    """
    if not spec.policy.unload.exports:
        return None
    lake, prefix = _place(ctx, spec)
    try:
        entries = announced(lake, manifest_key(prefix))
    except ObjectNotFound as error:
        raise CorruptRecord(f"the export {spec.export_uri} has no manifest", hint=_HINT) from error
    header = 1 if spec.policy.unload.header else 0
    files = tuple(
        ExportedFile(lake.uri(key), max(0, records - header), size) for key, (size, records) in sorted(entries.items())
    )
    export = Export(spec.export_uri, spec.policy.unload.format, files, spec.policy.unload.region)
    _check_sizes(lake, prefix, export)
    rows, counted = sum(file.rows for file in files), sum(proof.rows for proof in proofs)
    if rows != counted:
        raise DifferenceFound(
            f"{spec.table.name}: {counted} rows counted, {rows} in the export {spec.export_uri}", hint=_HINT
        )
    lake.sync([*entries, manifest_key(prefix)])
    return export


def check_export(ctx: Context, spec: BatchSpec) -> None:
    """The files of the batch's export are still those that were written.

    Raises:
        DifferenceFound: names the first that is not.
    """
    export = read_descriptor(ctx, spec.prefix).export if spec.policy.unload.exports else None
    if export is not None:
        lake, prefix = _place(ctx, spec)
        _check_sizes(lake, prefix, export)


def _check_sizes(lake: Lake, prefix: str, export: Export) -> None:
    found = {lake.uri(info.key): info.size for info in lake.list(prefix)}
    for file in export.files:
        if found.get(file.url) != file.size:
            actual = f"{found[file.url]} bytes" if file.url in found else "missing"
            raise DifferenceFound(f"{file.url} is {actual}, UNLOAD's manifest says {file.size} bytes", hint=_HINT)


def _place(ctx: Context, spec: BatchSpec) -> tuple[Lake, str]:
    """The lake that the export lies in, and its prefix there."""
    unload = spec.policy.unload
    if unload.target is None:
        return ctx.lake, f"{spec.prefix}{EXPORT}"
    return ctx.lake_at(unload.target, unload.region), f"{BATCH_COLUMN}={spec.batch}/"
