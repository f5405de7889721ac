"""A disk that fills up at any step of an archive: one clear error, no row lost, and the same command finishes later.

RLIMIT_FSIZE stands for the full disk: every write that would let a file grow fails, also for root, in Python, SQLite
and DuckDB alike (getrlimit(2); Python ignores SIGXFSZ).
"""

import resource
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pytest
from tests.faults.children import in_child
from tests.faults.counting import Calls, Counted
from tests.world import World, create_orders

from tidegate.errors import TidegateError
from tidegate.warehouse.embedded.failures import statement_failure

WHOLE = "SELECT COUNT(*), SUM(order_id), SUM(amount), MIN(note), MAX(note) FROM public.orders{}"


@dataclass
class FullDisk(Calls):
    """Calls of which one, and all that follow, find no space; `at` 0 only counts."""

    def before(self, name: str) -> int:
        number = super().before(name)
        if number == self.at:
            _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
        return number


def _run(folder: Path, calls: Calls) -> tuple[list[str], list[tuple[str, int, str, str]]]:
    """The calls made, and the errors as code, exit code, message and hint."""
    world = replace(World(folder, suffix="c"), wrap=lambda port, name: Counted(port, name, calls))
    try:
        failures = world.archive().failures
    except TidegateError as error:
        return calls.names, [(error.code, error.exit_code, error.message, error.hint)]
    return calls.names, [(f.code, f.exit_code, f.message, f.hint) for f in failures]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared")
    in_child(lambda: create_orders(World(folder)))
    return folder


POINTS = {
    "the lease": ("ledger.claim", 1),
    "the record of the policy, in the warehouse": ("warehouse.session.transaction", 1),
    "the record of the policy, in the lake": ("lake.put", 1),
    "the rows": ("warehouse.session.transaction", 2),
    "the descriptor": ("lake.put", 2),
    "the list of files": ("ledger.save_files", 1),
    "the definition of the external table": ("lake.put", 3),
    "the publication": ("warehouse.session.transaction", 3),
    "the record of the publication": ("lake.put", 4),
}


def _after(folder: Path, before: object) -> None:
    """No row was lost or doubled, and the same command finishes the work."""
    world = World(folder, suffix="d")
    view = world.sql("SELECT table_name FROM svv_tables WHERE table_name = 'orders_all'")
    assert world.sql(WHOLE.format("_all" if view else "")) == before
    world.clock.advance(hours=1)
    assert world.archive().failures == ()
    assert world.sql(WHOLE.format("_all")) == before
    assert world.value("SELECT COUNT(*) FROM public.orders") == 40
    assert world.verify().differences == ()


@pytest.mark.parametrize("shard", range(3))
def test_no_space_is_left_for_anything_from_some_step_on(prepared: Path, tmp_path: Path, shard: int) -> None:
    before = in_child(lambda: World(prepared).sql(WHOLE.format("")))
    names, none = in_child(lambda: _run(shutil.copytree(prepared, tmp_path / "count"), Calls()))
    assert none == []
    for point, (name, nth) in list(POINTS.items())[shard::3]:
        number = [at for at, called in enumerate(names, 1) if called == name][nth - 1]
        folder = shutil.copytree(prepared, tmp_path / f"full {number}")
        _, errors = in_child(lambda f=folder, n=number: _run(f, FullDisk(n)))
        ((code, exit_code, message, hint),) = errors
        assert (code, exit_code) == (f"unreachable.{name.partition('.')[0]}", 7), point
        assert "\n" not in message, point
        assert hint.endswith("."), point
        in_child(lambda f=folder: _after(f, before))


def test_a_commit_that_finds_no_space_is_no_mistake_in_the_statement() -> None:
    told = 'TransactionContext Error: Failed to commit: Could not write file "a.duckdb.wal": No space left on device'
    error = statement_failure(duckdb.TransactionException(told))
    assert (error.code, error.hint) == ("unreachable.warehouse", "Free space and run the command again.")
    assert error.message == (
        'the disk is full: Failed to commit: Could not write file "a.duckdb.wal": No space left on device'
    )


def test_a_file_stands_where_the_lake_has_its_folder(prepared: Path, tmp_path: Path) -> None:
    """What one sees of a mount that is broken, for root too."""
    before = in_child(lambda: World(prepared).sql(WHOLE.format("")))
    folder = shutil.copytree(prepared, tmp_path / "world")
    (claim,) = (folder / "lake" / "_tidegate").glob("w*")
    place = folder / "lake" / claim.name
    place.touch()
    _, errors = in_child(lambda: _run(folder, Calls()))
    ((code, exit_code, message, hint),) = errors
    assert (code, exit_code, hint) == ("unreachable.warehouse", 7, "Check the path and its permissions.")
    assert message == f"cannot use '{place}/public': not a directory"
    place.unlink()
    in_child(lambda: _after(folder, before))
