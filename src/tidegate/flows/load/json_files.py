"""JSON that lands: what is in it, and the same as Parquet, which is what COPY reads.

COPY of a text into SUPER makes a string of it, so nested values are copied as text and turned by JSON_PARSE.
"""

import shutil
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from tidegate.errors import FileRefused
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
from tidegate.model.route import FileFormat, FormatOptions
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
    landing: Landing, file: FileVersion, options: FormatOptions, types: Mapping[str, SqlType]
) -> InferredFile:
    """Read the file to its end. `types` by folded name win over what is found, where JSON can be turned into them.

    Raises:
        FileRefused: it is no JSON of objects, its keys cannot be columns, or an option names a type it cannot have.
        LakeUnreachable: no room for temporary files.
    """
    if options.flatten:
        raise FileRefused(
            f"{file.uri} cannot be flattened while it is loaded",
            hint="Run `tidegate convert --flatten`, and load that.",
        )
    wanted = {name: kind for name, kind in types.items() if kind.kind in CONVERTED}
    if unknown := sorted({fold(name) for name in options.columns} - wanted.keys()):
        raise FileRefused(
            f"{file.uri}: {unknown[0]} cannot be {types[unknown[0]].kind.value}, which JSON is not turned into",
            hint=f"Choose another type for it {_PLACE}, or leave it to the file.",
        )
    with TemporaryDirectory(prefix="tidegate-load-") as name:
        folder = Path(name)
        local = fetch(landing, file, folder / "landed")
        content = infer_json(local, file.uri, folder, options, types=wanted)
    return replace(content, columns=tuple(map(_staged, content.columns)))


def write_json(document: JsonText, target: Path, content: InferredFile, file: str, folder: Path) -> InferredFile:
    """Write `target`, Parquet with the columns of `content` in their order; returns what is in it then.

    `content` is what read_json said of the document; `folder` for temporary files; `file` names it in errors.

    Raises:
        FileRefused: a value does not fit its type, or the file is another than it was.
        LakeUnreachable: no room for temporary files.
    """
    columns = (replace(c, type=SqlType(c.type.kind, length=MAX_TEXT)) if c.parse_json else c for c in content.columns)
    rule = found_rule(replace(content, columns=tuple(columns)), "records", _PLACE)
    with open_engine(folder) as engine:
        counts = convert_file(engine, JsonSource(file, document), rule, [target])
    done = infer_parquet(path_reader(target), target.stat().st_size, file)
    if done.rewrites or done.rows != content.rows or counts.records != content.rows:
        raise FileRefused(
            f"{file} had {content.rows} records, and {done.rows} when it was read again", hint="Load it again."
        )
    return replace(content, format=FileFormat.PARQUET)


def _staged(column: InferredColumn) -> InferredColumn:
    kind = column.type
    if kind.kind is TypeKind.SUPER:
        return replace(column, staged=varchar(MAX_TEXT), parse_json=True)
    if kind.kind is TypeKind.DECIMAL and _LONG_DECIMAL < (kind.precision or 0) < _SIXTEEN_BYTES:
        return replace(column, staged=replace(kind, precision=_SIXTEEN_BYTES))
    return column
