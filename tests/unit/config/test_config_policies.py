import re
from pathlib import Path

import pytest
from tests.unit.config.conftest import Load

from tidegate.errors import PolicyError
from tidegate.model.names import TableName
from tidegate.model.periods import Granularity
from tidegate.model.policy import Action, Housekeeping, Policy, UnloadOptions

ORDERS = '[[archive]]\ntable = "public.orders"\n'
DATED = ORDERS + 'column = "order_date"\nretention = 3\n'
OTHER = '[[archive]]\ntable = "public.items"\ncolumn = "day"\nretention = 3\n'


def test_a_policy_has_the_defaults_of_the_model(settings: Load) -> None:
    assert settings(DATED).policies == (Policy(TableName("public", "orders"), "order_date", retention=3),)


def test_a_policy_carries_every_key(settings: Load) -> None:
    text = """
        [[archive]]
        table = "Sales.Orders"
        column = "Order_Date"
        column_format = "YYYY-MM-DD"
        granularity = "daily"
        retention = 90
        action = "archive"
        priority = 5
        location = "cold/sales/"
        batch_bytes = "2GB"
        batch_periods = 30
        min_batch_bytes = 1000
        max_wait = "2w"
        max_delete_fraction = 1
        vacuum = "never"
        acknowledge = ["repeat"]
        view = "Everything"
        unload = { max_filesize = "1GB", parallel = false }
    """
    assert settings(text).policies == (
        Policy(
            table=TableName("sales", "orders"),
            column="order_date",
            column_format="YYYY-MM-DD",
            granularity=Granularity.DAILY,
            retention=90,
            action=Action.ARCHIVE,
            priority=5,
            location="cold/sales",
            unload=UnloadOptions(max_file_mb=1000, parallel=False),
            batch_bytes=2_000_000_000,
            batch_periods=30,
            min_batch_bytes=1000,
            max_wait=14,
            max_delete_fraction=1.0,
            vacuum=Housekeeping.NEVER,
            acknowledge=frozenset({"repeat"}),
            view="everything",
        ),
    )


def test_a_copy_of_the_whole_table_needs_no_column(settings: Load) -> None:
    assert settings(ORDERS + 'action = "copy"').policies == (
        Policy(TableName("public", "orders"), None, action=Action.COPY),
    )


