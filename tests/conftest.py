"""Hypothesis: few and repeatable examples in `make test`, thousands in `make faults`."""

from hypothesis import HealthCheck, settings

settings.register_profile("test", derandomize=True, max_examples=30, deadline=None, database=None)
settings.register_profile(
    "faults", max_examples=3000, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("test")
