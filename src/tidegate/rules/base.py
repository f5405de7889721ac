"""The port of rules: where policies in the form of AWS's data-lifecycle sample are kept."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from tidegate.config.lifecycle.rows import Row


class RuleSource(Protocol):
    """Every method raises ConfigError when there is no such place, and Unreachable when it cannot be reached."""

    @property
    def address(self) -> str:
        """Names it in messages and in the ledger; the same place has the same address."""
        ...

    @property
    def keeps_checkpoints(self) -> bool:
        """Whether `set_checkpoint` may be called."""
        ...

    def read(self) -> tuple[list[Row], list[str]]:
        """All rules, and one sentence for each thing there that is none."""
        ...

    def write(self, rules: Sequence[Mapping[str, str]]) -> None:
        """Put each rule in the place of one for the same table; others that are there stay, where it can hold them.

        A checkpoint that is blank leaves the one that is there.
        """
        ...

    def set_checkpoint(self, cells: Mapping[str, str], value: str) -> None:
        """Change the checkpoint of one rule that is there. Raises ObjectMissing when it is gone."""
        ...
