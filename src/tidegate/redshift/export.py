"""The second UNLOAD of a batch, for other readers than Tidegate, and the folders below a period's."""

from collections.abc import Sequence
from dataclasses import dataclass

from tidegate.errors import ObjectMissing, PolicyError
from tidegate.model.batch import PERIOD_COLUMN, StoredColumn
from tidegate.model.names import TableName
from tidegate.model.policy import FileFormat, UnloadOptions
from tidegate.model.tables import Table, TypeKind
from tidegate.redshift.identifiers import column_list, literal, qualified, quote
from tidegate.redshift.rows import stored_rows
from tidegate.redshift.storage import select_list
from tidegate.redshift.types import render
from tidegate.redshift.unload import MIN_PARQUET_FILE_MB, Unload, UnloadCompression, UnloadFormat

PART_COLUMN = "tg_part"
"""What the folder of a partition column is called; the column itself stays in the files under its own name."""

_PARTITIONS = frozenset(
    {
        TypeKind.SMALLINT,
        TypeKind.INTEGER,
        TypeKind.BIGINT,
        TypeKind.DECIMAL,
        TypeKind.REAL,
        TypeKind.BOOLEAN,
        TypeKind.CHAR,
        TypeKind.VARCHAR,
        TypeKind.DATE,
        TypeKind.TIMESTAMP,
    }
)
"""Types of PARTITION BY (developer guide, UNLOAD)."""


@dataclass(frozen=True)
class Part:
    """`expression` over the hot table gives the value of the folder `name`."""

    name: str
    expression: str


def parts_of(table: Table, columns: Sequence[str], time_zone: str) -> tuple[Part, ...]:
    """The levels below a period's folder: `tg_part`, `tg_part_2`, …; of a timestamp its day, as a period's is.

    Raises:
        ObjectMissing: the table has no such column.
        PolicyError: its type cannot be a folder, or the table has a column of a folder's name.
    """
    parts = []
    for number, name in enumerate(columns, 1):
        column = table.column(name)
        if column is None:
            names = ", ".join(c.name for c in table.columns)
            raise ObjectMissing(f'{table.name} has no partition column "{name}"', hint=f"Its columns: {names}.")
        folder = PART_COLUMN if number == 1 else f"{PART_COLUMN}_{number}"
        if table.column(folder) is not None:
            raise PolicyError(
                f'{table.name}: the column name "{folder}" is used by the archive itself',
                hint="Leave out the partition column, or rename the column of the table.",
            )
        kind, expression = column.type.kind, quote(column.name)
        if kind is TypeKind.TIMESTAMPTZ:
            expression = f"CAST(({expression} AT TIME ZONE {literal(time_zone)}) AS DATE)"
        elif kind is TypeKind.TIMESTAMP:
            expression = f"CAST({expression} AS DATE)"
        elif kind not in _PARTITIONS:
            raise PolicyError(
                f'{table.name}: column "{name}" is {render(column.type)}, which UNLOAD makes no folders of',
                hint="Choose a DATE, TIMESTAMP, BOOLEAN, number or text column as partition column.",
            )
        parts.append(Part(folder, expression))
    return tuple(parts)


def parted_rows(
    columns: Sequence[StoredColumn], period: str, parts: Sequence[Part], table: TableName, where: str
) -> str:
    """The query of a batch's own UNLOAD: as `stored_rows`, and the values of the folders below the period's."""
    if not parts:
        return stored_rows(columns, period, table, where)
    folders = ", ".join(f"{part.expression} AS {quote(part.name)}" for part in parts)
    return (
        f"SELECT {select_list(columns)}, {period} AS {quote(PERIOD_COLUMN)}, {folders} "
        f"FROM {qualified(table)} WHERE {where}"
    )


@dataclass(frozen=True)
class ExportPlace:
    """`uri` ends with a slash. `region`: where that is not the warehouse's. `kms_key` encrypts the files."""

    uri: str
    iam_role: str
    parallel: bool
    region: str | None = None
    kms_key: str | None = None


def export(
    table: Table, stored: Sequence[StoredColumn], where: str, options: UnloadOptions, place: ExportPlace
) -> Unload:
    """Every column as text writes it, or for Parquet in its stored form; partition columns stay in the files.

    Raises:
        PolicyError: a partition column of a type that PARTITION BY does not take.
    """
    for name in options.partition_by:
        column = table.column(name)
        if column is not None and column.type.kind not in _PARTITIONS:
            raise PolicyError(
                f'{table.name}: column "{name}" is {render(column.type)}, which UNLOAD makes no folders of',
                hint="Choose a DATE, TIMESTAMP, BOOLEAN, number or text column as partition column.",
            )
    parquet = options.format is FileFormat.PARQUET
    columns = select_list(stored) if parquet else column_list(c.name for c in table.columns)
    return Unload(
        select=f"SELECT {columns} FROM {qualified(table.name)} WHERE {where}",
        to=place.uri,
        iam_role=place.iam_role,
        format=UnloadFormat[options.format.name],
        partition_by=options.partition_by,
        include=bool(options.partition_by),
        manifest=True,
        verbose=True,
        header=options.header,
        delimiter=options.delimiter,
        add_quotes=options.add_quotes,
        null_as=options.null_as,
        escape=options.escape,
        compression=UnloadCompression[options.compression.name] if options.compression else None,
        parallel=place.parallel,
        max_file_mb=file_mb(options) if parquet else options.max_file_mb,
        encrypted=place.kms_key is not None,
        kms_key_id=place.kms_key,
        region=place.region,
    )


def file_mb(options: UnloadOptions) -> int | None:
    """MAXFILESIZE of the Parquet files: a size that only text may have means the smallest that Parquet may."""
    return None if options.max_file_mb is None else max(options.max_file_mb, MIN_PARQUET_FILE_MB)
