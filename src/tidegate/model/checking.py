"""What checks of standing tables found."""

from dataclasses import dataclass

from tidegate.model.names import TableName
from tidegate.model.outcome import Failure
from tidegate.model.route import CheckRule, Severity


@dataclass(frozen=True)
class CheckResult:
    """One rule, held against a table. `reason`: why it does not hold, None when it does.

    `rows` break it; None where the rule is about the table as a whole.
    """

    table: TableName
    rule: CheckRule
    reason: str | None = None
    rows: int | None = None

    @property
    def holds(self) -> bool:
        return self.reason is None

    @property
    def fails(self) -> bool:
        """It does not hold, and is more than a warning."""
        return self.reason is not None and self.rule.severity is not Severity.WARN

    @property
    def name(self) -> str:
        """The rule in short: `not_null order_id`, `sql amount > 0`."""
        return " ".join(filter(None, (self.rule.kind.value, ", ".join(self.rule.columns), self.rule.expression)))


@dataclass(frozen=True)
class CheckOutcome:
    """`failures`: tables that could not be checked."""

    results: tuple[CheckResult, ...]
    failures: tuple[Failure, ...] = ()

    @property
    def failed(self) -> tuple[CheckResult, ...]:
        return tuple(result for result in self.results if result.fails)
