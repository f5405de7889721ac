"""Who reads and writes the lake: the role of tidegate.toml, in all statements that take one."""

from dataclasses import dataclass, replace

from tests.world import AS_OF, ORDERS, World

from tidegate.config.settings import Settings
from tidegate.flows.plan import Request, plan_archive
from tidegate.flows.planned import archive_statements
from tidegate.flows.restore import restore_statements
from tidegate.flows.restore_plan import RestoreRequest, plan_restore

ROLE = "arn:aws:iam::123456789012:role/cold"


@dataclass
class Roled(World):
    """A world whose tidegate.toml names a role."""

    @property
    def settings(self) -> Settings:
        return replace(super().settings, iam_role=ROLE)


def test_an_archive_names_the_configured_role(world: World) -> None:
    with Roled(world.folder).context() as ctx:
        planned = list(archive_statements(ctx, plan_archive(ctx, Request(as_of=AS_OF))))
    with_role = [each.sql for each in planned if "IAM_ROLE" in each.sql]
    assert ["CREATE EXTERNAL SCHEMA" in sql for sql in with_role] == [True, False]
    assert " unload */ UNLOAD (" in with_role[1]
    assert all(f"\nIAM_ROLE '{ROLE}'\n" in sql for sql in with_role)


def test_a_restore_names_the_configured_role(empty: World) -> None:
    world = Roled(empty.folder)
    numbered = "id BIGINT IDENTITY(1,1), order_date DATE"
    world.sql(
        f"CREATE TABLE public.orders ({numbered})", "INSERT INTO public.orders (order_date) VALUES ('2020-01-05')"
    )
    assert world.archive(max_delete_fraction=1.0).failures == ()
    with world.context() as ctx:
        statements = restore_statements(ctx, plan_restore(ctx, RestoreRequest(ORDERS)))
    (copied,) = [sql for sql in statements if "IAM_ROLE" in sql]
    assert "COPY " in copied
    assert f"\nIAM_ROLE '{ROLE}'\n" in copied
