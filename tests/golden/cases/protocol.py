"""The statements of the archive protocol: periods, fingerprints, guards, locks, control tables and views.

Fingerprints stand here with both hash functions: their name and form is the one difference between the engines.
"""

from collections.abc import Sequence
from datetime import date

from tidegate.model.batch import PeriodProof
from tidegate.model.names import TableName
from tidegate.model.periods import DateRange, Granularity, Period, merge
from tidegate.model.records import BatchPeriods, Hold, LogRecord, RecordKind
from tidegate.model.tables import Column, Identity, SqlType, Table, TypeKind
from tidegate.model.tiers import Tier
from tidegate.redshift.catalog import (
    guard_columns,
    select_external_partitions,
    select_external_table,
    select_relations,
)
from tidegate.redshift.control import Control, CountedProof
from tidegate.redshift.coverage import coverage_view
from tidegate.redshift.fingerprint import fingerprint_by_period, matches
from tidegate.redshift.guard import guard, guard_none
from tidegate.redshift.lock import lock
from tidegate.redshift.periods import MANY_RANGES, PeriodColumn, period_expression, predicate, statistics
from tidegate.redshift.rebuilding import delete_rows_of, guard_rows_of
from tidegate.redshift.rows import delete_rows, insert_restored, of_batch, stored_rows, totals
from tidegate.redshift.storage import stored_columns
from tidegate.redshift.view import ExternalVersion, all_view

ORDERS = TableName("public", "orders")
COLD = TableName("tidegate_cold", "public__orders")
CONTROL = Control("tidegate")
RECORD = LogRecord(
    8, RecordKind.PUBLISH, "w1", TableName("public", "orders"), "2020-06-20T12:00:00+00:00", by="ada@host"
)
JANUARY = [DateRange(date(2020, 1, 1), date(2020, 2, 1))]
TWO_RANGES = [*JANUARY, DateRange(date(2020, 3, 1), date(2020, 5, 1))]
PART = BatchPeriods("b1", "", (date(2020, 1, 1), date(2020, 2, 1)))
PROOFS = [PeriodProof(date(2020, 1, 1), 3, "41"), PeriodProof(date(2020, 2, 1), 4, "42")]

KINDS = {
    "id": SqlType(TypeKind.BIGINT),
    "paid": SqlType(TypeKind.BOOLEAN),
    "amount": SqlType(TypeKind.DECIMAL, precision=12, scale=2),
    "weight": SqlType(TypeKind.DOUBLE),
    "code": SqlType(TypeKind.CHAR, length=4),
    "Note's": SqlType(TypeKind.VARCHAR, length=80),
    "day": SqlType(TypeKind.DATE),
    "at": SqlType(TypeKind.TIMESTAMPTZ),
    "hour": SqlType(TypeKind.TIME),
    "doc": SqlType(TypeKind.SUPER),
    "raw": SqlType(TypeKind.VARBYTE, length=16),
}
TABLE = Table(ORDERS, tuple(Column(name, kind) for name, kind in KINDS.items()))
NARROW = Table(ORDERS, (Column("id", SqlType(TypeKind.INTEGER)), Column("day", SqlType(TypeKind.DATE))))
WITH_IDENTITY = Table(ORDERS, (Column("id", SqlType(TypeKind.BIGINT), identity=Identity(1, 1)),))
STORED = stored_columns(TABLE)


def _column(
    kind: TypeKind, granularity: Granularity, form: str | None = None, length: int | None = None
) -> PeriodColumn:
    return PeriodColumn("day", SqlType(kind, length=length), granularity, form, "Europe/Berlin")


_DAY = _column(TypeKind.DATE, Granularity.DAILY)
_MONTH = _column(TypeKind.DATE, Granularity.MONTHLY)
_STAMP = _column(TypeKind.TIMESTAMP, Granularity.DAILY)
_ZONED = _column(TypeKind.TIMESTAMPTZ, Granularity.DAILY)
_NUMBER = _column(TypeKind.INTEGER, Granularity.DAILY, "YYYYMMDD")
_TEXT = _column(TypeKind.VARCHAR, Granularity.MONTHLY, "YYYY-MM", 10)


def _select(column: PeriodColumn) -> str:
    """A period expression and predicate where they are used."""
    return stored_rows(stored_columns(NARROW), period_expression(column), ORDERS, predicate(column, JANUARY))


