"""External schemas, tables and partitions: Parquet files that Spectrum reads where they lie."""

from collections.abc import Mapping, Sequence

from tidegate.errors import UsageError
from tidegate.model.names import TableName
from tidegate.model.tables import SqlType, TypeKind
from tidegate.redshift.authorization import iam_role as role_clause
from tidegate.redshift.identifiers import column_list, literal, qualified, quote
from tidegate.redshift.types import render

MAX_PARTITIONS = 100
"""Partitions in one ALTER TABLE ADD (developer guide, ALTER TABLE external partition)."""
MAX_COLUMNS = 1597
"""Management guide, Quotas; with partition columns, without the pseudo-columns."""
MAX_STATEMENT_BYTES = 100_000
"""The Data API's limit, the smallest of all (management guide, Data API)."""

_BOTH = {
    TypeKind.SMALLINT,
    TypeKind.INTEGER,
    TypeKind.BIGINT,
    TypeKind.DECIMAL,
    TypeKind.REAL,
    TypeKind.DOUBLE,
    TypeKind.BOOLEAN,
    TypeKind.CHAR,
    TypeKind.VARCHAR,
    TypeKind.DATE,
    TypeKind.TIMESTAMP,
}
COLUMN_KINDS = frozenset({*_BOTH, TypeKind.VARBYTE})
PARTITION_KINDS = frozenset(_BOTH)
"""Developer guide, CREATE EXTERNAL TABLE, data types of columns and of partition columns."""

NamedType = tuple[str, SqlType]
PartitionValues = Mapping[str, str] | Sequence[tuple[str, str]]


def create_external_schema(schema: str, database: str, iam_role: str, create_database: bool = True) -> str:
    """Return the statement that maps a schema to a database of the data catalog, unless the schema exists.

    Raises:
        UsageError: the role is neither `default` nor ARNs.
    """
    lines = [
        f"CREATE EXTERNAL SCHEMA IF NOT EXISTS {quote(schema)}",
        f"FROM DATA CATALOG DATABASE {literal(database)}",
        role_clause(iam_role),
    ]
    if create_database:
        lines.append("CREATE EXTERNAL DATABASE IF NOT EXISTS")
    return "\n".join(lines)


def create_external_table(
    name: TableName,
    columns: Sequence[NamedType],
    partitions: Sequence[NamedType],
    location: str,
    num_rows: int | None = None,
) -> str:
    """Return the CREATE EXTERNAL TABLE over Parquet files in a folder. There is no IF NOT EXISTS.

    Raises:
        UsageError: a type that Spectrum does not read, a name used twice, or a location that is not a folder.
    """
    if not len(columns) >= 1 or len(columns) + len(partitions) > MAX_COLUMNS:
        raise UsageError(
            f"the external table {name} has {len(columns)} columns and {len(partitions)} partition columns",
            hint=f"It has at least one column, and at most {MAX_COLUMNS} with its partition columns.",
        )
    if not location.endswith("/"):
        raise UsageError(f"the location {location!r} of {name} is not a folder", hint="End the location with a slash.")
    column_list([column for column, _ in [*columns, *partitions]])
    lines = [f"CREATE EXTERNAL TABLE {qualified(name)} (", _typed(name, columns, COLUMN_KINDS), ")"]
    if partitions:
        lines += ["PARTITIONED BY (", _typed(name, partitions, PARTITION_KINDS), ")"]
    lines += ["STORED AS PARQUET", f"LOCATION {literal(location)}"]
    if num_rows is not None:
        lines.append(f"TABLE PROPERTIES ('numRows'='{num_rows:d}')")
    return "\n".join(lines)


def add_partitions(
    name: TableName,
    partitions: Sequence[tuple[PartitionValues, str]],
    max_bytes: int = MAX_STATEMENT_BYTES,
) -> list[str]:
    """Return statements that add the partitions (values by column, location), those that exist left alone.

    A statement holds at most 100 partitions and `max_bytes` bytes.
    """
    head = f"ALTER TABLE {qualified(name)} ADD IF NOT EXISTS"
    statements: list[str] = []
    lines: list[str] = []
    size = 0
    for values, location in partitions:
        line = f"\n{_partition(name, values)} LOCATION {literal(location)}"
        if lines and (len(lines) == MAX_PARTITIONS or size + len(line.encode()) > max_bytes):
            statements.append(head + "".join(lines))
            lines = []
        if not lines:
            size = len(head.encode())
        lines.append(line)
        size += len(line.encode())
    return [*statements, head + "".join(lines)] if lines else statements


def set_location(name: TableName, values: PartitionValues, location: str) -> str:
    """Return the statement that lets one partition, which must be there, read another folder."""
    return f"ALTER TABLE {qualified(name)} {_partition(name, values)} SET LOCATION {literal(location)}"


def drop_partition(name: TableName, values: PartitionValues) -> str:
    """Return the statement that forgets one partition; its files stay."""
    return f"ALTER TABLE {qualified(name)} DROP {_partition(name, values)}"


def drop_external_table(name: TableName, if_exists: bool = True) -> str:
    """Return the statement that forgets an external table; its files stay."""
    return f"DROP TABLE {'IF EXISTS ' if if_exists else ''}{qualified(name)}"


def _typed(name: TableName, columns: Sequence[NamedType], kinds: frozenset[TypeKind]) -> str:
    for column, type in columns:
        if type.kind not in kinds:
            raise UsageError(
                f"the {'partition ' if kinds is PARTITION_KINDS else ''}column {quote(column)} of the external table "
                f"{name} cannot be {type.kind.value}",
                hint=f"Cast it to one of {', '.join(k.value for k in TypeKind if k in kinds)}.",
            )
    return ",\n".join(f"    {quote(column)} {render(type)}" for column, type in columns)


def _partition(name: TableName, values: PartitionValues) -> str:
    pairs = list(values.items()) if isinstance(values, Mapping) else list(values)
    if not pairs:
        raise UsageError(f"a partition of {name} has no values", hint="Give every partition column a value.")
    column_list([column for column, _ in pairs])
    return f"PARTITION ({', '.join(f'{quote(column)}={literal(value)}' for column, value in pairs)})"
