"""What the rules of AWS's data-lifecycle sample lose, row by row, and what becomes of them here.

From the sample's code (amazon-redshift-data-lifecycle-manager: management_job.py and the stored procedure): a run is
ONE UNLOAD … ALLOWOVERWRITE to the same path and one DELETE with the same predicate, without a look at the files.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tidegate.config.lifecycle.convert import Converted, convert
from tidegate.config.lifecycle.rows import Row
from tidegate.errors import ConfigError
from tidegate.model.policy import Action, FileFormat, Policy

INSTEAD: Mapping[str, str] = {
    "L1": "Every batch has a prefix of its own that is never written to again.",
    "L2": "Late rows become a further batch of their period; the earlier files stay.",
    "L3": "A copy compares each period's rows and fingerprint with the copy that is there, not with a checkpoint.",
    "L4": 'A purge says in its plan that no archive will exist; use update_delete_flag 2, which is action = "archive".',
    "L5": "The files are read back and compared, and the deleting transaction compares the hot rows once more.",
    "L6": "Types that Parquet cannot carry are cast without loss, as recorded; the proof covers all values.",
    "L7": "Every column is in the files, each batch has its table's definition, and `tidegate restore` reads it.",
}
"""What Tidegate does where the sample takes a path to loss."""


@dataclass(frozen=True)
class Exposure:
    """One way in which the sample loses rows of a rule's table. `path`: a key of `INSTEAD`."""

    path: str
    why: str

    @property
    def instead(self) -> str:
        return INSTEAD[self.path]


@dataclass(frozen=True)
class ExaminedRule:
    """`action` and `exposures` are empty for a row that cannot be read, of which `problem` says why."""

    where: str
    table: str
    action: Action | None
    exposures: tuple[Exposure, ...] = ()
    notes: tuple[str, ...] = ()
    problem: str | None = None


@dataclass(frozen=True)
class RuleReport:
    """All rows of a file in order; `strays`: what is wrong with lines that are no rows at all."""

    rules: tuple[ExaminedRule, ...]
    strays: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        unread = self.strays or any(rule.problem for rule in self.rules)
        return ConfigError.exit_code if unread else 0


def examine(rows: Sequence[Row], strays: Sequence[str]) -> RuleReport:
    """Pure: neither the warehouse nor any bucket is asked."""
    return RuleReport(tuple(map(_examined, convert(rows, None))), tuple(strays))


def _examined(item: Converted) -> ExaminedRule:
    row = item.row
    if item.policy is None:
        return ExaminedRule(row.where, row.table, None, problem=item.problem)
    exposures = tuple(_exposures(item.policy, item.checkpoint))
    return ExaminedRule(row.where, str(item.policy.table), item.policy.action, exposures, item.notes)


def _exposures(policy: Policy, checkpoint: str | None) -> Iterator[Exposure]:
    if policy.action is Action.ARCHIVE:
        yield _overwriting(policy)
    if policy.action is Action.COPY and policy.column is not None:
        yield Exposure(
            "L3",
            "rows that arrive late, at or before the checkpoint, are never unloaded, and a later purge deletes them",
        )
    if policy.action is Action.PURGE:
        if checkpoint is not None:
            yield Exposure(
                "L3", f"the checkpoint {checkpoint} bounded the unloads before, but does not bound what is deleted now"
            )
        yield Exposure("L4", "rows are deleted without a question whether they were ever unloaded")
        return
    deleted = ", then they are deleted" if policy.action is Action.ARCHIVE else ""
    yield Exposure("L5", f"nobody compares the files with the rows{deleted}")
    if policy.action is Action.ARCHIVE:
        yield Exposure("L6", _lossy(policy))
    yield Exposure("L7", _no_way_back(policy))


def _overwriting(policy: Policy) -> Exposure:
    columns = ", ".join(policy.unload.partition_by)
    if not columns:
        return Exposure(
            "L1", "every run writes the same file names with ALLOWOVERWRITE over rows that are deleted already"
        )
    if policy.column not in policy.unload.partition_by:
        return Exposure(
            "L1",
            f"every run writes to the same folders of {columns}, with ALLOWOVERWRITE over rows already deleted",
        )
    return Exposure(
        "L2", f"a row that arrives late overwrites the file of its {policy.column}, whose rows are deleted already"
    )


def _lossy(policy: Policy) -> str:
    if policy.unload.format is FileFormat.PARQUET:
        return "Parquet drops the zone of a TIMESTAMPTZ and takes no TIME, VARBYTE, GEOMETRY or HLLSKETCH"
    if policy.unload.format is FileFormat.TEXT and not (policy.unload.add_quotes or policy.unload.escape):
        return "a value that holds the delimiter or a line end cannot be told from two, and floats lose digits as text"
    return "floats lose digits as text, and a NULL cannot be told from an empty text"


def _no_way_back(policy: Policy) -> str:
    if policy.unload.partition_by:
        columns = ", ".join(policy.unload.partition_by)
        return f"{columns} is left out of the files, and no definition of the table is kept with them"
    return "no definition of the table is kept with the files"
