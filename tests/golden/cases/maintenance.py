"""VACUUM, ANALYZE and the query group."""

from tidegate.model.names import TableName
from tidegate.redshift.maintenance import VacuumKind, analyze, set_query_group, set_statement_timeout, vacuum

ORDERS = TableName("public", "orders")

CASES = {
    "vacuum": vacuum(ORDERS),
    **{f"vacuum {kind.lower()}": vacuum(ORDERS, kind) for kind in VacuumKind},
    "vacuum to a threshold": vacuum(ORDERS, VacuumKind.SORT_ONLY, to_percent=100, boost=True),
    "analyze": analyze(ORDERS),
    "analyze columns": analyze(ORDERS, ("Order_Id", "state")),
    "analyze predicate columns": analyze(ORDERS, predicate_columns=True),
    "query group": set_query_group("tidegate 'nightly'"),
    "statement timeout": set_statement_timeout(1.5),
}
