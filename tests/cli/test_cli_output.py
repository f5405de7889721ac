import io
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

import pytest
from rich.console import Console

from tidegate.cli.cells import for_csv, for_people, plain, width
from tidegate.cli.output import Output, counted, csv_lines, json_rows, started, table
from tidegate.cli.progress import LineReporter, TerminalReporter, amount, reporting, size
from tidegate.signals.base import Progress
from tidegate.warehouse.base import ResultColumn, Row, RowStream

COLUMNS = (ResultColumn("id", "bigint"), ResultColumn("name", "varchar(10)"))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1.50"), "1.50"),
        (Decimal("1E+3"), "1000"),
        (date(2020, 3, 1), "2020-03-01"),
        (datetime(2020, 3, 1, 4, 5, 6), "2020-03-01 04:05:06"),  # noqa: DTZ001 - a TIMESTAMP has no time zone
        (datetime(2020, 3, 1, 4, 5, 6, 700, UTC), "2020-03-01 04:05:06.000700+00"),
        (datetime(2020, 3, 1, tzinfo=timezone(timedelta(hours=5, minutes=30))), "2020-03-01 00:00:00+05:30"),
        (time(4, 5), "04:05:00"),
        (time(4, 5, tzinfo=timezone(-timedelta(hours=3))), "04:05:00-03"),
        (timedelta(days=1, hours=2), "1 day, 2:00:00"),
        (b"\x00\xff", "00ff"),
        ([1, Decimal("2.5")], '[1, "2.5"]'),
        (float("nan"), "NaN"),
        (float("-inf"), "-Infinity"),
    ],
)
def test_values_that_json_lacks_are_text(value: object, text: str) -> None:
    assert plain(value) == text


@pytest.mark.parametrize("value", [None, True, 2**63 - 1, 0.1, "é"])
def test_values_that_json_has_stay(value: object) -> None:
    assert plain(value) is value


def test_a_value_cannot_steer_the_terminal() -> None:
    assert for_people("a\x1b[2J\tb\nc\u202e") == "a\\x1b[2J\\tb\\nc\\u202e"
    assert [for_people(v) for v in (None, True, "", "é")] == ["NULL", "true", "", "é"]


def test_csv_tells_null_from_empty_and_quotes_what_needs_it() -> None:
    row = (None, "", 'say "hi"', "a,b", "a\nb", " a", False, Decimal("1.0"))
    assert for_csv(row) == ',"","say ""hi""","a,b","a\nb"," a",false,1.0'


def test_the_width_of_a_text_is_that_on_a_terminal() -> None:
    assert [width(t) for t in ("abc", "日本", "e\u0301")] == [3, 4, 1]


def test_a_table_is_aligned_and_numbers_stand_right() -> None:
    assert list(table(COLUMNS, [(1, "a"), (None, "日本"), (1000, "b\n")])) == [
        "id    name",
        "----  ----",
        "   1  a",
        "NULL  日本",
        "1000  b\\n",
    ]


def test_a_table_reads_no_more_rows_than_it_shows() -> None:
    read = 0

    def rows() -> Iterator[Row]:
        nonlocal read
        for read in range(1, 5001):
            yield (read, "x")

    lines = table(COLUMNS, rows())
    assert [next(lines) for _ in range(3)] == ["id    name", "----  ----", "   1  x"]
    assert read == 1000
    assert sum(1 for _ in lines) == 4999


def test_json_rows_are_one_document_in_pieces() -> None:
    chunks: list[list[Row]] = [[], [(1, "a"), (2, None)], [], [(3, 'q"')]]
    pieces = list(json_rows(COLUMNS, chunks))
    assert len(pieces) == 4
    assert json.loads("".join(pieces)) == {
        "columns": [{"name": "id", "type": "bigint"}, {"name": "name", "type": "varchar(10)"}],
        "rows": [[1, "a"], [2, None], [3, 'q"']],
    }
    assert "".join(pieces).count("\n") == 1


def test_json_rows_of_nothing() -> None:
    assert "".join(json_rows((), [])) == '{"columns": [], "rows": []}\n'


def test_csv_has_a_header() -> None:
    assert list(csv_lines(COLUMNS, [[(1, "a")], [(2, "b")]])) == ["id,name", "1,a", "2,b"]


def test_a_stream_fails_before_anything_is_printed() -> None:
    def chunks() -> Iterator[Sequence[Row]]:
        raise ZeroDivisionError
        yield ()

    with pytest.raises(ZeroDivisionError):
        started(RowStream(COLUMNS, chunks()))
    assert [list(c) for c in started(RowStream(COLUMNS, iter([[(1, "a")], [(2, "b")]]))).chunks] == [
        [(1, "a")],
        [(2, "b")],
    ]


def test_a_result_is_for_people_or_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    Output().result({"rows": 1}, ["one row"])
    Output(as_json=True).result({"rows": 1, "at": date(2020, 1, 2)}, ["one row"])
    Output(as_json=True).notice("look out")
    captured = capsys.readouterr()
    assert captured.out == 'one row\n{"rows": 1, "at": "2020-01-02"}\n'
    assert captured.err == "look out\n"


def test_counts_read_well() -> None:
    assert [counted(0, "row"), counted(1, "row"), counted(1234, "row"), counted(2, "policy", "policies")] == [
        "0 rows",
        "1 row",
        "1,234 rows",
        "2 policies",
    ]


@pytest.mark.parametrize(
    ("event", "speed", "text"),
    [
        (Progress("t"), None, ""),
        (Progress("t", rows=1200), None, "1,200 rows"),
        (Progress("t", rows=0, total_rows=5000), None, "0 of 5,000 rows"),
        (
            Progress("t", rows=1200, total_rows=5000, bytes=3_400_000),
            200.4,
            "1,200 of 5,000 rows · 3.4 MB · 200 rows/s",
        ),
    ],
)
def test_the_amount_says_what_is_known(event: Progress, speed: float | None, text: str) -> None:
    assert amount(event, speed, by_rows=True) == text


def test_the_amount_by_bytes() -> None:
    event = Progress("t", bytes=1_500, total_bytes=2_000_000_000)
    assert amount(event, 12_000_000, by_rows=False) == "1.5 kB of 2.0 GB · 12.0 MB/s"
    assert [size(999), size(10**12)] == ["999 B", "1.0 TB"]


def test_a_terminal_shows_tasks_and_notices() -> None:
    screen = io.StringIO()
    with TerminalReporter(Console(file=screen, force_terminal=True, width=120)).running() as reporter:
        reporter.progress(Progress("unload [bold]public.orders", rows=0, total_rows=5000))
        reporter.notice("3 rows have no [date]")
        reporter.progress(Progress("unload [bold]public.orders", rows=5000, total_rows=5000, bytes=9_000_000))
        reporter.progress(Progress("verify", bytes=10, total_bytes=20))
    text = screen.getvalue()
    assert "unload [bold]public.orders" in text
    assert "5,000 of 5,000 rows · 9.0 MB" in text
    assert "10 B of 20 B" in text
    assert "3 rows have no [date]" in text


def test_without_a_terminal_there_are_notices_only(capsys: pytest.CaptureFixture[str]) -> None:
    with reporting() as reporter:
        assert isinstance(reporter, LineReporter)
        reporter.progress(Progress("unload", rows=1))
        reporter.notice("3 rows have no date")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "3 rows have no date\n")
