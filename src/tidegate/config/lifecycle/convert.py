"""A row of the sample as a Policy. A blank cell has the meaning that the sample's README documents.

Where the sample's code does something else (a blank `parallel` turns it off, a header in a CSV is a syntax error) the
documented meaning counts.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from tidegate.config.lifecycle.cells import Cells
from tidegate.config.lifecycle.places import Place, place_of
from tidegate.config.lifecycle.rows import Row
from tidegate.config.policies import MAX_RETENTION
from tidegate.config.settings import LakeSettings
from tidegate.model.names import TableName
from tidegate.model.periods import Granularity
from tidegate.model.policy import Action, Compression, FileFormat, Policy, UnloadOptions

_ACTIONS = {"0": Action.COPY, "1": Action.PURGE, "2": Action.ARCHIVE}
_GRANULARITIES = {word.value: word for word in Granularity}
_FORMATS = {"": FileFormat.TEXT, "parquet": FileFormat.PARQUET, "csv": FileFormat.CSV}
_COMPRESSIONS: dict[str, Compression | str] = {"": "", **{word.value: word for word in Compression}}
_MAX_FILE_MB = 6200
_MIN_FILE_MB = {FileFormat.PARQUET: 32, FileFormat.CSV: 5, FileFormat.TEXT: 5}
"""MAXFILESIZE is 5 MB to 6.2 GB, for Parquet in multiples of 32 MB (developer guide, UNLOAD)."""
_OF_LINES = ("header", "delimiter", "add_quotes", "null_as", "escape", "compression")
_NEEDLESS: dict[FileFormat, tuple[str, ...]] = {
    FileFormat.PARQUET: _OF_LINES,
    FileFormat.CSV: ("add_quotes", "escape"),
    FileFormat.TEXT: (),
}
"""Options that UNLOAD refuses for a format (developer guide, UNLOAD)."""
_REASONS = {
    FileFormat.PARQUET: "Parquet carries names, types and NULLs itself and is compressed",
    FileFormat.CSV: "CSV quotes where it has to",
}
_NO_CHECKPOINT = frozenset({"", "none", "null"})


@dataclass(frozen=True)
class Converted:
    """What became of one row: a policy, or `problem`, one sentence that names the row and every value that is wrong.

    `notes` are what the policy does otherwise than somebody who knows the sample might think.
    """

    row: Row
    policy: Policy | None
    problem: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def checkpoint(self) -> str | None:
        """The sample's: the newest day, or the first day of the newest month, that was unloaded."""
        text = self.row.cells["checkpoint"]
        return None if text.lower() in _NO_CHECKPOINT else text


def convert(rows: Iterable[Row], lake: LakeSettings | None, reserved: frozenset[str] = frozenset()) -> list[Converted]:
    """Every row, in order; of two for one table the second is wrong, as the sample has one rule a table.

    `lake` decides what `s3_path` is; `reserved` are the schemas that Tidegate keeps for itself.
    """
    first: dict[TableName, Row] = {}
    found: list[Converted] = []
    for row in rows:
        cells = Cells(row.cells)
        policy = _policy(cells, lake)
        if policy is not None:
            if policy.table.schema in reserved:
                cells.wrong("schema_name", "which is Tidegate's own schema")
            earlier = first.setdefault(policy.table, row)
            if earlier is not row:
                cells.problems.append(f"{policy.table} has a rule in {earlier.where} already")
        if cells.problems or policy is None:
            found.append(Converted(row, None, f"{row.label}: {'; '.join(cells.problems)}"))
        else:
            found.append(Converted(row, policy, None, tuple(f"{row.label}: {note}" for note in cells.notes)))
    return found


def _policy(cells: Cells, lake: LakeSettings | None) -> Policy | None:
    """None when anything is wrong; `cells.problems` says what."""
    schema, name = cells.identifier("schema_name"), cells.identifier("table_name")
    action = cells.choice("update_delete_flag", _ACTIONS, "must be 0 (copy), 1 (purge) or 2 (archive)")
    column = cells.identifier("column_name") if cells["column_name"] else None
    if column is None and not cells["column_name"] and action not in (Action.COPY, None):
        cells.wrong("column_name", f"which update_delete_flag {cells['update_delete_flag']} needs")
    granularity, retention = _age(cells) if cells["column_name"] else (Granularity.MONTHLY, 0)
    priority = cells.number("priority", blank=0)
    place = _place(cells, lake) if action is not Action.PURGE else Place()
    unload = _unload(cells, place) if action is not Action.PURGE else UnloadOptions()
    if schema is None or name is None or action is None or priority is None or cells.problems:
        return None
    return Policy(
        table=TableName(schema, name),
        column=column,
        granularity=granularity,
        retention=retention,
        action=action,
        priority=priority,
        location=place.location,
        unload=unload,
    )


def _age(cells: Cells) -> tuple[Granularity, int]:
    granularity = cells.choice("granularity_level", _GRANULARITIES, "must be daily or monthly")
    retention = cells.number("retention_period", blank=None, low=0)
    if retention is None and not cells["retention_period"]:
        cells.wrong("retention_period", "must be a number of days or months")
    if granularity is not None and retention is not None and retention > MAX_RETENTION[granularity]:
        unit = "days" if granularity is Granularity.DAILY else "months"
        cells.wrong("retention_period", f"must be at most {MAX_RETENTION[granularity]} {unit}")
    return granularity or Granularity.MONTHLY, retention or 0


def _place(cells: Cells, lake: LakeSettings | None) -> Place:
    if not cells["s3_path"]:
        return Place()
    try:
        place = place_of(cells["s3_path"], lake)
    except ValueError as error:
        cells.wrong("s3_path", str(error))
        return Place()
    if place.note:
        cells.notes.append(place.note)
    return place


def _unload(cells: Cells, place: Place) -> UnloadOptions:
    format = cells.choice("file_format", _FORMATS, "must be parquet, csv or blank") or FileFormat.PARQUET
    compression = cells.choice("compression", _COMPRESSIONS, "must be gzip, zstd, bzip2 or blank")
    flags = {name: cells.flag(name, blank=False) for name in ("header", "add_quotes", "escape")}
    for name in _NEEDLESS[format]:
        if flags.get(name, cells[name]):
            cells.notes.append(f"{name} has no meaning, {_REASONS[format]}")
    taken = {name for name in _OF_LINES if name not in _NEEDLESS[format]}
    delimiter = cells.character("delimiter") if "delimiter" in taken else None
    if format is FileFormat.CSV and delimiter == '"':
        cells.wrong("delimiter", "which CSV quotes with")
    return UnloadOptions(
        max_file_mb=cells.megabytes("max_filesize", _MIN_FILE_MB[format], _MAX_FILE_MB),
        parallel=cells.flag("parallel", blank=True),
        partition_by=cells.identifiers("partition_column"),
        format=format,
        header=flags["header"] and "header" in taken,
        delimiter=delimiter,
        add_quotes=flags["add_quotes"] and "add_quotes" in taken,
        null_as=cells["null_as"] or None if "null_as" in taken else None,
        escape=flags["escape"] and "escape" in taken,
        compression=compression if isinstance(compression, Compression) and "compression" in taken else None,
        target=place.target,
        region=cells.region("unload_region"),
    )
