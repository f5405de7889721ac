"""The statements of the load protocol: staging, the one transaction, what is loaded and what is in quarantine."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from tidegate.model.landing import FileVersion
from tidegate.model.loading import QuarantinedFile
from tidegate.model.names import TableName
from tidegate.model.quarantine import QuarantineFilter
from tidegate.model.route import CheckKind, CheckRule
from tidegate.model.tables import Column, SqlType, Table, TypeKind
from tidegate.redshift.fingerprint import row_hash
from tidegate.redshift.load import Stage, StagedColumn, select_file_batches, widen_column
from tidegate.redshift.load_checks import broken_by, count_broken, delete_broken, is_stale, mean_rows
from tidegate.redshift.load_cold import ColdKeys
from tidegate.redshift.loaded import LoadedFiles
from tidegate.redshift.quarantine import Quarantine
from tidegate.redshift.storage import stored_columns
from tidegate.redshift.table_checks import count_all, count_repeated, last_loads
from tidegate.redshift.view import ExternalVersion

ORDERS = TableName("public", "orders")
AT = "2020-06-20 12:00:00"
LOADED = LoadedFiles("tidegate")
QUARANTINE = Quarantine("tidegate")
FIRST = FileVersion(
    "s3://landing/orders/o'1.parquet", 812, "9b2cf5", "v1", "0055AED6DCD90281E5", datetime(2020, 6, 20, 11, tzinfo=UTC)
)
SECOND = FileVersion("/data/orders/2.parquet", 640, "1f-17c-280")
BAD = QuarantinedFile(SECOND, "sql.failed", "column \"amount\" is 'none'", "Correct the file.")
ROWS = QuarantinedFile(FIRST, "load.key", "2 rows have no order_id", "", 2, "s3://lake/_tidegate/w1/quarantine/b1/")

ID = SqlType(TypeKind.BIGINT)
TEXT = SqlType(TypeKind.VARCHAR, length=65_535)
COLUMNS = (
    StagedColumn("order_id", ID, Column("order_id", ID)),
    StagedColumn("Line", ID, Column("line", SqlType(TypeKind.INTEGER))),
    StagedColumn("note", TEXT, Column("note", SqlType(TypeKind.VARCHAR, length=80))),
    StagedColumn("details", TEXT, Column("details", SqlType(TypeKind.SUPER)), parse_json=True),
    StagedColumn("nothing", SqlType(TypeKind.VARCHAR, length=1), Column("nothing", ID), nothing=True),
    StagedColumn("left_out", ID, None),
)
APPENDED = Stage("20200620-120000-3f9a2c1b", ORDERS, COLUMNS)
KEYED = replace(APPENDED, keys=("order_id", "line"))
VERSIONED = replace(KEYED, version="note", numbered=True)
HOT = Table(ORDERS, tuple(c.target for c in COLUMNS[:3] if c.target))
COLD = ColdKeys(KEYED, HOT, LOADED.published)
HASH = row_hash(stored_columns(KEYED.table)[:2], "FNV_HASH")

CASES: dict[str, str | Sequence[str]] = {
    "loaded": [
        *LOADED.select_loaded(ORDERS, [FIRST.uri, SECOND.uri, FIRST.uri]),
        LOADED.select_all_loaded(ORDERS),
        LOADED.guard_newest(ORDERS, "2020-06-20 11:00:00.000000"),
        *LOADED.guard_not_loaded(ORDERS, [FIRST, SECOND]),
        *LOADED.insert_loaded(ORDERS, "b1", [(FIRST, 12), (SECOND, None)], AT),
    ],
    "append": [APPENDED.create(), APPENDED.facts(), APPENDED.insert()],
    "upsert": [
        KEYED.facts(),
        KEYED.repeated(),
        KEYED.undecided(HASH),
        KEYED.some('"order_id", "line"', f"NOT ({KEYED.has_key})"),
        KEYED.delete_replaced(),
        KEYED.insert_latest(),
    ],
    "upsert with a version": [
        VERSIONED.create(),
        VERSIONED.number(3),
        VERSIONED.undecided(HASH),
        VERSIONED.count_some(f"NOT ({VERSIONED.has_key})"),
        VERSIONED.delete_older(),
        VERSIONED.insert_latest(),
    ],
    "archived keys": [
        COLD.create(),
        COLD.collect(ExternalVersion(TableName("tidegate_cold", "orders__v1"), stored_columns(HOT))),
        COLD.periods(),
        KEYED.some('"order_id"', COLD.condition),
        COLD.delete(),
        COLD.guard(2),
    ],
    "checks": [
        *(
            KEYED.some('"order_id"', broken_by(rule, KEYED) or "")
            for rule in (
                CheckRule(CheckKind.NOT_NULL, ("Note", "line")),
                CheckRule(CheckKind.RANGE, ("line",), least="1", most="9"),
                CheckRule(CheckKind.VALUES, ("note",), values=("a", "it's")),
                CheckRule(CheckKind.VALUES, ("Line",), values=("1", "2.50", "x")),
                CheckRule(CheckKind.VALUES, ("line",), values=("x",)),
                CheckRule(CheckKind.UNIQUE, ("order_id", "line")),
                CheckRule(CheckKind.SQL, expression="line > 0 OR note = 'x'"),
            )
        ),
        count_broken(KEYED, "TRUE"),
        delete_broken(KEYED, '"line" IS NULL'),
        is_stale(KEYED, "at", "2020-06-20 11:00:00.000000"),
        mean_rows(LOADED.loaded_files, ORDERS),
    ],
    "quarantine": [
        QUARANTINE.select_batches(QuarantineFilter(), 100),
        QUARANTINE.select_batches(QuarantineFilter("b'1", ORDERS, "load.key"), 5),
        QUARANTINE.select_entries(QuarantineFilter(table=ORDERS)),
        QUARANTINE.count_files(),
        QUARANTINE.delete_batch(ORDERS, "b1"),
        *QUARANTINE.delete_whole(ORDERS, [FIRST, SECOND]),
        QUARANTINE.delete_place(ORDERS, "s3://lake/_tidegate/w1/quarantine/b1/"),
        QUARANTINE.set_reason(ORDERS, "s3://lake/_tidegate/w1/quarantine/b1/", "rows have no 'id'", ""),
    ],
    "checks of a table": [
        count_all(
            ORDERS,
            (
                CheckRule(CheckKind.NOT_NULL, ("Note", "line")),
                CheckRule(CheckKind.RANGE, ("line",), least="1", most="9"),
                CheckRule(CheckKind.ROWS, least="1"),
                CheckRule(CheckKind.FRESH, ("at",), hours=2),
                CheckRule(CheckKind.VALUES, ("Share", "paid"), values=("1.5", "true")),
                CheckRule(CheckKind.SQL, expression="line > 0 OR note = 'x'"),
            ),
            {"share": SqlType(TypeKind.REAL), "paid": SqlType(TypeKind.BOOLEAN)},
            datetime(2020, 6, 20, 12, tzinfo=UTC),
        ),
        count_repeated(ORDERS, ("order_id", "Line")),
        last_loads(LOADED.loaded_files, ORDERS),
    ],
    "replace": APPENDED.delete_all(),
    "wider": widen_column(ORDERS, "Note", 300),
    "committed": select_file_batches(LOADED.loaded_files, ORDERS, "b1"),
    "newest": LOADED.select_newest(ORDERS),
    "quarantined": [
        LOADED.select_quarantined(),
        LOADED.select_quarantined(ORDERS),
        LOADED.count_quarantined(ORDERS),
        *LOADED.select_known_bad(ORDERS, [FIRST, SECOND]),
        *LOADED.delete_quarantined(ORDERS, [FIRST, SECOND]),
        *LOADED.insert_quarantined(ORDERS, "b1", [BAD, ROWS], AT),
    ],
}
