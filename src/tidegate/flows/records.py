"""The lake's own record of a table: committed in the warehouse first, then put beside the rows, in order."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tidegate.errors import CorruptRecord, ForeignWarehouse, GuardFailed, ObjectExists, SerializationConflict
from tidegate.flows.context import Context
from tidegate.formats.stored import dump, load
from tidegate.model.layout import all_logs, log_root, record_key
from tidegate.model.names import TableName
from tidegate.model.records import LogRecord
from tidegate.redshift.control import NUMBER_TAKEN

TAKE_OVER_HINT = (
    "This warehouse is a copy or was set back. Run `tidegate adopt --take-over` to go on with it, "
    "or `tidegate adopt --as-copy` to give it a folder of its own."
)


RECORD_HINT = "Restore the object from a backup of the lake; nothing was changed."
_NAME = re.compile(r"/([0-9]{10})\.json$")

ATTEMPTS = 5
"""How often a transaction is tried when other sessions keep coming first."""


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
        return [self.ctx.control.guard_log_number(first.table, first.number - 1), self.insert(records)]

    def insert(self, records: Sequence[LogRecord]) -> str:
        """The statement alone, for records of one table whose numbers are known to be right."""
        return self.ctx.control.insert_log(
            records[0].table, [(r.number, r.kind.value, dump(r).decode()) for r in records]
        )

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
            head = self.head(table)
        if max(present, default=0) > head:
            raise ForeignWarehouse(
                f"the lake's record of {table} is at {max(present)}, this warehouse is at {head}", hint=TAKE_OVER_HINT
            )
        if head and head not in present:
            self._put_missing(table, max(self._numbers(table, 0), default=0))
        return head

    def sync_all(self) -> None:
        """`sync` for every table that has a record in the warehouse."""
        for table in self.recorded():
            self.sync(table)

    def heal(self, table: TableName) -> None:
        """`sync`, and put every older record that the warehouse has and the lake lacks."""
        self.sync(table)
        present = frozenset(self._numbers(table, 0))
        for number, record in self.ctx.warehouse.execute(self.ctx.control.select_log(table, 0)).rows:
            if int(str(number)) not in present:
                self._put(record_key(self.warehouse, table, int(str(number))), str(record).encode())

    def recorded(self) -> list[TableName]:
        """Every table that has a record in the warehouse."""
        heads = self.ctx.warehouse.execute(self.ctx.control.select_log_heads()).rows
        return [TableName.parse(str(name)) for name, _ in heads]

    def _numbers(self, table: TableName, after: int) -> list[int]:
        after_key = record_key(self.warehouse, table, after) if after > 0 else None
        listing = self.ctx.lake.list(log_root(self.warehouse, table), after=after_key)
        return [record_number(info.key) for info in listing]

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
        root = all_logs(self.warehouse)
        found = []
        for schema in self.ctx.lake.folders(root):
            for folder in self.ctx.lake.folders(schema):
                first = next(iter(self.ctx.lake.list(folder)), None)
                if first is not None:
                    found.append(self.record(first.key).table)
        return sorted(found)

    def read(self, table: TableName) -> Iterator[LogRecord]:
        """The table's records as the lake has them, in order. Raises CorruptRecord."""
        return (self.record(key) for key in self.keys(table))

    def keys(self, table: TableName) -> Iterator[str]:
        """The keys of the table's records in the lake, in order."""
        return (info.key for info in self.ctx.lake.list(log_root(self.warehouse, table)))

    def record(self, key: str) -> LogRecord:
        """One record of the lake. Raises CorruptRecord when it cannot be read, or lies where another belongs."""
        number = record_number(key)
        record = load(LogRecord, self.ctx.lake.get(key), key)
        if key != record_key(self.warehouse, record.table, record.number):
            raise CorruptRecord(
                f"{key} says that it is record {record.number} of {record.table}, not {number} of its folder",
                hint=RECORD_HINT,
            )
        return record


def record_number(key: str) -> int:
    """The number in a record's key. Raises CorruptRecord when the object is none."""
    match = _NAME.search(key)
    if match is None:
        raise CorruptRecord(
            f"{key} is not a record, but lies among them", hint="Move the object to another place; nothing was changed."
        )
    return int(match.group(1))
