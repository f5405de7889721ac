"""What runs in a measured process: `python -m bench.child WORK FOLDER` prints one JSON document.

The modules that the work needs are imported before its clock starts, on every side.
"""

import json
import resource
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

from bench import convert_work, inventory_work, lineitem_work, periods_work, plan_work, requests_work
from bench.clock import Timed

WORK: Mapping[str, Callable[[Path], Timed]] = {
    "archive-prepare": lineitem_work.prepare,
    "archive-raw": lineitem_work.raw,
    "archive-tidegate": lineitem_work.tidegate,
    "archive-monthly": lineitem_work.monthly,
    "plan-prepare": plan_work.prepare,
    "plan-engine": plan_work.engine,
    "plan-tidegate": plan_work.tidegate,
    "periods-consecutive": periods_work.consecutive,
    "periods-apart": periods_work.apart,
    "convert-prepare": convert_work.prepare,
    "convert-found": convert_work.found,
    "convert-spelled": convert_work.spelled,
    "convert-tidegate": convert_work.tidegate,
    "inventory-prepare": inventory_work.prepare,
    "inventory-raw": inventory_work.raw,
    "inventory-tidegate": inventory_work.tidegate,
    "requests-prepare": requests_work.prepare,
    "requests-listing": requests_work.listing,
    "requests-verify": requests_work.verify,
}


def peak_mb() -> float:
    """The peak of this process since it was started; ru_maxrss would also know the parent's size at the fork."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        kilobytes = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
        return kilobytes * 1024 / 1e6
    except (OSError, StopIteration):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def main() -> None:
    work, folder = sys.argv[1:]
    timed = WORK[work](Path(folder))
    print(json.dumps({**asdict(timed), "peak_mb": peak_mb()}))


if __name__ == "__main__":
    main()
