"""Fields of GetStatementResult become values, and its metadata columns."""

from collections.abc import Callable, Mapping, Sequence

from tidegate.warehouse.base import ResultColumn, Row
from tidegate.warehouse.cluster.values import reader

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
    readers = [_field(reader(each.type)) for each in columns]
    return tuple(tuple(read(field) for read, field in zip(readers, record, strict=True)) for record in records)


def _field(read: Callable[[str], object]) -> Callable[[Mapping[str, object]], object]:
    def value(field: Mapping[str, object]) -> object:
        if field.get("isNull"):
            return None
        found = next(iter(field.values()), None)
        if isinstance(found, bytes):
            return found.hex()
        return read(found) if isinstance(found, str) else found

    return value
