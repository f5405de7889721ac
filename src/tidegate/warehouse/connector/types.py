"""Redshift's types on the wire: object ids and modifiers to type names, and back."""

import re
from dataclasses import dataclass

_LENGTH = 4
"""A modifier counts the four bytes of a length too (PostgreSQL 8.0, pg_attribute.atttypmod)."""

_OIDS: dict[str, tuple[int, int]] = {
    "boolean": (16, 1),
    "smallint": (21, 2),
    "integer": (23, 4),
    "bigint": (20, 8),
    "real": (700, 4),
    "double precision": (701, 8),
    "numeric": (1700, -1),
    "character varying": (1043, -1),
    "character": (1042, -1),
    "date": (1082, 4),
    "time without time zone": (1083, 8),
    "time with time zone": (1266, 12),
    "timestamp without time zone": (1114, 8),
    "timestamp with time zone": (1184, 8),
    "interval year to month": (1188, 4),
    "interval day to second": (1190, 8),
    "super": (4000, -1),
    "varbyte": (6551, -1),
    "geometry": (3000, -1),
    "geography": (3001, -1),
    "hllsketch": (2935, -1),
    "text": (25, -1),
    "name": (19, 63),
    "oid": (26, 4),
    '"char"': (18, 1),
    "unknown": (705, -2),
}
"""Object id and size in bytes; -1 varies (redshift_connector, utils/oids.py)."""

_NAMES = {oid: name for name, (oid, _) in _OIDS.items()}
_CAST_TO: dict[int, str | None] = {
    **dict.fromkeys((705, 25, 19, 18, 1042, 1043, 6551)),
    26: "bigint",
    1700: "numeric(38,10)",
}
"""Parameters of these types are literals of no type, or of another: a cast to a type without its length would cut."""

_MEASURES = re.compile(r"(.+?)\((\d+)(?:,(\d+))?\)")
_LONGEST = {"character varying": 65_535, "varbyte": 64_000}


@dataclass(frozen=True)
class WireType:
    """`modifier` is -1 where the type has no measure; `size` in bytes is -1 where it varies."""

    oid: int
    size: int
    modifier: int = -1


def wire_type(text: str) -> WireType:
    """The type that a result column names, e.g. `numeric(18,2)`; one that is not known is sent as text."""
    match = _MEASURES.fullmatch(text)
    name = text if match is None else match[1]
    oid, size = _OIDS.get(name, _OIDS["text"])
    if match is None:
        return WireType(oid, size)
    if name == "numeric":
        return WireType(oid, size, (int(match[2]) << 16 | int(match[3] or 0)) + _LENGTH)
    return WireType(oid, size, int(match[2]) + _LENGTH)


def type_text(oid: int, modifier: int) -> str:
    """The type as `ResultColumn` names it. A text without a length is the longest."""
    name = _NAMES.get(oid, "unknown")
    if name in ("text", "name", "unknown", '"char"'):
        return f"character varying({_LONGEST['character varying']})"
    if name == "numeric" and modifier >= _LENGTH:
        return f"numeric({(modifier - _LENGTH) >> 16},{(modifier - _LENGTH) & 0xFFFF})"
    if name in ("character varying", "character", "varbyte"):
        length = modifier - _LENGTH if modifier >= _LENGTH else _LONGEST.get(name, 0)
        return f"{name}({length})" if length else name
    return name


def type_name(oid: int) -> str | None:
    """What a parameter is cast to; None where the statement decides, or the id is not known."""
    return _CAST_TO.get(oid, _NAMES.get(oid))
