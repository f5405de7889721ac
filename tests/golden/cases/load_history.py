"""The statements of a load that keeps every version of a key."""

from collections.abc import Sequence

from tidegate.model.names import TableName
from tidegate.model.tables import Column, SqlType, Table, TypeKind
from tidegate.redshift.load import StagedColumn
from tidegate.redshift.load_history import ColdHistory, HistoryStage
from tidegate.redshift.storage import stored_columns
from tidegate.redshift.view import ExternalVersion

PRICES = TableName("public", "prices")
ID, DAY, TIME = SqlType(TypeKind.BIGINT), SqlType(TypeKind.DATE), SqlType(TypeKind.TIMESTAMP)
TEXT = SqlType(TypeKind.VARCHAR, length=80)
STAGE = HistoryStage(
    "20200620-120000-3f9a2c1b",
    PRICES,
    (
        StagedColumn("item", ID, Column("item", ID)),
        StagedColumn("shop", TEXT, Column("shop", TEXT)),
        StagedColumn("at", DAY, Column("at", TIME)),
        StagedColumn("price", ID, Column("price", ID)),
    ),
    keys=("item", "shop", "at"),
)
HOT = Table(
    PRICES, (*(c.target for c in STAGE.columns if c.target), Column("valid_from", TIME), Column("valid_to", TIME))
)
COLD = ColdHistory(STAGE, HOT, TableName("tidegate", "published"))
VERSION = TableName("tidegate_cold", "prices__v1")

CASES: dict[str, str | Sequence[str]] = {
    "versions": [
        STAGE.repeated(),
        STAGE.delete_replaced(),
        STAGE.insert(),
        STAGE.insert_latest(),
        STAGE.with_numbers().insert_latest(),
        STAGE.settle(),
    ],
    "archived versions": [
        COLD.create(),
        COLD.collect(ExternalVersion(VERSION, stored_columns(HOT))),
        COLD.collect(ExternalVersion(VERSION, stored_columns(HOT)[:4])),
        COLD.delete(),
    ],
}
