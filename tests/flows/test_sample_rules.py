"""The sample's own four rules: which rows are due is what the sample says, on any day."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from tests.flows.sample_rules import DAYS, all_days, create_loads, hot_days, policies_of
from tests.flows.tables import archive, periods
from tests.unit.config.lifecycle_csv import SAMPLE
from tests.world import AS_OF, World

DAILY, MONTHLY = "test.ret_test_1", "test.ret_test_4"


@pytest.fixture
def sample(empty: World) -> World:
    empty.sql("CREATE SCHEMA test")
    for n in (1, 2, 3, 4):
        create_loads(empty, f"test.ret_test_{n}")
    return replace(empty, policies=policies_of(empty, SAMPLE))


def test_on_the_day_of_the_readme_what_is_before_2020_03_22_and_january_and_february_are_due(sample: World) -> None:
    outcome = archive(sample, AS_OF)
    assert [str(batch.table) for batch in outcome.batches] == [f"test.ret_test_{n}" for n in (1, 2, 3, 4)]
    assert hot_days(sample, DAILY) == ["2020-03-22", "2020-06-20"]
    assert periods(outcome, DAILY) == [(day, 1) for day in DAYS[:4]]
    assert hot_days(sample, MONTHLY) == ["2020-03-01", "2020-03-21", "2020-03-22", "2020-06-20"]
    assert periods(outcome, MONTHLY) == [("2020-01-01", 1), ("2020-02-01", 1)]
    assert all_days(sample, DAILY) == all_days(sample, MONTHLY) == list(DAYS)
    assert sample.verify().differences == ()


def test_files_lie_in_the_folders_of_the_rule_and_restore_with_every_column(sample: World) -> None:
    world = replace(sample, policies=sample.policies[3:])
    archive(world, AS_OF)
    files = sorted((sample.folder / "lake").rglob("ret_test_4/test/ret_test_4/tg_batch=*/tg_period=*/*/*.parquet"))
    assert [f"{f.parents[1].name}/{f.parent.name}" for f in files] == [
        "tg_period=2020-01-01/tg_part=2020-01-31",
        "tg_period=2020-02-01/tg_part=2020-02-29",
    ]
    assert "redshift-data-test-vikas" in files[0].parts
    world.restore(table=world.policies[0].table)
    assert hot_days(sample, MONTHLY) == list(DAYS)


@pytest.mark.parametrize("as_of", ["2020-03-01", "2020-05-31", "2020-07-01", "2021-02-28", "2024-02-29"])
def test_what_is_due_on_any_day_is_what_the_sample_computes(sample: World, as_of: str) -> None:
    """daily: before as_of - 90 days; monthly: months before date_trunc('month', as_of) - 3 months."""
    today = date.fromisoformat(as_of)
    plan = {str(t.policy.table): t for t in sample.plan(today).tables}
    before = today - timedelta(days=90)
    assert plan[DAILY].due_rows == sum(date.fromisoformat(day) < before for day in DAYS)
    months = today.year * 12 + today.month - 1 - 3
    assert plan[MONTHLY].due_rows == sum(int(day[:4]) * 12 + int(day[5:7]) - 1 < months for day in DAYS)


def test_a_second_run_has_nothing_to_do_and_says_the_policy_once(sample: World) -> None:
    world = replace(sample, policies=sample.policies[:1])
    archive(world, AS_OF)
    assert archive(world, AS_OF).batches == ()
    archive(world, AS_OF + timedelta(days=40))
    said = "SELECT COUNT(*) FROM tidegate.log WHERE table_name = 'test.ret_test_1' AND kind = 'policy'"
    assert sample.value(said) == 1
