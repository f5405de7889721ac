"""`python -m bench` at the smallest scale: every part runs and reports what it counted. Speed is not asserted."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from bench import requests
from bench.requests_size import Size

ROOT = Path(__file__).parents[2]
ROWS, MONTHS = 60_175, 83
"""Of TPC-H lineitem at scale 0.01."""


def test_every_part_runs_and_says_what_it_counted(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench", "--scale", "0.01", "--tables", "7", "--days", "60", "--runs", "1"]
    command += ["--objects", "990", "--batches", "10", "--reported", "1100", "--orders", "100"]
    command += ["--files", "200", "--wide-mb", "1"]
    command += ["--folder", str(tmp_path), "--peers", str(tmp_path / "none")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("run 1 of 1")) == (0, 31), done.stderr
    lines = done.stdout.splitlines()
    assert re.match(r"machine: \d+ cores, [\d.]+ GB of memory, .*, Python 3\.\d+\.\d+, DuckDB \d", lines[0])
    assert f"archive: TPC-H lineitem at scale 0.01: {ROWS:,} rows in {MONTHS} months, all due." in lines
    assert "plan: 7 tables of 20 rows with 7 policies, 98 months due." in lines
    assert "statements sent: 22 = 7 for 7 tables + 15" in lines
    assert "periods: 60 days of 5 rows, there and back." in lines
    written = re.search(r"^files written: raw (\d+) of .*, tidegate (\d+) of .*, monthly (\d+) of ", done.stdout, re.M)
    assert written is not None
    assert [int(files) for files in written.groups()] == [MONTHS] * 3
    steps = done.stdout.partition("where the archive's time goes:\n")[2].partition("\n\n")[0]
    assert [line.split("  ")[0] for line in steps.splitlines()] == [
        "step",
        "before",
        "unloaded",
        "cataloged",
        "verified",
        "published",
        "reclaim",
        "records and close",
    ]
    ways = done.stdout.partition("where the time of days apart goes:\n")[2].partition("\n\n")[0]
    assert [line.split("  ")[0] for line in ways.splitlines()] == ["step", "archive", "restore"]
    assert re.search(r"^inventory: a report of 1,100 objects in CSV, \d+ MB\.$", done.stdout, re.M)
    assert "convert: 100 nested orders, 0 MB of JSON, to three Parquet files." in lines
    _check_loads(lines)
    assert "small-files: 200 Parquet files of 20 rows, 0.3 MB, into one table." in lines
    sent = re.search(r"^statements sent: (\d+) for 200 files, 0\.\d+ a file$", done.stdout, re.M)
    assert sent is not None
    assert int(sent[1]) < 30
    assert "landing: from a file of 20 rows to its rows in the table." in lines
    assert "1,600 columns, 78 rows, 1 MB, of which 0.3 MB are the footer" in lines
    assert "10,000 columns, 12 rows, 3 MB, of which 1.8 MB are the footer" in lines
    assert f"refused: {tmp_path}/wide/wide-10000.parquet has more than 1600 columns" in lines
    assert "requests: 990 files in 10 batches on S3, 1,010 objects with their manifests and descriptors." in lines
    asked = done.stdout.partition("\nrequests ")[2].splitlines()
    assert [line.split() for line in asked[:3]] == [
        ["in", "all", "GET", "LIST", "an", "object", "a", "batch"],
        ["listing", "2", "0", "2", "0.0020", "0.20"],
        ["verify", "26", "22", "4", "0.0263", "2.60"],
    ]
    assert [line.split()[0] for line in asked[3:]] == ["time", "listing", "verify"]


def _check_loads(lines: list[str]) -> None:
    assert "load: upserts of TPC-H at scale 0.01, half of the rows changed, half new." in lines
    heads = [line for line in lines if line.startswith(("orders: ", "lineitem: "))]
    assert heads == [
        "orders: 7,459 rows of parquet, 0 MB, into a table of 11,348",
        "orders: 7,459 rows of csv, 1 MB, into a table of 11,348",
        "lineitem: 14,769 rows of parquet, 0 MB, into a table of 52,773",
        "lineitem: 14,769 rows of csv, 2 MB, into a table of 52,773",
    ]
    assert sum(line.startswith("Tidegate: load with key") for line in lines) == 4
    assert lines.count("dlt: not installed: run make bench-peers") == 2


def test_the_lake_on_s3_needs_the_emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "EMULATOR", tmp_path / "python")
    with pytest.raises(SystemExit, match=r"^error: there is no emulator of S3 in \.venv-emulator\nhint: Run `make em"):
        requests.run(tmp_path, Size(10, 2), 1)


def test_every_batch_needs_an_object(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"^error: 2 objects do not fill 3 batches\nhint: Give each one\.$"):
        requests.run(tmp_path, Size(2, 3), 1)


def test_an_unknown_part_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--only", "speed"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "invalid choice: 'speed'" in done.stderr
    assert done.stdout == ""
