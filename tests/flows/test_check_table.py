"""What people are told of checks of tables."""

from collections.abc import Sequence
from dataclasses import replace

from tests.world import World

from tidegate.flows.check_table import plan_checks, run_checks
from tidegate.model.names import TableName
from tidegate.model.notification import Notification
from tidegate.model.route import CheckKind, CheckRule, Severity, TableRules
from tidegate.signals.base import TellsNobody

ORDERS, GONE = TableName("public", "orders"), TableName("public", "gone")
EMPTY = CheckRule(CheckKind.ROWS, most="0")


class Kept(TellsNobody):
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.kept: list[Notification] = []

    def send(self, notification: Notification) -> None:
        self.kept.append(notification)


def told(world: World, *rules: TableRules) -> Sequence[tuple[str, tuple[str, ...]]]:
    kept = Kept()
    with world.context() as ctx:
        ctx = replace(ctx, settings=replace(ctx.settings, rules=rules), notifier=kept)
        run_checks(ctx, plan_checks(ctx))
    return [(notification.title, notification.lines) for notification in kept.kept]


def test_checks_that_do_not_hold_are_one_message(world: World) -> None:
    warning = replace(EMPTY, severity=Severity.WARN)
    assert told(world, TableRules(ORDERS, (warning,))) == []
    assert told(world, TableRules(ORDERS, (warning, CheckRule(CheckKind.ROWS, least="0")))) == []
    assert told(world, TableRules(GONE, (EMPTY,)), TableRules(ORDERS, (EMPTY,))) == [
        (
            "ERROR: 2 checks of 2 tables failed",
            (
                "public.orders: 60 rows are more than 0",
                "there is no table public.gone",
                "  Correct its name in the configuration.",
            ),
        )
    ]


def test_accepted_values_are_compared_as_their_column_is_typed(world: World) -> None:
    columns = ("d DECIMAL(9,2)", "f DOUBLE PRECISION", "r REAL", "n BIGINT", "b BOOLEAN", "t VARCHAR(9)")
    world.sql(f"CREATE TABLE {GONE} ({', '.join(columns)})")
    world.sql(
        f"INSERT INTO {GONE} VALUES (1.1, 1.1, 1.1, 1, TRUE, '1.1'), (7, 7, 7, 7, FALSE, '7'), ({'NULL, ' * 5}NULL)"
    )
    rules = [CheckRule(CheckKind.VALUES, (column[0],), values=("1.1", "1.0", "true", "x")) for column in columns]
    rules.append(CheckRule(CheckKind.VALUES, ("n",), values=("x",)))
    with world.context() as ctx:
        ctx = replace(ctx, settings=replace(ctx.settings, rules=(TableRules(GONE, tuple(rules)),)))
        outcome = run_checks(ctx, plan_checks(ctx))
    assert [result.rows for result in outcome.results] == [1, 1, 1, 1, 1, 1, 2]
