"""What an archive changes for others, found out and carried over by both protocols."""

from tests.e2e.stack import StackWorld
from tests.world import create_orders

from tidegate.flows.impact import Impact, Protection, Reader, ReaderKind
from tidegate.redshift.grants import Grant, GranteeKind


def test_readers_protections_and_grants(stack_world: StackWorld) -> None:
    world = stack_world
    create_orders(world)
    world.sql(
        "CREATE VIEW public.late AS SELECT 1 AS one FROM public.orders WITH NO SCHEMA BINDING",
        "GRANT SELECT ON public.orders TO ann WITH GRANT OPTION",
        "GRANT SELECT ON public.orders TO GROUP analysts",
        "GRANT SELECT (note) ON public.orders TO ROLE auditor",
    )
    (refused,) = world.archive().failures
    assert refused.code == "refused.protection"
    world.policies = world.with_policy(acknowledge=frozenset({"column_grants"})).policies
    plan = world.plan()
    assert plan.warnings == ()
    assert plan.tables[0].impact == Impact(
        (Reader(ReaderKind.LATE_BINDING, "public.late"),),
        (Protection("column_grants", "column grants of role auditor: note"),),
        (Grant(GranteeKind.GROUP, "analysts"), Grant(GranteeKind.USER, "ann", True)),
    )
    assert world.archive().failures == ()
    assert world.sql(
        "SELECT identity_type, identity_name, admin_option FROM svv_relation_privileges "
        "WHERE relation_name = 'orders_all' ORDER BY 1"
    ) == [("group", "analysts", False), ("user", "ann", True)]
