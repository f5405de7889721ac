"""Hypothesis: few and repeatable examples in `make test`, thousands in `make faults`. The crash points are counted."""

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.servers.fixtures"]

settings.register_profile("test", derandomize=True, max_examples=30, deadline=None, database=None)
settings.register_profile(
    "faults", max_examples=3000, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("test")


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
