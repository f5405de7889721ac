"""[[archive]] sections become policies; what the keys mean together is checked here."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from tidegate.config.problems import show
from tidegate.config.schema import ArchiveSection, UnloadSection
from tidegate.errors import UsageError
from tidegate.model.names import TableName
from tidegate.model.periods import Granularity
from tidegate.model.policy import Action, FileFormat, Policy, TierRule, UnloadOptions
from tidegate.model.tiers import POLICY_TIERS, Tier

Problems = list[tuple[int, str]]
"""The position of the policy in the file, counted from 0, and what is wrong with it."""

MAX_RETENTION = {Granularity.DAILY: 36_500, Granularity.MONTHLY: 1_200}
_IA_DAYS = 30
SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def to_policies(
    sections: Sequence[ArchiveSection], reserved: frozenset[str]
) -> tuple[tuple[Policy, ...], list[tuple[int, str]]]:
    """Policies by priority, then by table. `reserved`: the schemas that Tidegate keeps for itself."""
    problems: Problems = []
    policies: dict[int, Policy] = {}
    for position, section in enumerate(sections):
        own = [*_period(section), *_sizes(section), *_ages(section), *_place(section, reserved), *_export(section)]
        problems += [(position, f"[[archive]] {section.table}: {text}") for text in own]
        if not own:
            policies[position] = _policy(section)
    problems += [*_same_table(sections), *together(policies)]
    return tuple(sorted(policies.values(), key=lambda p: (p.priority, p.table))), problems


def together(policies: dict[int, Policy]) -> Problems:
    """What policies mean together that are right alone: names of views, folders of files."""
    return [*_views(policies), *_folders(policies)]


def _policy(section: ArchiveSection) -> Policy:
    table = TableName.parse(section.table)
    return Policy(
        table=table,
        column=section.column,
        column_format=section.column_format,
        granularity=section.granularity or Granularity.MONTHLY,
        retention=section.retention or 0,
        action=section.action,
        priority=section.priority,
        location=section.location.strip("/") if section.location else None,
        unload=_unload(section.unload),
        batch_bytes=section.batch_bytes,
        batch_periods=section.batch_periods,
        min_batch_bytes=section.min_batch_bytes,
        max_wait=section.max_wait,
        max_delete_fraction=section.max_delete_fraction,
        vacuum=section.vacuum,
        acknowledge=frozenset(section.acknowledge),
        view=section.view,
        tiers=tuple(_tiers(section)),
        expire=section.tiers.expire,
    )


def _unload(section: UnloadSection) -> UnloadOptions:
    return UnloadOptions(
        max_file_mb=section.max_filesize,
        parallel=section.parallel,
        partition_by=tuple(section.partition_column),
        format=section.format,
        header=section.header,
        delimiter=section.delimiter,
        add_quotes=section.add_quotes,
        null_as=section.null_as,
        escape=section.escape,
        compression=section.compression,
        target=section.target,
        region=section.region,
    )


def _tiers(section: ArchiveSection) -> Iterator[TierRule]:
    """The policy's tiers in the order in which objects can move."""
    for tier in POLICY_TIERS:
        days = getattr(section.tiers, tier.value.lower())
        if days is not None:
            yield TierRule(tier, days)


def _ages(section: ArchiveSection) -> Iterator[str]:
    """Objects only move to colder tiers (S3 User Guide, Transitioning objects), and expire after all of that."""
    rules = list(_tiers(section))
    if section.action is Action.PURGE and (rules or section.tiers.expire is not None):
        yield 'tiers need files, which action = "purge" does not make'
    if section.action is Action.COPY and rules:
        yield "tiers: copies have no tiers, they can only expire"
    for earlier, later in pairwise(rules):
        if later.days <= earlier.days:
            yield f"tiers: {later.tier} is at {later.days} days, must be after {earlier.tier} at {earlier.days}"
    if rules and rules[0].tier is Tier.STANDARD_IA and rules[0].days < _IA_DAYS:
        yield f"tiers: STANDARD_IA is at {rules[0].days} days, S3 moves nothing there before {_IA_DAYS}"
    if rules and section.tiers.expire is not None and section.tiers.expire <= rules[-1].days:
        yield f"tiers: expire is at {section.tiers.expire} days, must be after {rules[-1].tier} at {rules[-1].days}"


