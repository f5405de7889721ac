"""Versions of a table's external table: a change that one cannot take in place gets the next."""

import hashlib
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from tidegate.errors import ObjectExists, PolicyError
from tidegate.flows.context import Context
from tidegate.formats.stored import dump, load
from tidegate.model.batch import BATCH_COLUMN, PERIOD_COLUMN, TableVersion
from tidegate.model.layout import table_root, version_key, versions_root
from tidegate.model.names import TableName
from tidegate.model.tables import SqlType, Table, TypeKind
from tidegate.redshift.catalog import select_external_table
from tidegate.redshift.ddl import create_table
from tidegate.redshift.external import create_external_schema, create_external_table
from tidegate.redshift.storage import stored_columns
from tidegate.redshift.types import render
from tidegate.redshift.view import ExternalVersion

_INTEGERS = (TypeKind.SMALLINT, TypeKind.INTEGER, TypeKind.BIGINT)
_PARTITIONS = ((BATCH_COLUMN, SqlType(TypeKind.VARCHAR, length=64)), (PERIOD_COLUMN, SqlType(TypeKind.DATE)))
_MAX_NAME = 90
_HASHED = "t_"
_PLAIN = re.compile(rf"(?!{_HASHED})[a-z][a-z0-9]*(_[a-z0-9]+)*__[a-z0-9]+(_[a-z0-9]+)*")
"""One double underscore, so that it can be read in one way only."""


@dataclass(frozen=True)
class Versions:
    """The versions of one table of one warehouse."""

    ctx: Context
    warehouse: str
    table: TableName

    def load(self) -> list[TableVersion]:
        """All of them, oldest first."""
        keys = [info.key for info in self.ctx.lake.list(versions_root(self.warehouse, self.table))]
        return [load(TableVersion, self.ctx.lake.get(key), key) for key in keys]

    def candidate(
        self, table: Table, known: Sequence[TableVersion], used: Callable[[], Collection[TableName]]
    ) -> TableVersion:
        """The latest version when it fits `table` as it is now, else the one that would follow it.

        `used` names the external tables that have rows which count; it is asked only when a version does not fit.

        Raises:
            PolicyError: a column was renamed, dropped, narrowed or changed its kind while archived rows have it, or
                cannot be carried.
        """
        columns = stored_columns(table)
        for version in known:
            try:
                check_change(version.table, table)
            except PolicyError:
                if version.external in used():
                    raise
        if known and known[-1].columns == columns:
            return known[-1]
        number = known[-1].version + 1 if known else 1
        zone = known[0].time_zone if known else self.ctx.settings.timezone
        external = TableName(self.ctx.settings.external_schema, external_name(self.table, number))
        return TableVersion(number, external, table, create_table(table, if_not_exists=True), columns, zone)

    def ensure(self, version: TableVersion) -> TableVersion:
        """Record the version in the lake and create its external table, where they are missing.

        Returns the version that stands: another run may have recorded the same number first.
        """
        key = version_key(self.warehouse, self.table, version.version)
        try:
            self.ctx.lake.put(key, dump(version), if_absent=True)
        except ObjectExists:
            version = load(TableVersion, self.ctx.lake.get(key), key)
        if not self.exists(version.external):
            for statement in self.create_statements(version):
                self.ctx.warehouse.execute(statement)
        return version

    def exists(self, external: TableName) -> bool:
        return bool(self.ctx.warehouse.execute(select_external_table(external)).rows)

    def create_statements(self, version: TableVersion) -> list[str]:
        settings = self.ctx.settings
        location = self.ctx.lake.uri(table_root(self.warehouse, self.table))
        columns = [(c.name, c.stored) for c in version.columns]
        return [
            create_external_schema(version.external.schema, settings.glue_database, settings.iam_role),
            create_external_table(version.external, columns, _PARTITIONS, location),
        ]


def fitting(table: Table, versions: Sequence[TableVersion]) -> list[TableVersion]:
    """Those whose values a row of `table` can hold; the others have no rows that count."""
    return [version for version in versions if _fits(version.table, table)]


def _fits(old: Table, new: Table) -> bool:
    return all((after := new.column(c.name)) is None or widens(c.type, after.type) for c in old.columns)


def as_external(version: TableVersion) -> ExternalVersion:
    return ExternalVersion(version.external, version.columns)


def external_name(table: TableName, version: int) -> str:
    """`<schema>__<table>[__v<n>]` in letters that a Glue table may have.

    Made unique by a hash where that would be lossy, or could be read as another table's name or as a hashed one.
    """
    plain = f"{table.schema}__{table.name}"
    safe = re.sub(r"[^a-z0-9_]", "_", plain)[:_MAX_NAME]
    if safe != plain or not _PLAIN.fullmatch(plain):
        safe = f"{_HASHED}{safe}_{hashlib.sha256(str(table).encode()).hexdigest()[:10]}"
    return safe if version == 1 else f"{safe}__v{version}"


def check_change(old: Table, new: Table) -> None:
    """Raises PolicyError unless every column of `old` is still there, with the same or a wider type."""
    for before in old.columns:
        after = new.column(before.name)
        if after is None:
            raise PolicyError(
                f'{new.name}: column "{before.name}" of the archive is gone from the table (renamed or dropped)',
                hint="Bring the column back under its name; archived rows keep it.",
            )
        if not widens(before.type, after.type):
            raise PolicyError(
                f'{new.name}: column "{before.name}" changed from {render(before.type)} to {render(after.type)}, '
                "which the archived values may not fit",
                hint="Only wider types of the same kind can follow; change the column back.",
            )


def widens(old: SqlType, new: SqlType) -> bool:
    """Whether every value of `old` is, unchanged, a value of `new`."""
    if old == new:
        return True
    if old.kind in _INTEGERS and new.kind in _INTEGERS:
        return _INTEGERS.index(old.kind) <= _INTEGERS.index(new.kind)
    if old.kind is not new.kind:
        return False
    if old.kind is TypeKind.DECIMAL:
        old_scale, new_scale = old.scale or 0, new.scale or 0
        whole = (old.precision or 18) - old_scale, (new.precision or 18) - new_scale
        return new_scale >= old_scale and whole[1] >= whole[0]
    return (new.length or 0) >= (old.length or 0)
