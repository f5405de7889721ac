"""The control tables in the warehouse: what counts, committed in the same transaction as the rows themselves."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from tidegate.model.batch import PeriodProof
from tidegate.model.names import TableName
from tidegate.model.records import BatchPeriods, Hold
from tidegate.model.tables import Column, SqlType, Table, TypeKind
from tidegate.redshift.ddl import create_schema, create_table
from tidegate.redshift.guard import guard, guard_none
from tidegate.redshift.identifiers import literal, qualified
from tidegate.redshift.lock import LOCK_TABLES

NUMBER_TAKEN = "another record came first"
"""The reason of the guard on record numbers: the transaction may be built anew with the next number."""

LIST_BYTES = 90_000
"""What a list of rows or periods may take: with the rest, a statement stays under the 100 KB of the Data API."""

_NAME = SqlType(TypeKind.VARCHAR, length=520)
_ID = SqlType(TypeKind.VARCHAR, length=64)
_DATE = SqlType(TypeKind.DATE)
_COUNT = SqlType(TypeKind.BIGINT)
_STAMP = SqlType(TypeKind.TIMESTAMP)
_TEXT = SqlType(TypeKind.VARCHAR, length=65_535)
_PROOF = (
    Column("table_name", _NAME, nullable=False),
    Column("batch", _ID, nullable=False),
    Column("period", _DATE, nullable=False),
    Column("row_count", _COUNT, nullable=False),
    Column("fingerprint", SqlType(TypeKind.VARCHAR, length=40), nullable=False),
    Column("hash", SqlType(TypeKind.VARCHAR, length=128), nullable=False),
)


class Control:
    """The control tables of one schema, and the statements that read and change them.

    `published`: one row a (batch, period) whose rows count as cold. `retired`: ids that count no more, or never
    will. `copies`: proven copies of rows that stay hot. `holds`. `log`: the records of the lake, each committed
    here first. `warehouse`: who this warehouse is.
    """

    def __init__(self, schema: str) -> None:
        self.schema = schema
        self.warehouse = TableName(schema, "warehouse")
        self.published = TableName(schema, "published")
        self.retired = TableName(schema, "retired")
        self.copies = TableName(schema, "copies")
        self.holds = TableName(schema, "holds")
        self.log = TableName(schema, "log")

    def tables(self) -> tuple[Table, ...]:
        """Every control table but the lock tables; small ones are replicated to every node."""
        return (
            self._small(self.warehouse, Column("id", _ID), Column("place", _TEXT), Column("created_at", _STAMP)),
            self._small(self.published, *_PROOF),
            self._small(self.copies, *_PROOF),
            self._small(self.retired, *_PROOF[:3], Column("reason", _ID), Column("retired_at", _STAMP)),
            self._small(
                self.holds,
                Column("id", _ID, nullable=False),
                Column("table_name", _NAME, nullable=False),
                Column("first_day", _DATE),
                Column("last_day", _DATE),
                Column("reason", SqlType(TypeKind.VARCHAR, length=1000)),
                Column("placed_at", SqlType(TypeKind.VARCHAR, length=40)),
            ),
            self._small(
                self.log,
                Column("table_name", _NAME, nullable=False),
                Column("number", _COUNT, nullable=False),
                Column("kind", _ID, nullable=False),
                Column("record", _TEXT, nullable=False),
            ),
        )

    def _small(self, name: TableName, *columns: Column) -> Table:
        sort = ("table_name",) if any(c.name == "table_name" for c in columns) else ()
        return Table(name, columns, dist_style="ALL", sort_keys=sort)

    def create(self) -> list[str]:
        """Statements that create what is missing; harmless when repeated."""
        locks = (
            Table(TableName(self.schema, f"lock_{n:02d}"), (Column("nothing", SqlType(TypeKind.SMALLINT)),))
            for n in range(LOCK_TABLES)
        )
        return [create_schema(self.schema), *(create_table(t, if_not_exists=True) for t in (*self.tables(), *locks))]

    def select_identity(self) -> str:
        return f"SELECT id, place FROM {qualified(self.warehouse)}"

    def insert_identity(self, warehouse: str, place: str, at: str) -> list[str]:
        """Give an id to a warehouse that has none."""
        table = qualified(self.warehouse)
        return [
            guard_none(table, "the warehouse already has an id"),
            f"INSERT INTO {table} (id, place, created_at) VALUES "
            f"({literal(warehouse)}, {literal(place)}, TIMESTAMP '{at}')",
        ]

    def update_identity(self, warehouse: str, place: str) -> str:
        return f"UPDATE {qualified(self.warehouse)} SET id = {literal(warehouse)}, place = {literal(place)}"

    def select_log_head(self, table: TableName) -> str:
        return (
            f"SELECT COALESCE(MAX(number), 0) AS number FROM {qualified(self.log)} "
            f"WHERE table_name = {literal(str(table))}"
        )

    def select_log_heads(self) -> str:
        return f"SELECT table_name, MAX(number) AS number FROM {qualified(self.log)} GROUP BY 1 ORDER BY 1"

    def select_log(self, table: TableName, after: int) -> str:
        """Records with a greater number than `after`, in order."""
        return (
            f"SELECT number, record FROM {qualified(self.log)} "
            f"WHERE table_name = {literal(str(table))} AND number > {after} ORDER BY number"
        )

    def select_proofs(self, source: TableName, table: TableName | None = None) -> str:
        """Rows of `published` or `copies`: table_name, batch, period, row_count, fingerprint, hash."""
        where = f" WHERE table_name = {literal(str(table))}" if table else ""
        return (
            f"SELECT table_name, batch, period, row_count, fingerprint, hash FROM {qualified(source)}{where} "
            "ORDER BY table_name, batch, period"
        )

    def select_retired(self, table: TableName | None = None) -> str:
        where = f" WHERE table_name = {literal(str(table))}" if table else ""
        return (
            f"SELECT table_name, batch, period, reason, retired_at FROM {qualified(self.retired)}{where} "
            "ORDER BY table_name, batch, period"
        )

    def select_holds(self) -> str:
        return (
            f"SELECT id, table_name, first_day, last_day, reason, placed_at FROM {qualified(self.holds)} "
            "ORDER BY placed_at, id"
        )

    def insert_published(self, table: TableName, batch: str, proofs: Iterable[PeriodProof], hash_id: str) -> list[str]:
        return self.insert_proofs(self.published, table, ((batch, hash_id, proof) for proof in proofs))

    def insert_copies(self, table: TableName, batch: str, proofs: Iterable[PeriodProof], hash_id: str) -> list[str]:
        return self.insert_proofs(self.copies, table, ((batch, hash_id, proof) for proof in proofs))

    def insert_proofs(
        self, target: TableName, table: TableName, proofs: Iterable[tuple[str, str, PeriodProof]]
    ) -> list[str]:
        """Rows of `published` or `copies`, as batch, hash id and proof."""
        rows = (
            f"({literal(str(table))}, {literal(batch)}, DATE '{proof.period}', {proof.rows}, "
            f"'{proof.fingerprint}', {literal(hash_id)})"
            for batch, hash_id, proof in proofs
        )
        head = f"INSERT INTO {qualified(target)} (table_name, batch, period, row_count, fingerprint, hash) VALUES "
        return [head + ", ".join(part) for part in _parts(rows)]

    def insert_retired(self, table: TableName, parts: Iterable[BatchPeriods], reason: str, at: str) -> list[str]:
        """`at` is `YYYY-MM-DD HH:MM:SS` in UTC."""
        rows = (
            f"({literal(str(table))}, {literal(part.batch)}, DATE '{p}', {literal(reason)}, TIMESTAMP '{at}')"
            for part in parts
            for p in part.periods
        )
        head = f"INSERT INTO {qualified(self.retired)} (table_name, batch, period, reason, retired_at) VALUES "
        return [head + ", ".join(part) for part in _parts(rows)]

    def delete_proofs(self, source: TableName, parts: Iterable[BatchPeriods]) -> list[str]:
        """Take (batch, period) rows out of `published` or `copies`."""
        return [f"DELETE FROM {qualified(source)} WHERE {_any(part)}" for part in _parts(map(_of, parts))]

    def guard_fresh(self, batch: str) -> list[str]:
        """The id is neither published nor retired, nor copied."""
        return [
            guard_none(f"{qualified(t)} WHERE batch = {literal(batch)}", f"batch {batch} is already {word}")
            for t, word in ((self.published, "published"), (self.retired, "retired"), (self.copies, "copied"))
        ]

    def guard_all_published(self, parts: Sequence[BatchPeriods]) -> list[str]:
        """Every one of these (batch, period) rows is in `published`."""
        counts = {_of(part): len(set(part.periods)) for part in parts}
        batch = f"batch {parts[0].batch}" if len(parts) == 1 else f"one of {len(parts)} batches"
        return [
            guard(
                f"{qualified(self.published)} WHERE {_any(part)}",
                f"COUNT(*) = {sum(counts[text] for text in part)}",
                f"{batch} is no longer published",
            )
            for part in _parts(counts)
        ]

    def guard_no_hold(self, table: TableName, periods: Sequence[tuple[date, date]]) -> list[str]:
        """No hold of the table overlaps any [first, last] day of `periods`."""
        holds = (
            "(SELECT COALESCE(first_day, DATE '0001-01-01') AS since, COALESCE(last_day, DATE '9999-12-31') AS until "
            f"FROM {qualified(self.holds)} WHERE table_name = {literal(str(table))}) AS h"
        )
        overlaps = [f"WHEN since <= DATE '{last}' AND until >= DATE '{first}' THEN TRUE" for first, last in periods]
        return [
            guard_none(f"{holds} WHERE CASE {' '.join(part)} ELSE FALSE END", "rows are under hold")
            for part in _parts(overlaps)
        ]

    def guard_log_number(self, table: TableName, last: int) -> str:
        """The last record of the table is still number `last`: what follows may be `last + 1`."""
        return guard(
            f"{qualified(self.log)} WHERE table_name = {literal(str(table))}",
            f"COALESCE(MAX(number), 0) = {last}",
            NUMBER_TAKEN,
        )

    def guard_identity(self, warehouse: str, place: str) -> str:
        """This warehouse is still who it was when the flow began."""
        return guard(
            qualified(self.warehouse),
            f"COUNT(*) = 1 AND MAX(id) = {literal(warehouse)} AND MAX(place) = {literal(place)}",
            "the warehouse is not the one that was opened",
        )

    def insert_log(self, table: TableName, records: Sequence[tuple[int, str, str]]) -> str:
        """Records as number, kind and document."""
        rows = ", ".join(
            f"({literal(str(table))}, {number}, {literal(kind)}, {literal(record)})" for number, kind, record in records
        )
        return f"INSERT INTO {qualified(self.log)} (table_name, number, kind, record) VALUES {rows}"

    def select_last_of_kind(self, table: TableName, kind: str) -> str:
        return (
            f"SELECT record FROM {qualified(self.log)} WHERE table_name = {literal(str(table))} "
            f"AND kind = {literal(kind)} ORDER BY number DESC LIMIT 1"
        )

    def insert_holds(self, holds: Iterable[Hold]) -> list[str]:
        head = f"INSERT INTO {qualified(self.holds)} (id, table_name, first_day, last_day, reason, placed_at) VALUES "
        return [head + ", ".join(part) for part in _parts(map(_hold, holds))]

    def delete_hold(self, hold: str) -> str:
        return f"DELETE FROM {qualified(self.holds)} WHERE id = {literal(hold)}"


def _hold(hold: Hold) -> str:
    first, last = (f"DATE '{d}'" if d else "CAST(NULL AS DATE)" for d in (hold.first, hold.last))
    return (
        f"({literal(hold.id)}, {literal(str(hold.table))}, {first}, {last}, {literal(hold.reason)}, "
        f"{literal(hold.placed_at)})"
    )


def _of(part: BatchPeriods) -> str:
    days = ", ".join(f"DATE '{p}'" for p in sorted(set(part.periods)))
    return f"batch = {literal(part.batch)} AND period IN ({days})"


def _any(conditions: Sequence[str]) -> str:
    return conditions[0] if len(conditions) == 1 else " OR ".join(f"({c})" for c in conditions)


def _parts(texts: Iterable[str]) -> Iterator[list[str]]:
    """The texts in lists that fit into one statement each, with 8 bytes for what stands between them."""
    part: list[str] = []
    size = 0
    for text in texts:
        length = len(text.encode()) + 8
        if part and size + length > LIST_BYTES:
            yield part
            part, size = [], 0
        part.append(text)
        size += length
    if part:
        yield part
