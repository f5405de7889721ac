"""JSON that lands: what is in it, and the same as Parquet, which is what COPY reads.

COPY of a text into SUPER makes a string of it, so nested values are copied as text and turned by JSON_PARSE.
"""

import shutil
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from tidegate.errors import FileRefused
from tidegate.flows.load.elements import with_elements
from tidegate.flows.load.landing import Landing
from tidegate.formats.convert.found import found_rule
from tidegate.formats.convert.source import JsonSource
from tidegate.formats.convert.values import CONVERTED
from tidegate.formats.convert.writing import convert_file
from tidegate.formats.inventory.engine import open_engine
from tidegate.formats.schema.footer import path_reader
from tidegate.formats.schema.inferred import MAX_TEXT, InferredColumn, InferredFile, varchar
from tidegate.formats.schema.json import infer_json
from tidegate.formats.schema.json_text import JsonText
from tidegate.formats.schema.parquet import infer_parquet
from tidegate.model.landing import FileVersion
from tidegate.model.names import fold
from tidegate.model.route import FileFormat, Route
from tidegate.model.tables import SqlType, TypeKind

_CHUNK = 1 << 20
_LONG_DECIMAL = 18
"""Digits up to which a decimal is stored as an integer; beyond, it takes sixteen bytes as it is written here."""

_SIXTEEN_BYTES = 36
"""Digits of the narrowest decimal that COPY takes with that length."""

_PLACE = "in the options of [[load]]"


def fetch(landing: Landing, file: FileVersion, target: Path) -> Path:
    """The bytes of the file on this disk."""
    with closing(landing.opened(file)) as opened, target.open("wb") as local:
        shutil.copyfileobj(opened, local, _CHUNK)
    return target


def read_json(
    landing: Landing,
    file: FileVersion,
    route: Route,
    types: Mapping[str, SqlType],
    element_types: Mapping[str, Mapping[str, SqlType]],
) -> InferredFile:
    """Read the file to its end. `types` by folded name win over what is found, where JSON can be turned into them;
    `element_types` are those of elements, by the folded name of their list.

    Raises:
        FileRefused: it is no JSON of objects, its keys cannot be columns, an option names a type it cannot have, or it
            has lists that cannot become tables.
        LakeUnreachable: no room for temporary files.
    """
    options = route.options
    if unknown := sorted({fold(name) for name in options.columns} - _possible(types).keys()):
        raise FileRefused(
            f"{file.uri}: {unknown[0]} cannot be {types[unknown[0]].kind.value}, which JSON is not turned into",
            hint=f"Choose another type for it {_PLACE}, or leave it to the file.",
        )
    wanted = {name: _possible(of_list) for name, of_list in element_types.items()}
    with TemporaryDirectory(prefix="tidegate-load-") as name:
        folder = Path(name)
        local = fetch(landing, file, folder / "landed")
        content = infer_json(local, file.uri, folder, options, types=_possible(types), child_types=wanted)
    if options.flatten:
        content = with_elements(route, content, file.uri)
    return replace(
        content,
        columns=tuple(map(_staged, content.columns)),
        children=tuple(replace(child, columns=tuple(map(_staged, child.columns))) for child in content.children),
    )


def write_json(
    document: JsonText, targets: Sequence[Path], content: InferredFile, file: str, first: int
) -> tuple[InferredFile, ...]:
    """Write Parquet, the first of `targets` with the columns of `content` in their order; returns what is in each.

    `content` is what read_json said of the document, with a target for each of its children. Where there are any, the
    rows are linked by the number of the record, which starts with `first`. `file` names the document in errors; beside
    the targets lie temporary files.

    Raises:
        FileRefused: a value does not fit its type, or the file is another than it was.
        LakeUnreachable: no room for temporary files.
    """
    bounded = replace(
        content,
        columns=tuple(map(_bounded, content.columns)),
        children=tuple(
            replace(child, columns=tuple(_bounded(column) for column in child.columns if column.path))
            for child in content.children
        ),
    )
    rule = found_rule(bounded, "records", _PLACE)
    if content.children:
        rule = replace(rule, outputs=tuple(replace(output, first=first) for output in rule.outputs))
    with open_engine(targets[0].parent) as engine:
        counts = convert_file(engine, JsonSource(file, document), rule, targets)
    done = infer_parquet(path_reader(targets[0]), targets[0].stat().st_size, file)
    expected = (content.rows, *(child.count for child in content.children))
    if done.rewrites or counts.rows != expected or counts.records != content.rows:
        raise FileRefused(
            f"{file} had {content.rows} records, and {done.rows} when it was read again", hint="Load it again."
        )
    elements = (
        InferredFile(FileFormat.PARQUET, child.columns, rows)
        for child, rows in zip(content.children, counts.rows[1:], strict=True)
    )
    return replace(content, format=FileFormat.PARQUET), *elements


def _possible(types: Mapping[str, SqlType]) -> dict[str, SqlType]:
    return {name: kind for name, kind in types.items() if kind.kind in CONVERTED}


def _bounded(column: InferredColumn) -> InferredColumn:
    """JSON_PARSE takes a text of a column."""
    return replace(column, type=SqlType(column.type.kind, length=MAX_TEXT)) if column.parse_json else column


def _staged(column: InferredColumn) -> InferredColumn:
    kind = column.type
    if kind.kind is TypeKind.SUPER:
        return replace(column, staged=varchar(MAX_TEXT), parse_json=True)
    if kind.kind is TypeKind.DECIMAL and _LONG_DECIMAL < (kind.precision or 0) < _SIXTEEN_BYTES:
        return replace(column, staged=replace(kind, precision=_SIXTEEN_BYTES))
    return column
