"""A listing of a large lake, and its verification: who asks the store for what, and how long it takes."""

from pathlib import Path

from bench.clock import Clock, Timed
from bench.requests_size import BESIDE, WAREHOUSE, Size
from tidegate import open as open_tidegate
from tidegate.model.layout import data_root

# What drives S3 is imported where it is used, before the clock starts: here it would count in every other measurement.


def prepare(folder: Path) -> Timed:
    """Fill the lake that the folder's tidegate.toml names."""
    from bench.requests_lake import build

    clock = Clock()
    nowhere = folder / "nowhere"
    nowhere.mkdir()
    with open_tidegate(folder / "tidegate.toml") as tide:
        build(tide, Size.load(folder), nowhere)
    return clock.timed()


def listing(folder: Path) -> Timed:
    """All objects below the warehouse's folder, as a stream."""
    from tidegate.lake.s3 import driver as _driver  # noqa: F401

    size = Size.load(folder)
    clock = Clock()
    with open_tidegate(folder / "tidegate.toml") as tide:
        objects = sum(1 for _ in tide.lake.list(data_root(WAREHOUSE)))
    timed = clock.timed()
    if objects != size.objects + BESIDE * size.batches:
        raise SystemExit(f"error: {objects} objects were listed\nhint: {size} was prepared.")
    return timed.having(objects=objects)


def verify(folder: Path) -> Timed:
    """The plain `verify` of the whole lake, which must find no difference."""
    from tidegate.flows import verify as _verify  # noqa: F401
    from tidegate.lake.s3 import driver as _lake  # noqa: F401
    from tidegate.ledger import sql as _ledger  # noqa: F401
    from tidegate.warehouse.embedded import driver as _driver  # noqa: F401

    size = Size.load(folder)
    clock = Clock()
    with open_tidegate(folder / "tidegate.toml") as tide:
        outcome = tide.verify()
    timed = clock.timed()
    if outcome.differences:
        first = outcome.differences[0]
        raise SystemExit(
            f"error: verify found {len(outcome.differences)} differences in a sound lake\n"
            f"hint: The first is {first.kind} of {first.object}: {first.detail}"
        )
    if (outcome.files, outcome.batches) != (size.objects, size.batches):
        raise SystemExit(f"error: {outcome.files} files of {outcome.batches} batches were verified\nhint: {size}")
    return timed.having(files=outcome.files, batches=outcome.batches)
