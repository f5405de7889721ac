"""The lake's own record of a table: committed in the warehouse first, then put beside the rows, in order."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from tidegate.errors import CorruptRecord, ForeignWarehouse, GuardFailed, ObjectExists, SerializationConflict
from tidegate.flows.context import Context
from tidegate.formats.stored import dump, load
from tidegate.model.layout import all_logs, log_root, record_key
from tidegate.model.names import TableName
from tidegate.model.records import BatchPeriods, LogRecord
from tidegate.redshift.control import NUMBER_TAKEN
from tidegate.redshift.identifiers import literal

TAKE_OVER_HINT = (
    "This warehouse is a copy or was set back. Run `tidegate adopt --take-over` to go on with it, "
    "or `tidegate adopt --as-copy` to give it a folder of its own."
)

RECORD_HINT = "Restore the object from a backup of the lake; nothing was changed."
STRANGER_HINT = "Move the object to another place; nothing was changed."
_NAME = re.compile(r"[0-9]{10}\.json")

ATTEMPTS = 5
"""How often a transaction is tried when other sessions keep coming first."""

NEAR = 1000
"""Records that one page of a listing of S3 tells."""

_RECORD_ROOM = 60_000
"""Bytes of a record's parts; the whole document must fit into a VARCHAR of 65,535."""
_PART_BYTES, _PERIOD_BYTES = 64, 13
"""What a part and each of its periods take beside the names, as JSON."""
_ROW_BYTES = 1300
"""What a record takes in an INSERT beside its document: table name, number, kind, when, who."""


