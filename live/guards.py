"""Guards: do they fail, pass and tell why, on compute nodes and on the leader node?"""

from collections.abc import Sequence

from live.assumption import Assumption, Violated, expect
from live.site import Site
from tidegate.errors import GuardFailed, TidegateError
from tidegate.model.names import TableName
from tidegate.redshift.catalog import guard_columns
from tidegate.redshift.guard import guard, guard_none
from tidegate.redshift.identifiers import literal

_REASON = "rows are there"


def _failure(site: Site, statements: Sequence[str]) -> TidegateError:
    try:
        site.warehouse.transaction(statements)
    except TidegateError as error:
        return error
    raise Violated("a guard whose condition does not hold passed")


def _told(error: TidegateError, reason: str) -> str:
    """The reason came back as the flows need it; what it says of the count is for people."""
    expect(isinstance(error, GuardFailed), f"the reason is lost: {error.message}")
    expect(error.message.startswith(f"{reason}: "), f"the reason came back as {error.message!r}")
    return f"told as {error.message!r}"


def guard_aborts(site: Site) -> str:
    table = site.table("rows", "a INTEGER", ["(1)", "(2)"])
    _failure(site, [f"DELETE FROM {table} WHERE a = 1", guard_none(str(table), _REASON), f"DELETE FROM {table}"])
    left = site.count(table)
    expect(left == 2, f"{left} of 2 rows are left after a transaction that a guard had aborted")
    return "the transaction of a guard that failed left nothing behind"


def reason_from_compute_nodes(site: Site) -> str:
    table = site.table("rows", "a INTEGER", ["(1)", "(2)"])
    return _told(_failure(site, ["SELECT 1", guard_none(str(table), _REASON)]), _REASON)


def reason_from_leader_node(site: Site) -> str:
    source = f"pg_namespace WHERE nspname = {literal(site.schema)}"
    return _told(_failure(site, ["SELECT 1", guard_none(source, _REASON)]), _REASON)


def holding_guard_passes(site: Site) -> str:
    table = site.table("rows", "a INTEGER", ["(1)"])
    source = f"pg_namespace WHERE nspname = {literal(site.schema)}"
    results = site.warehouse.transaction(
        [guard(str(table), "COUNT(*) = 1", _REASON), guard(source, "COUNT(*) = 1", _REASON)]
    )
    expect(all(r.rows == ((0,),) for r in results), f"guards that hold gave {[r.rows for r in results]}")
    return "passes on both kinds of nodes"


def guard_over_nothing_fails(site: Site) -> str:
    table = site.table("rows", "a INTEGER")
    _failure(site, [guard(str(table), "COUNT(*) = 1", "nothing is there")])
    _failure(site, [guard(str(table), "MAX(a) = 1", "nothing is there")])
    return "fails over no rows, and where its condition is NULL"


def columns_are_guarded(site: Site) -> str:
    """With every type that can be archived."""
    name = site.table(
        "wide",
        "a SMALLINT, b INTEGER, c BIGINT, d DECIMAL(12,2), e REAL, f DOUBLE PRECISION, g BOOLEAN, h CHAR(4), "
        "i VARCHAR(9), j DATE, k TIME, l TIMETZ, m TIMESTAMP, n TIMESTAMPTZ, o SUPER, p VARBYTE(8)",
    )
    known = site.warehouse.tables([name])[TableName(name.schema, name.name)]
    site.warehouse.transaction([guard_columns(known, "columns changed")])
    site.warehouse.execute(f"ALTER TABLE {name} ADD COLUMN q INTEGER")
    told = _told(_failure(site, [guard_columns(known, "columns changed")]), "columns changed")
    return f"a new column fails the guard; {told}"


CHECKS = (
    Assumption("guard-aborts", guard_aborts),
    Assumption("guard-reason-compute", reason_from_compute_nodes),
    Assumption("guard-reason-leader", reason_from_leader_node),
    Assumption("guard-holds", holding_guard_passes),
    Assumption("guard-over-nothing", guard_over_nothing_fails),
    Assumption("guard-columns", columns_are_guarded),
)
