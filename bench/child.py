"""What runs in a measured process: `python -m bench.child WORK FOLDER` prints one JSON document.

The modules that the work needs are imported before its clock starts, on every side; those of other work are not.
"""

import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from bench.clock import Timed, document

WORK: Mapping[str, str] = {
    "archive-prepare": "lineitem_work.prepare",
    "archive-raw": "lineitem_work.raw",
    "archive-tidegate": "lineitem_work.tidegate",
    "archive-monthly": "lineitem_work.monthly",
    "plan-prepare": "plan_work.prepare",
    "plan-engine": "plan_work.engine",
    "plan-tidegate": "plan_work.tidegate",
    "periods-consecutive": "periods_work.consecutive",
    "periods-apart": "periods_work.apart",
    "convert-prepare": "convert_work.prepare",
    "convert-found": "convert_work.found",
    "convert-spelled": "convert_work.spelled",
    "convert-tidegate": "convert_work.tidegate",
    "inventory-prepare": "inventory_work.prepare",
    "inventory-raw": "inventory_work.raw",
    "inventory-tidegate": "inventory_work.tidegate",
    "requests-prepare": "requests_work.prepare",
    "requests-listing": "requests_work.listing",
    "requests-verify": "requests_work.verify",
    "load-prepare": "load_work.prepare",
    "load-raw": "load_raw.upsert",
    "load-tidegate": "load_work.tidegate",
    "landing-prepare": "landing_work.prepare",
    "landing-watch": "landing_work.watch",
    "wide-prepare": "wide_work.prepare",
    "wide-describe": "wide_raw.describe",
    "wide-create": "wide_raw.create",
    "wide-tidegate": "wide_work.tidegate",
    "small-files-prepare": "small_files_work.prepare",
    "small-files-raw": "small_files_raw.insert",
    "small-files-tidegate": "small_files_work.tidegate",
}
"""Functions of a folder that return Timed, by module of this package."""


def perform(work: str, folder: Path) -> Timed:
    """Do a piece of work in this process."""
    module, _, function = WORK[work].partition(".")
    timed: Timed = getattr(import_module(f"bench.{module}"), function)(folder)
    return timed


def main() -> None:
    work, folder = sys.argv[1:]
    print(document(perform(work, Path(folder))))


if __name__ == "__main__":
    main()
