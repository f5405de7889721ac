"""Staged keys that are archived: loaded beside the hot rows, each of them would be there twice."""

from dataclasses import dataclass

from tidegate.model.names import TableName
from tidegate.model.tables import Column, SqlType, Table, TypeKind
from tidegate.redshift.ddl import create_table
from tidegate.redshift.guard import guard
from tidegate.redshift.identifiers import TEMPORARY_SCHEMA, column_list, literal, qualified, quote
from tidegate.redshift.load import Stage
from tidegate.redshift.view import ExternalVersion, counted_rows, restored_value

ARCHIVED_CHANGED = "the archived periods changed"
_PERIOD = "tg_period"


@dataclass(frozen=True)
class ColdKeys:
    """A temporary table of the keys that are staged and archived, with their periods. `table`: the hot one."""

    stage: Stage
    table: Table
    published: TableName

    @property
    def name(self) -> TableName:
        return TableName(TEMPORARY_SCHEMA, f"tg_cold_{self.stage.id.replace('-', '_')}")

    @property
    def condition(self) -> str:
        """The predicate over the staging table for rows whose key is archived."""
        return f"EXISTS (SELECT 1 FROM {qualified(self.name)} AS tg_c WHERE {self._same(self._stage, 'tg_c')})"

    def create(self) -> str:
        columns = (*(self._key(key) for key in self.stage.keys), Column(_PERIOD, SqlType(TypeKind.DATE)))
        return create_table(Table(self.name, columns), temporary=True)

    def collect(self, version: ExternalVersion) -> str:
        """Fill it from one version of the external table."""
        values = self._values(version)
        return (
            f"INSERT INTO {qualified(self.name)} ({column_list(self.stage.keys)}, {_PERIOD}) "
            f"SELECT DISTINCT {', '.join(values.values())}, p.period "
            f"FROM {counted_rows(version, self.table.name, self.published)} "
            f"JOIN {qualified(self.stage.name)} AS tg_s ON {self._clashes(values, version)}"
        )

    def periods(self) -> str:
        """tg_period and tg_keys of the archived keys."""
        return f"SELECT {_PERIOD}, COUNT(*) AS tg_keys FROM {qualified(self.name)} GROUP BY 1 ORDER BY 1"

    def delete(self) -> str:
        """Take the rows whose key is archived out of the staging table."""
        return f"DELETE FROM {self._stage} USING {qualified(self.name)} AS tg_c WHERE {self._same(self._stage, 'tg_c')}"

    def guard(self, periods: int) -> str:
        """As many (batch, period) rows are published as when the keys were compared."""
        source = f"{qualified(self.published)} WHERE table_name = {literal(str(self.table.name))}"
        return guard(source, f"COUNT(*) = {periods}", ARCHIVED_CHANGED)

    @property
    def _stage(self) -> str:
        return quote(self.stage.name.name)

    def _values(self, version: ExternalVersion) -> dict[str, str]:
        """What is kept of an archived row, by the columns of the key."""
        return {key: restored_value(self._key(key), version, "e") for key in self.stage.keys}

    def _clashes(self, values: dict[str, str], version: ExternalVersion) -> str:
        """The predicate for an archived row beside which a staged row must not come in."""
        return " AND ".join(f"tg_s.{quote(key)} = {value}" for key, value in values.items())

    def _key(self, name: str) -> Column:
        column = self.table.column(name)
        assert column is not None
        return Column(name, column.type)

    def _same(self, left: str, right: str) -> str:
        return " AND ".join(f"{left}.{quote(key)} = {right}.{quote(key)}" for key in self.stage.keys)
