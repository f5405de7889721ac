"""`python -m bench`: measure, and print the tables on standard output."""

import argparse
from collections.abc import Callable
from pathlib import Path

from bench import archive, convert, inventory, landing, load, periods, plan, requests, small_files, wide
from bench.processes import ROOT
from bench.report import machine
from bench.requests_size import Size


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="TPC-H scale of lineitem (default: 1)")
    parser.add_argument("--tables", type=int, default=10_000, help="tables that are planned (default: 10000)")
    parser.add_argument("--days", type=int, default=1000, help="days that go there and back (default: 1000)")
    parser.add_argument("--objects", type=int, default=100_000, help="files of the lake on S3 (default: 100000)")
    parser.add_argument("--batches", type=int, default=1000, help="batches that they lie in (default: 1000)")
    parser.add_argument("--reported", type=int, default=10_000_000, help="objects of a report (default: 10000000)")
    parser.add_argument("--orders", type=int, default=200_000, help="orders that are converted (default: 200000)")
    parser.add_argument("--files", type=int, default=10_000, help="small files that are loaded (default: 10000)")
    parser.add_argument("--wide-mb", type=int, default=100, help="megabytes of wide files (default: 100)")
    parser.add_argument("--runs", type=int, default=5, help="runs of each kind, taken in turn (default: 5)")
    parser.add_argument(
        "--only",
        choices=[
            "archive",
            "plan",
            "periods",
            "inventory",
            "convert",
            "requests",
            "load",
            "small-files",
            "landing",
            "wide",
        ],
        help="measure this part alone",
    )
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "bench", help="where files are made")
    parser.add_argument("--peers", type=Path, default=ROOT / ".venv-peers", help="what `make bench-peers` made")
    options = parser.parse_args()
    folder = options.folder.resolve()
    print(machine(), flush=True)
    parts: dict[str, Callable[[], str]] = {
        "archive": lambda: archive.run(folder, options.scale, options.runs),
        "plan": lambda: plan.run(folder, options.tables, options.runs),
        "periods": lambda: periods.run(folder, options.days, options.runs),
        "inventory": lambda: inventory.run(folder, options.reported, options.runs),
        "convert": lambda: convert.run(folder, options.orders, options.runs),
        "load": lambda: load.run(folder, options.scale, options.runs, options.peers.resolve()),
        "small-files": lambda: small_files.run(folder, options.files, options.runs),
        "landing": lambda: landing.run(folder, options.runs),
        "wide": lambda: wide.run(folder, options.wide_mb, options.runs),
        "requests": lambda: requests.run(folder, Size(options.objects, options.batches), options.runs),
    }
    for name, measure in parts.items():
        if options.only in (None, name):
            print(f"\n{measure()}", flush=True)


if __name__ == "__main__":
    main()
