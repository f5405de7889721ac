"""A large lake on S3: what its listing and its verification ask of the store, an object and a batch."""

import os
import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from tests.servers.emulator import Emulator, running_emulator
from tests.servers.proxy import Proxy, Request, running_proxy

from bench.processes import ROOT, Measured, Series, in_child, in_turn
from bench.report import aligned, method
from bench.requests_size import BESIDE, Size

EMULATOR = ROOT / ".venv-emulator/bin/python"
PREPARE, LISTING, VERIFY = "requests-prepare", "requests-listing", "requests-verify"
_CONFIG = """\
[warehouse]
url = "duckdb:///warehouse.duckdb"
[lake]
url = "s3://{bucket}/prod"
endpoint = "{endpoint}"
region = "{region}"
[ledger]
url = "sqlite:///tidegate.sqlite"
"""


def run(folder: Path, size: Size, runs: int) -> str:
    """Fill a lake on the emulator once, measure through a proxy that counts, and return the report."""
    if not 0 < size.batches <= size.objects:
        raise SystemExit(f"error: {size.objects} objects do not fill {size.batches} batches\nhint: Give each one.")
    if not EMULATOR.exists():
        raise SystemExit("error: there is no emulator of S3 in .venv-emulator\nhint: Run `make emulator` first.")
    prepared = folder / "requests"
    shutil.rmtree(prepared, ignore_errors=True)
    prepared.mkdir(parents=True)
    size.save(prepared)
    with running_emulator(prepared) as emulator, running_proxy(emulator.endpoint) as proxy:
        environment = _environment(emulator)
        config = {"bucket": emulator.new_bucket(), "region": emulator.region}
        _configure(prepared, endpoint=emulator.endpoint, **config)
        filled = in_child(PREPARE, prepared, environment)
        _configure(prepared, endpoint=proxy.endpoint, **config)
        series = in_turn([LISTING, VERIFY], runs, lambda work: _measure(work, prepared, environment, proxy))
    return "\n".join(
        [
            f"requests: {size.objects:,} files in {size.batches:,} batches on S3, "
            f"{size.objects + BESIDE * size.batches:,} objects with their manifests and descriptors.",
            method(runs),
            f"The store is an emulator on the same cores, filled in {filled.seconds:.0f} s; most seconds are its own.",
            _requests(series, size),
            _times(series, size),
        ]
    )


def _environment(emulator: Emulator) -> Mapping[str, str]:
    """The keys of the emulator, and no other settings of AWS."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TIDEGATE_"))}
    return {**others, **emulator.environment}


def _configure(folder: Path, *, bucket: str, region: str, endpoint: str) -> None:
    text = _CONFIG.format(bucket=bucket, region=region, endpoint=endpoint)
    (folder / "tidegate.toml").write_text(text, encoding="utf-8")


def _measure(work: str, folder: Path, environment: Mapping[str, str], proxy: Proxy) -> Measured:
    """One run, with the requests that it made, by kind."""
    proxy.clear()
    measured = in_child(work, folder, environment)
    return replace(measured, detail={**measured.detail, "requests": Counter(map(_kind, proxy.requests))})


def _kind(request: Request) -> str:
    return "LIST" if "list-type" in request.query else request.method


def _requests(series: Mapping[str, Series], size: Size) -> str:
    asked = {name: each.runs[0].detail["requests"] for name, each in series.items()}
    for name, each in series.items():
        if any(run.detail["requests"] != asked[name] for run in each.runs):
            raise SystemExit(f"error: {name} did not ask for the same in every round\nhint: Run it on a quiet machine.")
    kinds = sorted({kind for counts in asked.values() for kind in counts})
    rows = [["requests", "in all", *kinds, "an object", "a batch"]]
    for name, counts in asked.items():
        total = sum(counts.values())
        of_kind = [f"{counts[kind]:,}" for kind in kinds]
        per = [f"{total / size.objects:.4f}", f"{total / size.batches:.2f}"]
        rows.append([_verb(name), f"{total:,}", *of_kind, *per])
    return aligned(rows)


def _times(series: Mapping[str, Series], size: Size) -> str:
    rows = [["time and memory", "seconds", "CPU seconds", "ms an object", "ms a batch", "peak MB"]]
    for name, each in series.items():
        rows.append(
            [
                _verb(name),
                f"{each.seconds:.2f}",
                f"{each.cpu:.2f}",
                f"{each.seconds / size.objects * 1000:.3f}",
                f"{each.seconds / size.batches * 1000:.1f}",
                f"{each.peak_mb:.0f}",
            ]
        )
    return aligned(rows)


def _verb(name: str) -> str:
    return name.removeprefix("requests-")
