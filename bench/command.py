"""A command as a whole process, from its start to its end: `python -m bench.command WORK FOLDER`.

This process stays small, since the peak of a child is never told as less than its parent's.
"""

import resource
import subprocess
import sys
from pathlib import Path
from time import perf_counter

from bench.clock import Timed, document

_RAW = """
import duckdb
engine = duckdb.connect("warehouse.duckdb")
engine.execute("INSERT INTO public.readings FROM read_parquet('000001.parquet')")
engine.close()
"""
COMMANDS = {
    "landing-raw": [sys.executable, "-c", _RAW],
    "landing-load": [
        str(Path(sys.executable).with_name("tidegate")), "load", "000001.parquet", "--table", "readings",
    ],
}  # fmt: skip


def main() -> None:
    work, folder = sys.argv[1:]
    started = perf_counter()
    done = subprocess.run(COMMANDS[work], cwd=folder, stdout=subprocess.DEVNULL, check=False)
    seconds = perf_counter() - started
    if done.returncode != 0:
        raise SystemExit(f"error: {work} ended with exit code {done.returncode}\nhint: See its message above.")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    peak = used.ru_maxrss / 1e6 if sys.platform == "darwin" else used.ru_maxrss * 1024 / 1e6
    print(document(Timed(seconds, used.ru_utime + used.ru_stime), peak))


if __name__ == "__main__":
    main()
