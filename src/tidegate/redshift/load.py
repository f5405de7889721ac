"""The statements that bring files into a table: a staging table of the session, then one transaction."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from tidegate.model.names import TableName
from tidegate.model.tables import Column, SqlType, Table, TypeKind
from tidegate.redshift.ddl import create_table
from tidegate.redshift.identifiers import TEMPORARY_SCHEMA, column_list, literal, qualified, quote
from tidegate.redshift.types import render

FILE_COLUMN = "tg_file"
"""Of a numbered staging table: which file of the batch a row came from, from 0."""

_RANK = "tg_rank"
_MEASURED = frozenset({TypeKind.VARCHAR, TypeKind.VARBYTE})


@dataclass(frozen=True)
class StagedColumn:
    """A column of the files as COPY takes it, and the column of the table that it goes into.

    `target` None: it is left out. `parse_json`: its text becomes SUPER. `nothing`: it holds nothing but NULL.
    """

    name: str
    type: SqlType
    target: Column | None
    parse_json: bool = False
    nothing: bool = False

    @property
    def value(self) -> str:
        """The expression over the staging table that gives the value of the target."""
        if self.target is not None and self.nothing:
            return f"CAST(NULL AS {render(self.target.type)})"
        return f"JSON_PARSE({quote(self.name)})" if self.parse_json else quote(self.name)


@dataclass(frozen=True)
class Stage:
    """A staging table and where its rows go. `keys` and `version` are names in the table and in the files alike.

    `numbered`: it has the column `tg_file`.
    """

    id: str
    target: TableName
    columns: tuple[StagedColumn, ...]
    keys: tuple[str, ...] = ()
    version: str | None = None
    numbered: bool = False

    @property
    def name(self) -> TableName:
        numbered = "_n" if self.numbered else ""
        return TableName(TEMPORARY_SCHEMA, f"tg_stage_{self.id.replace('-', '_')}{numbered}")

    @property
    def taken(self) -> tuple[StagedColumn, ...]:
        """The columns that go into the table."""
        return tuple(column for column in self.columns if column.target is not None)

    @property
    def table(self) -> Table:
        columns = tuple(Column(c.name, c.type) for c in self.columns)
        number = (Column(FILE_COLUMN, SqlType(TypeKind.INTEGER)),) if self.numbered else ()
        return Table(self.name, (*columns, *number))

    @property
    def has_key(self) -> str:
        """The predicate for rows none of whose key columns is NULL."""
        return " AND ".join(f"{quote(key)} IS NOT NULL" for key in self.keys) or "TRUE"

    @property
    def measured(self) -> tuple[str, ...]:
        """Columns whose longest value, in bytes, decides a length of the table's."""
        return tuple(c.name for c in self.taken if c.type.kind in _MEASURED)

    def create(self) -> str:
        return create_table(self.table, temporary=True)

    def number(self, file: int) -> str:
        """The rows that the last COPY brought are those of this file."""
        return f"UPDATE {qualified(self.name)} SET {FILE_COLUMN} = {file} WHERE {FILE_COLUMN} IS NULL"

    def facts(self) -> str:
        """One row: tg_rows, tg_keyless (rows with a NULL in the key), then the longest value of each of `measured`."""
        keyless = f"COALESCE(SUM(CASE WHEN {self.has_key} THEN 0 ELSE 1 END), 0)"
        lengths = "".join(
            f", COALESCE(MAX(OCTET_LENGTH({quote(name)})), 0) AS tg_bytes_{at}" for at, name in enumerate(self.measured)
        )
        return f"SELECT COUNT(*) AS tg_rows, {keyless} AS tg_keyless{lengths} FROM {qualified(self.name)}"

    def repeated(self) -> str:
        """How many keys come more than once: one row, tg_keys."""
        listed = column_list(self.keys)
        return (
            f"SELECT COUNT(*) AS tg_keys FROM (SELECT {listed} FROM {qualified(self.name)} WHERE {self.has_key} "
            f"GROUP BY {listed} HAVING COUNT(*) > 1) AS repeated"
        )

    def undecided(self, row_hash: str) -> str:
        """Keys with different rows between which neither the version nor, where numbered, the file decides.

        tg_file (NULL where not numbered) and tg_keys, by file.
        """
        by = [*self.keys, *([self.version] if self.version else []), *([FILE_COLUMN] if self.numbered else [])]
        file = FILE_COLUMN if self.numbered else "CAST(NULL AS INTEGER)"
        return (
            f"SELECT {file} AS tg_number, COUNT(*) AS tg_keys FROM (SELECT {column_list(by)} FROM "
            f"{qualified(self.name)} WHERE {self.has_key} GROUP BY {column_list(by)} "
            f"HAVING COUNT(DISTINCT {row_hash}) > 1) AS undecided GROUP BY 1 ORDER BY 1"
        )

    def some(self, values: str, condition: str) -> str:
        """The query of the rows of a condition: `values` are the columns as they are written down."""
        return f"SELECT {values} FROM {qualified(self.name)} WHERE {condition}"

    def count_some(self, condition: str) -> str:
        """tg_number (NULL where not numbered) and tg_rows of the rows of a condition, by file."""
        file = FILE_COLUMN if self.numbered else "CAST(NULL AS INTEGER)"
        return (
            f"SELECT {file} AS tg_number, COUNT(*) AS tg_rows FROM {qualified(self.name)} WHERE {condition} "
            "GROUP BY 1 ORDER BY 1"
        )

    def delete_older(self) -> str:
        """Take out of the staging table what the table has in a newer version."""
        version = quote(self.version or "")
        stage, target = quote(self.name.name), qualified(self.target)
        newer = f"(t.{version} > {stage}.{version} OR ({stage}.{version} IS NULL AND t.{version} IS NOT NULL))"
        return f"DELETE FROM {stage} USING {target} AS t WHERE {self._matches(stage, 't')} AND {newer}"

    def delete_replaced(self) -> str:
        """Take out of the table what comes anew."""
        target = quote(self.target.name)
        return (
            f"DELETE FROM {qualified(self.target)} USING {qualified(self.name)} AS tg_s "
            f"WHERE {self._matches(target, 'tg_s')}"
        )

    def delete_all(self) -> str:
        return f"DELETE FROM {qualified(self.target)}"

    def insert(self) -> str:
        """Every staged row."""
        return f"{self._head()} SELECT {self._values()} FROM {qualified(self.name)}"

    def insert_latest(self) -> str:
        """Of each key one row: of the newest version, of the last file."""
        return f"{self._head()} SELECT {self._values()} FROM {self.latest(c.name for c in self.taken)}"

    def latest(self, columns: Iterable[str]) -> str:
        """Text after FROM: these columns of the rows that `insert_latest` takes."""
        order = [f"{quote(self.version)} DESC NULLS LAST"] if self.version else []
        order += [f"{FILE_COLUMN} DESC"] if self.numbered else []
        order = order or [quote(key) for key in self.keys]
        ranked = (
            f"SELECT {column_list(columns)}, "
            f"ROW_NUMBER() OVER (PARTITION BY {column_list(self.keys)} ORDER BY {', '.join(order)}) AS {_RANK} "
            f"FROM {qualified(self.name)} WHERE {self.has_key}"
        )
        return f"({ranked}) AS ranked WHERE {_RANK} = 1"

    def filling(self, columns: tuple[StagedColumn, ...]) -> "Stage":
        """The same rows into other columns of the table: it may have changed since they were staged."""
        return replace(self, columns=columns)

    def with_numbers(self) -> "Stage":
        return replace(self, numbered=True)

    def _matches(self, left: str, right: str) -> str:
        return " AND ".join(f"{left}.{quote(key)} = {right}.{quote(key)}" for key in self.keys)

    def _head(self) -> str:
        names = column_list(c.target.name for c in self.taken if c.target is not None)
        return f"INSERT INTO {qualified(self.target)} ({names})"

    def _values(self) -> str:
        return ", ".join(column.value for column in self.taken)


def widen_column(table: TableName, column: str, length: int) -> str:
    """A longer VARCHAR, which cannot stand in a transaction (developer guide, ALTER TABLE)."""
    kind = render(SqlType(TypeKind.VARCHAR, length=length))
    return f"ALTER TABLE {qualified(table)} ALTER COLUMN {quote(column)} TYPE {kind}"


def select_file_batches(loaded: TableName, table: TableName, batch: str) -> str:
    """How many files a batch brought: one row, tg_files. 0 when its transaction did not commit."""
    return (
        f"SELECT COUNT(*) AS tg_files FROM {qualified(loaded)} WHERE table_name = {literal(str(table))} "
        f"AND batch = {literal(batch)}"
    )
