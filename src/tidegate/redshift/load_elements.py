"""Elements of lists in tables of their own: they come and go with the row of their record.

While they are staged, the number of the record links them to it; in the tables, the key does.
"""

from dataclasses import dataclass

from tidegate.model.elements import DIGEST, RECORD
from tidegate.model.names import TableName
from tidegate.model.tables import SqlType, TypeKind
from tidegate.redshift.guard import guard, guard_none
from tidegate.redshift.identifiers import literal, qualified, quote
from tidegate.redshift.load import Stage, StagedColumn
from tidegate.redshift.load_cold import ARCHIVED_CHANGED

ELEMENTS_CHANGED = "the tables of lists changed"
"""The reason of a guard: another session loaded elements into a table that was not there. The batch is tried anew."""

RECORD_LINK = StagedColumn(RECORD, SqlType(TypeKind.BIGINT), None)
DIGEST_LINK = StagedColumn(DIGEST, SqlType(TypeKind.VARCHAR, length=32), None)
"""Columns that are staged, and go into no table: the record's number, and what tells different records of a key."""


@dataclass(frozen=True)
class Elements:
    """Tables of the elements of one table's records.

    `records`: the staging table of the records. `stages`: those of elements, each linked by `tg_record`, empty where
    the files have no lists. `tables`: all that hold elements of records that were loaded before. `known`: how many of
    those `loaded_files` tells of.
    """

    records: Stage
    stages: tuple[Stage, ...]
    tables: tuple[TableName, ...]
    known: int
    loaded: TableName

    @property
    def all_tables(self) -> tuple[TableName, ...]:
        return tuple(dict.fromkeys((*self.tables, *(stage.target for stage in self.stages))))

    def guards(self, published: TableName | None) -> list[str]:
        """No other table has elements by now, and none is archived; `published` None: that does not matter."""
        source = f"({select_element_tables(self.loaded, self.records.target)}) AS tg_tables"
        names = ", ".join(literal(str(table)) for table in self.all_tables)
        archived = "" if published is None or not names else f"{qualified(published)} WHERE table_name IN ({names})"
        return [
            guard(source, f"COUNT(*) = {self.known}", ELEMENTS_CHANGED),
            *([guard_none(archived, ARCHIVED_CHANGED)] if archived else []),
        ]

    def delete_losers(self) -> list[str]:
        """Leave of each key the one record that comes into the table, and no record without a key."""
        if not self.stages:
            return []
        stage = quote(self.records.name.name)
        return [f"DELETE FROM {stage} WHERE {RECORD} NOT IN (SELECT {RECORD} FROM {self.records.latest([RECORD])})"]

    def delete_replaced(self) -> list[str]:
        """Take out the elements of records that come anew."""
        staged = qualified(self.records.name)
        statements = []
        for table in self.all_tables:
            same = " AND ".join(f"{quote(table.name)}.{quote(key)} = tg_s.{quote(key)}" for key in self.records.keys)
            statements.append(f"DELETE FROM {qualified(table)} USING {staged} AS tg_s WHERE {same}")
        return statements

    def delete_all(self) -> list[str]:
        return [f"DELETE FROM {qualified(table)}" for table in self.all_tables]

    def insert(self) -> list[str]:
        """The elements of the records that are left in their staging table."""
        records = f"SELECT {RECORD} FROM {qualified(self.records.name)}"
        return [f"{stage.insert()} WHERE {RECORD} IN ({records})" for stage in self.stages]


def select_element_tables(loaded: TableName, table: TableName) -> str:
    """table_name of every table into which batches of `table` brought elements of lists."""
    own, below = literal(str(table)), f"{table}_"
    return (
        f"SELECT DISTINCT tg_e.table_name FROM {qualified(loaded)} AS tg_r JOIN {qualified(loaded)} AS tg_e "
        f"ON tg_e.batch = tg_r.batch WHERE tg_r.table_name = {own} "
        f"AND LEFT(tg_e.table_name, {len(below)}) = {literal(below)}"
    )