@dataclass(frozen=True)
class RecordLog:
    """The records of one warehouse. `warehouse` is its id."""

    ctx: Context
    warehouse: str

    def head(self, table: TableName) -> int:
        """The number of the table's last record, as the warehouse has it; 0 when it has none."""
        return int(str(self.ctx.warehouse.execute(self.ctx.control.select_log_head(table)).rows[0][0]))

    def append(self, records: Sequence[LogRecord]) -> list[str]:
        """Statements that commit records of one table with consecutive numbers, if no other came first."""
        first = records[0]
        records = [replace(record, by=self.ctx.person) for record in records]
        return [self.ctx.control.guard_log_number(first.table, first.number - 1), *self.inserts(records)]

    def inserts(self, records: Iterable[LogRecord]) -> list[str]:
        """The statements alone, for records of one table whose numbers are known to be right."""
        limit = self.ctx.warehouse.capabilities.max_statement_bytes - _ROW_BYTES
        parts: list[tuple[TableName, list[tuple[LogRecord, str]]]] = []
        room = 0
        for record in records:
            document = dump(record).decode()
            size = len(literal(document).encode()) + _ROW_BYTES
            if room < size:
                parts.append((record.table, []))
                room = limit
            room -= size
            parts[-1][1].append((record, document))
        return [self.ctx.control.insert_log(table, rows) for table, rows in parts]

    def commit(self, table: TableName, build: Callable[[int], list[str]]) -> None:
        """Run the transaction that `build` makes for the next record number, then put its record into the lake.

        A transaction that lost the number to another session, or met a conflict, is built and run anew.

        Raises:
            GuardFailed: a guard other than the number's did not hold.
            SerializationConflict, GuardFailed: other sessions kept coming first.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self.ctx.warehouse.transaction(build(self.sync(table) + 1))
                break
            except (GuardFailed, SerializationConflict) as error:
                lost = isinstance(error, SerializationConflict) or error.message.startswith(NUMBER_TAKEN)
                if not lost or attempt == ATTEMPTS:
                    raise
        self.sync(table)

    def sync(self, table: TableName) -> int:
        """Put the records that a killed run committed but did not write; return the last number.

        Raises:
            ForeignWarehouse: the lake knows a record that this warehouse does not.
        """
        head = self.head(table)
        present = self._numbers(table, head - 1)
        if max(present, default=0) > head:
            head = self._check(table, max(present))
        if head and head not in present:
            self._put_missing(table, self._newest(table, head))
        return head

    def sync_all(self) -> None:
        """`sync` for every table that has a record in the warehouse."""
        for table in self.recorded():
            self.sync(table)

    def check_all(self) -> None:
        """Read only: no table's record in the lake is ahead of this warehouse. Raises ForeignWarehouse."""
        heads = self._heads()
        known = {log_root(self.warehouse, table) for table in heads}
        ahead = [table for table, head in heads.items() if max(self._numbers(table, head), default=0) > head]
        firsts = [self._first(folder) for folder in self._folders() if folder not in known]
        for table in (*ahead, *(self.record(key).table for key in firsts if key is not None)):
            self._check(table, max(self._numbers(table, 0), default=0))

    def _check(self, table: TableName, newest: int) -> int:
        """The warehouse's last number, read after the lake's. Raises ForeignWarehouse when the lake is ahead."""
        head = self.head(table)
        if newest > head:
            raise ForeignWarehouse(
                f"the lake's record of {table} is at {newest}, this warehouse is at {head}", hint=TAKE_OVER_HINT
            )
        return head

    def heal(self, table: TableName) -> None:
        """`sync`, and put every older record that the warehouse has and the lake lacks."""
        self.sync(table)
        present = frozenset(self._numbers(table, 0))
        for number, record in self.ctx.warehouse.execute(self.ctx.control.select_log(table, 0)).rows:
            if int(str(number)) not in present:
                self._put(record_key(self.warehouse, table, int(str(number))), str(record).encode())

    def recorded(self) -> list[TableName]:
        """Every table that has a record in the warehouse."""
        return list(self._heads())

    def _heads(self) -> dict[TableName, int]:
        heads = self.ctx.warehouse.execute(self.ctx.control.select_log_heads()).rows
        return {TableName.parse(str(name)): int(str(number)) for name, number in heads}

    def _numbers(self, table: TableName, after: int) -> list[int]:
        after_key = record_key(self.warehouse, table, after) if after > 0 else None
        root = log_root(self.warehouse, table)
        numbers = (record_number(info.key, root) for info in self.ctx.lake.list(root, after=after_key))
        return [number for number in numbers if number is not None]

    def _newest(self, table: TableName, head: int) -> int:
        """The lake's last number. It is near the warehouse's, so that a long record is not listed from its start."""
        near = self._numbers(table, head - NEAR)
        found = near if near or head <= NEAR else self._numbers(table, 0)
        return max(found, default=0)

    def _put_missing(self, table: TableName, after: int) -> None:
        for number, record in self.ctx.warehouse.execute(self.ctx.control.select_log(table, after)).rows:
            self._put(record_key(self.warehouse, table, int(str(number))), str(record).encode())

    def _put(self, key: str, data: bytes) -> None:
        try:
            self.ctx.lake.put(key, data, if_absent=True)
        except ObjectExists as error:
            if self.ctx.lake.get(key) != data:
                raise ForeignWarehouse(f"{key} says something else than this warehouse", hint=TAKE_OVER_HINT) from error

    def tables(self) -> list[TableName]:
        """Every table that has a record in the lake. Raises CorruptRecord."""
        firsts = [self._first(folder) for folder in self._folders()]
        return sorted(self.record(key).table for key in firsts if key is not None)

    def _folders(self) -> Iterator[str]:
        for schema in self.ctx.lake.folders(all_logs(self.warehouse)):
            yield from self.ctx.lake.folders(schema)

    def _first(self, folder: str) -> str | None:
        keys = (info.key for info in self.ctx.lake.list(folder))
        return next((key for key in keys if record_number(key, folder) is not None), None)

    def read(self, table: TableName) -> Iterator[LogRecord]:
        """The table's records as the lake has them, in order. Raises CorruptRecord."""
        root = log_root(self.warehouse, table)
        return (self.record(key) for key in self.keys(table) if record_number(key, root) is not None)

    def keys(self, table: TableName) -> Iterator[str]:
        """The keys of all objects in the table's log folder in the lake, in order: records, and what strayed there."""
        return (info.key for info in self.ctx.lake.list(log_root(self.warehouse, table)))

    def strangers(self, table: TableName) -> list[str]:
        """The keys of objects in the table's log folder that are no records."""
        root = log_root(self.warehouse, table)
        return [key for key in self.keys(table) if record_number(key, root) is None]

    def committed(self, table: TableName) -> dict[int, LogRecord]:
        """The table's records as the warehouse has them, by number."""
        rows = self.ctx.warehouse.execute(self.ctx.control.select_log(table, 0)).rows
        return {int(str(n)): load(LogRecord, str(text).encode(), f"log {table} {n}") for n, text in rows}

    def record(self, key: str) -> LogRecord:
        """One record of the lake. Raises CorruptRecord when it cannot be read, or lies where another belongs."""
        record = load(LogRecord, self.ctx.lake.get(key), key)
        if key != record_key(self.warehouse, record.table, record.number):
            number = key.rpartition("/")[2].partition(".")[0].lstrip("0")
            raise CorruptRecord(
                f"{key} says that it is record {record.number} of {record.table}, not {number} of its folder",
                hint=RECORD_HINT,
            )
        return record


def record_number(key: str, root: str) -> int | None:
    """The number in the key of a record of the folder `root`; None for an object that is no record of it."""
    name = key.removeprefix(root)
    return int(name.partition(".")[0]) if _NAME.fullmatch(name) else None


def stranger(key: str) -> str:
    """What is told of an object in a log folder that is no record."""
    return f"{key} is not a record, but lies among them"


def fitting(record: LogRecord) -> list[LogRecord]:
    """The record, or as many with consecutive numbers as its parts need to fit into one row of the log each."""
    records: list[LogRecord] = []
    room = 0
    for part, counts in (*((p, True) for p in record.published), *((p, False) for p in record.retired)):
        names = _PART_BYTES + len(part.batch.encode()) + len(part.prefix.encode())
        most = (_RECORD_ROOM - names) // _PERIOD_BYTES
        for at in range(0, len(part.periods), most):
            piece = replace(part, periods=part.periods[at : at + most])
            size = names + _PERIOD_BYTES * len(piece.periods)
            if room < size:
                records.append(replace(record, number=record.number + len(records), published=(), retired=()))
                room = _RECORD_ROOM
            room -= size
            records[-1] = _with(records[-1], piece, counts=counts)
    return records or [record]


def _with(record: LogRecord, part: BatchPeriods, *, counts: bool) -> LogRecord:
    if counts:
        return replace(record, published=(*record.published, part))
    return replace(record, retired=(*record.retired, part))
