"""A small archive, as Tidegate makes one: a hot table with every type, its files, and the external table over them."""

from collections.abc import Sequence
from dataclasses import dataclass

from live.site import Site
from tidegate.model.batch import BATCH_COLUMN, PERIOD_COLUMN, StoredColumn
from tidegate.model.names import TableName
from tidegate.model.tables import SqlType, Table, TypeKind
from tidegate.redshift.external import add_partitions, create_external_table
from tidegate.redshift.identifiers import quote
from tidegate.redshift.rows import of_batch, stored_rows
from tidegate.redshift.storage import stored_columns
from tidegate.redshift.view import ExternalVersion

DAYS = ("2020-01-01", "2020-01-02")
BATCH = "20200620-101502-a9a99f2f"
PARTITIONS = ((BATCH_COLUMN, SqlType(TypeKind.VARCHAR, length=64)), (PERIOD_COLUMN, SqlType(TypeKind.DATE)))

VALUES: dict[str, tuple[str, tuple[str, ...]]] = {
    "smallint": ("SMALLINT", ("-32768", "32767", "0")),
    "integer": ("INTEGER", ("-2147483648", "2147483647", "0")),
    "bigint": ("BIGINT", ("CAST('-9223372036854775808' AS BIGINT)", "9223372036854775807", "0")),
    "decimal": ("DECIMAL(12,2)", ("-9999999999.99", "0.01", "0")),
    "long-decimal": (
        "DECIMAL(38,10)",
        ("CAST('-1234567890123456789012345678.0123456789' AS DECIMAL(38,10))", "0.0000000001", "0"),
    ),
    "real": ("REAL", ("0.1", "CAST('-0' AS REAL)", "CAST('3.4028235e38' AS REAL)")),
    "double": (
        "DOUBLE PRECISION",
        (
            "0.1",
            "CAST('-0' AS DOUBLE PRECISION)",
            "CAST('NaN' AS DOUBLE PRECISION)",
            "CAST('1e-300' AS DOUBLE PRECISION)",
        ),
    ),
    "boolean": ("BOOLEAN", ("TRUE", "FALSE")),
    "char": ("CHAR(4)", ("'a'", "'ab  '", "''", "'abcd'")),
    "varchar": ("VARCHAR(6)", ("'é日'", "''", "' x '", "'abcdef'")),
    "date": ("DATE", ("'1582-10-14'", "'9999-12-31'", "'1970-01-01'")),
    "time": ("TIME", ("'23:59:59.999999'", "'00:00:00'")),
    "timetz": ("TIMETZ", ("'10:11:12.000001+02'", "'23:59:59-08'")),
    "timestamp": (
        "TIMESTAMP",
        ("'1582-10-14 23:59:59.999999'", "'9999-12-31 23:59:59.999999'", "'1969-12-31 00:00:00'"),
    ),
    "timestamptz": ("TIMESTAMPTZ", ("'2020-03-29 01:30:00.000001+01'", "'1969-12-31 23:59:59-08'")),
    "super": ("SUPER", ('JSON_PARSE(\'{"a":[1,2.50,null],"b":"é"}\')', "JSON_PARSE('\"text\"')", "JSON_PARSE('7')")),
    "varbyte": ("VARBYTE(8)", ("FROM_HEX('00ff')", "FROM_HEX('')", "FROM_HEX('0102030405060708')")),
}
"""By the last word of the assumption: a type, and values at its edges; every column holds NULL too."""


def column_of(kind: str) -> str:
    """The name of the column of a kind of VALUES."""
    return f"v_{kind.replace('-', '_')}"


@dataclass(frozen=True)
class Archived:
    """`columns` are the stored ones; all rows are of batch BATCH and of DAYS, one file a day."""

    hot: Table
    columns: tuple[StoredColumn, ...]
    external: TableName
    folder: str
    site: Site

    @property
    def version(self) -> ExternalVersion:
        return ExternalVersion(self.external, self.columns)

    def where(self, days: Sequence[str] = DAYS) -> str:
        return of_batch(BATCH, days, "e")

    def period_folder(self, day: str) -> str:
        return f"{self.folder}{PERIOD_COLUMN}={day}/"


def archive(site: Site, columns: str, rows: Sequence[str]) -> Archived:
    """A table whose last column is `day`, unloaded by day, with an external table and its two partitions."""
    name = site.table("hot", f"{columns}, day DATE")
    site.warehouse.transaction([f"INSERT INTO {name} VALUES ({row})" for row in rows])
    hot = site.warehouse.tables([name])[name]
    stored = stored_columns(hot)
    folder, external = f"{site.folder('archive')}{BATCH_COLUMN}={BATCH}/", site.external_name("cold")
    select = stored_rows(stored, quote("day"), name, "TRUE")
    site.warehouse.execute(site.unload(select, folder, parallel=False, by=(PERIOD_COLUMN,)))
    archived = Archived(hot, stored, external, folder, site)
    root = site.lake.uri(folder.rpartition(f"{BATCH_COLUMN}=")[0])
    site.warehouse.execute(create_external_table(external, [(c.name, c.stored) for c in stored], PARTITIONS, root))
    for statement in partition_statements(archived):
        site.warehouse.execute(statement)
    return archived


def partition_statements(archived: Archived) -> list[str]:
    uri = archived.site.lake.uri
    return add_partitions(
        archived.external,
        [({BATCH_COLUMN: BATCH, PERIOD_COLUMN: day}, uri(archived.period_folder(day))) for day in DAYS],
    )


def every_type(site: Site) -> Archived:
    """With the values above, in as few rows as they need, and a row of NULLs."""
    columns = ", ".join(f"{column_of(kind)} {type}" for kind, (type, _) in VALUES.items())
    height = max(len(values) for _, values in VALUES.values()) + 1
    rows = [
        ", ".join(values[at] if at < len(values) else "NULL" for _, values in VALUES.values()) + f", '{DAYS[at % 2]}'"
        for at in range(height)
    ]
    return archive(site, columns, rows)
