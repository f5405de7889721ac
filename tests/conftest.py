"""Hypothesis: few and repeatable examples in `make test`, thousands in `make faults`. The crash points are counted."""

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.servers.fixtures"]

settings.register_profile("test", derandomize=True, max_examples=30, deadline=None, database=None)
settings.register_profile(
    "faults", max_examples=3000, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("test")


_LONG = ("tests/faults/", "tests/e2e/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first in each half: two workers begin with a half each, and neither is left with a long one."""
    files = sorted({item.path for item in items if item.nodeid.startswith(_LONG)})
    first, second = set(files[::2]), set(files[1::2])
    short = [item for item in items if item.path not in first | second]
    begin = [item for item in items if item.path in first]
    middle = max(0, len(items) // 2 - len(begin))
    items[:] = [*begin, *short[:middle], *(item for item in items if item.path in second), *short[middle:]]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests recorded as `crash points`: how many each part of the matrix tried."""
    lines = [
        str(value)
        for report in terminalreporter.getreports("passed")
        for name, value in report.user_properties
        if name == "crash points"
    ]
    for line in sorted(lines):
        terminalreporter.write_line(f"crash points tried, {line}")
