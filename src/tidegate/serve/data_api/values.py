"""Values and types as the Data API writes them: fields of JSON, lines of CSV, metadata of columns."""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time
from decimal import Decimal

from tidegate.warehouse.base import ResultColumn, Row

_MEASURED = re.compile(r"([a-z ]+?) ?(?:\((\d+)(?:, ?(\d+))?\))?")
_SPECIAL = re.compile(r'[",\r\n]')
_TYPE_NAMES = {
    "smallint": "int2",
    "integer": "int4",
    "bigint": "int8",
    "real": "float4",
    "double precision": "float8",
    "boolean": "bool",
    "character varying": "varchar",
    "character": "bpchar",
    "time without time zone": "time",
    "time with time zone": "timetz",
    "timestamp without time zone": "timestamp",
    "timestamp with time zone": "timestamptz",
}
"""The engine's short names (developer guide, Data types); what is not here is called the same in both."""

_DIGITS = {"int2": 5, "int4": 10, "int8": 19, "float4": 8, "float8": 17}
_SIGNED = frozenset({*_DIGITS, "numeric"})
_INTEGERS = frozenset({"int2", "int4", "int8"})
_CASELESS = frozenset({*_SIGNED, "bool", "date", "time", "timetz", "timestamp", "timestamptz"})

Field = Callable[[object], dict[str, object]]


def type_name(shown: str) -> tuple[str, int, int]:
    """Name, precision (a text's length) and scale of a type as Redshift shows it, e.g. `numeric(10,2)`."""
    match = _MEASURED.fullmatch(shown)
    if match is None:
        return shown, 0, 0
    name = _TYPE_NAMES.get(match[1], match[1])
    return name, int(match[2] or _DIGITS.get(name, 0)), int(match[3] or 0)


def metadata(columns: Iterable[ResultColumn]) -> list[dict[str, object]]:
    """ColumnMetadata of a result."""
    return [_metadata(column) for column in columns]


def _metadata(column: ResultColumn) -> dict[str, object]:
    name, precision, scale = type_name(column.type)
    return {
        "isCaseSensitive": name not in _CASELESS,
        "isCurrency": False,
        "isSigned": name in _SIGNED,
        "label": column.name,
        "length": 0,
        "name": column.name,
        "nullable": 1,
        "precision": precision,
        "scale": scale,
        "schemaName": "",
        "tableName": "",
        "typeName": name,
    }


def json_writer(columns: Sequence[ResultColumn]) -> Callable[[Row], bytes]:
    """Writes one row as a JSON list of fields."""
    makers = [_field(type_name(column.type)[0]) for column in columns]

    def write(row: Row) -> bytes:
        fields = [{"isNull": True} if value is None else make(value) for make, value in zip(makers, row, strict=True)]
        return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()

    return write


def csv_writer(columns: Sequence[ResultColumn]) -> Callable[[Row], bytes]:
    """Writes one row as a line of CSV; NULL is nothing, an empty text stands in quotes."""

    def write(row: Row) -> bytes:
        return (",".join("" if value is None else _quoted(text(value)) for value in row) + "\r\n").encode()

    return write


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"' if not value or _SPECIAL.search(value) else value


def _field(name: str) -> Field:
    if name == "bool":
        return lambda value: {"booleanValue": bool(value)}
    if name in _INTEGERS:
        return lambda value: {"longValue": value}
    if name in ("float4", "float8"):
        return lambda value: {"doubleValue": value}
    return lambda value: {"stringValue": text(value)}


def text(value: object) -> str:
    """A value as Redshift prints it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}".rjust(10, "0") + " " + _clock(value)
    if isinstance(value, time):
        return _clock(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _clock(value: datetime | time) -> str:
    fraction = f".{value.microsecond:06d}".rstrip("0") if value.microsecond else ""
    return f"{value:%H:%M:%S}{fraction}{_offset(value)}"


def _offset(value: datetime | time) -> str:
    """`+00`, or `+05:30` where it is not a whole hour."""
    written = f"{value:%z}"
    if not written:
        return ""
    return written[:3] if written[3:5] == "00" else f"{written[:3]}:{written[3:5]}"
