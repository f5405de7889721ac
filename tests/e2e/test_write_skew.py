"""Two real sessions on the local Redshift: right with LOCK, wrong without it, under true snapshot isolation."""

from pathlib import Path

import pytest
from tests.e2e.stack import Stack, StackWorld
from tests.faults.write_skew import PAIRS, race
from tests.world import create_orders


@pytest.mark.parametrize(
    ("name", "protocol"), [("abandon", "data_api"), ("abandon", "connector"), ("hold", "connector")]
)
@pytest.mark.parametrize("locked", [True, False])
def test_a_publish_and_another_transaction(
    stack: Stack, tmp_path: Path, name: str, protocol: str, locked: bool
) -> None:
    world = StackWorld(tmp_path, stack=stack, protocol=protocol)
    create_orders(world)
    errors, contradictions = race(world, name, locked=locked)
    assert contradictions == (0 if locked else PAIRS[name].without_lock)
    assert [PAIRS[name].refusal in error for error in errors] == [True] * locked