def _months(step: int, size: int) -> Sequence[DateRange]:
    """More ranges than a predicate writes bounds for: `size` of every `step` months."""
    starts = (date(2000 + n // 12, n % 12 + 1, 1) for n in range((MANY_RANGES + 1) * step))
    return merge(Period(start, Granularity.MONTHLY) for n, start in enumerate(starts) if n % step < size)


CASES = {
    "rows of a day": _select(_DAY),
    "rows of a month": _select(_MONTH),
    "rows of a day by timestamp": _select(_STAMP),
    "rows of a day in a time zone": _select(_ZONED),
    "rows of a day by number": _select(_NUMBER),
    "rows of a month by text": _select(_TEXT),
    "rows of two ranges": delete_rows(ORDERS, predicate(_MONTH, TWO_RANGES)),
    "rows of many ranges, by the periods inside": delete_rows(ORDERS, predicate(_TEXT, _months(4, 1))),
    "rows of many ranges, by the periods between": delete_rows(ORDERS, predicate(_TEXT, _months(4, 3))),
    "rows of no range": delete_rows(ORDERS, predicate(_MONTH, [])),
    "rows of every type in stored form": stored_rows(STORED, "DATE '2020-01-01'", ORDERS, "TRUE"),
    "statistics": statistics(ORDERS, _MONTH),
    "fingerprint on Redshift": fingerprint_by_period(STORED, "FNV_HASH", '"day"', '"public"."orders"', "TRUE"),
    "fingerprint on the embedded engine": fingerprint_by_period(
        STORED, "TIDEGATE_HASH", '"day"', '"public"."orders"', "TRUE"
    ),
    "fingerprint read back": fingerprint_by_period(
        STORED, "TIDEGATE_HASH", "e.tg_period", '"tidegate_cold"."public__orders" AS e', "TRUE", alias="e"
    ),
    "totals": totals(STORED[:2], "TIDEGATE_HASH", '"public"."orders"'),
    "guard on hot rows": guard('"public"."orders"', matches(STORED[:2], "TIDEGATE_HASH", 7, "83"), "hot rows changed"),
    "guard that there is none": guard_none('"tidegate"."holds"', "rows are under hold"),
    "guard on columns": guard_columns(TABLE, "columns changed"),
    "lock of one target": lock("tidegate", [ORDERS]),
    "lock of several targets": lock("tidegate", [ORDERS, TableName("public", "items"), TableName("s", "t")]),
    "lock in a serializable database": lock("tidegate", [ORDERS, TableName("s", "t")], serializable=True),
    "control tables": CONTROL.create()[:11],
    "identity": [CONTROL.select_identity(), *CONTROL.insert_identity("w1", "x.duckdb", "2020-01-02 03:04:05")],
    "new identity": CONTROL.update_identity("w2", "y.duckdb"),
    "log": [
        CONTROL.select_log_head(ORDERS),
        CONTROL.select_log_heads(),
        CONTROL.select_log(ORDERS, 7),
        CONTROL.select_last_of_kind(ORDERS, "policy"),
        CONTROL.guard_log_number(ORDERS, 7),
        CONTROL.insert_log(ORDERS, [(RECORD, '{"it\'s": "a \\"record\\""}')]),
    ],
    "published": [
        CONTROL.select_proofs(CONTROL.published),
        CONTROL.select_proofs(CONTROL.copies, ORDERS),
        *CONTROL.insert_published(
            ORDERS, [CountedProof("b1", "embedded/2/rows-v1", "2020-06-20 12:00:00", proof) for proof in PROOFS]
        ),
        *CONTROL.delete_proofs(CONTROL.published, [PART]),
        *CONTROL.guard_all_published([PART]),
    ],
    "parked": [
        CONTROL.select_ages(),
        CONTROL.select_ages(ORDERS),
        *CONTROL.park([PART], Tier.GLACIER, "2020-06-20 12:00:00"),
        *CONTROL.set_handed([PART], "2020-06-22 12:00:00"),
        *CONTROL.guard_all_parked([PART]),
        *CONTROL.thaw([PART], date(2020, 7, 31)),
        *CONTROL.set_thawed([PART], date(2020, 8, 31)),
        *CONTROL.insert_parked(
            ORDERS,
            [CountedProof("b1", "embedded/2/rows-v1", "2020-06-20 12:00:00", PROOFS[0])],
            Tier.DEEP_ARCHIVE,
            "2020-06-22 12:00:00",
        ),
        *CONTROL.set_tier([PART], Tier.GLACIER_IR),
        *CONTROL.set_tier([PART], Tier.DEEP_ARCHIVE, parked=True),
        *CONTROL.guard_no_thaw([PART], date(2020, 8, 1)),
        CONTROL.select_copy_ages(),
        *CONTROL.insert_published(
            ORDERS,
            [
                CountedProof(
                    "b1", "embedded/2/rows-v1", "2020-06-20 12:00:00", PROOFS[0], Tier.GLACIER, date(2020, 7, 31)
                )
            ],
        ),
    ],
    "copies": [
        *CONTROL.insert_copies(
            ORDERS, [CountedProof("b1", "embedded/2/rows-v1", "2020-06-20 12:00:00", proof) for proof in PROOFS]
        ),
        *CONTROL.guard_all_copied([PART]),
    ],
    "retired": [
        CONTROL.select_retired(ORDERS),
        *CONTROL.insert_retired(
            ORDERS, [BatchPeriods("b1", "", (date(2020, 1, 1),))], "restored", "2020-01-02 03:04:05"
        ),
        *CONTROL.guard_fresh("b1"),
    ],
    "holds": [
        CONTROL.select_holds(),
        *CONTROL.insert_holds([Hold("h1", ORDERS, None, date(2020, 1, 31), "it's asked for", "2020-01-02T03:04:05")]),
        CONTROL.delete_hold("h1"),
        *CONTROL.guard_no_hold(ORDERS, [(date(2020, 1, 1), date(2020, 1, 31))]),
    ],
    "catalog": [select_external_table(COLD), select_external_partitions(COLD), select_relations()],
    "restore": insert_restored(
        ORDERS, TABLE, ExternalVersion(COLD, STORED), of_batch("b1", ["2020-01-01", "2020-02-01"], "e")
    ),
    "rebuild": [delete_rows_of(CONTROL.published, ORDERS), guard_rows_of(CONTROL.published, ORDERS, 100)],
    "view of what is archived": coverage_view(
        TableName("public", "orders_coverage"), ORDERS, CONTROL.published, CONTROL.parked
    ),
    "view of two versions": all_view(
        TableName("public", "orders_all"),
        TABLE,
        [ExternalVersion(COLD, stored_columns(NARROW)), ExternalVersion(TableName("c", "o__v2"), STORED)],
        CONTROL.published,
    ),
}
