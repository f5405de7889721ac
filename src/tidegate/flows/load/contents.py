"""What is in the files: columns and rows, by their format, and which of them go together."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from tidegate.config.routes import format_of
from tidegate.errors import FileRefused, ObjectNotFound
from tidegate.flows.load.elements import element_tables, element_types
from tidegate.flows.load.json_files import read_json
from tidegate.flows.load.landing import Landing
from tidegate.flows.load.settled import settled, trusted
from tidegate.formats.schema.csv import infer_csv
from tidegate.formats.schema.inferred import InferredColumn, InferredFile, too_wide
from tidegate.formats.schema.measure import measure_parquet
from tidegate.formats.schema.parquet import infer_parquet
from tidegate.model.landing import FileVersion
from tidegate.model.loading import QuarantinedFile
from tidegate.model.names import fold
from tidegate.model.route import FileFormat, Route
from tidegate.model.tables import SqlType, Table, TypeKind
from tidegate.redshift.copy import CopyCompression
from tidegate.redshift.ddl import MAX_COLUMNS
from tidegate.redshift.types import parse

_PACKED = {"gzip": CopyCompression.GZIP, "zstd": CopyCompression.ZSTD}
_UTF8 = ("utf-8", "utf-8-sig")


@dataclass(frozen=True)
class Landed:
    """A file version and what is in it. `copied`: what COPY reads instead, where the file had to be written anew.

    `encoding` as the route says, None where it leaves it to the file. `elements`: those of its lists, as they are
    copied into tables of their own, once the file was written anew.
    """

    file: FileVersion
    content: InferredFile
    copied: FileVersion | None = None
    encoding: str | None = None
    elements: tuple["Landed", ...] = ()

    @property
    def compression(self) -> CopyCompression | None:
        """Of CSV, as its first bytes tell; COPY of Parquet sees for itself."""
        dialect = self.content.dialect
        return None if dialect is None else _PACKED.get(dialect.codec or "")

    @property
    def is_foreign(self) -> bool:
        """CSV that not every COPY reads: in another encoding than UTF-8, or packed by bzip2."""
        dialect = self.content.dialect
        return dialect is not None and (dialect.encoding not in _UTF8 or dialect.codec not in (None, *_PACKED))

    @property
    def shape(self) -> object:
        """Files of one shape can be copied by one statement: their columns are the same, in the same order."""
        content = self.content
        lists = tuple((child.name, _columns(child.columns)) for child in content.children)
        keys = tuple(map(fold, content.keys))
        return content.format, _columns(content.columns), keys, content.dialect, content.rewrites, lists


def _columns(columns: Iterable[InferredColumn]) -> tuple[object, ...]:
    return tuple((fold(c.name), c.staged or c.type, c.nested, c.undetermined) for c in columns)


def read_files(
    landing: Landing, route: Route, table: Table | None, files: Iterable[FileVersion], *, exact: bool = False
) -> tuple[list[Landed], list[QuarantinedFile]]:
    """What is in the files; those that cannot be loaded as they are, with the reason.

    `exact`: texts in Parquet are read for their lengths, too.
    """
    landed, refused = list[Landed](), list[QuarantinedFile]()
    lists = element_types(route, element_tables(landing.ctx, route, table)) if route.options.flatten else {}
    for file in files:
        try:
            content = _read(landing, route, table, lists, file)
            if exact and content.format is FileFormat.PARQUET:
                with landing.opened(file) as opened:
                    content = measure_parquet(opened, content, file.uri)
            landed.append(Landed(file, content, encoding=route.options.encoding))
        except (FileRefused, ObjectNotFound) as error:
            refused.append(refusal(file, error))
    return landed, refused


def joint(files: Sequence[Landed]) -> InferredFile:
    """One description of files of one shape: the longest text of all, not known where one file does not tell it."""
    first = files[0].content
    columns = []
    for at, column in enumerate(first.columns):
        lengths = [landed.content.columns[at].longest for landed in files]
        known = [length for length in lengths if length is not None]
        columns.append(replace(column, longest=max(known) if len(known) == len(lengths) else None))
    return replace(first, columns=tuple(columns), rows=sum(landed.content.rows for landed in files))


def refusal(file: FileVersion, error: FileRefused | ObjectNotFound) -> QuarantinedFile:
    return QuarantinedFile(file, error.code, error.message, error.hint)


def _read(
    landing: Landing,
    route: Route,
    table: Table | None,
    lists: Mapping[str, Mapping[str, SqlType]],
    file: FileVersion,
) -> InferredFile:
    format = route.format or format_of(file.uri) or FileFormat.PARQUET
    if format is FileFormat.PARQUET:
        return _narrow(infer_parquet(landing.reader(file), file.size, file.uri), file)
    if format is FileFormat.JSON:
        of_lists = {name: {key: _text(kind) for key, kind in types.items()} for name, types in lists.items()}
        return _narrow(read_json(landing, file, route, _types(route, table), of_lists), file)
    types = _types(route, table)
    with closing(landing.opened(file)) as opened:
        found = infer_csv(opened, file.uri, route.options, types, MAX_COLUMNS, trusted(route))
    content = settled(route, found, file.uri, types)
    if content.dialect is not None and not content.dialect.header and route.options.header is None:
        raise FileRefused(
            f"the first line of {file.uri} does not look like names of columns",
            hint="Give the columns different names, or set header = false in the options of [[load]].",
        )
    if content.blank:
        raise FileRefused(
            f"{file.uri} has one column and {content.blank} empty lines, which COPY leaves out",
            hint="Write another text where there is nothing, and name it by null_as in the options of [[load]].",
        )
    return content


def _narrow(content: InferredFile, file: FileVersion) -> InferredFile:
    if len(content.columns) > MAX_COLUMNS:
        raise too_wide(file.uri, MAX_COLUMNS)
    return content


def _types(route: Route, table: Table | None) -> Mapping[str, SqlType]:
    """What a text is read as: what the route says, else the type of the table's column."""
    known = {column.name: _text(column.type) for column in table.columns} if table is not None else {}
    return {**known, **{fold(name): parse(kind) for name, kind in route.options.columns.items()}}


def _text(kind: SqlType) -> SqlType:
    """A text may be longer than the column takes, which is then widened."""
    return SqlType(TypeKind.VARCHAR) if kind.kind in (TypeKind.CHAR, TypeKind.VARCHAR) else kind