def test_policies_are_ordered_by_priority_then_table(settings: Load) -> None:
    entries = [("b.z", 5), ("a.x", 100), ("c.y", 5), ("a.w", 100)]
    text = "".join(f'[[archive]]\ntable = "{t}"\ncolumn = "d"\nretention = 1\npriority = {p}\n' for t, p in entries)
    assert [str(p.table) for p in settings(text).policies] == ["b.z", "c.y", "a.w", "a.x"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (DATED.replace("3", "-1"), "[[archive]] public.orders: retention is -1, must be 0 or more"),
        (DATED.replace("3", "3.0"), "[[archive]] public.orders: retention is 3.0, must be a whole number"),
        (DATED.replace("3", "1201"), "[[archive]] public.orders: retention is 1201, must be at most 1200 months"),
        (
            DATED.replace("3", '36501\ngranularity = "daily"'),
            "[[archive]] public.orders: retention is 36501, must be at most 36500 days",
        ),
        (ORDERS + 'column = "d"', "[[archive]] public.orders: retention is missing"),
        (ORDERS, '[[archive]] public.orders: column is missing, which action = "archive" needs'),
        (
            ORDERS + 'action = "purge"',
            '[[archive]] public.orders: column is missing, which action = "purge" needs',
        ),
        (ORDERS + 'action = "copy"\nretention = 3', "[[archive]] public.orders: retention needs a column"),
        (ORDERS + 'action = "copy"\ngranularity = "daily"', "[[archive]] public.orders: granularity needs a column"),
        (
            DATED + 'granularity = "daily"\ncolumn_format = "YYYYMM"',
            "[[archive]] public.orders: column_format YYYYMM holds no day, so granularity must be monthly",
        ),
        (
            DATED + 'column_format = "DDMMYYYY"',
            '[[archive]] public.orders: column_format is "DDMMYYYY", '
            'must be "YYYYMMDD", "YYYY-MM-DD", "YYYYMM" or "YYYY-MM"',
        ),
        (
            DATED + 'granularity = "weekly"',
            '[[archive]] public.orders: granularity is "weekly", must be "daily" or "monthly"',
        ),
        (
            DATED + 'action = "move"',
            '[[archive]] public.orders: action is "move", must be "archive", "copy" or "purge"',
        ),
        (
            DATED + 'vacuum = "yes"',
            '[[archive]] public.orders: vacuum is "yes", must be "auto", "always" or "never"',
        ),
        (
            DATED + 'acknowledge = ["repat"]',
            '[[archive]] public.orders: acknowledge is "repat", must be "repeat"',
        ),
        (
            DATED + "max_delete_fraction = 0",
            "[[archive]] public.orders: max_delete_fraction is 0, must be more than 0 and at most 1",
        ),
        (
            DATED + "max_delete_fraction = 1.01",
            "[[archive]] public.orders: max_delete_fraction is 1.01, must be more than 0 and at most 1",
        ),
        (
            DATED + 'batch_bytes = "big"',
            '[[archive]] public.orders: batch_bytes is "big", must be a size such as "100GB" or a number of bytes',
        ),
        (DATED + "batch_bytes = 0", "[[archive]] public.orders: batch_bytes is 0, must be 1 or more"),
        (DATED + "batch_periods = 0", "[[archive]] public.orders: batch_periods is 0, must be 1 to 4000"),
        (DATED + "batch_periods = 4001", "[[archive]] public.orders: batch_periods is 4001, must be 1 to 4000"),
        (
            DATED + 'min_batch_bytes = "1TB"',
            "[[archive]] public.orders: min_batch_bytes is 1000000000000, "
            "must not be more than batch_bytes 100000000000",
        ),
        (
            DATED + 'max_wait = "36h"',
            '[[archive]] public.orders: max_wait is "36h", must be whole days, such as "30d"',
        ),
        (
            DATED + 'unload = { max_filesize = "31MB" }',
            '[[archive]] public.orders: unload.max_filesize is "31MB", must be whole megabytes from "32MB" to "6200MB"',
        ),
        (
            DATED + "unload = { format = 'csv', delimiter = '\"' }",
            "[[archive]] public.orders: unload.delimiter is '\"', which CSV quotes with",
        ),
        (
            DATED + 'unload = { paralel = "on" }',
            "[[archive]] public.orders: unknown key unload.paralel, did you mean parallel?",
        ),
        (
            DATED + 'unload = { parallel = "on" }',
            '[[archive]] public.orders: unload.parallel is "on", must be true or false',
        ),
        (
            DATED + "unload = true",
            "[[archive]] public.orders: unload must be a table such as { parallel = false }",
        ),
        (DATED + "retenton = 3", "[[archive]] public.orders: unknown key retenton, did you mean retention?"),
        ('[[archive]]\ntable = "a.b.c"', '[[archive]] a.b.c: table is "a.b.c", must be a table, written as'),
        ("[[archive]]\ncolumn = 'd'\nretention = 1", "[[archive]] number 1: table is missing"),
        ('[archive]\ntable = "a.b"', "a policy must be a section that begins with [[archive]]"),
        (
            OTHER + DATED + DATED.replace("public.orders", "ORDERS"),
            "[[archive]] number 2 and number 3 are both for public.orders",
        ),
        (
            DATED.replace("public", "tidegate"),
            "[[archive]] tidegate.orders: the schema tidegate is Tidegate's own, its tables cannot have a policy",
        ),
    ],
)
def test_each_problem_of_a_policy_is_one_sentence(settings: Load, tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(PolicyError, match=f"^{re.escape(f'{tmp_path}/tidegate.toml: {message}')}"):
        settings(text)


@pytest.mark.parametrize(
    ("location", "text"),
    [
        ("../elsewhere", "must stay inside the lake"),
        ("cold/../../x", "must stay inside the lake"),
        ("/data", "must be a folder inside the lake, not an address of its own"),
        ("s3://bucket/x", "must be a folder inside the lake, not an address of its own"),
        ("", "each folder must begin with a letter or digit"),
        ("a//b", "each folder must begin with a letter or digit"),
        ("_tidegate", "each folder must begin with a letter or digit"),
        ("a*", "each folder must begin with a letter or digit"),
        ("team=finance", "each folder must begin with a letter or digit"),
    ],
)
def test_a_location_stays_inside_the_lake(settings: Load, location: str, text: str) -> None:
    with pytest.raises(PolicyError, match=rf'public.orders: location is "{re.escape(location)}", {text}'):
        settings(DATED + f'location = "{location}"')


def test_a_folder_of_a_table_does_not_lie_in_that_of_another(settings: Load) -> None:
    with pytest.raises(
        PolicyError,
        match=r"public\.items: its folder public/orders/public/items/ lies inside that of public\.orders$",
    ):
        settings(DATED + OTHER + 'location = "public/orders"')


def test_two_tables_may_share_a_location(settings: Load) -> None:
    policies = settings(DATED + 'location = "cold"\n' + OTHER + 'location = "cold"').policies
    assert [p.location for p in policies] == ["cold", "cold"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            DATED + 'view = "everything"\n' + OTHER + 'view = "Everything"',
            "[[archive]] public.items: its view public.everything is the view of public.orders too",
        ),
        (
            DATED + 'view = "items_all"\n' + OTHER,
            "[[archive]] public.items: its view public.items_all is the view of public.orders too",
        ),
        (DATED + 'view = "orders"', "[[archive]] public.orders: its view public.orders has the name of a table"),
        (
            DATED + OTHER.replace("items", "orders_all"),
            "[[archive]] public.orders: its view public.orders_all has the name of a table with a policy",
        ),
        (DATED + 'view = ""', '[[archive]] public.orders: view is "", but a name is empty'),
        (
            DATED + 'view = "api.orders"',
            '[[archive]] public.orders: view is "api.orders", must be a name without a schema, '
            "since the view lies beside its table",
        ),
        (
            DATED + 'action = "copy"\nview = "x"',
            '[[archive]] public.orders: view needs action = "archive", since action = "copy" makes no view',
        ),
        (
            DATED.replace("orders", "o" * 125),
            f"[[archive]] public.{'o' * 125}: the name of its view would be too long, so view must name it",
        ),
    ],
)
def test_the_names_of_views_are_free(settings: Load, tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(PolicyError, match=f"^{re.escape(f'{tmp_path}/tidegate.toml: {message}')}"):
        settings(text)


def test_a_copy_or_purge_takes_no_view_name(settings: Load) -> None:
    assert len(settings(DATED + 'action = "purge"\n' + OTHER.replace("items", "orders_all")).policies) == 2


def test_the_view_lies_beside_its_table() -> None:
    table = TableName("sales", "orders")
    assert Policy(table, "d").view_name == TableName("sales", "orders_all")
    assert Policy(table, "d", view="history").view_name == TableName("sales", "history")
