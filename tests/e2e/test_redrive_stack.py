"""What loads put aside is tried again, and tables are checked, on the local Redshift and S3."""

from dataclasses import replace

import pytest
from tests.e2e.stack import StackWorld

from tidegate.flows.check_table import plan_checks, run_checks
from tidegate.flows.landing.files import load_files
from tidegate.flows.landing.quarantine import count_files, read_batches
from tidegate.flows.landing.redrive import plan_redrive, run_redrive
from tidegate.flows.load.landing import Landing
from tidegate.model.names import TableName
from tidegate.model.quarantine import QuarantineFilter
from tidegate.model.route import CheckKind, CheckRule, Contract, Route, Severity, TableRules

VISITS = TableName("public", "visits")
POSITIVE = CheckRule(CheckKind.RANGE, ("id",), least="1", severity=Severity.QUARANTINE)
ROUTE = Route("in/*.csv", VISITS, contract=Contract.FREEZE, checks=(POSITIVE,))
RULES = (
    CheckRule(CheckKind.ROWS, least="5", most="5"),
    CheckRule(CheckKind.UNIQUE, ("id",)),
    CheckRule(CheckKind.FRESH, ("day",), hours=1),
    CheckRule(CheckKind.NOT_NULL, ("page",)),
)


@pytest.mark.parametrize("stack_world", ["connector"], indirect=True)
def test_files_and_rows_come_in_once_and_the_table_is_checked(stack_world: StackWorld) -> None:
    stack_world.initialise()
    with stack_world.context() as plain:
        plain.warehouse.execute("CREATE TABLE public.visits (id BIGINT, day DATE)")
        plain.lake.put("in/a.csv", b"id,day\n1,2020-01-01\n-1,2020-01-02\n")
        plain.lake.put("in/b.csv", b"id,day,page\n2,2020-01-01,home\n2,2020-01-02,shop\n3,2020-01-02,shop\n")
        load_files(plain, ROUTE, tuple(Landing(plain).find([plain.lake.uri("in/")])))
        batches = read_batches(plain, QuarantineFilter(table=VISITS), 10)
        assert sorted((batch.code, batch.files, batch.rows) for batch in batches) == [
            ("file.refused", 1, 0),
            ("load.check", 1, 1),
        ]
        plain.warehouse.execute("ALTER TABLE public.visits ADD COLUMN page VARCHAR(20)")
        rules = (TableRules(VISITS, RULES),)
        ctx = replace(plain, settings=replace(plain.settings, routes=(replace(ROUTE, checks=()),), rules=rules))
        first, second = (plan_redrive(ctx, QuarantineFilter()) for _ in range(2))
        outcome, late = run_redrive(ctx, first), run_redrive(ctx, second)
        assert (sorted(load.rows for load in outcome.loads), outcome.failures) == ([1, 3], ())
        assert (sum(load.rows for load in late.loads), late.forgotten, late.failures) == (0, 2, ())
        assert count_files(ctx) == {}
        assert [(result.holds, result.rows) for result in run_checks(ctx, plan_checks(ctx)).results] == [
            (True, None),
            (False, None),
            (False, 2),
            (False, 2),
        ]
