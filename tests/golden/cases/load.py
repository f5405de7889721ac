"""The statements of the load protocol: what is loaded and what is in quarantine."""

from collections.abc import Sequence

from tidegate.model.landing import FileVersion
from tidegate.model.names import TableName
from tidegate.redshift.loaded import LoadedFiles, QuarantinedFile

ORDERS = TableName("public", "orders")
AT = "2020-06-20 12:00:00"
LOADED = LoadedFiles("tidegate")
FIRST = FileVersion("s3://landing/orders/o'1.parquet", 812, "9b2cf5", "v1", "0055AED6DCD90281E5")
SECOND = FileVersion("/data/orders/2.parquet", 640, "1f-17c-280")
BAD = QuarantinedFile(SECOND, "sql.failed", "column \"amount\" is 'none'", "Correct the file.")
ROWS = QuarantinedFile(FIRST, "load.key", "2 rows have no order_id", "", 2, "s3://lake/_tidegate/w1/quarantine/b1/")

CASES: dict[str, str | Sequence[str]] = {
    "loaded": [
        *LOADED.select_loaded(ORDERS, [FIRST.uri, SECOND.uri, FIRST.uri]),
        LOADED.select_all_loaded(ORDERS),
        *LOADED.guard_not_loaded(ORDERS, [FIRST, SECOND]),
        *LOADED.insert_loaded(ORDERS, "b1", [(FIRST, 12), (SECOND, None)], AT),
    ],
    "quarantined": [
        LOADED.select_quarantined(),
        LOADED.select_quarantined(ORDERS),
        *LOADED.delete_quarantined(ORDERS, [FIRST, SECOND]),
        *LOADED.insert_quarantined(ORDERS, "b1", [BAD, ROWS], AT),
    ],
}
