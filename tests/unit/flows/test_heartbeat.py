"""What keeps a lease alive while a step takes long."""

import threading

import pytest

from tidegate.errors import LedgerUnreachable
from tidegate.flows import leases


def test_a_heart_goes_on_when_the_ledger_was_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "LEASE_SECONDS", 0.003)
    beats: list[int] = []
    third = threading.Event()

    def beat() -> None:
        beats.append(len(beats))
        if len(beats) == 1:
            raise LedgerUnreachable("away")
        if len(beats) == 3:
            third.set()

    with leases.heartbeat("test", beat):
        assert third.wait(60)
    counted = len(beats)
    assert counted >= 3
    assert "test" not in {thread.name for thread in threading.enumerate()}
