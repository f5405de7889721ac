"""No statement is longer than the warehouse takes, and no transaction has more of them: the Data API's limits."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from tests.flows.failing import watched
from tests.flows.tables import archive, create, policy, rows_of
from tests.world import World

from tidegate.flows.archive import run_archive
from tidegate.flows.plan import Request, plan_archive
from tidegate.flows.planned import archive_statements
from tidegate.model.names import TableName
from tidegate.model.periods import Granularity
from tidegate.model.policy import Action

BYTES, STATEMENTS = 100_000, 15
"""The Data API takes 40 statements; fewer show with few batches whether their number matters."""
TABLE = "public.\"it's " + "a" * 90 + '"'
DAYS = [date(2000, 1, 1) + timedelta(days=2 * n) for n in range(1000)]
"""No two of them are adjacent."""
AS_OF = date(2020, 1, 1)


class Limits:
    """What a warehouse with the Data API's limits was asked to do."""

    def __init__(self) -> None:
        self.longest = self.most = 0

    def see(self, statements: Sequence[str]) -> None:
        self.longest = max(self.longest, *(len(statement.encode()) for statement in statements))
        self.most = max(self.most, len(statements))

    def of(self, world: World) -> World:
        return watched(world, self.see, max_statement_bytes=BYTES, max_transaction_statements=STATEMENTS)

    def kept(self) -> bool:
        return self.longest <= BYTES and self.most <= STATEMENTS


@pytest.fixture
def daily(empty: World) -> World:
    """A table with a long name, a row a day, and its dates as text."""
    world = replace(empty, policies=(policy(TABLE, "day", Granularity.DAILY, view="both"),))
    world = world.with_policy(column_format="YYYY-MM-DD")
    create(world, TABLE, "id INTEGER, day VARCHAR(10)", *(f"{n}, '{day}'" for n, day in enumerate(DAYS)))
    return world


def test_a_batch_of_a_thousand_periods_keeps_the_limits(daily: World) -> None:
    limits = Limits()
    world = limits.of(daily)
    late = iter([f"INSERT INTO {TABLE} VALUES (-1, '{DAYS[500]}')"])

    def arrive(statements: Sequence[str]) -> None:
        limits.see(statements)
        if any(" publish */" in s for s in statements):
            for statement in late:
                daily.sql(statement)

    arriving = watched(daily, arrive, max_statement_bytes=BYTES, max_transaction_statements=STATEMENTS)
    assert [len(b.periods) for b in archive(arriving, AS_OF).batches] == [999, 1]
    assert len(rows_of(world, "public.both")) == 1001
    restored = world.restore(table=TableName.parse(TABLE))
    assert (restored.rows, len(restored.periods), len(restored.batches)) == (1001, 1000, 2)
    assert limits.kept(), (limits.longest, limits.most)
    assert limits.longest > 50_000


def test_many_batches_come_back_in_one_transaction_of_few_statements(world: World) -> None:
    limits = Limits()
    limited = limits.of(world.with_policy(granularity=Granularity.DAILY, retention=0, batch_periods=1))
    limited = limited.with_policy(max_delete_fraction=1.0)
    hot = rows_of(world, "public.orders")
    assert len(archive(limited, date(2020, 1, 9)).batches) == 8
    assert len(limited.restore(into="public.other").batches) == 8
    (world.folder / world.ledger).unlink()
    (world.folder / world.file).rename(world.folder / "old.duckdb")
    assert limited.rebuild().batches == 8
    (world.folder / "old.duckdb").rename(world.folder / world.file)
    assert len(limited.restore().batches) == 8
    assert rows_of(world, "public.orders") == hot
    assert limits.kept(), (limits.longest, limits.most)
    assert world.verify().differences == ()


def test_copies_that_are_superseded_at_once_keep_the_limits(world: World) -> None:
    limits = Limits()
    copying = world.with_policy(action=Action.COPY, granularity=Granularity.DAILY, retention=0)
    assert len(archive(copying.with_policy(batch_periods=1), date(2020, 1, 9)).batches) == 8
    world.sql("UPDATE public.orders SET note = 'changed'")
    assert len(archive(limits.of(copying), date(2020, 1, 9)).batches) == 1
    assert limits.kept(), (limits.longest, limits.most)
    assert world.verify().differences == ()


def test_a_batch_is_cut_until_its_statements_fit(daily: World) -> None:
    """With Redshift's own row hash over many columns; what is planned is what a run submits."""
    with watched(daily, lambda _: None, max_statement_bytes=20_000, hash_function="FNV_HASH").context() as ctx:
        plan = plan_archive(ctx, Request(as_of=AS_OF))
        (table,) = plan.tables
        assert [p.start for spec in table.specs for p in spec.periods] == DAYS
        assert len({spec.batch for spec in table.specs}) == len(table.specs) > 1
        assert max(len(planned.sql.encode()) for planned in archive_statements(ctx, plan)) <= 20_000


def test_a_table_of_too_many_columns_is_named(daily: World) -> None:
    with watched(daily, lambda _: None, max_statement_bytes=700).context() as ctx:
        plan = plan_archive(ctx, Request(as_of=AS_OF))
        (failure,) = run_archive(ctx, plan).failures
    assert failure.code == "policy"
    assert failure.message.endswith(" bytes, the warehouse takes 700")
    assert ": a statement over its 2 columns has " in failure.message
    assert failure.hint == "Reach the warehouse by the connector, which takes longer ones."
