"""A Policy as a row of the sample; what a row cannot say is named."""

import re
from collections.abc import Iterator
from dataclasses import fields

from tidegate.config.settings import LakeSettings, S3Settings
from tidegate.model.policy import Action, FileFormat, Policy

_PLAIN = re.compile(r"[a-z_\u0080-\U0010ffff][a-z0-9_$\u0080-\U0010ffff]*")
_FLAGS = {Action.COPY: "0", Action.PURGE: "1", Action.ARCHIVE: "2"}
_SAID = frozenset({"table", "column", "granularity", "retention", "action", "priority", "location", "unload"})


def cells_of(policy: Policy, lake: LakeSettings) -> dict[str, str]:
    """The fields of a row; those that are missing are blank."""
    unload = policy.unload
    cells = {
        "schema_name": _name(policy.table.schema),
        "table_name": _name(policy.table.name),
        "priority": str(policy.priority),
        "update_delete_flag": _FLAGS[policy.action],
    }
    if policy.column is not None:
        cells["column_name"] = _name(policy.column)
        cells["granularity_level"] = policy.granularity.value
        cells["retention_period"] = str(policy.retention)
    if policy.action is Action.PURGE:
        return cells
    inside = f"{lake.uri}{policy.location}/" if isinstance(lake, S3Settings) and policy.location else ""
    flags = {"header": unload.header, "add_quotes": unload.add_quotes, "escape": unload.escape}
    return {
        **cells,
        "s3_path": unload.target or inside,
        "file_format": "" if unload.format is FileFormat.TEXT else unload.format.value,
        "partition_column": ",".join(map(_name, unload.partition_by)),
        **{name: "1" for name, given in flags.items() if given},
        "delimiter": unload.delimiter or "",
        "null_as": unload.null_as or "",
        "compression": unload.compression.value if unload.compression else "",
        "max_filesize": f"{unload.max_file_mb} mb" if unload.max_file_mb else "",
        "parallel": "" if unload.parallel is None else str(int(unload.parallel)),
        "unload_region": unload.region or "",
    }


def unsaid(policy: Policy, lake: LakeSettings) -> Iterator[str]:
    """The keys of a policy that differ from their defaults and have no column in a row."""
    plain = Policy(table=policy.table, column=policy.column)
    for key in (f.name for f in fields(policy) if f.name not in _SAID):
        if getattr(policy, key) != getattr(plain, key):
            yield key
    if policy.location and not isinstance(lake, S3Settings):
        yield "location"


def _name(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else '"' + name.replace('"', '""') + '"'
