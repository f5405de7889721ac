"""Which versions of which files are in a table, and which are in quarantine: the truth about `loaded`."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from tidegate.model.landing import FileVersion
from tidegate.model.loading import QuarantinedFile
from tidegate.model.names import TableName
from tidegate.redshift.control_tables import ControlTables
from tidegate.redshift.guard import guard_none
from tidegate.redshift.identifiers import literal, qualified
from tidegate.redshift.lists import parts

ALREADY_LOADED = "a file is already loaded"
"""The reason of the guard on files: another session loaded one of them first. The batch is sealed anew without it."""

NEWER_LOADED = "a newer version of a file is already loaded"

SEQUENCER_WIDTH = 64
"""Characters to which sequencers are filled with zeros on the right before they are compared."""

_FILE_COLUMNS = "table_name, uri, file_identity, version, sequencer, batch, row_count"


class LoadedFiles(ControlTables):
    """The statements on `loaded_files` and `quarantined_files` of one control schema."""

    def select_loaded(self, table: TableName, uris: Sequence[str]) -> list[str]:
        """uri, file_identity, sequencer, row_count, loaded_at of every loaded version of these files."""
        head = f"SELECT uri, file_identity, sequencer, row_count, loaded_at FROM {qualified(self.loaded_files)} WHERE "
        named = f"table_name = {literal(str(table))} AND uri IN "
        return [f"{head}{named}({', '.join(part)})" for part in parts(map(literal, dict.fromkeys(uris)))]

    def select_newest(self, table: TableName) -> str:
        """When the last of the table's loaded files landed: one row, in UTC."""
        return (
            f"SELECT CAST(MAX(landed_at) AS VARCHAR(32)) AS landed_at FROM {qualified(self.loaded_files)} "
            f"WHERE table_name = {literal(str(table))}"
        )

    def select_all_loaded(self, table: TableName) -> str:
        """uri, file_identity, sequencer, row_count, loaded_at of every loaded version of the table, by uri."""
        return (
            f"SELECT uri, file_identity, sequencer, row_count, loaded_at FROM {qualified(self.loaded_files)} "
            f"WHERE table_name = {literal(str(table))} ORDER BY uri, loaded_at, file_identity"
        )

    def select_quarantined(self, table: TableName | None = None) -> str:
        """table_name, uri, file_identity, batch, row_count, code, reason, hint, place, quarantined_at; oldest first."""
        where = "" if table is None else f" WHERE table_name = {literal(str(table))}"
        return (
            "SELECT table_name, uri, file_identity, batch, row_count, code, reason, hint, place, quarantined_at "
            f"FROM {qualified(self.quarantined_files)}{where} ORDER BY quarantined_at, table_name, uri"
        )

    def count_quarantined(self, table: TableName) -> str:
        """How many files of the table are in quarantine: one row."""
        return (
            f"SELECT COUNT(*) AS files FROM {qualified(self.quarantined_files)} "
            f"WHERE table_name = {literal(str(table))}"
        )

    def guard_newest(self, table: TableName, landed_at: str) -> str:
        """No file of the table that is loaded landed later; `landed_at` is `YYYY-MM-DD HH:MM:SS.ffffff` in UTC."""
        return guard_none(
            f"{qualified(self.loaded_files)} WHERE table_name = {literal(str(table))} "
            f"AND landed_at > TIMESTAMP '{landed_at}'",
            NEWER_LOADED,
        )

    def guard_not_loaded(self, table: TableName, files: Sequence[FileVersion]) -> list[str]:
        """None of these versions is loaded, and none that came after one of them."""
        source = f"{qualified(self.loaded_files)} WHERE table_name = {literal(str(table))} AND "
        return [
            *(guard_none(source + condition, ALREADY_LOADED) for condition in are_versions(files)),
            *(
                guard_none(f"{source}({' OR '.join(part)})", NEWER_LOADED)
                for part in parts(_newer(f) for f in files if f.sequencer is not None)
            ),
        ]

    def insert_loaded(
        self, table: TableName, batch: str, files: Sequence[tuple[FileVersion, int | None]], at: str
    ) -> list[str]:
        """Files with their rows. `at` is `YYYY-MM-DD HH:MM:SS` in UTC."""
        head = f"INSERT INTO {qualified(self.loaded_files)} ({_FILE_COLUMNS}, landed_at, loaded_at) VALUES "
        rows = (f"({_values(table, file, batch, count)}, {_stamp(file)}, TIMESTAMP '{at}')" for file, count in files)
        return [head + ", ".join(part) for part in parts(rows)]

    def select_known_bad(self, table: TableName, files: Sequence[FileVersion]) -> list[str]:
        """uri and file_identity of those of these versions that are in quarantine."""
        head = (
            f"SELECT uri, file_identity FROM {qualified(self.quarantined_files)} "
            f"WHERE table_name = {literal(str(table))} AND "
        )
        return [head + condition for condition in are_versions(files)]

    def delete_quarantined(self, table: TableName, files: Sequence[FileVersion]) -> list[str]:
        """What was said of these versions before is over."""
        head = f"DELETE FROM {qualified(self.quarantined_files)} WHERE table_name = {literal(str(table))} AND "
        return [head + condition for condition in are_versions(files)]

    def insert_quarantined(self, table: TableName, batch: str, files: Sequence[QuarantinedFile], at: str) -> list[str]:
        """`at` is `YYYY-MM-DD HH:MM:SS` in UTC."""
        columns = f"{_FILE_COLUMNS}, code, reason, hint, place, quarantined_at"
        head = f"INSERT INTO {qualified(self.quarantined_files)} ({columns}) VALUES "
        rows = (
            f"({_values(table, q.file, batch, q.rows)}, {literal(q.code)}, {said(q.reason)}, {said(q.hint)}, "
            f"{_text(q.place)}, TIMESTAMP '{at}')"
            for q in files
        )
        return [head + ", ".join(part) for part in parts(rows)]


def are_versions(files: Iterable[FileVersion]) -> Iterator[str]:
    """Predicates each of which finds rows of some of these versions.

    A list is looked up, alternatives are tried one by one. No identity has a blank, so no two versions become one text.
    """
    versions = (literal(f"{file.uri} {file.identity}") for file in files)
    return (f"(uri || ' ' || file_identity) IN ({', '.join(part)})" for part in parts(versions))


def _newer(file: FileVersion) -> str:
    padded = (file.sequencer or "").ljust(SEQUENCER_WIDTH, "0")
    return f"(uri = {literal(file.uri)} AND RPAD(sequencer, {SEQUENCER_WIDTH}, '0') > {literal(padded)})"


def _values(table: TableName, file: FileVersion, batch: str, rows: int | None) -> str:
    return (
        f"{literal(str(table))}, {literal(file.uri)}, {literal(file.identity)}, {_text(file.version)}, "
        f"{_text(file.sequencer)}, {literal(batch)}, {'NULL' if rows is None else rows}"
    )


def _stamp(file: FileVersion) -> str:
    return "NULL" if file.landed_at is None else f"TIMESTAMP '{landed_text(file.landed_at)}'"


def landed_text(at: datetime) -> str:
    """An aware time as a TIMESTAMP literal's text in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"


def _text(value: str | None) -> str:
    return "NULL" if value is None else literal(value)


def said(text: str) -> str:
    """A message may quote anything: as much of it as stays short, without what no text can hold."""
    return literal(text.replace("\x00", "\ufffd")[:_SHOWN])


_SHOWN = 4000
