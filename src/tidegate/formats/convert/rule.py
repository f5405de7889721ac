"""What a conversion writes: which files, a row for which thing, which columns from where."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tidegate.errors import UsageError
from tidegate.model.tables import SqlType

Path = tuple[str, ...]
"""Keys from the record inwards; a key that ends with `[]` is a list, and the next is a key of its elements."""

LIST = "[]"
_KEY = re.compile(r'(?:"((?:[^"]|"")+)"|([^."\[\]]+))((?:\[\])?)')


@dataclass(frozen=True)
class RuleColumn:
    """`required`: a value that is missing or null is an error."""

    name: str
    path: Path
    type: SqlType
    required: bool = False


@dataclass(frozen=True)
class RuleOutput:
    """One Parquet file for each file that is read. `rows`: a row for each element of this list; () = each record.

    `key`: columns that are named in the file's metadata as its key. `first`: the number of the first record. Then
    there are further columns (tidegate.model.elements): the positions of rows of lists, the record, the digest of it.
    """

    name: str
    rows: Path
    columns: tuple[RuleColumn, ...]
    key: tuple[str, ...] = ()
    first: int | None = None

    @property
    def depth(self) -> int:
        """In how many lists a row lies."""
        return sum(key.endswith(LIST) for key in self.rows)


@dataclass(frozen=True)
class Rule:
    """`place`: where a person says another type, for hints."""

    outputs: tuple[RuleOutput, ...]
    place: str = "in the rule"

    @property
    def paths(self) -> Iterator[tuple[Path, SqlType | None]]:
        """Every place that is read; no type for the lists that only decide how many rows there are."""
        for output in self.outputs:
            if output.rows:
                yield output.rows, None
            for column in output.columns:
                yield column.path, column.type


def parse_path(text: str) -> Path:
    """`customer.name`, `items[].returned.at`, `"a.b".c`; a key with a dot or a bracket stands in double quotes.

    Raises:
        UsageError: it is none of these.
    """
    keys = []
    place = 0
    while match := _KEY.match(text, place):
        quoted, plain, is_list = match.groups()
        keys.append((plain if quoted is None else quoted.replace('""', '"')) + is_list)
        place = match.end()
        if place == len(text):
            return tuple(keys)
        if text[place] != ".":
            break
        place += 1
    raise UsageError(
        f"{text!r} is no path", hint="Write keys with dots between, e.g. customer.name or items[].quantity."
    )


def shown(path: Path, positions: tuple[int, ...] = ()) -> str:
    """The path as it is written, or with the number of each list's element, counted from 0."""
    numbers = iter(positions)
    return ".".join(key if not key.endswith(LIST) else f"{key[:-2]}[{next(numbers, '')}]" for key in path)
