"""The clock of a piece of work, and what the work says of itself."""

from dataclasses import dataclass, field
from time import perf_counter, process_time
from typing import Any


class Clock:
    """Started when it is made. `seconds` have passed since, `cpu` of them on the cores, threads added up."""

    def __init__(self) -> None:
        self._wall, self._cpu = perf_counter(), process_time()

    def timed(self, **detail: Any) -> "Timed":
        """What has passed until now."""
        return Timed(perf_counter() - self._wall, process_time() - self._cpu, detail)


@dataclass(frozen=True)
class Timed:
    """`detail` must fit into JSON."""

    seconds: float
    cpu: float
    detail: dict[str, Any] = field(default_factory=dict)

    def having(self, **detail: Any) -> "Timed":
        """The same times, with more detail."""
        return Timed(self.seconds, self.cpu, {**self.detail, **detail})
