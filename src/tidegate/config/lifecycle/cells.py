"""Values of single cells. What is wrong with them is collected, so that a row is told of once and in full."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from tidegate.config.problems import show
from tidegate.config.quantities import parse_bytes
from tidegate.config.urls import REGION
from tidegate.errors import UsageError
from tidegate.model.names import check_identifier

T = TypeVar("T")

_FALSE = frozenset({"0", "f", "false", "n", "no", "off"})
_TRUE = frozenset({"1", "t", "true", "y", "yes", "on"})
_PLAIN_NAME = re.compile(r"[A-Za-z_\u0080-\U0010ffff][A-Za-z0-9_$\u0080-\U0010ffff]*")
_QUOTED_NAME = re.compile(r'"((?:[^"]|"")+)"')
_NUMBER = re.compile(r"[+-]?[0-9]{1,9}(\.0+)?")
_MEGABYTES = re.compile(r"[0-9]+(\.[0-9]+)?")
_ESCAPES = {r"\t": "\t", "tab": "\t"}


@dataclass
class Cells:
    """The cells of one row. `problems` and `notes` complete "line 2, schema.table: "."""

    values: Mapping[str, str]
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __getitem__(self, name: str) -> str:
        return self.values[name]

    def wrong(self, name: str, expected: str) -> None:
        shown = f"is {show(self.values[name])}" if self.values[name] else "is blank"
        self.problems.append(f"{name} {shown}, {expected}")

    def flag(self, name: str, *, blank: bool) -> bool:
        text = self.values[name].strip().lower()
        if text and text not in _TRUE | _FALSE:
            self.wrong(name, "must be 0, 1, f, t, false or true")
        return text in _TRUE if text else blank

    def number(self, name: str, *, blank: int | None, low: int | None = None) -> int | None:
        text = self.values[name]
        if not text:
            return blank
        if _NUMBER.fullmatch(text) is None or (low is not None and int(float(text)) < low):
            self.wrong(name, "must be a whole number" + ("" if low is None else f", {low} or more"))
            return None
        return int(float(text))

    def choice(self, name: str, known: Mapping[str, T], expected: str) -> T | None:
        """The value of a word, in whatever case; None, and a problem, for any other."""
        found = known.get(self.values[name].strip().lower())
        if found is None:
            self.wrong(name, expected)
        return found

    def identifier(self, name: str) -> str | None:
        """A name as Redshift reads it: folded, in double quotes with inner ones doubled where it is not a plain one."""
        return self._identifier(name, self.values[name])

    def identifiers(self, name: str) -> tuple[str, ...]:
        """Names between commas; none when the cell is blank."""
        parts = [part.strip() for part in re.split(r',(?=(?:[^"]*"[^"]*")*[^"]*$)', self.values[name])]
        found = [self._identifier(name, part) for part in parts] if any(parts) else []
        return tuple(part for part in found if part is not None)

    def _identifier(self, name: str, text: str) -> str | None:
        quoted = _QUOTED_NAME.fullmatch(text)
        if quoted is None and _PLAIN_NAME.fullmatch(text) is None:
            self.wrong(name, 'must be a name, in double quotes if it holds more than letters, digits, "_" and "$"')
            return None
        try:
            return check_identifier(quoted[1].replace('""', '"') if quoted else text)
        except UsageError as error:
            self.problems.append(f"{name}: {error.message}")
            return None

    def character(self, name: str) -> str | None:
        text = self.values[name]
        text = _ESCAPES.get(text.strip().lower(), text)
        if not text:
            return None
        if len(text) != 1 or not text.isascii() or text in "\x00\r\n":
            self.wrong(name, "must be one ASCII character")
        return text

    def megabytes(self, name: str, low: int, high: int) -> int | None:
        """Decimal megabytes of `1 gb`, `256 MB`, `100`: without a unit they are MB, as in UNLOAD."""
        text = self.values[name].strip()
        if not text:
            return None
        try:
            size = parse_bytes(f"{text} MB" if _MEGABYTES.fullmatch(text) else text)
        except ValueError:
            size = 0
        if not low * 1_000_000 <= size <= high * 1_000_000 or size % 1_000_000:
            self.wrong(name, f'must be whole megabytes from "{low} MB" to "{high} MB"')
            return None
        return size // 1_000_000

    def region(self, name: str) -> str | None:
        text = self.values[name].strip().lower()
        if text and REGION.fullmatch(text) is None:
            self.wrong(name, 'must be a region such as "eu-west-1"')
        return text or None
