"""The verbs that take policies in from elsewhere and hand them back."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tidegate.app.opened import Opened

if TYPE_CHECKING:
    from tidegate.flows.doctor.lifecycle import RuleReport
    from tidegate.flows.rules import ExportOutcome, ImportOutcome, KnownPolicy


class Rules(Opened):
    def policies(self) -> "list[KnownPolicy]":
        """Every policy, of the configuration and imported, with where it comes from."""
        from tidegate.flows.rules import known_policies

        return known_policies(self.ledger, self.settings)

    def import_policies(self, source: str, *, replace: bool = False) -> "ImportOutcome":
        """Take in the rules of a CSV file or of `dynamodb://TABLE?region=…`; they replace those taken in from there.

        `replace`: those taken in from elsewhere, too.
        """
        from tidegate.flows.rules import import_rules

        self.forget_policies()
        return import_rules(
            self.ledger, self.settings, self.rule_source(source), datetime.now(UTC), replace_all=replace
        )

    def export_policies(self, target: str) -> "ExportOutcome":
        """Write every policy as a rule, to a new CSV file or to `dynamodb://TABLE?region=…`."""
        from tidegate.flows.rules import export_rules

        return export_rules(self.ledger, self.settings, self.rule_source(target))


def lint_policies(file: Path) -> "RuleReport":
    """What the rules of a CSV file would do in the sample, and what Tidegate does instead. Needs no configuration."""
    from tidegate.flows.doctor.lifecycle import examine
    from tidegate.rules.csv_file import CsvFile

    return examine(*CsvFile(file).read())
