"""Worlds under the rules of AWS's data-lifecycle sample, as a user imports them."""

from dataclasses import replace
from datetime import date

from tests.flows.tables import create, rows_of
from tests.unit.config.lifecycle_csv import file
from tests.world import World

from tidegate.config.lifecycle.convert import convert
from tidegate.config.lifecycle.rows import parse_csv
from tidegate.model.policy import Policy


def policies_of(world: World, data: bytes) -> tuple[Policy, ...]:
    rows, problems = parse_csv(data, "rules.csv")
    converted = convert(rows, world.settings.lake)
    assert [*problems, *(c.problem for c in converted if c.problem)] == []
    return tuple(c.policy for c in converted if c.policy is not None)


def under(world: World, *rows: str) -> World:
    """The same folder under other rules; any share of a table may leave it."""
    policies = policies_of(world, file(*rows))
    return replace(world, policies=tuple(replace(policy, max_delete_fraction=1.0) for policy in policies))


DAYS = ("2020-01-31", "2020-02-29", "2020-03-01", "2020-03-21", "2020-03-22", "2020-06-20")


def create_loads(world: World, table: str, *days: str) -> None:
    """A table with one row a day: id, load_date, note."""
    rows = [f"{n}, DATE '{day}', 'loaded on {day}'" for n, day in enumerate(days or DAYS, 1)]
    create(world, table, "id INTEGER, load_date DATE, note VARCHAR(40)", *rows)


def hot_days(world: World, table: str) -> list[str]:
    return [str(day) for (day,) in rows_of(world, table, "load_date")]


def all_days(world: World, table: str) -> list[str]:
    return [str(day) for (day,) in rows_of(world, f"{table}_all", "load_date")]


def on(text: str) -> date:
    return date.fromisoformat(text)
