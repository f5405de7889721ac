"""Dates, timestamps and time zones. The clock is UTC whatever the machine's is."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

import pytest

from tidegate.errors import StatementError, StatementRefused
from tidegate.warehouse.base import Session

stamp = datetime.fromisoformat
Typed = Callable[[str], tuple[object, str]]
STAMP = "timestamp without time zone"
ZONED = "timestamp with time zone"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("DATE '2020-02-29'", (date(2020, 2, 29), "date")),
        ("TIMESTAMP '2020-01-02 03:04:05.6'", (stamp("2020-01-02 03:04:05.600000"), STAMP)),
        ("'2020-01-02 03:04:05+02'::timestamptz", (datetime(2020, 1, 2, 1, 4, 5, tzinfo=UTC), ZONED)),
        ("TIME '10:11:12'", (time(10, 11, 12), "time without time zone")),
        ("DATEADD(month, 1, '2020-01-31')", (stamp("2020-02-29 00:00:00"), STAMP)),
        ("DATEADD('month', 1, DATE '2020-04-30')", (stamp("2020-05-30 00:00:00"), STAMP)),
        ("DATEADD(day, -1, DATE '2020-03-01')", (stamp("2020-02-29 00:00:00"), STAMP)),
        ("DATEADD(qtr, 1, DATE '2020-01-31')", (stamp("2020-04-30 00:00:00"), STAMP)),
        ("DATEADD(hour, 25, TIMESTAMP '2020-01-01 00:00:00')", (stamp("2020-01-02 01:00:00"), STAMP)),
        ("DATEADD(ms, 5, DATE '2020-01-01')", (stamp("2020-01-01 00:00:00.005000"), STAMP)),
        ("DATEADD(day, 1, '2020-01-01 00:00:00+00'::timestamptz)", (datetime(2020, 1, 2, tzinfo=UTC), ZONED)),
        ("DATEDIFF(month, DATE '2020-01-31', DATE '2020-02-01')", (1, "bigint")),
        ("DATEDIFF(day, '2020-01-01 23:59:59', '2020-01-02 00:00:00')", (1, "bigint")),
        ("DATEDIFF(year, DATE '2021-01-01', DATE '2020-12-31')", (-1, "bigint")),
        ("DATEDIFF(hour, DATE '2020-01-01', TIMESTAMP '2020-01-01 02:59:00')", (2, "bigint")),
        ("DATE_TRUNC('month', DATE '2020-02-29')", (stamp("2020-02-01 00:00:00"), STAMP)),
        ("DATE_TRUNC('week', TIMESTAMP '2020-01-05 12:00:00')", (stamp("2019-12-30 00:00:00"), STAMP)),
        ("CAST(DATE_TRUNC('month', DATE '2020-02-29') AS DATE)", (date(2020, 2, 1), "date")),
        ("DATE_PART(day, DATE '2020-02-29')", (29.0, "double precision")),
        ("DATE_PART('dow', DATE '2020-01-05')", (0.0, "double precision")),
        ("DATE_PART(week, DATE '2020-01-05')", (1.0, "double precision")),
        ("EXTRACT(year FROM TIMESTAMP '2020-02-29 00:00:00')", (2020, "integer")),
        ("EXTRACT(hour FROM '2020-01-01 05:00:00+02'::timestamptz)", (3.0, "double precision")),
        ("DATE_PART(epoch, DATE '1970-01-02')", (86400.0, "double precision")),
        ("TO_CHAR(DATE '2020-02-03', 'YYYY-MM-DD')", ("2020-02-03", "character varying(65535)")),
        (
            "TO_CHAR(TIMESTAMP '2020-02-03 14:05:06', 'YYYYMMDD HH24:MI:SS')",
            ("20200203 14:05:06", "character varying(65535)"),
        ),
        ("TO_CHAR(TIMESTAMP '2020-02-03 14:05:06', 'HH12:MI AM Mon')", ("02:05 PM Feb", "character varying(65535)")),
        ("TO_CHAR(DATE '2020-02-03', 'YYYY\"Y\"')", ("2020Y", "character varying(65535)")),
        ("TO_DATE('20200203', 'YYYYMMDD')", (date(2020, 2, 3), "date")),
        (
            "TO_TIMESTAMP('2020-02-03 04:05:06', 'YYYY-MM-DD HH24:MI:SS')",
            (datetime(2020, 2, 3, 4, 5, 6, tzinfo=UTC), ZONED),
        ),
        (
            "CONVERT_TIMEZONE('America/New_York', TIMESTAMP '2020-07-01 12:00:00')",
            (stamp("2020-07-01 08:00:00"), STAMP),
        ),
        ("CONVERT_TIMEZONE('CET', 'UTC', TIMESTAMP '2020-01-01 12:00:00')", (stamp("2020-01-01 11:00:00"), STAMP)),
        ("CONVERT_TIMEZONE('CET', '2020-01-01 12:00:00+00'::timestamptz)", (stamp("2020-01-01 13:00:00"), STAMP)),
        ("TIMESTAMP '2020-01-01 12:00:00' AT TIME ZONE 'CET'", (datetime(2020, 1, 1, 11, tzinfo=UTC), ZONED)),
        ("'2020-01-01 12:00:00+00'::timestamptz AT TIME ZONE 'CET'", (stamp("2020-01-01 13:00:00"), STAMP)),
        ("ADD_MONTHS(DATE '2020-04-30', 1)", (stamp("2020-05-31 00:00:00"), STAMP)),
        ("ADD_MONTHS(TIMESTAMP '2020-01-30 05:00:00', 1)", (stamp("2020-02-29 05:00:00"), STAMP)),
        ("ADD_MONTHS(TIMESTAMP '2020-02-29 05:00:00', 12)", (stamp("2021-02-28 05:00:00"), STAMP)),
        ("LAST_DAY(TIMESTAMP '2020-02-03 04:05:06')", (date(2020, 2, 29), "date")),
        ("TRUNC(TIMESTAMP '2020-02-03 04:05:06')", (date(2020, 2, 3), "date")),
        ("DATE('2020-02-03 04:05:06')", (date(2020, 2, 3), "date")),
        ("DATE '2020-01-01' + 30", (date(2020, 1, 31), "date")),
        ("DATE '2020-01-01' - DATE '2019-01-01'", (365, "bigint")),
        ("DATE '2020-01-31' + INTERVAL '1 month'", (stamp("2020-02-29 00:00:00"), STAMP)),
        ("TIMESTAMP '2020-01-01 00:00:00' - INTERVAL '90 minutes'", (stamp("2019-12-31 22:30:00"), STAMP)),
        ("GREATEST(DATE '2020-01-01', '2021-01-01')", (date(2021, 1, 1), "date")),
        ("DATE '2020-01-01' < TIMESTAMP '2020-01-01 00:00:01'", (True, "boolean")),
    ],
)
def test_functions(typed: Typed, expression: str, expected: tuple[object, str]) -> None:
    assert typed(expression) == expected


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("DATEDIFF(week, DATE '2020-01-01', DATE '2020-01-05')", "the date part week in DATEDIFF"),
        ("DATE_PART(century, DATE '2020-01-01')", "the date part century in DATE_PART"),
        ("DATE_PART(epoch, TIMESTAMP '2020-01-01 00:00:00')", "epoch of TIMESTAMP"),
        ("TO_CHAR(DATE '2020-01-01', 'Day')", "the format 'Day' in TO_CHAR"),
        ("TO_CHAR(1, '999')", "TO_CHAR of INTEGER"),
        ("TO_DATE('1', 'US')", "the format 'US' in TO_DATE"),
        ("CONVERT_TIMEZONE('UTC+3', DATE '2020-01-01')", "the time zone 'UTC+3'"),
        ("MONTHS_BETWEEN(DATE '2020-01-01', DATE '2020-01-01')", "the function MONTHS_BETWEEN"),
        ("DATE_CMP(DATE '2020-01-01', DATE '2020-01-01')", "the function DATE_CMP"),
        ("CURRENT_TIMESTAMP", "CURRENT_TIMESTAMP"),
        ("INTERVAL '1 month 2 days'", "INTERVAL '1 month 2 days'"),
    ],
)
def test_refusals(typed: Typed, expression: str, message: str) -> None:
    with pytest.raises(StatementRefused) as refusal:
        typed(expression)
    assert refusal.value.message == f"{message} is not supported by the embedded warehouse"


def test_an_unknown_time_zone_is_an_error(typed: Typed) -> None:
    with pytest.raises(StatementError, match="Nowhere"):
        typed("CONVERT_TIMEZONE('Nowhere', DATE '2020-01-01')")


def test_now_is_utc_and_has_no_zone(session: Session) -> None:
    session.execute("BEGIN")
    (first,) = session.execute("SELECT GETDATE(), SYSDATE, CURRENT_DATE").rows
    (second,) = session.execute("SELECT GETDATE(), SYSDATE, CURRENT_DATE").rows
    assert first == second
    getdate, sysdate, today = first
    assert isinstance(getdate, datetime)
    assert isinstance(sysdate, datetime)
    assert getdate.tzinfo is None
    assert getdate.microsecond == 0
    assert abs(sysdate - datetime.now(UTC).replace(tzinfo=None)) < timedelta(minutes=5)
    assert today == sysdate.date()
    types = [c.type for c in session.execute("SELECT GETDATE(), SYSDATE, CURRENT_DATE").columns]
    assert types == [STAMP, STAMP, "date"]


def test_the_machines_time_zone_plays_no_part(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    session.execute("CREATE TABLE t (z TIMESTAMPTZ)")
    session.execute("INSERT INTO t VALUES ('2020-01-01 00:00:00')")
    result = session.execute("SELECT CAST(z AS VARCHAR), CAST(z AS DATE), CAST(z AS TIMESTAMP) FROM t")
    assert result.rows == (("2020-01-01 00:00:00+00", date(2020, 1, 1), stamp("2020-01-01 00:00:00")),)
