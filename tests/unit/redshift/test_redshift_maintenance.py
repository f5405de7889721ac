import pytest

from tidegate.errors import UsageError
from tidegate.model.names import TableName
from tidegate.redshift.maintenance import VacuumKind, analyze, set_query_group, vacuum

ORDERS = TableName("public", "Orders")


def test_vacuum() -> None:
    assert vacuum(ORDERS) == 'VACUUM FULL "public"."orders"'
    assert vacuum(ORDERS, VacuumKind.DELETE_ONLY, 0) == 'VACUUM DELETE ONLY "public"."orders" TO 0 PERCENT'
    assert vacuum(ORDERS, VacuumKind.RECLUSTER, boost=True) == 'VACUUM RECLUSTER "public"."orders" BOOST'


@pytest.mark.parametrize(
    ("kind", "to_percent", "boost", "message"),
    [
        (VacuumKind.FULL, 101, False, "the threshold 101 of VACUUM is no percentage"),
        (VacuumKind.FULL, -1, False, "the threshold -1 of VACUUM is no percentage"),
        (VacuumKind.REINDEX, 100, False, "VACUUM REINDEX takes no threshold"),
        (VacuumKind.RECLUSTER, 100, False, "VACUUM RECLUSTER takes no threshold"),
        (VacuumKind.REINDEX, None, True, "VACUUM REINDEX does not take BOOST"),
    ],
)
def test_vacuums_that_redshift_refuses(kind: VacuumKind, to_percent: int | None, boost: bool, message: str) -> None:
    with pytest.raises(UsageError) as error:
        vacuum(ORDERS, kind, to_percent, boost)
    assert error.value.message == message


def test_analyze() -> None:
    assert analyze(ORDERS) == 'ANALYZE "public"."orders"'
    assert analyze(ORDERS, ("A", "b")) == 'ANALYZE "public"."orders" ("a", "b")'
    assert analyze(ORDERS, predicate_columns=True) == 'ANALYZE "public"."orders" PREDICATE COLUMNS'
    with pytest.raises(UsageError) as error:
        analyze(ORDERS, ("a",), predicate_columns=True)
    assert error.value.message == "ANALYZE of public.orders takes either columns or PREDICATE COLUMNS"


def test_query_group() -> None:
    assert set_query_group("it's") == "SET query_group TO 'it''s'"
