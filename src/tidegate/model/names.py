"""Names of tables: parsed from text, folded as Redshift folds them, and safe as a path."""

import hashlib
import re
from dataclasses import dataclass

from tidegate.errors import UsageError

MAX_IDENTIFIER_BYTES = 127
"""Redshift cuts longer names silently (developer guide, Names and identifiers); Tidegate refuses them."""

_MAX_PATH_SEGMENT = 120
_PART = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^\s."]+))\s*')
_PATH_SAFE = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_-")


def fold(name: str) -> str:
    """Fold ASCII letters to lower case, quoted or not, as Redshift does by default."""
    return "".join(c.lower() if c.isascii() else c for c in name)


def check_identifier(name: str) -> str:
    """Return `name` folded; raise UsageError when Redshift could not hold it as written."""
    if not name:
        raise UsageError("a name is empty", hint="Give every table, schema and column a name.")
    if "\x00" in name:
        raise UsageError(f"the name {name!r} holds a NUL character", hint="Remove the NUL character.")
    if len(name.encode()) > MAX_IDENTIFIER_BYTES:
        raise UsageError(
            f"the name {name!r} is longer than {MAX_IDENTIFIER_BYTES} bytes",
            hint="Redshift would cut it silently: shorten the name.",
        )
    return fold(name)


@dataclass(frozen=True, order=True)
class TableName:
    """A table by schema and name, both folded. `str()` is what messages and ledgers show."""

    schema: str
    name: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "schema", check_identifier(self.schema))
        object.__setattr__(self, "name", check_identifier(self.name))

    @classmethod
    def parse(cls, text: str, default_schema: str = "public") -> "TableName":
        """Read `table`, `schema.table`, or either part in double quotes with inner quotes doubled.

        Raises:
            UsageError: the text is not one or two dotted identifiers.
        """
        parts: list[str] = []
        at = 0
        while match := _PART.match(text, at):
            quoted, plain = match.groups()
            parts.append(plain if quoted is None else quoted.replace('""', '"'))
            at = match.end()
            if at == len(text) or text[at] != ".":
                break
            at += 1
        if at != len(text) or len(parts) not in (1, 2) or text.endswith("."):
            raise UsageError(
                f"{text!r} is not a table name",
                hint='Write table, schema.table, or "odd name"."odd name" with doubled inner quotes.',
            )
        return cls(parts[0], parts[1]) if len(parts) == 2 else cls(default_schema, parts[0])

    def __str__(self) -> str:
        return f"{_display(self.schema)}.{_display(self.name)}"

    @property
    def path(self) -> str:
        """`<schema>/<table>` as two path segments that are safe in S3, on disk and in a glob."""
        return f"{path_segment(self.schema)}/{path_segment(self.name)}"


def _display(name: str) -> str:
    if re.fullmatch(r"[a-z_\u0080-\U0010ffff][a-z0-9_$\u0080-\U0010ffff]*", name):
        return name
    return '"' + name.replace('"', '""') + '"'


def segment_name(segment: str) -> str | None:
    """The name that `path_segment` encoded; None for one that was cut."""
    if len(segment) >= _MAX_PATH_SEGMENT:
        return None
    return re.sub(rb"!([0-9a-f]{2})", lambda m: bytes.fromhex(m[1].decode()), segment.encode()).decode(errors="replace")


def path_segment(name: str) -> str:
    """Encode a name as one path segment: unsafe bytes as `!xx`, long names cut and made unique by a hash.

    Spectrum ignores names that begin with `_` or `.` (developer guide, External tables), so a leading
    underscore is encoded too.
    """
    encoded = "".join(
        c if c in _PATH_SAFE and not (c == "_" and i == 0) else "".join(f"!{b:02x}" for b in c.encode())
        for i, c in enumerate(name)
    )
    if len(encoded) < _MAX_PATH_SEGMENT:
        return encoded
    return f"{encoded[: _MAX_PATH_SEGMENT - 17]}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"
