"""Small tables of any shape under a policy each, and the rows of a relation as a sorted list."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from tests.world import World

from tidegate.model.names import TableName
from tidegate.model.outcome import ArchiveOutcome
from tidegate.model.periods import Granularity
from tidegate.model.policy import Policy

MONTHLY = Granularity.MONTHLY
DAILY = Granularity.DAILY


def policy(table: str, column: str | None, granularity: Granularity = MONTHLY, **options: Any) -> Policy:
    """A policy that may take the whole table, of the period before `as_of`'s own."""
    options = {"retention": 0, "max_delete_fraction": 1.0, **options}
    return Policy(TableName.parse(table), column, granularity, **options)


def create(world: World, table: str, columns: str, *rows: str) -> None:
    """`columns` and each of `rows` as they stand between the parentheses of CREATE TABLE and VALUES."""
    world.sql(f"CREATE TABLE {table} ({columns})")
    if rows:
        world.sql(f"INSERT INTO {table} VALUES {', '.join(f'({row})' for row in rows)}")


def rows_of(world: World, relation: str, columns: str = "*") -> list[tuple[Any, ...]]:
    """All rows, in the order of their text: two relations with the same rows give equal lists."""
    return sorted(world.sql(f"SELECT {columns} FROM {relation}"), key=repr)


def archive(world: World, as_of: date | str, **options: Any) -> ArchiveOutcome:
    """Archive, and insist that every table could be worked on."""
    outcome = world.archive(date.fromisoformat(as_of) if isinstance(as_of, str) else as_of, **options)
    assert outcome.failures == ()
    return outcome


def periods(outcome: ArchiveOutcome, table: str | None = None) -> list[tuple[str, int]]:
    """(period, rows) of every batch, in order; of one table or of all."""
    name = TableName.parse(table) if table else None
    batches = [b for b in outcome.batches if name in (None, b.table)]
    return [(str(p.period), p.rows) for b in batches for p in b.periods]


def columns_of(names: Sequence[str]) -> str:
    """Names in double quotes, separated by commas."""
    return ", ".join('"' + name.replace('"', '""') + '"' for name in names)


def lake_of(world: World) -> dict[str, bytes]:
    """Every object of the lake by its key."""
    root = world.folder / "lake"
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
