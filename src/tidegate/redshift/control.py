"""The control tables in the warehouse: what counts, committed in the same transaction as the rows themselves."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from tidegate.model.batch import PeriodProof
from tidegate.model.names import TableName
from tidegate.model.records import BatchPeriods, Hold, LogRecord
from tidegate.model.tiers import Tier
from tidegate.redshift.control_tables import PROOF_COLUMNS, ControlTables
from tidegate.redshift.guard import guard, guard_none
from tidegate.redshift.identifiers import literal, qualified
from tidegate.redshift.lists import parts as _parts

NUMBER_TAKEN = "another record came first"
"""The reason of the guard on record numbers: the transaction may be built anew with the next number."""


@dataclass(frozen=True)
class CountedProof:
    """A row of `published`, `parked` or `copies`. `archived_at` is `YYYY-MM-DD HH:MM:SS` in UTC.

    `tier` and `thawed_until` are for `published`.
    """

    batch: str
    hash: str
    archived_at: str
    proof: PeriodProof
    tier: Tier | None = None
    thawed_until: date | None = None


class Control(ControlTables):
    """The statements that read and change the control tables of one schema."""

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
        """Rows of `published`, `parked` or `copies`: table_name, batch, period, row_count, fingerprint, hash."""
        where = f" WHERE table_name = {literal(str(table))}" if table else ""
        return (
            f"SELECT table_name, batch, period, row_count, fingerprint, hash FROM {qualified(source)}{where} "
            "ORDER BY table_name, batch, period"
        )

    def select_ages(self, table: TableName | None = None) -> str:
        """Every (batch, period) that counts, published or parked.

        table_name, batch, period, row_count, archived_at, tier, thawed_until, parked_at, handed_at; parked_at is NULL
        for what is published, thawed_until for what is parked.
        """
        where = f" WHERE table_name = {literal(str(table))}" if table else ""
        columns = "table_name, batch, period, row_count, archived_at"
        return (
            f"SELECT {columns}, tier, thawed_until, CAST(NULL AS TIMESTAMP) AS parked_at, "
            f"CAST(NULL AS TIMESTAMP) AS handed_at FROM {qualified(self.published)}{where} UNION ALL "
            f"SELECT {columns}, tier, CAST(NULL AS DATE) AS thawed_until, parked_at, handed_at "
            f"FROM {qualified(self.parked)}{where} ORDER BY 1, 2, 3"
        )

    def select_copy_ages(self) -> str:
        """Every copied (batch, period), in the columns of `select_ages`."""
        none = ", ".join(f"CAST(NULL AS {type})" for type in ("VARCHAR(64)", "DATE", "TIMESTAMP", "TIMESTAMP"))
        columns = "table_name, batch, period, row_count, archived_at"
        return f"SELECT {columns}, {none} FROM {qualified(self.copies)} ORDER BY 1, 2, 3"

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

    def insert_published(self, table: TableName, proofs: Iterable[CountedProof]) -> list[str]:
        head = f"INSERT INTO {qualified(self.published)} ({PROOF_COLUMNS}, tier, thawed_until) VALUES "
        rows = (f"({_values(table, p)}, {_text(p.tier)}, {_day(p.thawed_until)})" for p in proofs)
        return [head + ", ".join(part) for part in _parts(rows)]

    def insert_copies(self, table: TableName, proofs: Iterable[CountedProof]) -> list[str]:
        head = f"INSERT INTO {qualified(self.copies)} ({PROOF_COLUMNS}) VALUES "
        return [head + ", ".join(part) for part in _parts(f"({_values(table, p)})" for p in proofs)]

    def insert_parked(self, table: TableName, proofs: Iterable[CountedProof], tier: Tier, at: str) -> list[str]:
        """Rows of `parked` that come from no other table; `at` is `YYYY-MM-DD HH:MM:SS` in UTC."""
        head = f"INSERT INTO {qualified(self.parked)} ({PROOF_COLUMNS}, tier, parked_at) VALUES "
        rows = (f"({_values(table, p)}, {literal(tier.value)}, TIMESTAMP '{at}')" for p in proofs)
        return [head + ", ".join(part) for part in _parts(rows)]

    def park(self, parts: Iterable[BatchPeriods], tier: Tier, at: str) -> list[str]:
        """Move rows of `published` to `parked`, where they count, but are not read."""
        statements = []
        for part in _parts(map(_of, parts)):
            statements += [
                f"INSERT INTO {qualified(self.parked)} ({PROOF_COLUMNS}, tier, parked_at) SELECT {PROOF_COLUMNS}, "
                f"{literal(tier.value)}, TIMESTAMP '{at}' FROM {qualified(self.published)} WHERE {_any(part)}",
                f"DELETE FROM {qualified(self.published)} WHERE {_any(part)}",
            ]
        return statements

    def thaw(self, parts: Iterable[BatchPeriods], until: date) -> list[str]:
        """Move rows of `parked` back to `published`, for a while."""
        statements = []
        for part in _parts(map(_of, parts)):
            statements += [
                f"INSERT INTO {qualified(self.published)} ({PROOF_COLUMNS}, tier, thawed_until) SELECT "
                f"{PROOF_COLUMNS}, tier, {_day(until)} FROM {qualified(self.parked)} WHERE {_any(part)}",
                f"DELETE FROM {qualified(self.parked)} WHERE {_any(part)}",
            ]
        return statements

    def set_thawed(self, parts: Iterable[BatchPeriods], until: date) -> list[str]:
        """Thawed rows of `published` can be read until a later day."""
        return [
            f"UPDATE {qualified(self.published)} SET thawed_until = {_day(until)} WHERE {_any(part)}"
            for part in _parts(map(_of, parts))
        ]

    def insert_retired(self, table: TableName, parts: Iterable[BatchPeriods], reason: str, at: str) -> list[str]:
        """`at` is `YYYY-MM-DD HH:MM:SS` in UTC."""
        rows = (
            f"({literal(str(table))}, {literal(part.batch)}, DATE '{p}', {literal(reason)}, TIMESTAMP '{at}')"
            for part in parts
            for p in part.periods
        )
        head = f"INSERT INTO {qualified(self.retired)} (table_name, batch, period, reason, retired_at) VALUES "
        return [head + ", ".join(part) for part in _parts(rows)]

    def set_tier(self, parts: Iterable[BatchPeriods], tier: Tier, *, parked: bool = False) -> list[str]:
        """The files of published periods, or of parked ones, are in `tier`."""
        return [
            f"UPDATE {qualified(self.parked if parked else self.published)} SET tier = {literal(tier.value)} "
            f"WHERE {_any(part)}"
            for part in _parts(map(_of, parts))
        ]

    def set_handed(self, parts: Iterable[BatchPeriods], at: str) -> list[str]:
        """The lake was told to move the files of parked periods."""
        return [
            f"UPDATE {qualified(self.parked)} SET handed_at = TIMESTAMP '{at}' WHERE {_any(part)}"
            for part in _parts(map(_of, parts))
        ]

    def delete_proofs(self, source: TableName, parts: Iterable[BatchPeriods]) -> list[str]:
        """Take (batch, period) rows out of `published`, `parked` or `copies`."""
        return [f"DELETE FROM {qualified(source)} WHERE {_any(part)}" for part in _parts(map(_of, parts))]

    def guard_fresh(self, batch: str) -> list[str]:
        """The id is neither published nor parked, nor retired, nor copied."""
        return [
            guard_none(f"{qualified(t)} WHERE batch = {literal(batch)}", f"batch {batch} is already {word}")
            for t, word in (
                (self.published, "published"),
                (self.parked, "parked"),
                (self.retired, "retired"),
                (self.copies, "copied"),
            )
        ]

    def guard_all_published(self, parts: Sequence[BatchPeriods]) -> list[str]:
        """Every one of these (batch, period) rows is in `published`."""
        return self._guard_all(self.published, "published", parts)

    def guard_all_parked(self, parts: Sequence[BatchPeriods]) -> list[str]:
        """Every one of these (batch, period) rows is in `parked`."""
        return self._guard_all(self.parked, "parked", parts)

    def guard_no_thaw(self, parts: Iterable[BatchPeriods], today: date) -> list[str]:
        """None of these published periods was thawed until today or longer."""
        return [
            guard_none(
                f"{qualified(self.published)} WHERE ({_any(part)}) AND thawed_until >= DATE '{today}'",
                "a thaw is in force",
            )
            for part in _parts(map(_of, parts))
        ]

    def guard_all_copied(self, parts: Sequence[BatchPeriods]) -> list[str]:
        """Every one of these (batch, period) rows is in `copies`."""
        return self._guard_all(self.copies, "copied", parts)

    def _guard_all(self, source: TableName, word: str, parts: Sequence[BatchPeriods]) -> list[str]:
        counts = {_of(part): len(set(part.periods)) for part in parts}
        batch = f"batch {parts[0].batch}" if len(parts) == 1 else f"one of {len(parts)} batches"
        return [
            guard(
                f"{qualified(source)} WHERE {_any(part)}",
                f"COUNT(*) = {sum(counts[text] for text in part)}",
                f"{batch} is no longer {word}",
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

    def insert_log(self, table: TableName, records: Sequence[tuple[LogRecord, str]]) -> str:
        """Records, each with its document."""
        rows = ", ".join(
            f"({literal(str(table))}, {record.number}, {literal(record.kind.value)}, {literal(record.at)}, "
            f"{literal(record.by)}, {literal(document)})"
            for record, document in records
        )
        columns = "table_name, number, kind, recorded_at, recorded_by, record"
        return f"INSERT INTO {qualified(self.log)} ({columns}) VALUES {rows}"

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


def _values(table: TableName, row: CountedProof) -> str:
    proof = row.proof
    return (
        f"{literal(str(table))}, {literal(row.batch)}, DATE '{proof.period}', {proof.rows}, '{proof.fingerprint}', "
        f"{literal(row.hash)}, TIMESTAMP '{row.archived_at}'"
    )


def _text(value: str | None) -> str:
    return "NULL" if value is None else literal(value)


def _day(value: date | None) -> str:
    return "NULL" if value is None else f"DATE '{value}'"


def _hold(hold: Hold) -> str:
    first, last = _day(hold.first), _day(hold.last)
    return (
        f"({literal(hold.id)}, {literal(str(hold.table))}, {first}, {last}, {literal(hold.reason)}, "
        f"{literal(hold.placed_at)})"
    )


def _of(part: BatchPeriods) -> str:
    days = ", ".join(f"DATE '{p}'" for p in sorted(set(part.periods)))
    return f"batch = {literal(part.batch)} AND period IN ({days})"


def _any(conditions: Sequence[str]) -> str:
    return conditions[0] if len(conditions) == 1 else " OR ".join(f"({c})" for c in conditions)
