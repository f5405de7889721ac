"""Exact lists of files for COPY, in the lake; they go when the rows are in the table."""

import json
from collections.abc import Sequence

from tidegate.flows.context import Context
from tidegate.flows.restore_manifests import sweep_below
from tidegate.model.landing import FileVersion
from tidegate.model.layout import CLAIMS
from tidegate.model.names import TableName


def loads_root(warehouse: str) -> str:
    return f"{CLAIMS}{warehouse}/load/"


def manifest_key(warehouse: str, batch: str, number: int | None = None) -> str:
    """The manifest of a batch, or of the one file with this number in it."""
    return f"{loads_root(warehouse)}{batch}/manifest{'' if number is None else f'-{number}'}"


def rewritten_key(warehouse: str, batch: str, number: int, part: int = 0) -> str:
    """What COPY reads instead of the file with this number; of its lists the parts from 1 on."""
    return f"{loads_root(warehouse)}{batch}/{number}{f'-{part}' if part else ''}.parquet"


def aside_prefix(warehouse: str, table: TableName, batch: str) -> str:
    """Where rows of a batch are kept that are not in the table."""
    return f"{CLAIMS}{warehouse}/quarantine/{table.path}/{batch}/"


def manifest(files: Sequence[FileVersion]) -> bytes:
    """With sizes, which COPY of Parquet needs (developer guide, Using a manifest)."""
    entries = [{"url": f.uri, "mandatory": True, "meta": {"content_length": f.size}} for f in files]
    return json.dumps({"entries": entries}, ensure_ascii=False).encode()


def sweep(ctx: Context, warehouse: str) -> int:
    """Delete manifests that killed runs left, longer ago than `delete_grace`."""
    return sweep_below(ctx, loads_root(warehouse))
