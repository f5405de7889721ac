"""Who initialises a warehouse, when several do at once."""

from dataclasses import replace
from pathlib import Path

from tests.world import World

from tidegate.flows.identity import Identity, claims, initialise


def test_of_two_that_initialise_at_once_both_go_by_one_id_and_one_claim(tmp_path: Path) -> None:
    others: list[tuple[Identity, bool]] = []
    with World(tmp_path).context() as ctx:

        def meanwhile() -> str:
            others.append(initialise(replace(ctx, suffix=lambda: "first")))
            return "late"

        mine, new = initialise(replace(ctx, suffix=meanwhile))
        assert others == [(Identity("wfirst", mine.place), True)]
        assert (mine, new) == (others[0][0], False)
        assert [claim.warehouse for claim in claims(ctx)] == ["wfirst"]
