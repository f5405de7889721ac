"""The statements of a load whose records have lists in tables of their own."""

from collections.abc import Sequence

from tidegate.model.elements import POSITION
from tidegate.model.names import TableName
from tidegate.model.tables import Column, SqlType, TypeKind
from tidegate.redshift.load import Stage, StagedColumn
from tidegate.redshift.load_elements import DIGEST_LINK, RECORD_LINK, Elements, select_element_tables

ORDERS, ITEMS, NOTES = (TableName("public", name) for name in ("orders", "orders_items", "orders_notes"))
LOADED, PUBLISHED = TableName("tidegate", "loaded_files"), TableName("tidegate", "published")
ID, TEXT = SqlType(TypeKind.BIGINT), SqlType(TypeKind.VARCHAR, length=80)
COLUMNS = (StagedColumn("order_id", ID, Column("order_id", ID)), StagedColumn("shop", TEXT, Column("shop", TEXT)))
RECORDS = Stage(
    "20200620-120000-3f9a2c1b",
    ORDERS,
    (*COLUMNS, StagedColumn("at", ID, Column("at", ID)), RECORD_LINK, DIGEST_LINK),
    ("order_id", "shop"),
    "at",
    numbered=True,
)
STAGE = Stage(
    "20200620-120000-3f9a2c1b-1",
    ITEMS,
    (*COLUMNS, StagedColumn(POSITION, ID, Column(POSITION, ID)), RECORD_LINK),
)
ELEMENTS = Elements(RECORDS, (STAGE,), (ITEMS, NOTES), 3, LOADED)

CASES: dict[str, str | Sequence[str]] = {
    "elements that were loaded": [select_element_tables(LOADED, ORDERS), *ELEMENTS.guards(None)],
    "elements of keys": [
        RECORDS.create(),
        STAGE.create(),
        *ELEMENTS.guards(PUBLISHED),
        *ELEMENTS.delete_losers(),
        *ELEMENTS.delete_replaced(),
        *ELEMENTS.insert(),
    ],
    "elements of all": ELEMENTS.delete_all(),
}
