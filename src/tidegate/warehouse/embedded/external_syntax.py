"""External DDL as text: schemas, tables and partitions (developer guide, CREATE EXTERNAL …, ALTER TABLE)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from tidegate.errors import StatementError, StatementRefused, UsageError
from tidegate.model.names import TableName
from tidegate.model.tables import SqlType
from tidegate.redshift import types
from tidegate.redshift.external import MAX_PARTITIONS, create_external_table
from tidegate.warehouse.embedded.context import Statement
from tidegate.warehouse.embedded.lexer import TokenKind
from tidegate.warehouse.embedded.option_reader import accept_authorization
from tidegate.warehouse.embedded.token_reader import TokenReader

Values = tuple[tuple[str, str], ...]
"""(column, value as text) of one partition, as written."""


@dataclass(frozen=True)
class CreateSchema:
    name: str
    database: str
    if_not_exists: bool


@dataclass(frozen=True)
class CreateTable:
    """`location` as written."""

    name: TableName
    columns: tuple[tuple[str, SqlType], ...]
    partitions: tuple[tuple[str, SqlType], ...]
    location: str
    properties: dict[str, str] = field(default_factory=dict)


class Change(Enum):
    ADD = "ADD PARTITION"
    DROP = "DROP PARTITION"
    SET_LOCATION = "PARTITION … SET LOCATION"


@dataclass(frozen=True)
class AlterTable:
    """`partitions` with their locations as written, which DROP has not."""

    name: TableName
    change: Change
    partitions: tuple[tuple[Values, str], ...]
    if_not_exists: bool = False


def parse_create_schema(statement: Statement) -> CreateSchema:
    """CREATE EXTERNAL SCHEMA … FROM DATA CATALOG. Raises StatementError, StatementRefused."""
    reader = TokenReader(statement.tokens, "CREATE EXTERNAL SCHEMA")
    reader.expect("CREATE", "EXTERNAL", "SCHEMA")
    if_not_exists = reader.accept("IF", "NOT", "EXISTS")
    name = reader.identifier("the name of the schema")
    reader.expect("FROM")
    if not reader.accept("DATA", "CATALOG"):
        raise StatementRefused(
            f"the embedded warehouse has no external schemas from {reader.next().text}",
            hint="Write FROM DATA CATALOG DATABASE '…'.",
        )
    reader.expect("DATABASE")
    database = reader.string("the name of the database as a string")
    while not reader.at_end:
        _schema_option(reader)
    return CreateSchema(name, database, if_not_exists)


def _schema_option(reader: TokenReader) -> None:
    """Options that say where the catalog is and who may read it: without meaning for a local one."""
    if accept_authorization(reader) or reader.accept("CREATE", "EXTERNAL", "DATABASE", "IF", "NOT", "EXISTS"):
        return
    if reader.accept("CATALOG_ROLE"):
        if not reader.accept("DEFAULT"):
            reader.string("a role as a string")
    elif reader.accept("REGION") or reader.accept("CATALOG_ID"):
        reader.string("a string")
    else:
        reader.fail("IAM_ROLE, REGION, CATALOG_ROLE, CATALOG_ID or CREATE EXTERNAL DATABASE IF NOT EXISTS")


def parse_create_table(statement: Statement) -> CreateTable:
    """CREATE EXTERNAL TABLE … STORED AS PARQUET. Raises StatementError, StatementRefused."""
    reader = TokenReader(statement.tokens, "CREATE EXTERNAL TABLE")
    reader.expect("CREATE", "EXTERNAL", "TABLE")
    name = _qualified(reader)
    if not reader.looking_at("("):
        raise StatementRefused(
            f"the embedded warehouse does not do CREATE EXTERNAL TABLE AS ({name})",
            hint="UNLOAD the query, then create the external table over the files.",
        )
    columns = _columns(reader)
    partitions = _columns(reader) if reader.accept("PARTITIONED", "BY") else ()
    _stored_as_parquet(reader)
    reader.expect("LOCATION")
    location = reader.string("a path as a string")
    properties = _properties(reader) if reader.accept("TABLE", "PROPERTIES") else {}
    reader.end()
    _check_definition(name, columns, partitions)
    return CreateTable(name, columns, partitions, location, properties)


def _qualified(reader: TokenReader) -> TableName:
    dot = reader.peek(1)
    if dot is None or dot.value != ".":
        raise StatementError("an external table needs the name of its external schema", hint="Write schema.table.")
    return reader.table("schema.table")


def _columns(reader: TokenReader) -> tuple[tuple[str, SqlType], ...]:
    reader.expect("(")
    columns = [_column(reader)]
    while reader.accept(","):
        columns.append(_column(reader))
    reader.expect(")")
    return tuple(columns)


def _column(reader: TokenReader) -> tuple[str, SqlType]:
    name = reader.identifier("the name of a column")
    words: list[str] = []
    depth = 0
    while (token := reader.peek()) is not None:
        if depth == 0 and token.value in (",", ")"):
            break
        depth += {"(": 1, ")": -1}.get(token.value, 0)
        words.append(reader.next().text)
    try:
        return name, types.parse(" ".join(words))
    except UsageError as error:
        raise StatementRefused(f'column "{name}": {error.message}', hint=error.hint) from error


def _stored_as_parquet(reader: TokenReader) -> None:
    if reader.looking_at("ROW", "FORMAT"):
        raise StatementRefused(
            "the embedded warehouse reads external tables of Parquet files only, without ROW FORMAT",
            hint="Write STORED AS PARQUET.",
        )
    reader.expect("STORED", "AS")
    format = reader.word("PARQUET")
    if format != "PARQUET":
        raise StatementRefused(
            f"the embedded warehouse does not read external tables STORED AS {format}",
            hint="Write STORED AS PARQUET, or load the files with COPY.",
        )


def _properties(reader: TokenReader) -> dict[str, str]:
    reader.expect("(")
    properties: dict[str, str] = {}
    while True:
        name = reader.string("the name of a property as a string")
        reader.expect("=")
        properties[name] = reader.string("its value as a string")
        if not reader.accept(","):
            reader.expect(")")
            return properties


def _check_definition(
    name: TableName, columns: Sequence[tuple[str, SqlType]], partitions: Sequence[tuple[str, SqlType]]
) -> None:
    try:
        create_external_table(name, columns, partitions, "/")
    except UsageError as error:
        raise StatementRefused(error.message, hint=error.hint) from error


def parse_alter_table(statement: Statement) -> AlterTable:
    """ALTER TABLE s.t ADD | DROP PARTITION, or PARTITION … SET LOCATION. Raises StatementError, StatementRefused."""
    reader = TokenReader(statement.tokens, "ALTER TABLE")
    reader.expect("ALTER", "TABLE")
    name = _qualified(reader)
    if reader.accept("ADD"):
        return _add(reader, name)
    if reader.accept("DROP"):
        values = _partition(reader)
        reader.end()
        return AlterTable(name, Change.DROP, ((values, ""),))
    values = _partition(reader)
    reader.expect("SET", "LOCATION")
    location = reader.string("a path as a string")
    reader.end()
    return AlterTable(name, Change.SET_LOCATION, ((values, location),))


def _add(reader: TokenReader, name: TableName) -> AlterTable:
    if_not_exists = reader.accept("IF", "NOT", "EXISTS")
    partitions: list[tuple[Values, str]] = []
    while not partitions or not reader.at_end:
        values = _partition(reader)
        reader.expect("LOCATION")
        partitions.append((values, reader.string("a path as a string")))
        reader.accept(",")
    if len(partitions) > MAX_PARTITIONS:
        raise StatementRefused(
            f"ALTER TABLE {name} adds {len(partitions)} partitions",
            hint=f"Add at most {MAX_PARTITIONS} partitions in one statement.",
        )
    return AlterTable(name, Change.ADD, tuple(partitions), if_not_exists)


def _partition(reader: TokenReader) -> Values:
    reader.expect("PARTITION", "(")
    values = [_value(reader)]
    while reader.accept(","):
        values.append(_value(reader))
    reader.expect(")")
    return tuple(values)


def _value(reader: TokenReader) -> tuple[str, str]:
    column = reader.identifier("the name of a partition column")
    reader.expect("=")
    token = reader.peek()
    if token is not None and token.kind is TokenKind.NUMBER:
        return column, reader.next().value
    if reader.accept("-"):
        return column, "-" + reader.number("a number")
    return column, reader.string("the value of the partition column")
