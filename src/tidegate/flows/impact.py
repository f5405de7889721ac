"""What an archive would change for others: who reads the table, and what the view over hot and cold cannot carry.

Every lookup is one statement for all policies. One that fails is a warning of the plan; only whether there is
row-level security or masking must be known, or acknowledged.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from tidegate.errors import StatementCancelled, StatementError, UsageError, ViewTooOpen
from tidegate.flows.context import Context
from tidegate.model.names import TableName
from tidegate.model.policy import Action, Policy
from tidegate.redshift.dependents import (
    is_late_binding,
    is_materialized,
    readers,
    select_materialized_views,
    select_shared_objects,
    select_views,
)
from tidegate.redshift.grants import (
    Grant,
    GranteeKind,
    grant_select,
    lacking,
    select_column_grants,
    select_grants,
    select_grants_of,
    select_is_security_admin,
    select_is_superuser,
    select_masking,
    select_row_security,
)
from tidegate.redshift.identifiers import comment
from tidegate.warehouse.base import Row

RLS, MASKING, COLUMN_GRANTS = "rls", "masking", "column_grants"
"""Words of a policy's `acknowledge`."""

GRANTS_ALONE = "grants"
"""Stands for the batch in the comment of a grant that belongs to none."""

_NAMES = {RLS: "row-level security", MASKING: "masking policies"}


class ReaderKind(StrEnum):
    VIEW = "view"
    LATE_BINDING = "late-binding view"
    MATERIALIZED = "materialized view"
    DATASHARE = "datashare"


@dataclass(frozen=True, order=True)
class Reader:
    """Something that reads the hot table and would see fewer rows: a view by schema and name, or a datashare."""

    kind: ReaderKind
    name: str


@dataclass(frozen=True, order=True)
class Protection:
    """What the view cannot carry. `word` acknowledges it; `unknown` is why nobody could tell whether there is any."""

    word: str
    detail: str
    unknown: str = ""


@dataclass(frozen=True)
class Impact:
    """Of one table. `grants`: SELECT privileges of the table that its view has not yet."""

    readers: tuple[Reader, ...] = ()
    protections: tuple[Protection, ...] = ()
    grants: tuple[Grant, ...] = ()


@dataclass(frozen=True)
class Impacts:
    """Of all tables of a plan, and what could not be read."""

    tables: Mapping[TableName, Impact] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def of(self, table: TableName) -> Impact:
        return self.tables.get(table, Impact())


def read_impacts(ctx: Context, policies: Sequence[Policy], relations: Collection[TableName]) -> Impacts:
    """Read only, by a fixed number of statements. `relations`: everything that has a name in the warehouse."""
    losing = [p.table for p in policies if p.action is not Action.COPY]
    if not losing:
        return Impacts()
    look = _Look(ctx)
    read_by = _readers(look, relations)
    views = {p.table: view for p in policies if p.action is Action.ARCHIVE and (view := _view(p)) is not None}
    schemas = {table.schema for table in views}
    granted = _granted(look.rows("grants", select_grants(schemas))) if views else {}
    protected = _protections(look, schemas) if views else _Protections({}, ())
    return Impacts(
        {
            table: Impact(
                tuple(read_by(table)),
                protected.of(table) if table in views else (),
                tuple(lacking(granted.get(table, ()), granted.get(views[table], ()))) if table in views else (),
            )
            for table in losing
        },
        tuple(look.warnings),
    )


def check_protections(policy: Policy, impact: Impact) -> ViewTooOpen | None:
    """The refusal of an archive whose view would show more than the table does; None when all is acknowledged."""
    left = [p for p in impact.protections if p.word not in policy.acknowledge]
    if not left:
        return None
    words = ", ".join(f'"{word}"' for word in sorted(policy.acknowledge | {p.word for p in left}))
    known = [p.detail for p in left if not p.unknown]
    if known:
        own = " that Tidegate's own user sees no masked values," if any(p.word == MASKING for p in left) else ""
        return ViewTooOpen(
            f"{policy.table}: its view {policy.view_name} would not carry {'; '.join(known)}",
            hint=f"See to it{own} that the view shows nobody more than he may see, then set acknowledge = [{words}].",
        )
    return ViewTooOpen(
        f"{policy.table}: it cannot be known whether its view {policy.view_name} would lose "
        f"{' or '.join(p.detail for p in left)}: {left[0].unknown}",
        hint=f"GRANT ROLE sys:secadmin to the user that Tidegate runs as, or set acknowledge = [{words}].",
    )


def carry_grants(ctx: Context, policy: Policy, batch: str) -> None:
    """Give the view every SELECT privilege of the table that it lacks. Nothing is revoked."""
    look = _Look(ctx)
    granted = _granted(look.rows("grants", select_grants_of([policy.table, policy.view_name])))
    for warning in look.warnings:
        ctx.reporter.notice(f"{policy.table}: {warning}")
    missing = lacking(granted.get(policy.table, ()), granted.get(policy.view_name, ()))
    for statement in grant_statements(policy, missing, batch):
        ctx.warehouse.execute(statement)


