"""UNLOAD: the rows of a query into files."""

from dataclasses import dataclass
from enum import StrEnum

from tidegate.errors import UsageError
from tidegate.redshift.authorization import iam_role
from tidegate.redshift.identifiers import column_list, literal
from tidegate.redshift.options import (
    Option,
    exclude,
    fixedwidth,
    flag,
    need,
    one_character,
    render_options,
    text_value,
    within,
)

MIN_FILE_MB = 5
MAX_FILE_MB = 6200
MIN_PARQUET_FILE_MB = 32
"""A Parquet file's size is rounded down to a multiple of 32 MB; below that is not documented."""
MIN_ROW_GROUP_MB = 32
MAX_ROW_GROUP_MB = 128


class UnloadFormat(StrEnum):
    TEXT = "TEXT"
    CSV = "CSV"
    JSON = "JSON"
    PARQUET = "PARQUET"


class UnloadCompression(StrEnum):
    GZIP = "GZIP"
    BZIP2 = "BZIP2"
    ZSTD = "ZSTD"


@dataclass(frozen=True)
class Unload:
    """What UNLOAD takes (developer guide, UNLOAD, 2025).

    `select` is the query as it would be run; `to` a prefix, to which file names are appended as they are.
    `iam_role` is `default` or ARNs. TEXT is Redshift's own: fields between pipes. Sizes in decimal megabytes.
    `parallel` None leaves Redshift's default, ON. `fixedwidth`: (label, width) a column. `encrypted` without
    `kms_key_id` takes the bucket's own key. `extension` replaces the ending that a compression adds.
    """

    select: str
    to: str
    iam_role: str = "default"
    format: UnloadFormat = UnloadFormat.PARQUET
    partition_by: tuple[str, ...] = ()
    include: bool = False
    manifest: bool = False
    verbose: bool = False
    header: bool = False
    delimiter: str | None = None
    fixedwidth: tuple[tuple[str, int], ...] = ()
    add_quotes: bool = False
    null_as: str | None = None
    escape: bool = False
    compression: UnloadCompression | None = None
    allow_overwrite: bool = False
    clean_path: bool = False
    parallel: bool | None = None
    max_file_mb: int | None = None
    row_group_mb: int | None = None
    encrypted: bool = False
    kms_key_id: str | None = None
    region: str | None = None
    extension: str | None = None


_ALL = frozenset(UnloadFormat)
_LINES = frozenset({UnloadFormat.TEXT, UnloadFormat.CSV})
_TEXT = frozenset({UnloadFormat.TEXT})
_PARQUET = frozenset({UnloadFormat.PARQUET})

OPTIONS: tuple[Option[Unload], ...] = (
    Option("ENCRYPTED", _ALL, lambda o: _encryption(o)),
    Option("FORMAT", _ALL, lambda o: None if o.format is UnloadFormat.TEXT else f"FORMAT AS {o.format}"),
    Option("PARTITION BY", _ALL, lambda o: _partition_by(o)),
    Option("MANIFEST", _ALL, lambda o: flag("MANIFEST VERBOSE" if o.verbose else "MANIFEST", o.manifest)),
    Option("HEADER", _LINES, lambda o: flag("HEADER", o.header)),
    Option("DELIMITER", _LINES, lambda o: text_value("DELIMITER", o.delimiter)),
    Option("FIXEDWIDTH", _TEXT, lambda o: fixedwidth(o.fixedwidth)),
    Option("ADDQUOTES", _TEXT, lambda o: flag("ADDQUOTES", o.add_quotes)),
    Option("NULL AS", _LINES, lambda o: text_value("NULL", o.null_as)),
    Option("ESCAPE", _TEXT, lambda o: flag("ESCAPE", o.escape)),
    Option("compression", _ALL - _PARQUET, lambda o: o.compression),
    Option("ALLOWOVERWRITE", _ALL, lambda o: flag("ALLOWOVERWRITE", o.allow_overwrite)),
    Option("CLEANPATH", _ALL, lambda o: flag("CLEANPATH", o.clean_path)),
    Option("PARALLEL", _ALL, lambda o: None if o.parallel is None else f"PARALLEL {'ON' if o.parallel else 'OFF'}"),
    Option("MAXFILESIZE", _ALL, lambda o: None if o.max_file_mb is None else f"MAXFILESIZE AS {o.max_file_mb} MB"),
    Option(
        "ROWGROUPSIZE", _PARQUET, lambda o: None if o.row_group_mb is None else f"ROWGROUPSIZE AS {o.row_group_mb} MB"
    ),
    Option("REGION", _ALL, lambda o: text_value("REGION", o.region)),
    Option(
        "EXTENSION", _ALL - _PARQUET, lambda o: None if o.extension is None else f"EXTENSION {literal(o.extension)}"
    ),
)
"""Options and the formats that take them. With EXTENSION, Parquet is left out because it is documented nowhere."""


def unload(options: Unload) -> str:
    """Return the UNLOAD statement. The query stands in it as one literal, so its quotes are doubled.

    Raises:
        UsageError: an option that the format or another option forbids, or a size outside its bounds.
    """
    _check(options)
    head = f"UNLOAD ({literal(options.select)})\nTO {literal(options.to)}\n{iam_role(options.iam_role)}"
    return "\n".join([head, *render_options(options, options.format, OPTIONS, "UNLOAD")])


def _encryption(options: Unload) -> str | None:
    if options.kms_key_id is not None:
        return f"KMS_KEY_ID {literal(options.kms_key_id)} ENCRYPTED"
    return "ENCRYPTED AUTO" if options.encrypted else None


def _partition_by(options: Unload) -> str | None:
    if not options.partition_by:
        return None
    return f"PARTITION BY ({column_list(options.partition_by)}){' INCLUDE' if options.include else ''}"


def _check(options: Unload) -> None:
    for name, value in (("query", options.select), ("target", options.to)):
        if not value.strip():
            raise UsageError(f"the {name} of UNLOAD is empty", hint=f"Give UNLOAD a {name}.")
    need("UNLOAD", ("INCLUDE", options.include), ("PARTITION BY", bool(options.partition_by)))
    need("UNLOAD", ("VERBOSE", options.verbose), ("MANIFEST", options.manifest))
    need("UNLOAD", ("KMS_KEY_ID", options.kms_key_id is not None), ("ENCRYPTED", options.encrypted))
    exclude("UNLOAD", ("ALLOWOVERWRITE", options.allow_overwrite), ("CLEANPATH", options.clean_path))
    fixed = ("FIXEDWIDTH", bool(options.fixedwidth))
    exclude("UNLOAD", ("HEADER", options.header), fixed)
    exclude("UNLOAD", ("DELIMITER", options.delimiter is not None), fixed)
    one_character("DELIMITER", options.delimiter)
    parquet = options.format is UnloadFormat.PARQUET
    if parquet and options.encrypted:
        need("UNLOAD of PARQUET", ("ENCRYPTED", True), ("KMS_KEY_ID", options.kms_key_id is not None))
    within("MAXFILESIZE", options.max_file_mb, MIN_PARQUET_FILE_MB if parquet else MIN_FILE_MB, MAX_FILE_MB, "MB")
    within("ROWGROUPSIZE", options.row_group_mb, MIN_ROW_GROUP_MB, MAX_ROW_GROUP_MB, "MB")
