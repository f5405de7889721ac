"""The list of files that were put aside: looked at, and shortened."""

from collections.abc import Sequence

from tidegate.model.landing import FileVersion
from tidegate.model.names import TableName
from tidegate.model.quarantine import QuarantineFilter
from tidegate.redshift.control_tables import ControlTables
from tidegate.redshift.identifiers import literal, qualified
from tidegate.redshift.loaded import are_versions, said

_ENTRY = (
    "table_name, batch, quarantined_at, uri, file_identity, version, sequencer, row_count, code, reason, hint, place"
)


class Quarantine(ControlTables):
    """The statements on `quarantined_files` that are of no load."""

    def select_batches(self, wanted: QuarantineFilter, limit: int) -> str:
        """table_name, batch, files, rows_aside, code, reason, quarantined_at of each batch, the newest first."""
        return (
            "SELECT table_name, batch, COUNT(DISTINCT uri) AS files, COALESCE(SUM(row_count), 0) AS rows_aside, "
            "MIN(code) AS code, MIN(reason) AS reason, MAX(quarantined_at) AS quarantined_at "
            f"FROM {self._entries(wanted)} GROUP BY 1, 2 ORDER BY 7 DESC, 1, 2 LIMIT {limit}"
        )

    def select_entries(self, wanted: QuarantineFilter) -> str:
        """Each entry, the oldest first.

        table_name, batch, quarantined_at, uri, file_identity, version, sequencer, row_count, code, reason, hint, place.
        """
        return f"SELECT {_ENTRY} FROM {self._entries(wanted)} ORDER BY quarantined_at, table_name, uri, code"

    def count_files(self) -> str:
        """table_name and files: how many files of each table are in quarantine, whole or with some of their rows."""
        files = f"SELECT DISTINCT table_name, uri, file_identity FROM {qualified(self.quarantined_files)}"
        return f"SELECT table_name, COUNT(*) AS files FROM ({files}) AS d GROUP BY 1 ORDER BY 1"

    def delete_batch(self, table: TableName, batch: str) -> str:
        return f"DELETE FROM {self._entries(QuarantineFilter(batch, table))}"

    def delete_whole(self, table: TableName, files: Sequence[FileVersion]) -> list[str]:
        """The entries of whole files alone: rows that lie aside stay on the list."""
        head = f"DELETE FROM {self._entries(QuarantineFilter(table=table))} AND place IS NULL AND "
        return [head + condition for condition in are_versions(files)]

    def delete_place(self, table: TableName, place: str) -> str:
        """The entries whose rows lie at a place."""
        return f"DELETE FROM {self._entries(QuarantineFilter(table=table))} AND place = {literal(place)}"

    def set_reason(self, table: TableName, place: str, reason: str, hint: str) -> str:
        """Why the rows at a place are still there."""
        return (
            f"UPDATE {qualified(self.quarantined_files)} SET reason = {said(reason)}, hint = {said(hint)} "
            f"WHERE table_name = {literal(str(table))} AND place = {literal(place)}"
        )

    def _entries(self, wanted: QuarantineFilter) -> str:
        named = (
            ("table_name", None if wanted.table is None else str(wanted.table)),
            ("batch", wanted.batch),
            ("code", wanted.code),
        )
        conditions = [f"{name} = {literal(value)}" for name, value in named if value is not None]
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        return f"{qualified(self.quarantined_files)}{where}"
