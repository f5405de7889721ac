"""Patterns of keys: which match, which of two is the more specific, and whether two can match the same key.

`*` stands for any characters within a segment, `**` as a whole segment for any number of segments, none too.
`{table}` and `{schema}` stand for one or more characters within a segment and give them back. All else is literal.
A segment of a key that begins with `_` or `.` is hidden: only a pattern's segment that begins with it shows it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

_TOKEN = re.compile(r"\*|\{[^{}/]*\}")
_NAMES = ("{table}", "{schema}")
_DEEP = "**"

PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""What `{table}` and `{schema}` may stand for."""

Specificity = tuple[bool, tuple[tuple[int, int], ...]]


@dataclass(frozen=True)
class KeyPattern:
    """`text` is relative to the lake, an absolute path, or `s3://bucket/…`. Made by `parse`."""

    text: str

    @classmethod
    def parse(cls, text: str) -> "KeyPattern":
        """Raises ValueError: not a pattern; the text completes "match "."""
        if "://" in text and not re.match(r"s3://[a-z0-9][a-z0-9.-]+/", text):
            raise ValueError("must be a path, or begin with s3://bucket/")
        segments = _split(text)
        if not segments[-1] or "" in segments[:-1] or {".", ".."} & set(segments):
            raise ValueError("has an empty segment, or one that is . or ..")
        for segment in segments:
            if _DEEP in segment and segment != _DEEP:
                raise ValueError(f"holds ** beside other characters in {segment!r}")
            names = [token for token in _TOKEN.findall(segment) if token != "*"]  # noqa: S105
            if unknown := [name for name in names if name not in _NAMES]:
                raise ValueError(f"holds {unknown[0]}, known are {' and '.join(_NAMES)}")
            if re.search(r"[*}][*{]", segment) and segment != _DEEP:
                raise ValueError(f"holds two wildcards without a character between them in {segment!r}")
        for name in _NAMES:
            if text.count(name) > 1:
                raise ValueError(f"holds {name} twice")
        if (_DEEP, _DEEP) in pairwise(segments):
            raise ValueError("holds ** twice in a row")
        if segments[-1] == _DEEP:
            raise ValueError("ends with **, must end with the pattern of a file's name, such as **/*")
        return cls(text)

    @cached_property
    def segments(self) -> tuple[str, ...]:
        return tuple(_split(self.text))

    @property
    def names(self) -> tuple[str, ...]:
        """`table`, `schema`: what a match gives."""
        return tuple(name.strip("{}") for name in _NAMES if name in self.text)

    @property
    def absolute(self) -> bool:
        """Whether it names a place outside of the lake: a path from the root, or a bucket."""
        return self.text.startswith(("/", "s3://"))

    @property
    def prefix(self) -> str:
        """What every matching key begins with: the pattern up to its first wildcard."""
        return re.split(r"[*{]", self.text, maxsplit=1)[0]

    @property
    def specificity(self) -> Specificity:
        """The greater is the more specific of two that match the same key.

        An address beats a relative pattern. Then segment by segment from the left: a literal one beats one with
        wildcards, of those the one with more literal characters wins, and `**` is last; then the longer pattern wins.
        """
        return self.absolute, tuple(_rank(segment) for segment in self.segments)

    def match(self, key: str) -> Mapping[str, str] | None:
        """What `{table}` and `{schema}` stand for, or None when the key does not match."""
        found = self._regex.fullmatch(key)
        return found.groupdict() if found else None

    def overlaps(self, other: "KeyPattern") -> bool:
        """Whether some key matches both."""
        return self.absolute == other.absolute and _overlap(self.segments, other.segments)

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        start = "s3://" if self.text.startswith("s3://") else "/" if self.absolute else ""
        parts = [_deep() if s == _DEEP else _segment(s) + "/" for s in self.segments]
        return re.compile(re.escape(start) + "".join(parts).removesuffix("/"), re.DOTALL)


def is_hidden(key: str) -> bool:
    """Whether a segment begins with `_` or `.`."""
    return any(segment.startswith(("_", ".")) for segment in key.split("/"))


def _split(text: str) -> list[str]:
    return text.removeprefix("s3://").removeprefix("/").split("/")


def _deep() -> str:
    return r"(?:(?![_.])[^/]+/)*"


def _segment(segment: str) -> str:
    """`*` alone is not empty; `{table}` takes as many characters as it can."""
    if segment == "*":
        return r"(?![_.])[^/]+"
    hidden = r"(?![_.])" if _TOKEN.match(segment) else ""
    parts = [re.escape(text) for text in _TOKEN.split(segment)]
    wild = ["[^/]*" if token == "*" else f"(?P<{token.strip('{}')}>[^/]+)" for token in _TOKEN.findall(segment)]  # noqa: S105
    body = "".join(text + token for text, token in zip(parts, [*wild, ""], strict=True))
    return f"{hidden}{body}"


def _rank(segment: str) -> tuple[int, int]:
    if segment == _DEEP:
        return (0, 0)
    literal = _TOKEN.sub("", segment)
    return (2, 0) if literal == segment else (1, len(literal))


def _overlap(first: tuple[str, ...], second: tuple[str, ...]) -> bool:
    """Whether a list of segments matches both; `seen` keeps it from trying a pair of positions twice."""
    seen: set[tuple[int, int]] = set()
    open_pairs = [(0, 0)]
    while open_pairs:
        at = i, j = open_pairs.pop()
        if at in seen:
            continue
        seen.add(at)
        one, two = first[i : i + 1], second[j : j + 1]
        if not one and not two:
            return True
        if one == (_DEEP,):
            open_pairs += [(i + 1, j), *([(i, j + 1)] if two else [])]
        if two == (_DEEP,):
            open_pairs += [(i, j + 1), *([(i + 1, j)] if one else [])]
        if one and two and _DEEP not in (*one, *two) and _segments_overlap(one[0], two[0]):
            open_pairs.append((i + 1, j + 1))
    return False


def _segments_overlap(first: str, second: str) -> bool:
    """Whether some text matches both; a `None` is any text, `{table}` an any character and any text."""
    one, two = _characters(first), _characters(second)
    seen: set[tuple[int, int]] = set()
    open_pairs = [(0, 0)]
    while open_pairs:
        at = i, j = open_pairs.pop()
        if at in seen:
            continue
        seen.add(at)
        if i == len(one) and j == len(two):
            return True
        if i < len(one) and one[i] is None:
            open_pairs += [(i + 1, j), *([(i, j + 1)] if j < len(two) else [])]
        if j < len(two) and two[j] is None:
            open_pairs += [(i, j + 1), *([(i + 1, j)] if i < len(one) else [])]
        if i < len(one) and j < len(two) and _meet(one[i], two[j]):
            open_pairs.append((i + 1, j + 1))
    return False


def _meet(one: str | None, two: str | None) -> bool:
    return one is not None and two is not None and (one == two or "" in (one, two))


def _characters(segment: str) -> list[str | None]:
    """Literal characters, None for any text, an empty text for any one character."""
    found: list[str | None] = []
    at = 0
    for token in _TOKEN.finditer(segment):
        found += [*segment[at : token.start()], *([None] if token[0] == "*" else ["", None])]
        at = token.end()
    return [*found, *segment[at:]]