def _period(section: ArchiveSection) -> Iterator[str]:
    if section.column is None:
        if section.action is not Action.COPY:
            yield f'column is missing, which action = "{section.action}" needs'
        for key in ("column_format", "granularity", "retention"):
            if getattr(section, key) is not None:
                yield f"{key} needs a column"
        return
    granularity = section.granularity or Granularity.MONTHLY
    if section.retention is None:
        yield "retention is missing"
    elif section.retention > MAX_RETENTION[granularity]:
        unit = "days" if granularity is Granularity.DAILY else "months"
        yield f"retention is {section.retention}, must be at most {MAX_RETENTION[granularity]} {unit}"
    if granularity is Granularity.DAILY and section.column_format in ("YYYYMM", "YYYY-MM"):
        yield f"column_format {section.column_format} holds no day, so granularity must be monthly"


def _sizes(section: ArchiveSection) -> Iterator[str]:
    if section.min_batch_bytes > section.batch_bytes:
        yield f"min_batch_bytes is {section.min_batch_bytes}, must not be more than batch_bytes {section.batch_bytes}"


def _place(section: ArchiveSection, reserved: frozenset[str]) -> Iterator[str]:
    table = TableName.parse(section.table)
    if table.schema in reserved:
        yield f"the schema {table.schema} is Tidegate's own, its tables cannot have a policy"
    if section.location is not None:
        yield from _location(section.location)
    if section.view is None:
        return
    if section.action is not Action.ARCHIVE:
        yield f'view needs action = "archive", since action = "{section.action}" makes no view'
    if "." in section.view:
        yield f"view is {show(section.view)}, must be a name without a schema, since the view lies beside its table"


def _location(location: str) -> Iterator[str]:
    shown = f"location is {show(location)}"
    if "://" in location or location.startswith("/"):
        yield f"{shown}, must be a folder inside the lake, not an address of its own"
        return
    segments = location.rstrip("/").split("/")
    if ".." in segments:
        yield f"{shown}, must stay inside the lake"
    elif not all(SEGMENT.fullmatch(segment) for segment in segments):
        yield f"{shown}, each folder must begin with a letter or digit and hold only letters, digits, '.', '_' and '-'"


def _export(section: ArchiveSection) -> Iterator[str]:
    """Options that UNLOAD does not take together (developer guide, UNLOAD)."""
    unload = section.unload
    of_lines = {"header", "delimiter", "add_quotes", "null_as", "escape", "compression"}
    taken = {FileFormat.PARQUET: set[str](), FileFormat.CSV: of_lines - {"add_quotes", "escape"}}.get(unload.format)
    for key in sorted(of_lines - (of_lines if taken is None else taken)):
        if getattr(unload, key):
            yield f'unload.{key} is not taken by format = "{unload.format}"'
    if unload.format is FileFormat.CSV and unload.delimiter == '"':
        yield "unload.delimiter is '\"', which CSV quotes with"
    if len(set(unload.partition_column)) < len(unload.partition_column):
        yield "unload.partition_column names a column twice"
    if section.action is Action.PURGE and unload != UnloadSection():
        yield 'unload needs files, which action = "purge" does not make'


def _same_table(sections: Sequence[ArchiveSection]) -> Iterator[tuple[int, str]]:
    first: dict[str, int] = {}
    for position, section in enumerate(sections):
        earlier = first.setdefault(section.table, position)
        if earlier != position:
            yield position, f"[[archive]] number {earlier + 1} and number {position + 1} are both for {section.table}"


def _views(policies: dict[int, Policy]) -> Iterator[tuple[int, str]]:
    tables = {policy.table for policy in policies.values()}
    owners: dict[TableName, Policy] = {}
    for position, policy in policies.items():
        if policy.action is not Action.ARCHIVE:
            continue
        where = f"[[archive]] {policy.table}:"
        try:
            view = policy.view_name
        except UsageError:
            yield position, f"{where} the name of its view would be too long, so view must name it"
            continue
        owner = owners.setdefault(view, policy)
        if view in tables:
            yield position, f"{where} its view {view} has the name of a table with a policy"
        elif owner.table != policy.table:
            yield position, f"{where} its view {view} is the view of {owner.table} too"


def _folders(policies: dict[int, Policy]) -> Iterator[tuple[int, str]]:
    """A table's folder inside another's would be listed, and one day cleaned up, with it."""
    roots = {f"{p.location or ''}/{p.table.path}/".lstrip("/"): (position, p) for position, p in policies.items()}
    outer = ""
    for root in sorted(roots):
        if outer and root.startswith(outer):
            position, policy = roots[root]
            yield position, f"[[archive]] {policy.table}: its folder {root} lies inside that of {roots[outer][1].table}"
        else:
            outer = root
