"""Checks before rows come into the table, and statements of one's own in the transaction."""

from datetime import date

import pytest
from tests.flows.landing import TABLE, Land, Notices, appending, names, upserting
from tests.world import World

from tidegate.errors import Refused, StatementError
from tidegate.model.route import CheckKind, CheckRule, Severity

ASIDE = Severity.QUARANTINE


@pytest.fixture
def land(empty: World) -> Land:
    land = Land(empty)
    land.write(
        "a.parquet", {"id": [1, 2, 3], "day": [date(2020, 6, 20), date(2020, 1, 1), None], "kind": ["x", "y", "x"]}
    )
    land.write("b.parquet", {"id": [3, 4], "day": [date(2020, 2, 1), date(2020, 6, 19)], "kind": ["z", None]}, minute=1)
    return land


@pytest.mark.parametrize(
    ("rule", "left", "reasons"),
    [
        (CheckRule(CheckKind.NOT_NULL, ("day", "Kind")), [1, 2, 3], ["1 of its 3", "1 of its 2"]),
        (CheckRule(CheckKind.RANGE, ("id",), least="2", most="3"), [2, 3, 3], ["1 of its 3", "1 of its 2"]),
        (CheckRule(CheckKind.RANGE, ("day",), least="'2020-01-15'"), [1, 3, 3, 4], ["1 of its 3"]),
        (CheckRule(CheckKind.VALUES, ("kind",), values=("x", "z")), [1, 3, 3, 4], ["1 of its 3"]),
        (CheckRule(CheckKind.UNIQUE, ("id",)), [1, 2, 4], ["1 of its 3", "1 of its 2"]),
        (CheckRule(CheckKind.SQL, expression="id + 1 < 4"), [1, 2], ["1 of its 3", "2 of its 2"]),
    ],
)
def test_rows_that_break_a_rule_go_aside_stop_the_batch_or_are_told(
    land: Land, rule: CheckRule, left: list[int], reasons: list[str]
) -> None:
    failing = appending(checks=(rule,))
    with pytest.raises(Refused, match=r"public\.sales: \d rows .*, of 2 files from .*a\.parquet on"):
        land.load(route=failing)
    assert (land.loaded(), land.quarantined()) == ([], [])
    aside = appending(checks=(CheckRule(**{**vars(rule), "severity": ASIDE}),))
    outcome = land.load(route=aside)
    assert [row[0] for row in land.rows("id")] == left
    assert [q.reason[:10] for q in outcome.quarantined] == reasons
    assert {q.code for q in outcome.quarantined} == {"load.check"}
    assert outcome.rows == 5


def test_rows_that_break_two_rules_of_a_batch_go_aside_to_two_places(land: Land) -> None:
    by_day = CheckRule(CheckKind.NOT_NULL, ("day",), severity=ASIDE)
    by_kind = CheckRule(CheckKind.NOT_NULL, ("kind",), severity=ASIDE)
    outcome = land.load(route=appending(checks=(by_day, by_kind)))
    assert [(q.code, q.rows) for q in outcome.quarantined] == [("load.check", 1), ("load.check", 1)]
    assert len({q.place for q in outcome.quarantined}) == 2
    assert [row[0] for row in land.rows("id")] == [1, 2, 3]


def test_a_warning_is_told_and_nothing_else_happens(land: Land) -> None:
    notices = Notices()
    rule = CheckRule(CheckKind.NOT_NULL, ("kind",), severity=Severity.WARN)
    assert land.load(route=appending(checks=(rule,)), notices=notices).rows == 5
    assert notices.told == ["public.sales: 1 rows have no kind"]


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (
            CheckRule(CheckKind.FRESH, ("day",), hours=12, severity=ASIDE),
            "no value of day is later than 2020-06-20 00:",
        ),
        (CheckRule(CheckKind.ROWS, least="6", severity=ASIDE), "5 rows are fewer than 6"),
        (CheckRule(CheckKind.ROWS, most="4", severity=ASIDE), "5 rows are more than 4"),
        (CheckRule(CheckKind.NOT_NULL, ("gone",), severity=ASIDE), "the file has no column gone, which is checked"),
    ],
)
def test_a_batch_that_breaks_a_rule_goes_aside_whole(land: Land, rule: CheckRule, reason: str) -> None:
    land.world.clock.advance(minutes=1)
    outcome = land.load(route=appending(checks=(rule,)))
    assert sorted(names(outcome.quarantined)) == ["a.parquet", "b.parquet"]
    assert outcome.quarantined[0].reason.startswith(reason)
    assert (outcome.rows, land.loaded()) == (0, [])


def test_a_load_far_from_the_mean_of_those_before_goes_aside(land: Land) -> None:
    rule = CheckRule(CheckKind.ROWS, fraction=0.5, severity=ASIDE)
    land.load(route=appending(checks=(rule,)))
    land.write("c.parquet", {"id": list(range(8))}, minute=2)
    outcome = land.load(route=appending(checks=(rule,)))
    assert [q.reason for q in outcome.quarantined] == ["8 rows are not within 0.5 of the mean of 5"]


def test_statements_of_ones_own_are_part_of_the_transaction(land: Land) -> None:
    land.world.sql("CREATE TABLE public.notes (n BIGINT)")
    count = f"INSERT INTO public.notes SELECT COUNT(*) FROM {TABLE}"
    land.load(route=upserting("id", pre_sql=(count,), post_sql=(count,), batch_files=1))
    assert sorted(land.world.sql("SELECT n FROM public.notes")) == [(0,), (3,), (3,), (4,)]
    land.write("c.parquet", {"id": [9]}, minute=3)
    with pytest.raises(StatementError, match="nowhere"):
        land.load(route=appending(pre_sql=(count,), post_sql=("INSERT INTO public.nowhere VALUES (1)",)))
    assert land.world.value("SELECT COUNT(*) FROM public.notes") == 4
    assert len(land.loaded()) == 2
