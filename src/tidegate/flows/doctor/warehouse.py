"""The warehouse: is it reached, who are we there, what may we do, how are transactions kept apart?"""

from collections.abc import Sequence

from tidegate.flows.context import Context
from tidegate.flows.doctor.checks import Check, Finding, Verdict, check, skipped
from tidegate.flows.doctor.lake import as_utc, skew
from tidegate.flows.identity import attach, stored_identity
from tidegate.model.names import TableName
from tidegate.model.policy import Action, Policy
from tidegate.redshift.privileges import select_privileges, select_who

_NEEDED = {
    Action.ARCHIVE: ("SELECT", "DELETE"),
    Action.PURGE: ("SELECT", "DELETE"),
    Action.COPY: ("SELECT",),
}
_RESTS = ("identity", "privileges", "isolation", "clock of the warehouse")


def check_warehouse(ctx: Context) -> list[Check]:
    """Reads only."""
    reached = check("warehouse", lambda: _reach(ctx))
    if reached.verdict is Verdict.FAILED:
        return [reached, *(skipped(name, "the warehouse cannot be reached") for name in _RESTS)]
    return [
        reached,
        check("identity", lambda: _identity(ctx)),
        check("privileges", lambda: _privileges(ctx)),
        check("isolation", lambda: _isolation(ctx)),
        check("clock of the warehouse", lambda: _clock(ctx)),
    ]


def _reach(ctx: Context) -> str:
    user, database, version = ctx.warehouse.execute(select_who()).rows[0]
    return f"user {user} on database {database}, {version}"


def _identity(ctx: Context) -> Finding | str:
    if stored_identity(ctx) is None:
        return Verdict.WARNING, "the warehouse has no control tables yet", "Run `tidegate init`."
    identity = attach(ctx)
    return f"warehouse {identity.warehouse} at {identity.place}"


def _privileges(ctx: Context) -> Finding | str:
    """One request for all tables."""
    policies = ctx.settings.policies
    tables = ctx.warehouse.tables([p.table for p in policies])
    absent = [p.table for p in policies if p.table not in tables]
    asked = [(p.table, privilege) for p in policies if p.table in tables for privilege in _NEEDED[p.action]]
    lacking = _lacking(ctx, asked, _views(policies))
    if lacking:
        return Verdict.FAILED, f"not granted: {'; '.join(lacking)}", "GRANT them to the user that Tidegate runs as."
    if absent:
        named = ", ".join(map(str, absent))
        return Verdict.WARNING, f"tables of policies that do not exist: {named}", "Correct the policies or their case."
    return "everything that the policies need is granted"


def _views(policies: Sequence[Policy]) -> list[str]:
    """The schemas in which views are made."""
    return sorted({p.table.schema for p in policies if p.action is Action.ARCHIVE})


def _lacking(ctx: Context, asked: Sequence[tuple[TableName, str]], schemas: Sequence[str]) -> list[str]:
    if not asked and not schemas:
        return []
    rows = ctx.warehouse.execute(select_privileges(asked, schemas)).rows
    return [f"{privilege} on {name}" for name, privilege, granted in rows if not granted]


def _isolation(ctx: Context) -> str:
    if ctx.warehouse.capabilities.serializable:
        return "SERIALIZABLE: Tidegate's transactions take one and the same lock table, so they run one after the other"
    return "SNAPSHOT: transactions of different tables run side by side"


def _clock(ctx: Context) -> Finding | str:
    before = ctx.clock()
    now = ctx.warehouse.execute("SELECT GETDATE() AS now").rows[0][0]
    return skew("the warehouse", as_utc(now, before) - before)
