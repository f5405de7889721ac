"""Every version of a key as a row with the time for which it is valid: a slowly changing dimension of type 2.

Equal neighbours are not drawn together: a version that arrives later may belong between them, and the return to the
former values would be lost. So the table is the same whatever the order in which its versions came.
"""

from dataclasses import dataclass

from tidegate.model.route import VALID_FROM, VALID_TO
from tidegate.redshift.identifiers import column_list, qualified, quote
from tidegate.redshift.load import Stage
from tidegate.redshift.load_cold import ColdKeys
from tidegate.redshift.view import ExternalVersion, restored_value

_FROM, _TO = quote(VALID_FROM), quote(VALID_TO)


@dataclass(frozen=True)
class HistoryStage(Stage):
    """A staging table of versions. `keys`: the columns of the key, then the version, which together name one row."""

    @property
    def key(self) -> tuple[str, ...]:
        return self.keys[:-1]

    @property
    def at(self) -> str:
        """The column of the version."""
        return self.keys[-1]

    def settle(self) -> str:
        """After the INSERT: let each version of a staged key be valid until the next one.

        Rows that have a version and no `valid_from` were there before the table was one of histories: their keys are
        settled, too.
        """
        target, at, own = qualified(self.target), quote(self.at), quote(self.target.name)
        listed = column_list(self.key)
        staged = ", ".join(f"{self._value(key)} AS {quote(key)}" for key in self.key)
        keys = (
            f"SELECT {staged} FROM {qualified(self.name)} WHERE {self.has_key} "
            f"UNION SELECT {listed} FROM {target} WHERE {_FROM} IS NULL AND {at} IS NOT NULL"
        )
        versions = (
            f"SELECT DISTINCT {', '.join(f'tg_t.{quote(name)}' for name in self.keys)} FROM {target} AS tg_t "
            f"JOIN ({keys}) AS tg_k ON {_same('tg_t', 'tg_k', self.key)} WHERE tg_t.{at} IS NOT NULL"
        )
        following = f"LEAD({at}) OVER (PARTITION BY {listed} ORDER BY {at}) AS tg_to"
        return (
            f"UPDATE {target} SET {_FROM} = tg_n.{at}, {_TO} = tg_n.tg_to "
            f"FROM (SELECT {column_list(self.keys)}, {following} FROM ({versions}) AS tg_v) AS tg_n "
            f"WHERE {_same(own, 'tg_n', self.keys)} AND ({own}.{_FROM} IS NULL OR {own}.{_FROM} <> tg_n.{at} "
            f"OR {own}.{_TO} <> tg_n.tg_to OR ({own}.{_TO} IS NULL AND tg_n.tg_to IS NOT NULL) "
            f"OR ({own}.{_TO} IS NOT NULL AND tg_n.tg_to IS NULL))"
        )

    def _head(self) -> str:
        return f"{super()._head()[:-1]}, {_FROM}, {_TO})"

    def _values(self) -> str:
        """With the next version as far as the staging table knows it, so that little is left to settle."""
        at = self._value(self.at)
        following = f"LEAD({at}) OVER (PARTITION BY {column_list(self.key)} ORDER BY {at})"
        return f"{super()._values()}, {at}, {following}"

    def _value(self, name: str) -> str:
        return next(column.value for column in self.taken if column.name == name)


@dataclass(frozen=True)
class ColdHistory(ColdKeys):
    """Staged versions that would change an archived row: one of their key that ends after them, or is current."""

    def _clashes(self, values: dict[str, str], version: ExternalVersion) -> str:
        *keys, at = self.stage.keys
        column = self.table.column(VALID_TO)
        assert column is not None
        ends = restored_value(column, version, "e")
        same = " AND ".join(f"tg_s.{quote(key)} = {values[key]}" for key in keys)
        return f"{same} AND ({ends} IS NULL OR {ends} > tg_s.{quote(at)})"

    def _values(self, version: ExternalVersion) -> dict[str, str]:
        at = self.stage.keys[-1]
        return {**super()._values(version), at: f"tg_s.{quote(at)}"}


def _same(left: str, right: str, names: tuple[str, ...]) -> str:
    return " AND ".join(f"{left}.{quote(name)} = {right}.{quote(name)}" for name in names)
