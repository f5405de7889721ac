"""Manifests for the COPY of a restore: exact lists of files, which go when the rows are there."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from tidegate.flows.context import Context
from tidegate.flows.restore_plan import RestorePart
from tidegate.lake.base import Lake
from tidegate.model.batch import written_at
from tidegate.model.layout import CLAIMS


def manifests_root(warehouse: str) -> str:
    return f"{CLAIMS}{warehouse}/restore/"


def manifest_key(warehouse: str, restore: str, version: int) -> str:
    """`restore` is the id of the run, `version` that of the external table."""
    return f"{manifests_root(warehouse)}{restore}/{version}.manifest"


def manifest(lake: Lake, parts: Sequence[RestorePart]) -> bytes:
    """All files of the parts, with their sizes (developer guide, Using a manifest)."""
    entries = [
        {
            "url": lake.uri(part.folder(file.period) + file.key),
            "mandatory": True,
            "meta": {"content_length": file.size},
        }
        for part in parts
        for file in part.files
    ]
    return json.dumps({"entries": entries}).encode()


def sweep_manifests(ctx: Context, warehouse: str) -> int:
    """Delete the manifests of restores that began longer ago than `delete_grace`; returns how many."""
    return sweep_below(ctx, manifests_root(warehouse))


def sweep_below(ctx: Context, root: str) -> int:
    """Delete what lies in folders of runs that began longer ago than `delete_grace`; returns how many objects."""
    limit = ctx.clock() - timedelta(seconds=ctx.settings.delete_grace_seconds)
    gone = []
    for folder in ctx.lake.folders(root):
        if _begun(folder) < limit:
            gone += [info.key for info in ctx.lake.list(folder)]
    if gone:
        ctx.lake.delete(gone)
    return len(gone)


def _begun(folder: str) -> datetime:
    """When the run began, as its id tells; what is no id of ours stays."""
    try:
        return datetime.fromisoformat(written_at(folder.rstrip("/").rpartition("/")[2])).replace(tzinfo=UTC)
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)
