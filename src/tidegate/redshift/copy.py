"""COPY: files into a table."""

from dataclasses import dataclass
from enum import StrEnum

from tidegate.errors import UsageError
from tidegate.model.names import TableName
from tidegate.redshift.authorization import iam_role
from tidegate.redshift.identifiers import column_list, literal, qualified
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

MAX_ERRORS = 100_000
MAX_COMPROWS = 1_000_000_000


class CopyFormat(StrEnum):
    TEXT = "TEXT"
    CSV = "CSV"
    JSON = "JSON"
    AVRO = "AVRO"
    PARQUET = "PARQUET"
    ORC = "ORC"


class CopyCompression(StrEnum):
    GZIP = "GZIP"
    BZIP2 = "BZIP2"
    LZOP = "LZOP"
    ZSTD = "ZSTD"


class Encoding(StrEnum):
    UTF8 = "UTF8"
    UTF16 = "UTF16"
    UTF16LE = "UTF16LE"
    UTF16BE = "UTF16BE"


class CompUpdate(StrEnum):
    """PRESET chooses encodings by type, ON from a sample, OFF never (developer guide, Data load operations)."""

    PRESET = "PRESET"
    ON = "ON"
    OFF = "OFF"


@dataclass(frozen=True)
class Copy:
    """What COPY takes (developer guide, COPY and its parameter pages).

    `source` is a key prefix, or the manifest's key with `manifest`. `iam_role` is `default` or ARNs. Without
    `columns` all of the table's in order; PARQUET and ORC map by position. `mapping` is `auto`, `auto ignorecase`,
    `noshred` (JSON only) or the address of a jsonpaths file. `fixedwidth`: (label, width in characters) a
    column. `accept_inv_chars` is the replacement character. None leaves Redshift's default.
    """

    table: TableName
    source: str
    iam_role: str = "default"
    columns: tuple[str, ...] = ()
    manifest: bool = False
    region: str | None = None
    format: CopyFormat = CopyFormat.PARQUET
    compression: CopyCompression | None = None
    mapping: str = "auto"
    quote: str | None = None
    delimiter: str | None = None
    fixedwidth: tuple[tuple[str, int], ...] = ()
    serialize_to_json: bool = False
    accept_any_date: bool = False
    accept_inv_chars: str | None = None
    blanks_as_null: bool = False
    date_format: str | None = None
    empty_as_null: bool = False
    encoding: Encoding | None = None
    escape: bool = False
    explicit_ids: bool = False
    fill_record: bool = False
    ignore_blank_lines: bool = False
    ignore_header: int | None = None
    null_as: str | None = None
    remove_quotes: bool = False
    round_dec: bool = False
    time_format: str | None = None
    trim_blanks: bool = False
    truncate_columns: bool = False
    comp_rows: int | None = None
    comp_update: CompUpdate | None = None
    ignore_all_errors: bool = False
    max_error: int | None = None
    no_load: bool = False
    stat_update: bool | None = None


_ALL = frozenset(CopyFormat)
_COLUMNAR = frozenset({CopyFormat.PARQUET, CopyFormat.ORC})
_ROWS = _ALL - _COLUMNAR
_TEXT = frozenset({CopyFormat.TEXT})
_CSV = frozenset({CopyFormat.CSV})
_LINES = _TEXT | _CSV
_PATHS = frozenset({CopyFormat.JSON, CopyFormat.AVRO})


def _number(name: str, value: int | None) -> str | None:
    return None if value is None else f"{name} {value}"


def _stat_update(options: Copy) -> str | None:
    return None if options.stat_update is None else f"STATUPDATE {'ON' if options.stat_update else 'OFF'}"


OPTIONS: tuple[Option[Copy], ...] = (
    Option("MANIFEST", _ALL, lambda o: flag("MANIFEST", o.manifest)),
    Option("REGION", _ROWS, lambda o: text_value("REGION", o.region)),
    Option("compression", _LINES | {CopyFormat.JSON}, lambda o: o.compression),
    Option("DELIMITER", _LINES, lambda o: text_value("DELIMITER", o.delimiter)),
    Option("FIXEDWIDTH", _TEXT, lambda o: fixedwidth(o.fixedwidth)),
    Option("ACCEPTANYDATE", _ROWS, lambda o: flag("ACCEPTANYDATE", o.accept_any_date)),
    Option("ACCEPTINVCHARS", _ALL, lambda o: text_value("ACCEPTINVCHARS", o.accept_inv_chars)),
    Option("BLANKSASNULL", _ROWS, lambda o: flag("BLANKSASNULL", o.blanks_as_null)),
    Option("DATEFORMAT", _ROWS, lambda o: text_value("DATEFORMAT", o.date_format)),
    Option("EMPTYASNULL", _ROWS, lambda o: flag("EMPTYASNULL", o.empty_as_null)),
    Option("ENCODING", _ROWS, lambda o: o.encoding and f"ENCODING AS {o.encoding}"),
    Option("ESCAPE", _TEXT, lambda o: flag("ESCAPE", o.escape)),
    Option("EXPLICIT_IDS", _ALL, lambda o: flag("EXPLICIT_IDS", o.explicit_ids)),
    Option("FILLRECORD", _LINES | _COLUMNAR, lambda o: flag("FILLRECORD", o.fill_record)),
    Option("IGNOREBLANKLINES", _LINES, lambda o: flag("IGNOREBLANKLINES", o.ignore_blank_lines)),
    Option("IGNOREHEADER", _LINES | {CopyFormat.JSON}, lambda o: _number("IGNOREHEADER AS", o.ignore_header)),
    Option("NULL AS", _LINES, lambda o: text_value("NULL", o.null_as)),
    Option("REMOVEQUOTES", _TEXT, lambda o: flag("REMOVEQUOTES", o.remove_quotes)),
    Option("ROUNDEC", _ROWS, lambda o: flag("ROUNDEC", o.round_dec)),
    Option("TIMEFORMAT", _ROWS, lambda o: text_value("TIMEFORMAT", o.time_format)),
    Option("TRIMBLANKS", _ROWS, lambda o: flag("TRIMBLANKS", o.trim_blanks)),
    Option("TRUNCATECOLUMNS", _ROWS, lambda o: flag("TRUNCATECOLUMNS", o.truncate_columns)),
    Option("COMPROWS", _ROWS, lambda o: _number("COMPROWS", o.comp_rows)),
    Option("COMPUPDATE", _ROWS, lambda o: o.comp_update and f"COMPUPDATE {o.comp_update}"),
    Option("IGNOREALLERRORS", _ROWS, lambda o: flag("IGNOREALLERRORS", o.ignore_all_errors)),
    Option("MAXERROR", _ROWS, lambda o: _number("MAXERROR AS", o.max_error)),
    Option("NOLOAD", _ROWS, lambda o: flag("NOLOAD", o.no_load)),
    Option("STATUPDATE", _ALL, _stat_update),
)
"""Options and the formats that take them. AVRO is read like JSON and carries its own compression."""


