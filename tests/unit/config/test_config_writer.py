import tomllib

from tests.unit.config.conftest import Load

from tidegate.config.writer import starter
from tidegate.model.names import TableName
from tidegate.model.periods import Granularity
from tidegate.model.policy import Action, Compression, FileFormat, Housekeeping, Policy, UnloadOptions

PLAIN = {"warehouse": "duckdb:///w.duckdb", "lake": "lake", "ledger": "sqlite:///t.sqlite"}

POLICIES = (
    Policy(
        TableName("public", "customers"),
        None,
        action=Action.COPY,
        unload=UnloadOptions(target="s3://elsewhere/a/", region="us-east-1"),
    ),
    Policy(TableName("public", "orders"), "order_date", retention=3),
    Policy(
        table=TableName("odd name", 'quo"te'),
        column="day\x7f",
        column_format="YYYYMMDD",
        granularity=Granularity.DAILY,
        retention=90,
        priority=200,
        location="cold",
        unload=UnloadOptions(256, False, ("day\x7f",), FileFormat.TEXT, True, ";", True, "N", True, Compression.GZIP),
        batch_bytes=10,
        batch_periods=2,
        min_batch_bytes=3,
        max_wait=7,
        max_delete_fraction=0.5,
        vacuum=Housekeeping.ALWAYS,
        acknowledge=frozenset({"repeat"}),
        view='"v ${x}',
    ),
)


def test_a_starter_loads_and_says_what_it_was_given(settings: Load) -> None:
    result = settings(starter(**PLAIN, timezone="Europe/Berlin"), base="")
    assert (result.timezone, result.warehouse.path.name, result.lake.name, result.ledger.name) == (
        "Europe/Berlin",
        "w.duckdb",
        "lake",
        "t.sqlite",
    )
    assert result.policies == ()


def test_policies_come_back_as_they_were(settings: Load) -> None:
    assert settings(starter(**PLAIN, policies=POLICIES), base="").policies == POLICIES


def test_a_dollar_in_an_address_is_no_variable(settings: Load) -> None:
    assert settings(starter(**PLAIN | {"lake": "${HOME}/a$b"}), base="").lake.as_posix().endswith("/${HOME}/a$b")


def test_every_commented_option_is_one_that_this_version_knows(settings: Load) -> None:
    lines = starter(**PLAIN).splitlines()
    opened = [line.removeprefix("# ") if " = " in line or line.startswith("# [") else line for line in lines]
    result = settings("\n".join(opened), base="", environ={"TEAM_SLACK": "slack://a/b/c"})
    assert [str(p.table) for p in result.policies] == ["public.orders"]
    assert result.notify.addresses == ("slack://***",)
    assert [(route.match, str(route.table), route.key) for route in result.routes] == [
        ("landing/orders/*.parquet", "public.orders", ("order_id",))
    ]
    written = tomllib.loads("\n".join(opened))
    assert (len(written["archive"][0]), len(written["load"][0])) == (15, 11)
