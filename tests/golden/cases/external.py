"""External schemas, tables and partitions."""

from tidegate.model.names import TableName
from tidegate.model.tables import SqlType, TypeKind
from tidegate.redshift.external import (
    COLUMN_KINDS,
    PARTITION_KINDS,
    add_partitions,
    create_external_schema,
    create_external_table,
    drop_external_table,
    drop_partition,
    set_location,
)

COLD = TableName("tidegate_cold", "public__orders")
LOCATION = "s3://lake/archive/public/orders/"
ROLE = "arn:aws:iam::123456789012:role/tidegate"
DATE = SqlType(TypeKind.DATE)
TEXT = SqlType(TypeKind.VARCHAR, length=64)


def _partition(day: int) -> tuple[dict[str, str], str]:
    period = f"2020-01-{day:02d}"
    return {"tg_batch": "7", "tg_period": period}, f"{LOCATION}batch=7/tg_period={period}/"


CASES = {
    "schema": create_external_schema("tidegate_cold", "tidegate", "default"),
    "schema of an existing database": create_external_schema("Cold", "it's", ROLE, create_database=False),
    "table": create_external_table(
        COLD, [("order_id", SqlType(TypeKind.BIGINT))], [("tg_batch", TEXT), ("tg_period", DATE)], LOCATION, 600
    ),
    "table without partitions": create_external_table(COLD, [("Day", DATE)], [], LOCATION),
    "every type": create_external_table(
        COLD,
        [(kind.name, SqlType(kind)) for kind in TypeKind if kind in COLUMN_KINDS],
        [(f"p_{kind.name}", SqlType(kind)) for kind in TypeKind if kind in PARTITION_KINDS],
        LOCATION,
    ),
    "one partition": add_partitions(COLD, [_partition(1)]),
    "three partitions": add_partitions(COLD, [_partition(day) for day in (1, 2, 3)]),
    "partitions in two statements": add_partitions(COLD, [_partition(day) for day in (1, 2, 3)], max_bytes=320),
    "quoted partition": add_partitions(COLD, [((('Odd "name', "it's"),), "s3://lake/it's/")]),
    "set location": set_location(COLD, *_partition(1)),
    "drop partition": drop_partition(COLD, {"tg_batch": "7", "tg_period": "2020-01-01"}),
    "drop table": drop_external_table(COLD),
    "drop table that must exist": drop_external_table(COLD, if_exists=False),
}