def copy(options: Copy) -> str:
    """Return the COPY statement.

    Raises:
        UsageError: an option that the format or another option forbids, or a value outside its bounds.
    """
    _check(options)
    _check_values(options)
    columns = f" ({column_list(options.columns)})" if options.columns else ""
    head = f"COPY {qualified(options.table)}{columns}\nFROM {literal(options.source)}\n{iam_role(options.iam_role)}"
    format = _format(options)
    clauses = render_options(options, options.format, OPTIONS, "COPY")
    return "\n".join([head, *([format] if format else []), *clauses])


def _format(options: Copy) -> str:
    if options.format in _PATHS:
        return f"FORMAT AS {options.format} {literal(options.mapping)}"
    if options.format in _COLUMNAR:
        return f"FORMAT AS {options.format}{' SERIALIZETOJSON' if options.serialize_to_json else ''}"
    if options.format is CopyFormat.CSV:
        return f"FORMAT AS CSV{'' if options.quote is None else f' QUOTE AS {literal(options.quote)}'}"
    return ""


def _check(options: Copy) -> None:
    if not options.source.strip():
        raise UsageError(f"COPY into {options.table} has no source", hint="Give COPY a key prefix or a manifest.")
    _only("QUOTE", options.quote is not None, options.format, _CSV)
    _only("SERIALIZETOJSON", options.serialize_to_json, options.format, _COLUMNAR)
    _only(f"the mapping {options.mapping!r}", options.mapping != "auto", options.format, _PATHS)
    if options.region is not None and options.format in _COLUMNAR:
        raise UsageError(
            f"COPY of {options.format} does not take REGION",
            hint="The bucket must be in the region of the warehouse: leave out REGION.",
        )
    fixed = ("FIXEDWIDTH", bool(options.fixedwidth))
    exclude("COPY", ("DELIMITER", options.delimiter is not None), fixed)
    exclude("COPY", ("ESCAPE", options.escape), fixed)
    exclude("COPY", ("REMOVEQUOTES", options.remove_quotes), fixed)
    exclude("COPY", (f"ENCODING {options.encoding}", options.encoding not in (None, Encoding.UTF8)), fixed)
    exclude("COPY", ("IGNOREALLERRORS", options.ignore_all_errors), ("MAXERROR", options.max_error is not None))
    off = options.comp_update is CompUpdate.OFF
    exclude("COPY", ("COMPROWS", options.comp_rows is not None), ("COMPUPDATE OFF", off))
    need("COPY", ("ACCEPTANYDATE", options.accept_any_date), ("DATEFORMAT", options.date_format is not None))


def _only(name: str, is_set: bool, format: CopyFormat, formats: frozenset[CopyFormat]) -> None:
    if is_set and format not in formats:
        taken = ", ".join(f for f in CopyFormat if f in formats)
        raise UsageError(f"COPY of {format} does not take {name}", hint=f"Leave out {name}, or choose one of {taken}.")


def _check_values(options: Copy) -> None:
    one_character("DELIMITER", options.delimiter)
    one_character("QUOTE", options.quote)
    one_character("ACCEPTINVCHARS", options.accept_inv_chars)
    within("MAXERROR", options.max_error, 0, MAX_ERRORS, "errors")
    within("COMPROWS", options.comp_rows, 1, MAX_COMPROWS, "rows")
    within("IGNOREHEADER", options.ignore_header, 0, 2**31 - 1, "lines")
    _keyword("DATEFORMAT", options.date_format, ("auto",))
    _keyword("TIMEFORMAT", options.time_format, ("auto", "epochsecs", "epochmillisecs"))
    mappings = (
        ("auto", "auto ignorecase", "noshred") if options.format is CopyFormat.JSON else ("auto", "auto ignorecase")
    )
    if options.mapping not in mappings and "/" not in options.mapping:
        raise UsageError(
            f"{options.mapping!r} is not a mapping of {options.format}",
            hint=f"Write one of {', '.join(mappings)}, or the address of a jsonpaths file.",
        )
    if options.null_as is not None and "\n" in options.null_as:
        raise UsageError("NULL AS holds a line feed", hint="A line feed ends a record: choose another text for NULL.")


def _keyword(name: str, value: str | None, keywords: tuple[str, ...]) -> None:
    """Redshift knows these words in lower case only, and would read others as a format."""
    if value is not None and value.lower() in keywords and value not in keywords:
        raise UsageError(f"{name} {value!r} is not in lower case", hint=f"Write {value.lower()!r}.")
