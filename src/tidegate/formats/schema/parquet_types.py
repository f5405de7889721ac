"""One column of a Parquet file as a column of Redshift.

Sources: developer guide, COPY from columnar data formats and Numeric types; parquet-format, LogicalTypes; what COPY
does with a decimal that is stored longer than its precision needs (ParquetSharp issue 252) and with nanoseconds
(apache/arrow issue 38000: years far off, in silence).
"""

import json
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import types

from tidegate.formats.schema.inferred import MAX_BINARY, MAX_TEXT, InferredColumn, varchar
from tidegate.model.tables import SqlType, TypeKind

MAX_PRECISION, MAX_SCALE = 38, 37
UUID_LENGTH, TIME_LENGTH, INTERVAL_LENGTH = 36, 18, 64
"""`23:59:59.999999999` is the longest time of day."""

_LEAST_BYTES = tuple(((10**precision - 1).bit_length() + 8) // 8 for precision in range(1, MAX_PRECISION + 1))
"""Bytes that a decimal of precision 1, 2, … 38 needs."""

_INTEGERS = {
    (8, True): TypeKind.SMALLINT,
    (16, True): TypeKind.SMALLINT,
    (32, True): TypeKind.INTEGER,
    (64, True): TypeKind.BIGINT,
    (8, False): TypeKind.SMALLINT,
    (16, False): TypeKind.INTEGER,
    (32, False): TypeKind.BIGINT,
}
_PHYSICAL = {
    "BOOLEAN": TypeKind.BOOLEAN,
    "INT32": TypeKind.INTEGER,
    "INT64": TypeKind.BIGINT,
    "INT96": TypeKind.TIMESTAMP,
    "FLOAT": TypeKind.REAL,
    "DOUBLE": TypeKind.DOUBLE,
}
_NANOSECONDS = "nanoseconds would be loaded as wrong years"
_UNSIGNED = "unsigned 64-bit integers would be loaded as signed"


def leaf_column(leaf: pq.ColumnSchema, field: pa.Field) -> InferredColumn:
    """The column of a value that is not nested. `field` is what Arrow makes of it."""
    column = InferredColumn(field.name, SqlType(TypeKind.SUPER), nullable=field.nullable)
    if types.is_duration(field.type):
        return _text(column, INTERVAL_LENGTH, "durations would be loaded as numbers")
    logical = leaf.logical_type.type
    if logical == "DECIMAL":
        return _decimal(column, leaf)
    if logical in ("STRING", "ENUM"):
        return replace(column, type=varchar())
    if logical == "JSON":
        return replace(column, staged=varchar(MAX_TEXT), parse_json=True)
    if logical == "UUID":
        return _text(column, UUID_LENGTH, "COPY takes no UUID: it is written as text")
    if logical == "DATE":
        return replace(column, type=SqlType(TypeKind.DATE))
    if logical == "TIME":
        return _text(column, TIME_LENGTH, "COPY takes no TIME from Parquet: it is written as text")
    if _is_interval(leaf):
        return _text(column, INTERVAL_LENGTH, "COPY takes no INTERVAL from Parquet: it is written as text")
    if types.is_null(field.type):
        staged = SqlType(_PHYSICAL.get(leaf.physical_type, TypeKind.VARCHAR))
        return replace(column, type=varchar(1), longest=0, staged=staged, undetermined=True)
    return _number_or_bytes(column, leaf)


def unfit_in_super(leaf: pq.ColumnSchema) -> str | None:
    """Why a value inside of a list, struct or map cannot be taken by SERIALIZETOJSON as it is."""
    logical = leaf.logical_type.type
    if _is_nanoseconds(leaf):
        return f"{leaf.path}: {_NANOSECONDS}"
    if leaf.physical_type == "INT64" and _bits(leaf) == (64, False):
        return f"{leaf.path}: {_UNSIGNED}"
    if logical in ("TIME", "UUID", "FLOAT16") or _is_interval(leaf):
        return f"{leaf.path}: COPY takes no {'INTERVAL' if _is_interval(leaf) else logical} inside of SUPER"
    if logical in ("NONE", "BSON") and leaf.physical_type in ("BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY"):
        return f"{leaf.path}: bytes cannot stand inside of SUPER"
    return None


def lost_in_super(kind: pa.DataType) -> str | None:
    """What of a nested type would become another value in SUPER, even if it were written anew; None = nothing."""
    if isinstance(kind, pa.BaseExtensionType):
        return lost_in_super(kind.storage_type)
    if types.is_duration(kind):
        return "durations"
    if types.is_decimal(kind) and kind.precision > MAX_PRECISION:
        return f"DECIMAL({kind.precision},{kind.scale})"
    inner = (kind.field(n).type for n in range(kind.num_fields)) if types.is_nested(kind) else ()
    return next((lost for one in inner if (lost := lost_in_super(one))), None)


def _number_or_bytes(column: InferredColumn, leaf: pq.ColumnSchema) -> InferredColumn:
    logical, physical = leaf.logical_type.type, leaf.physical_type
    if logical == "TIMESTAMP":
        kind = TypeKind.TIMESTAMPTZ if _detail(leaf).get("isAdjustedToUTC") else TypeKind.TIMESTAMP
        return replace(column, type=SqlType(kind), rewrite=_NANOSECONDS if _is_nanoseconds(leaf) else None)
    if logical == "INT":
        kind = _INTEGERS.get(_bits(leaf), TypeKind.DECIMAL)
        if kind is TypeKind.DECIMAL:
            return replace(column, type=SqlType(kind, precision=20, scale=0), rewrite=_UNSIGNED)
        return replace(column, type=SqlType(kind))
    if logical == "FLOAT16":
        return replace(column, type=SqlType(TypeKind.REAL), rewrite="COPY takes no 16-bit floating-point numbers")
    if physical in _PHYSICAL:
        return replace(column, type=SqlType(_PHYSICAL[physical]))
    if physical == "FIXED_LEN_BYTE_ARRAY":
        length = min(max(1, leaf.length), MAX_BINARY)
        reason = "COPY takes bytes of variable length only"
        return replace(column, type=SqlType(TypeKind.VARBYTE, length=length), longest=leaf.length, rewrite=reason)
    return replace(column, type=SqlType(TypeKind.VARBYTE))


def _decimal(column: InferredColumn, leaf: pq.ColumnSchema) -> InferredColumn:
    """COPY compares the length in the file with what the declared precision needs: the precision follows the file."""
    precision, scale = leaf.precision, leaf.scale
    if not (1 <= precision <= MAX_PRECISION and 0 <= scale <= min(MAX_SCALE, precision)):
        # Digits, sign, point, and the zero before it.
        return _text(column, precision + 3, f"DECIMAL({precision},{scale}) is more than Redshift's numbers hold")
    kind = SqlType(TypeKind.DECIMAL, precision=precision, scale=scale)
    if leaf.physical_type in ("INT32", "INT64"):
        return replace(column, type=kind)
    if leaf.physical_type == "BYTE_ARRAY":
        return replace(column, type=kind, rewrite="COPY takes no decimals of variable length")
    least = _LEAST_BYTES[precision - 1]
    if leaf.length == least:
        return replace(column, type=kind)
    if leaf.length in _LEAST_BYTES:
        wider = _LEAST_BYTES.index(leaf.length) + 1
        if wider > precision:
            return replace(column, type=replace(kind, precision=wider))
    return replace(column, type=kind, rewrite=f"its decimals are stored in {leaf.length} bytes, not in {least}")


def _text(column: InferredColumn, length: int, reason: str) -> InferredColumn:
    return replace(column, type=varchar(length), longest=length, rewrite=reason)


def _detail(leaf: pq.ColumnSchema) -> dict[str, object]:
    detail: dict[str, object] = json.loads(leaf.logical_type.to_json())
    return detail


def _bits(leaf: pq.ColumnSchema) -> tuple[int, bool]:
    """Width and sign of an integer; of what has no annotation, those of its physical type."""
    if leaf.logical_type.type != "INT":
        return (32 if leaf.physical_type == "INT32" else 64, True)
    detail = _detail(leaf)
    return int(str(detail["bitWidth"])), bool(detail["isSigned"])


def _is_interval(leaf: pq.ColumnSchema) -> bool:
    """INTERVAL has no logical type of its own: pyarrow tells UNKNOWN, as of a column of nulls (as run on 26)."""
    return bool(leaf.converted_type == "INTERVAL")


def _is_nanoseconds(leaf: pq.ColumnSchema) -> bool:
    return leaf.logical_type.type == "TIMESTAMP" and _detail(leaf).get("timeUnit") == "nanoseconds"
