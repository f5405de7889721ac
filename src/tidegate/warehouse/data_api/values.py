"""Fields of GetStatementResult become values, and its metadata columns."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation

from tidegate.warehouse.base import ResultColumn, Row

_TYPES = {
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "float4": "real",
    "float8": "double precision",
    "bool": "boolean",
    "time": "time without time zone",
    "timetz": "time with time zone",
    "timestamp": "timestamp without time zone",
    "timestamptz": "timestamp with time zone",
}
_MEASURED = {"varchar": "character varying", "bpchar": "character", "char": "character", "varbyte": "varbyte"}
Reader = Callable[[Mapping[str, object]], object]


def column(metadata: Mapping[str, object]) -> ResultColumn:
    """A column as every driver names it, e.g. `numeric(10,2)`."""
    name, kind = str(metadata.get("name", "")), str(metadata.get("typeName", ""))
    precision = int(str(metadata.get("precision") or 0))
    if kind == "numeric":
        return ResultColumn(name, f"numeric({precision},{int(str(metadata.get('scale') or 0))})")
    if kind in _MEASURED:
        shown = _MEASURED[kind]
        return ResultColumn(name, f"{shown}({precision})" if precision else shown)
    return ResultColumn(name, _TYPES.get(kind, kind))


def rows(columns: Sequence[ResultColumn], records: Sequence[Sequence[Mapping[str, object]]]) -> tuple[Row, ...]:
    """The records of one page."""
    readers = [_reader(each.type) for each in columns]
    return tuple(
        tuple(None if field.get("isNull") else read(field) for read, field in zip(readers, record, strict=True))
        for record in records
    )


def _reader(shown: str) -> Reader:
    parse = _PARSERS.get(shown.partition("(")[0])
    if parse is None:
        return _plain

    def read(field: Mapping[str, object]) -> object:
        value = _plain(field)
        try:
            return parse(value) if isinstance(value, str) else value
        except (ValueError, InvalidOperation):  # a date that Python cannot hold stays text
            return value

    return read


def _plain(field: Mapping[str, object]) -> object:
    value = next(iter(field.values()), None)
    if isinstance(value, bytes):
        return value.hex()
    return value


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


_PARSERS: Mapping[str, Callable[[str], object]] = {
    "numeric": Decimal,
    "smallint": int,
    "integer": int,
    "bigint": int,
    "real": float,
    "double precision": float,
    "date": date.fromisoformat,
    "time without time zone": time.fromisoformat,
    "time with time zone": time.fromisoformat,
    "timestamp without time zone": datetime.fromisoformat,
    "timestamp with time zone": _instant,
}
