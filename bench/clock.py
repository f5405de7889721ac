"""The clock of a piece of work, and what the work says of itself."""

import json
import resource
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
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


def document(timed: Timed, peak: float | None = None) -> str:
    """What a measured process prints: the work's times, and the peak of its memory, or of another's, in megabytes."""
    return json.dumps({**asdict(timed), "peak_mb": peak_mb() if peak is None else peak})


def peak_mb() -> float:
    """The peak of this process since it was started; ru_maxrss would also know the parent's size at the fork."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        kilobytes = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
        return kilobytes * 1024 / 1e6
    except (OSError, StopIteration):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def bytes_read() -> int:
    """What this process has read until now, of files and of all else; -1 where the system does not tell."""
    try:
        text = Path("/proc/self/io").read_text(encoding="ascii")
    except OSError:
        return -1
    return int(text.partition("rchar:")[2].split()[0])