def grant_statements(policy: Policy, grants: Sequence[Grant], batch: str) -> list[str]:
    return [f"{comment(batch, 'grant')} {grant_select(policy.view_name, grant)}" for grant in grants]


class _Look:
    """Lookups of which each may fail alone."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self.warnings: list[str] = []

    def rows(self, what: str, statement: str) -> Sequence[Row]:
        """None of them, and a warning, when the warehouse does not answer the statement."""
        rows, reason = self.attempt(statement)
        if reason:
            self.warnings.append(f"{what} could not be read: {reason}")
        return rows

    def own_views(self) -> set[TableName]:
        """The views over hot and cold, which go on showing all rows."""
        policies = self._ctx.settings.policies
        return {view for p in policies if p.action is Action.ARCHIVE and (view := _view(p)) is not None}

    def attempt(self, statement: str) -> tuple[Sequence[Row], str]:
        """The rows, or none and why."""
        try:
            return self._ctx.warehouse.execute(statement).rows, ""
        except StatementError as error:
            if error.retryable or isinstance(error, StatementCancelled):
                raise
            return (), error.message


def _view(policy: Policy) -> TableName | None:
    try:
        return policy.view_name
    except UsageError:
        return None


def _readers(look: _Look, relations: Collection[TableName]) -> Callable[[TableName], list[Reader]]:
    views = {
        TableName(str(schema), str(name)): str(definition or "")
        for schema, name, definition in look.rows("views", select_views())
    }
    stored = {
        TableName(str(schema), str(name))
        for schema, name in look.rows("materialized views", select_materialized_views())
    }
    shared: dict[str, set[str]] = {}
    for share, name in look.rows("datashares", select_shared_objects()):
        shared.setdefault(str(name).strip(), set()).add(str(share).strip())
    views_of = readers(views, relations, look.own_views())

    def of(table: TableName) -> list[Reader]:
        found = views_of(table)
        shares = {share for name in (table, *found) for share in shared.get(str(name), ())}
        return sorted(
            [
                *(Reader(_kind(views[name], name in stored), str(name)) for name in found),
                *(Reader(ReaderKind.DATASHARE, share) for share in shares),
            ]
        )

    return of


def _kind(definition: str, is_stored: bool) -> ReaderKind:
    if is_stored or is_materialized(definition):
        return ReaderKind.MATERIALIZED
    return ReaderKind.LATE_BINDING if is_late_binding(definition) else ReaderKind.VIEW


@dataclass(frozen=True)
class _Protections:
    """What was found by table, and of which kinds there may be more that nobody shows us."""

    found: Mapping[TableName, list[Protection]]
    unknown: Sequence[Protection]

    def of(self, table: TableName) -> tuple[Protection, ...]:
        found = self.found.get(table, [])
        words = {p.word for p in found}
        return tuple(sorted([*found, *(p for p in self.unknown if p.word not in words)]))


def _protections(look: _Look, schemas: Collection[str]) -> _Protections:
    found: dict[TableName, list[Protection]] = {}
    hidden = _hidden(look)
    secured, rls_reason = look.attempt(select_row_security(schemas))
    for schema, name in secured:
        found.setdefault(TableName(str(schema), str(name)), []).append(Protection(RLS, _NAMES[RLS]))
    masked, masking_reason = look.attempt(select_masking(schemas))
    for schema, name, policy, kind, grantee in masked:
        found.setdefault(TableName(str(schema), str(name)), []).append(
            Protection(MASKING, f"masking policy {policy} for {_grantee(kind, grantee)}")
        )
    columns: dict[tuple[TableName, str], list[str]] = {}
    for schema, name, column, kind, grantee in look.rows("column grants", select_column_grants(schemas)):
        columns.setdefault((TableName(str(schema), str(name)), _grantee(kind, grantee)), []).append(str(column))
    for (table, who), names in columns.items():
        detail = f"column grants of {who}: {', '.join(sorted(names))}"
        found.setdefault(table, []).append(Protection(COLUMN_GRANTS, detail))
    reasons = {RLS: rls_reason or hidden, MASKING: masking_reason or hidden}
    return _Protections(found, [Protection(w, _NAMES[w], unknown=reason) for w, reason in reasons.items() if reason])


def _hidden(look: _Look) -> str:
    """Why policies may exist that are not shown; empty when all are."""
    for statement in (select_is_superuser(), select_is_security_admin()):
        rows, _ = look.attempt(statement)
        if rows and rows[0][0] is True:
            return ""
    return "only superusers and members of sys:secadmin are shown all of them"


def _grantee(kind: object, name: object) -> str:
    return str(kind) if str(kind) == GranteeKind.PUBLIC else f"{kind} {name}"


def _granted(rows: Sequence[Row]) -> dict[TableName, list[Grant]]:
    granted: dict[TableName, list[Grant]] = {}
    for schema, name, kind, grantee, option in rows:
        grant = Grant(GranteeKind(str(kind)), str(grantee), option is True)
        granted.setdefault(TableName(str(schema), str(name)), []).append(grant)
    return granted
