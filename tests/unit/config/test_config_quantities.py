import pytest

from tidegate.config.quantities import parse_bytes, parse_seconds


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, 0), (17, 17), ("100GB", 100 * 10**9), ("1.5 tb", 1_500_000_000_000), ("64MiB", 67_108_864), ("7B", 7)],
)
def test_sizes(value: object, expected: int) -> None:
    assert parse_bytes(value) == expected


@pytest.mark.parametrize("value", ["", "GB", "10", "1GBit", "-1GB", "1e3KB", True, 1.5, None, []])
def test_what_is_no_size(value: object) -> None:
    with pytest.raises(ValueError, match=r'^must be a size such as "100GB" or a number of bytes$'):
        parse_bytes(value)


@pytest.mark.parametrize("value", [-1, "0.5B", "1.0001KB"])
def test_a_size_is_whole_and_not_negative(value: object) -> None:
    with pytest.raises(ValueError, match=r"^must be a whole number of bytes, 0 or more$"):
        parse_bytes(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (30, 30.0),
        (0.5, 0.5),
        ("1d", 86_400.0),
        ("36h", 129_600.0),
        ("90m", 5_400.0),
        ("1.5s", 1.5),
        ("2w", 1_209_600.0),
    ],
)
def test_durations(value: object, expected: float) -> None:
    assert parse_seconds(value) == expected


@pytest.mark.parametrize("value", ["", "1", "1 month", "-1d", True, None])
def test_what_is_no_duration(value: object) -> None:
    with pytest.raises(ValueError, match=r'^must be a duration such as "1d" or "36h", or a number of seconds$'):
        parse_seconds(value)


@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), "36501d"])
def test_a_duration_has_bounds(value: object) -> None:
    with pytest.raises(ValueError, match=r'^must be 0 or more and at most "36500d"$'):
        parse_seconds(value)
