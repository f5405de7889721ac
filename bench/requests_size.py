"""How large the lake is."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path

WAREHOUSE = "wbench"
"""The id of the warehouse, which names its folder in the lake."""

BESIDE = 2
"""Objects of a batch that are no data: manifest and descriptor."""

_SIZE = "size.json"
_FIRST = date(1900, 1, 1)


@dataclass(frozen=True)
class Size:
    """`objects` files, each a day of its own, evenly in `batches`."""

    objects: int
    batches: int

    def save(self, folder: Path) -> None:
        (folder / _SIZE).write_text(json.dumps(asdict(self)), encoding="ascii")

    @classmethod
    def load(cls, folder: Path) -> "Size":
        return cls(**json.loads((folder / _SIZE).read_text(encoding="ascii")))

    def days(self) -> Iterator[tuple[date, ...]]:
        """Of each batch."""
        for number in range(self.batches):
            first, end = (self.objects * n // self.batches for n in (number, number + 1))
            yield tuple(_FIRST + timedelta(days=day) for day in range(first, end))
