from dataclasses import replace

import pytest

from tidegate.errors import UsageError
from tidegate.model.names import TableName
from tidegate.model.tables import Column, ForeignKey, Identity, SqlType, Table, TypeKind
from tidegate.redshift.ddl import add_column, create_table, drop_table

BIGINT = SqlType(TypeKind.BIGINT)
ID = Column("id", BIGINT)
DOC = Column("doc", SqlType(TypeKind.SUPER))
TABLE = Table(TableName("public", "orders"), (ID, DOC))
REFERENCED = TableName("public", "customers")


def test_definitions_are_written_in_redshifts_order() -> None:
    table = replace(
        TABLE,
        columns=(replace(ID, nullable=False, identity=Identity(10, 5), encoding="AZ64"), DOC),
        primary_key=("ID",),
        foreign_keys=(ForeignKey(("id",), REFERENCED, ("id",)),),
        dist_style="key",
        dist_key="Id",
        sort_keys=("id",),
    )
    assert create_table(table, if_not_exists=True) == (
        'CREATE TABLE IF NOT EXISTS "public"."orders" (\n'
        '    "id" BIGINT IDENTITY(10,5) ENCODE AZ64 NOT NULL,\n'
        '    "doc" SUPER,\n'
        '    PRIMARY KEY ("id"),\n'
        '    FOREIGN KEY ("id") REFERENCES "public"."customers" ("id")\n'
        ")\n"
        "DISTSTYLE KEY\n"
        'DISTKEY ("id")\n'
        'SORTKEY ("id")'
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"columns": ()}, "the table public.orders has 0 columns"),
        (
            {"columns": tuple(Column(f"c{n}", BIGINT) for n in range(1601))},
            "the table public.orders has 1601 columns",
        ),
        ({"columns": (ID, Column("ID", BIGINT))}, 'the column "id" is listed twice'),
        ({"primary_key": ("id", "id")}, 'the column "id" is listed twice'),
        ({"primary_key": ("nr",)}, 'the table public.orders has no column "nr"'),
        ({"unique_keys": (("id",), ("nr",))}, 'the table public.orders has no column "nr"'),
        ({"foreign_keys": (ForeignKey(("nr",), REFERENCED),)}, 'the table public.orders has no column "nr"'),
        ({"sort_keys": ("nr",)}, 'the table public.orders has no column "nr"'),
        ({"dist_style": "KEY", "dist_key": "nr"}, 'the table public.orders has no column "nr"'),
        ({"sort_keys": ("doc",)}, 'the column "doc" of public.orders cannot be a sort or distribution key'),
        (
            {"dist_style": "KEY", "dist_key": "doc"},
            'the column "doc" of public.orders cannot be a sort or distribution key',
        ),
        ({"dist_style": "ROUND"}, "'ROUND' is not a distribution style of public.orders"),
        ({"dist_style": "KEY"}, "the table public.orders has distribution style KEY and distribution key None"),
        ({"dist_key": "id"}, "the table public.orders has distribution style AUTO and distribution key id"),
        ({"columns": (replace(ID, encoding="gzip"),)}, "'gzip' is not an encoding"),
        ({"columns": (replace(DOC, identity=Identity(1, 1)),)}, 'the column "doc" cannot be an identity'),
        ({"columns": (replace(ID, default="1", identity=Identity(1, 1)),)}, 'the column "id" cannot be an identity'),
        (
            {"columns": (replace(ID, type=SqlType(TypeKind.CHAR, length=9999)),)},
            "CHAR(9999) is outside Redshift's limits",
        ),
        (
            {"name": TableName("pg_temp", "orders")},
            "the table pg_temp.orders is in the schema of temporary tables",
        ),
    ],
)
def test_definitions_that_redshift_refuses_are_not_written(change: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError) as error:
        create_table(replace(TABLE, **change))
    assert error.value.message == message
    assert error.value.hint


@pytest.mark.parametrize(("interleaved", "limit"), [(False, 400), (True, 8)])
def test_sort_keys_are_limited(interleaved: bool, limit: int) -> None:
    columns = tuple(Column(f"c{n}", BIGINT) for n in range(limit + 1))
    table = replace(TABLE, columns=columns, interleaved=interleaved)
    most = replace(table, sort_keys=tuple(column.name for column in columns[:limit]))
    assert create_table(most).count(f'"c{limit - 1}"') == 2
    with pytest.raises(UsageError) as error:
        create_table(replace(table, sort_keys=tuple(column.name for column in columns)))
    assert error.value.message == f"the table public.orders has {limit + 1} sort keys"


def test_a_temporary_table_is_named_without_a_schema() -> None:
    temporary = replace(TABLE, name=TableName("pg_temp", "orders"))
    assert create_table(temporary, temporary=True).startswith('CREATE TEMPORARY TABLE "orders" (\n')
    with pytest.raises(UsageError) as error:
        create_table(TABLE, temporary=True)
    assert error.value.message == "the table public.orders is not in the schema of temporary tables"
    assert error.value.hint == 'Name a temporary table pg_temp."orders", and no other one so.'


def test_drop() -> None:
    assert drop_table(TABLE.name) == 'DROP TABLE IF EXISTS "public"."orders"'
    assert drop_table(TABLE.name, if_exists=False) == 'DROP TABLE "public"."orders"'


def test_add_column() -> None:
    assert add_column(TABLE.name, ID) == 'ALTER TABLE "public"."orders" ADD COLUMN "id" BIGINT'
    with pytest.raises(UsageError) as error:
        add_column(TABLE.name, replace(ID, identity=Identity(1, 1)))
    assert error.value.message == 'the identity column "id" cannot be added to public.orders'
    with pytest.raises(UsageError) as error:
        add_column(TABLE.name, replace(ID, nullable=False))
    assert error.value.message == 'the column "id" cannot be added to public.orders as NOT NULL without a default'
