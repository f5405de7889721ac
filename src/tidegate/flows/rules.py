"""Policies that come from elsewhere: taken in, listed, handed back, and told how far they were carried out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from tidegate.config.lifecycle.convert import convert
from tidegate.config.lifecycle.merge import check_apart, merged, reserved
from tidegate.config.lifecycle.render import cells_of, unsaid
from tidegate.config.settings import Settings
from tidegate.errors import ConfigError, PolicyError, TidegateError
from tidegate.ledger.base import Ledger
from tidegate.model.lifecycle import ImportedPolicy
from tidegate.model.names import TableName
from tidegate.model.policy import Policy
from tidegate.rules.base import RuleSource
from tidegate.signals.base import Reporter


@dataclass(frozen=True)
class KnownPolicy:
    """`source`: the configuration file, or where it was imported from. `checkpoint`: what was archived last."""

    policy: Policy
    source: str
    checkpoint: str | None


@dataclass(frozen=True)
class ImportOutcome:
    """`removed`: tables whose imported policies are gone, since their source does not have them any more."""

    source: str
    policies: tuple[Policy, ...]
    removed: tuple[TableName, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class ExportOutcome:
    """`notes` name what the rules of the sample cannot say."""

    target: str
    tables: tuple[TableName, ...]
    notes: tuple[str, ...]


def import_rules(
    ledger: Ledger, settings: Settings, source: RuleSource, now: datetime, *, replace_all: bool
) -> ImportOutcome:
    """Make the imported policies of `source` those that it has now; checkpoints stay. All or nothing.

    Args:
        replace_all: Forget the policies that were imported from elsewhere, too.

    Raises:
        PolicyError: rules that cannot be; one sentence for each.
        ConfigError: a table has a policy in the configuration, or from another source.
    """
    rows, problems = source.read()
    found = convert(rows, settings.lake, reserved(settings))
    problems += [item.problem for item in found if item.problem is not None]
    if problems:
        noun = "rule" if len(problems) == 1 else "rules"
        raise PolicyError(
            "\n  ".join(
                [f"nothing was imported: {source.address} has {len(problems)} {noun} that cannot be", *problems]
            ),
            hint="Correct them there, then import again.",
        )
    new = [
        ImportedPolicy(item.policy.table, source.address, _rule(item.row.cells), item.checkpoint, now)
        for item in found
        if item.policy is not None
    ]
    check_apart(settings, new)
    others = [] if replace_all else [p for p in ledger.imported_policies() if p.source != source.address]
    _check_sources(others, new)
    merged(settings, [*others, *new])
    removed = ledger.import_policies(source.address, new, replace_all=replace_all)
    policies = tuple(item.policy for item in found if item.policy is not None)
    return ImportOutcome(
        source.address,
        tuple(sorted(policies, key=lambda p: (p.priority, p.table))),
        tuple(removed),
        tuple(note for item in found for note in item.notes),
    )


def _rule(cells: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in cells.items() if name != "checkpoint"}


def _check_sources(others: Sequence[ImportedPolicy], new: Sequence[ImportedPolicy]) -> None:
    owners = {policy.table: policy.source for policy in others}
    for policy in new:
        if policy.table in owners:
            raise ConfigError(
                f"{policy.table} has a policy imported from {owners[policy.table]} and one in {policy.source}",
                hint="Take it out of one of them, or import with --replace, which forgets all other sources.",
            )


def known_policies(ledger: Ledger, settings: Settings) -> list[KnownPolicy]:
    """Those of the configuration and the imported ones, by priority, then table. Raises as `merged`."""
    imported = {policy.table: policy for policy in ledger.imported_policies()}
    archived = {table: value.isoformat() for table, value in ledger.checkpoints().items()}
    known = []
    for policy in merged(settings, list(imported.values())).policies:
        rule = imported.get(policy.table)
        checkpoint = max((rule.checkpoint if rule else None) or "", archived.get(policy.table, "")) or None
        known.append(KnownPolicy(policy, rule.source if rule else str(settings.file), checkpoint))
    return known


def export_rules(ledger: Ledger, settings: Settings, target: RuleSource) -> ExportOutcome:
    """Write every policy as a rule: imported ones as they came, with the checkpoint of today. Raises as `merged`."""
    imported = {policy.table: policy for policy in ledger.imported_policies()}
    known = known_policies(ledger, settings)
    rules, notes = [], []
    for item in known:
        table = item.policy.table
        rule = imported.get(table)
        cells = dict(rule.cells) if rule else cells_of(item.policy, settings.lake)
        left_out = [] if rule else list(unsaid(item.policy, settings.lake))
        if left_out:
            notes.append(f"{table}: a rule cannot say {', '.join(left_out)}")
        rules.append({**cells, "checkpoint": item.checkpoint or ""})
    target.write(rules)
    return ExportOutcome(target.address, tuple(item.policy.table for item in known), tuple(notes))


@dataclass(frozen=True)
class RuleCheckpoints:
    """Told how far a table was archived, it tells the source that keeps checkpoints, then the ledger's rule.

    A source that cannot be told is a notice: what was archived is archived. It is told again by `catch_up`.
    """

    ledger: Ledger
    reporter: Reporter
    imported: dict[TableName, ImportedPolicy]
    open: Callable[[str], RuleSource]

    def __call__(self, table: TableName, newest: date) -> None:
        rule = self.imported.get(table)
        value = newest.isoformat()
        if rule is None or (rule.checkpoint or "") >= value:
            return
        try:
            source = self.open(rule.source)
            if source.keeps_checkpoints:
                source.set_checkpoint(rule.cells, value)
            self.ledger.set_imported_checkpoint(table, value)
            self.imported[table] = replace(rule, checkpoint=value)
        except TidegateError as error:
            self.reporter.notice(f"the checkpoint {value} of {table} could not be written back: {error.message}")

    def catch_up(self) -> None:
        """Tell what an earlier run could not: it was killed, or its source was out of reach."""
        if self.imported:
            for table, newest in self.ledger.checkpoints().items():
                self(table, newest)
