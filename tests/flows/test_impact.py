"""What an archive changes for others: readers of fewer rows, protections that the view cannot carry, its grants."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from tests.flows.failing import watched
from tests.world import AS_OF, World

from tidegate.errors import StatementError, TidegateError, ViewTooOpen
from tidegate.flows.impact import Impact, Protection, Reader, ReaderKind
from tidegate.flows.plan import Request, TablePlan, plan_archive
from tidegate.flows.planned import archive_statements
from tidegate.model.policy import Action
from tidegate.redshift.grants import Grant, GranteeKind
from tidegate.warehouse.base import Result

SELECTED = (
    "SELECT identity_type, identity_name, admin_option FROM svv_relation_privileges WHERE relation_name = 'orders_all' "
    "AND privilege_type = 'SELECT' ORDER BY 1, 2"
)
ANN, GROUP = Grant(GranteeKind.USER, "ann", True), Grant(GranteeKind.GROUP, "analysts")
ALL_WORDS = frozenset({"rls", "masking", "column_grants"})
HIDDEN = "only superusers and members of sys:secadmin are shown all of them"

Answers = Mapping[str, tuple[tuple[object, ...], ...] | TidegateError]
"""Rows, or the error, of each statement that reads the system view of that name."""


@dataclass
class Answering:
    """A warehouse that answers some lookups as a cluster would."""

    target: Any
    answers: Answers

    def __getattr__(self, name: str) -> Any:
        return getattr(self.target, name)

    def execute(self, sql: str) -> Result:
        for name, answer in self.answers.items():
            if name in sql:
                if isinstance(answer, TidegateError):
                    raise answer
                return Result(rows=answer)
        result: Result = self.target.execute(sql)
        return result

    @contextmanager
    def session(self) -> Iterator["Answering"]:
        with self.target.session() as session:
            yield Answering(session, self.answers)


def answering(world: World, answers: Answers) -> World:
    return replace(world, wrap=lambda port, name: Answering(port, answers) if name == "warehouse" else port)


def planned(world: World) -> TablePlan:
    (table,) = world.plan().tables
    return table


def sql_of(world: World) -> list[tuple[str, str]]:
    """Step and text of the statements of a plan, with batches masked."""
    with world.context() as ctx:
        statements = archive_statements(ctx, plan_archive(ctx, Request(as_of=AS_OF)))
        return [(s.step, s.sql.replace(s.batch or "-", "<id>")) for s in statements]


def granted(world: World) -> list[tuple[Any, ...]]:
    return world.sql(SELECTED)


def test_those_who_read_the_table_are_listed_and_no_others(world: World) -> None:
    world.sql(
        "CREATE TABLE public.orders_old (order_id BIGINT)",
        "CREATE VIEW public.recent AS SELECT order_id FROM orders",
        "CREATE VIEW public.through AS SELECT 1 AS one FROM public.recent WITH NO SCHEMA BINDING",
        "CREATE VIEW public.similar AS SELECT order_id AS orders FROM public.orders_old",
    )
    shared = (("partners", "public.through"), ("partners", "public.orders"), ("others", "public.orders_old"))
    cluster: Answers = {
        "pg_views": (
            ("public", "recent", "SELECT order_id FROM orders;"),
            (
                "public",
                "through",
                'create view "public"."through" as select 1 from public.recent with no schema binding',
            ),
            ("public", "stored", "create materialized view stored as select 1 from public.orders"),
            ("public", "sums", "SELECT sum(tbl.grvar_1) FROM public.orders tbl"),
            ("public", "orders_all", "create view orders_all as select 1 from public.orders with no schema binding"),
            ("public", "similar", "SELECT order_id AS orders FROM orders_old"),
        ),
        "svv_mv_info": (("public", "sums"),),
        "svv_datashare_objects": shared,
    }
    views = [Reader(ReaderKind.LATE_BINDING, "public.through"), Reader(ReaderKind.VIEW, "public.recent")]
    assert planned(world).impact == Impact(tuple(views))
    assert planned(answering(world, cluster)).impact.readers == (
        Reader(ReaderKind.DATASHARE, "partners"),
        views[0],
        Reader(ReaderKind.MATERIALIZED, "public.stored"),
        Reader(ReaderKind.MATERIALIZED, "public.sums"),
        views[1],
    )
    assert planned(world.with_policy(action=Action.PURGE)).impact.readers == tuple(views)
    assert planned(world.with_policy(action=Action.COPY)).impact == Impact()
    assert planned(world.with_policy(retention=12)).impact == Impact()
    assert world.archive().failures == ()
    assert planned(world).impact == Impact()


def test_column_grants_stop_an_archive_until_they_are_acknowledged(world: World) -> None:
    world.sql(
        "GRANT SELECT (order_id, note), UPDATE (note) ON orders TO bob", "GRANT SELECT (note) ON orders TO PUBLIC"
    )
    refusal = planned(world).refusal
    assert isinstance(refusal, ViewTooOpen)
    assert (refusal.message, refusal.hint) == (
        "public.orders: its view public.orders_all would not carry column grants of public: note; column grants of "
        "user bob: note, order_id",
        'See to it that the view shows nobody more than he may see, then set acknowledge = ["column_grants"].',
    )
    (failure,) = world.archive().failures
    assert (failure.code, failure.exit_code, failure.message) == ("refused.protection", 4, refusal.message)
    assert world.value("SELECT COUNT(*) FROM orders") == 60
    assert planned(world.with_policy(action=Action.PURGE)).refusal is None
    assert planned(world.with_policy(retention=12)).refusal is None
    acknowledged = world.with_policy(acknowledge=frozenset({"column_grants"}))
    assert acknowledged.archive().failures == ()
    assert world.value("SELECT COUNT(*) FROM orders") == 40


@pytest.mark.parametrize(
    ("view", "rows", "word", "detail"),
    [
        ("svv_rls_relation", (("public", "orders"), ("sales", "orders")), "rls", "row-level security"),
        (
            "svv_attached_masking_policy",
            (("public", "orders", "hide", "role", "intern"), ("public", "items", "hide", "public", "public")),
            "masking",
            "masking policy hide for role intern",
        ),
    ],
)
def test_policies_on_rows_and_values_stop_an_archive(
    world: World, view: str, rows: tuple[tuple[object, ...], ...], word: str, detail: str
) -> None:
    protected = answering(world, {view: rows})
    assert planned(protected).impact.protections == (Protection(word, detail),)
    (failure,) = protected.archive().failures
    assert failure.message == f"public.orders: its view public.orders_all would not carry {detail}"
    assert ("masked values" in failure.hint) == (word == "masking")
    assert failure.hint.endswith(f'then set acknowledge = ["{word}"].')
    other = protected.with_policy(acknowledge=ALL_WORDS - {word})
    assert other.archive().failures[0].hint.endswith('set acknowledge = ["column_grants", "masking", "rls"].')
    assert protected.with_policy(acknowledge=frozenset({word})).archive().failures == ()


def test_a_batch_that_was_left_is_not_finished_over_a_new_protection(world: World) -> None:
    def die(statements: Sequence[str]) -> None:
        if any("DELETE FROM" in statement for statement in statements):
            raise StatementError("connection lost")

    dying = watched(world, die)
    assert [f.message for f in dying.archive().failures] == ["connection lost"]
    world.sql("GRANT SELECT (note) ON orders TO bob")
    assert [f.code for f in world.archive().failures] == ["refused.protection"]
    assert world.value("SELECT COUNT(*) FROM orders") == 60
    world.sql("REVOKE SELECT (note) ON orders FROM bob")
    assert world.archive().failures == ()
    assert world.value("SELECT COUNT(*) FROM orders") == 40


@pytest.mark.parametrize("member", [StatementError("no access to the role"), ((False,),)])
def test_who_is_not_shown_policies_must_acknowledge_them(world: World, member: Any) -> None:
    plain = answering(world, {"usesuper": ((False,),), "USER_IS_MEMBER_OF": member})
    refusal = planned(plain).refusal
    assert refusal is not None
    assert (refusal.message, refusal.hint) == (
        "public.orders: it cannot be known whether its view public.orders_all would lose masking policies or "
        f"row-level security: {HIDDEN}",
        'GRANT ROLE sys:secadmin to the user that Tidegate runs as, or set acknowledge = ["masking", "rls"].',
    )
    assert [f.code for f in plain.archive().failures] == ["refused.protection"]
    assert plain.with_policy(acknowledge=frozenset({"rls", "masking"})).archive().failures == ()


def test_a_member_of_secadmin_is_shown_them(world: World) -> None:
    assert planned(answering(world, {"usesuper": ((False,),), "USER_IS_MEMBER_OF": ((True,),)})).refusal is None


def test_lookups_that_fail_are_warnings_but_for_policies(world: World) -> None:
    world.sql("CREATE VIEW public.recent AS SELECT order_id FROM orders", "GRANT SELECT ON orders TO ann")
    denied = StatementError("permission denied")
    views = ("pg_views", "svv_mv_info", "svv_datashare_objects", "svv_relation_privileges", "svv_column_privileges")
    blind = answering(world, dict.fromkeys(views, denied))
    names = ("views", "materialized views", "datashares", "grants", "column grants")
    plan = blind.plan()
    assert plan.warnings == tuple(f"{name} could not be read: permission denied" for name in names)
    assert (plan.tables[0].impact, plan.tables[0].refusal) == (Impact(), None)
    assert blind.archive().failures == ()
    assert granted(world) == []
    unsure = answering(world, {"svv_rls_relation": denied}).with_policy(retention=2)
    assert [f.message for f in unsure.archive().failures] == [
        "public.orders: it cannot be known whether its view public.orders_all would lose row-level security: "
        "permission denied"
    ]


def test_grants_are_carried_over_and_nothing_is_revoked(world: World) -> None:
    world.sql(
        "GRANT SELECT, DELETE ON orders TO ann WITH GRANT OPTION",
        "GRANT SELECT ON orders TO GROUP analysts",
        "GRANT INSERT ON orders TO ROLE writer",
    )
    assert planned(world).impact.grants == (GROUP, ANN)
    statements = sql_of(world)
    grants = [text for step, text in statements if step == "grant"]
    assert grants == [
        '/* tidegate <id> grant */ GRANT SELECT ON "public"."orders_all" TO GROUP "analysts"',
        '/* tidegate <id> grant */ GRANT SELECT ON "public"."orders_all" TO "ann" WITH GRANT OPTION',
    ]
    steps = [step for step, _ in statements]
    assert statements[steps.index("grant") - 1][1].partition(" AS ")[0].endswith('VIEW "public"."orders_all"')
    assert world.archive().failures == ()
    assert granted(world) == [("group", "analysts", False), ("user", "ann", True)]
    world.sql(
        "REVOKE SELECT ON orders FROM ann", "GRANT SELECT ON orders TO PUBLIC", "GRANT SELECT ON orders_all TO eve"
    )
    assert sql_of(world) == [("grant", '/* tidegate grants grant */ GRANT SELECT ON "public"."orders_all" TO PUBLIC')]
    assert (world.archive().batches, world.archive().failures) == ((), ())
    assert granted(world) == [
        ("group", "analysts", False),
        ("public", "public", False),
        ("user", "ann", True),
        ("user", "eve", False),
    ]
    assert sql_of(world) == []


def test_a_later_batch_gives_the_view_what_was_granted_meanwhile(archived: World) -> None:
    archived.sql("GRANT SELECT ON orders TO ROLE analyst")
    assert archived.with_policy(retention=2).archive().failures == ()
    assert granted(archived) == [("role", "analyst", False)]


def test_no_grant_is_given_over_a_protection(archived: World) -> None:
    archived.sql("GRANT SELECT ON orders TO ann", "GRANT SELECT (note) ON orders TO bob")
    plan = planned(archived)
    assert (plan.impact.grants, plan.refusal) == ((), None)
    assert archived.archive().failures == ()
    assert granted(archived) == []
