"""What inference says of a file, whatever its format."""

from collections.abc import Sequence
from dataclasses import dataclass

from tidegate.errors import FileRefused, UsageError
from tidegate.model.names import check_identifier, fold
from tidegate.model.route import FileFormat
from tidegate.model.tables import SqlType, TypeKind

MAX_TEXT = 65_535
"""Bytes of the longest VARCHAR of a column (developer guide, Character types)."""

MAX_BINARY = 16_777_216
"""Bytes of the longest VARBYTE (developer guide, VARBYTE type)."""


@dataclass(frozen=True)
class InferredColumn:
    """A column of a file, named as in the file.

    `type`: for a table. A VARCHAR or VARBYTE without length: nothing bounds it but `longest`, in bytes; None = not
    known without reading the data.
    `staged`: what COPY takes the column as, where that is another type; an INSERT then turns it into `type`, by
    JSON_PARSE where `parse_json`.
    `nested`: COPY needs SERIALIZETOJSON. `undetermined`: it holds nothing but NULL, so that `type` is a stopgap.
    `rewrite`: why COPY of the file as it is would fail or store wrong values; None = it is right.
    `path`: the keys to it in a JSON record, lists ending with `[]`; empty = the name is the key.
    """

    name: str
    type: SqlType
    nullable: bool = True
    longest: int | None = None
    staged: SqlType | None = None
    parse_json: bool = False
    nested: bool = False
    undetermined: bool = False
    rewrite: str | None = None
    path: tuple[str, ...] = ()


@dataclass(frozen=True)
class CsvDialect:
    """How a CSV file is written. `encoding` by Python's name; `quote` is empty where nothing is quoted.

    `codec`: what it is packed by (gzip, zstd, bz2), None = nothing.
    """

    delimiter: str
    quote: str
    header: bool
    encoding: str
    null_as: str | None = None
    codec: str | None = None


@dataclass(frozen=True)
class InferredChild:
    """What a list in JSON becomes: a table of its elements. `rows`: the keys to the list, which end with `[]`.

    `count`: how many elements there are.
    """

    name: str
    rows: tuple[str, ...]
    columns: tuple[InferredColumn, ...]
    count: int


@dataclass(frozen=True)
class InferredFile:
    """A file's columns in file order, which is the order in which COPY takes those of Parquet.

    `keys`: columns that the file itself declares to be its key, in its spelling. `row_groups` is 0 for formats without.
    `dialect` of CSV alone; `children` of JSON that is flattened. `blank`: rows of a CSV of one column that are empty.
    """

    format: FileFormat
    columns: tuple[InferredColumn, ...]
    rows: int
    row_groups: int = 0
    keys: tuple[str, ...] = ()
    dialect: CsvDialect | None = None
    children: tuple[InferredChild, ...] = ()
    blank: int = 0

    @property
    def serialize_to_json(self) -> bool:
        return any(column.nested for column in self.columns)

    @property
    def rewrites(self) -> tuple[str, ...]:
        """Why the file must be rewritten before COPY, a sentence a column; empty = it need not."""
        return tuple(f"{column.name}: {column.rewrite}" for column in self.columns if column.rewrite)

    def column(self, name: str) -> InferredColumn | None:
        """By name, whatever the case."""
        return next((column for column in self.columns if fold(column.name) == fold(name)), None)


def varchar(length: int | None = None) -> SqlType:
    return SqlType(TypeKind.VARCHAR, length=length)


def too_wide(file: str, most: int) -> FileRefused:
    """The error for a file of more columns than a table takes."""
    return FileRefused(
        f"{file} has more than {most} columns", hint="Write fewer columns, or what belongs together as one of lists."
    )


def check_names(names: Sequence[str], file: str) -> None:
    """See that the columns of a file can be those of a table; `file` names it in errors.

    Raises:
        FileRefused: there are none, a name is none for Redshift, or two are one there.
    """
    if not names:
        raise FileRefused(f"{file} has no columns", hint="Write a file with at least one column.")
    seen: dict[str, str] = {}
    for name in names:
        try:
            folded = check_identifier(name)
        except UsageError as error:
            raise FileRefused(f"{file}: {error.message}", hint=error.hint) from error
        if folded in seen:
            raise FileRefused(
                f"{file}: the columns {seen[folded]!r} and {name!r} are one name on Redshift",
                hint="Redshift does not tell upper from lower case: rename one of them.",
            )
        seen[folded] = name
