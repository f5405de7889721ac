from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from tests.unit.warehouse.embedded.loading import Place, place, refused

from tidegate.errors import StatementError, StatementRefused

__all__ = ["place"]

COLUMNS = (
    "id BIGINT, name VARCHAR(20), price DECIMAL(18,4), day DATE, at TIMESTAMPTZ, open BOOLEAN, items SUPER, f REAL"
)


def load(place: Place, content: str, columns: str = COLUMNS, options: str = "") -> list[tuple[object, ...]]:
    place.write("in", content)
    place.run(f"CREATE TABLE t ({columns})", f"COPY t FROM 'in' JSON AS 'auto' {options}")
    return place.rows("SELECT * FROM t")


def test_nested_orders(place: Place) -> None:
    rows = load(
        place,
        '{"id": 9223372036854775807, "name": "a\\nb", "price": 12.3456, "day": "2020-01-31", '
        '"at": "2020-01-31T10:00:00Z", "open": true, "items": [{"sku": "x", "n": 2}], "f": 0.5, "unknown": {}}\n'
        '{"id": "7", "name": "", "price": "1.99999", "day": "", "items": {"a": null}}',
    )
    assert rows == [
        (
            9223372036854775807,
            "a\nb",
            Decimal("12.3456"),
            date(2020, 1, 31),
            datetime(2020, 1, 31, 10, tzinfo=UTC),
            True,
            '[{"sku":"x","n":2}]',
            0.5,
        ),
        (7, "", Decimal("1.9999"), None, None, None, '{"a":null}', None),
    ]


def test_objects_may_follow_one_another_without_lines(place: Place) -> None:
    assert load(place, '{"a":1}{"a":2}\n\n{"a"\n:3}', "a INTEGER") == [(1,), (2,), (3,)]


def test_keys_are_matched_with_regard_to_case(place: Place) -> None:
    assert load(place, '{"A": 1, "b": 2}', "a INTEGER, b INTEGER") == [(None, 2)]


def test_a_column_list_chooses_the_keys(place: Place) -> None:
    place.write("in", '{"a": 1, "b": 2}')
    place.run("CREATE TABLE t (a INTEGER DEFAULT 9, b INTEGER)", "COPY t (b) FROM 'in' JSON 'auto'")

    assert place.rows("SELECT * FROM t") == [(9, 2)]


def test_a_missing_key_of_a_not_null_column_fails(place: Place) -> None:
    with refused(StatementError, 'COPY into public.t: cannot insert a NULL value into column "a"'):
        load(place, '{"b": 2}', "a INTEGER NOT NULL, b INTEGER")


def test_a_number_that_a_double_cannot_hold_is_not_rounded(place: Place) -> None:
    file = place.base / "in"
    with refused(
        StatementError,
        f"COPY into public.t: a JSON number has more digits than a double holds, in {file}: write it as a string",
    ):
        load(place, '{"price": 12345678901234.5678}')


def test_long_digits_are_kept_in_strings_and_integers(place: Place) -> None:
    rows = load(
        place, '{"a": "12345678901234567890.123456", "b": 9223372036854775807}', "a DECIMAL(38,6), b DECIMAL(19,0)"
    )
    assert rows == [(Decimal("12345678901234567890.123456"), Decimal("9223372036854775807"))]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('[{"a": 1}]', "not a JSON object in {file}"),
        ('{"a": 1} 5', "not a JSON object in {file}"),
        ('{"a": "x"}', 'invalid value for column "a" (INTEGER): x in {file}'),
        ('{"a": {"b": 1}}', 'invalid value for column "a" (INTEGER): {{"b":1}} in {file}'),
        ('{"a": 1.5}', 'invalid value for column "a" (INTEGER): 1.5 in {file}'),
    ],
)
def test_what_is_no_row_fails(place: Place, content: str, reason: str) -> None:
    with refused(StatementError, f"COPY into public.t: {reason.format(file=place.base / 'in')}"):
        load(place, content, "a INTEGER")


def test_malformed_json_names_the_file(place: Place) -> None:
    with pytest.raises(StatementError, match=f'COPY into public.t: Malformed JSON in file "{place.base}/in"'):
        load(place, '{"a": 1', "a INTEGER")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("CSV", "COPY: FORMAT is given twice"),
        ("DELIMITER ','", "COPY of JSON does not take DELIMITER"),
        ("FILLRECORD", "COPY of JSON does not take FILLRECORD"),
        ("NULL AS 'x'", "COPY of JSON does not take NULL AS"),
    ],
)
def test_options_that_json_does_not_take(place: Place, options: str, message: str) -> None:
    kind = StatementError if "twice" in message else StatementRefused
    with refused(kind, message):
        load(place, "{}", "a INTEGER", options)


def test_varbyte_cannot_be_loaded_from_json(place: Place) -> None:
    with refused(StatementRefused, 'COPY cannot load column "a" of type VARBYTE(4) from JSON'):
        load(place, "{}", "a VARBYTE(4)")
