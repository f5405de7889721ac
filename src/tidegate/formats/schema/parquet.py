"""What is in a Parquet file, told by its footer alone.

The types are those that COPY takes, by physical type as well as by annotation (developer guide, COPY from columnar
data formats); where Redshift would fail, or store something else in silence, the column says that it needs a rewrite.

Column chunks are not looked at: their least and greatest texts are in the order of bytes and bound no length, and
pyarrow 26 ends the process on one that is damaged or encrypted (`row_group(n).column(n)`, as run).
"""

import json
from collections.abc import Mapping
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import types

from tidegate.errors import FileRefused
from tidegate.formats.schema.footer import Read, read_footer
from tidegate.formats.schema.inferred import InferredColumn, InferredFile, check_names
from tidegate.formats.schema.parquet_types import leaf_column, lost_in_super, unfit_in_super
from tidegate.model.names import fold
from tidegate.model.route import FileFormat
from tidegate.model.tables import SqlType, TypeKind

KEY_ENTRIES = ("tidegate.key", "tidegate_key", "primary_key")
"""Entries of the file's key-value metadata that name its key: a JSON list of names, or names with commas."""

_VARIANT = "parquet.variant"


def infer_parquet(read: Read, size: int, file: str) -> InferredFile:
    """Read the footer of a file of `size` bytes by ranges; `file` names it in errors.

    Raises:
        FileRefused: it is no Parquet file, is cut off, damaged or encrypted, or its columns cannot be those of a table.
    """
    metadata = read_footer(read, size, file)
    try:
        return _inferred(metadata, file)
    except UnicodeDecodeError as error:
        raise FileRefused(
            f"{file} has a column whose name is not UTF-8", hint="Write the file again with names in UTF-8."
        ) from error


def _inferred(metadata: pq.FileMetaData, file: str) -> InferredFile:
    schema = _arrow_schema(metadata, file)
    check_names(schema.names, file)
    columns = []
    first = 0
    for field in schema:
        leaves = range(first, first + _leaves(field.type))
        columns.append(_column(metadata, field, leaves, file))
        first = leaves.stop
    known = tuple(column.name for column in columns)
    return InferredFile(
        format=FileFormat.PARQUET,
        columns=tuple(columns),
        rows=metadata.num_rows,
        row_groups=metadata.num_row_groups,
        keys=_keys(metadata.metadata or {}, known, file),
    )


def _arrow_schema(metadata: pq.FileMetaData, file: str) -> pa.Schema:
    """Raises FileRefused for annotations that do not fit together."""
    try:
        return metadata.schema.to_arrow_schema()
    except (pa.ArrowException, OSError) as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise FileRefused(
            f"{file} has a schema that cannot be read: {reason}", hint="Write the file again with plain types."
        ) from error


def _leaves(kind: pa.DataType) -> int:
    """How many columns of the file's own schema a field takes."""
    if isinstance(kind, pa.BaseExtensionType):
        return _leaves(kind.storage_type)
    if types.is_dictionary(kind):
        return _leaves(kind.value_type)
    return sum(_leaves(kind.field(n).type) for n in range(kind.num_fields)) if types.is_nested(kind) else 1


def _column(metadata: pq.FileMetaData, field: pa.Field, leaves: range, file: str) -> InferredColumn:
    if isinstance(field.type, pa.BaseExtensionType) and field.type.extension_name == _VARIANT:
        raise FileRefused(f"{file}: {field.name} is of type VARIANT", hint="Write it as a struct, a list or JSON text.")
    if types.is_nested(_storage(field.type)):
        if lost := lost_in_super(field.type):
            raise FileRefused(
                f"{file}: {field.name} holds {lost}, which SUPER cannot keep", hint="Write it as text or as a number."
            )
        reasons = (unfit_in_super(metadata.schema.column(leaf)) for leaf in leaves)
        return InferredColumn(
            field.name,
            SqlType(TypeKind.SUPER),
            nullable=field.nullable,
            nested=True,
            rewrite=next((reason for reason in reasons if reason), None),
        )
    column = leaf_column(metadata.schema.column(leaves.start), field)
    unknown = column.longest is None and column.type.kind in (TypeKind.VARCHAR, TypeKind.VARBYTE)
    return replace(column, longest=0) if unknown and metadata.num_rows == 0 else column


def _storage(kind: pa.DataType) -> pa.DataType:
    return _storage(kind.storage_type) if isinstance(kind, pa.BaseExtensionType) else kind


def _keys(entries: Mapping[bytes, bytes], columns: tuple[str, ...], file: str) -> tuple[str, ...]:
    """Raises FileRefused when the file names a key that it does not have."""
    name = next((entry for entry in KEY_ENTRIES if entry.encode() in entries), None)
    if name is None:
        return ()
    named = _names(entries[name.encode()].decode("utf-8", errors="replace"))
    spelled = {fold(column): column for column in columns}
    unknown = [key for key in named if fold(key) not in spelled]
    if unknown or not named or len({fold(key) for key in named}) != len(named):
        raise FileRefused(
            f"{file}: its metadata {name} names the key {', '.join(unknown or named) or '(nothing)'}, "
            f"which {'is no column' if unknown else 'is no list of different columns'}",
            hint="Correct the metadata, or leave it out and set `key` for the table.",
        )
    return tuple(spelled[fold(key)] for key in named)


def _names(text: str) -> tuple[str, ...]:
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if isinstance(document, list):
        return tuple(str(name) for name in document)
    return tuple(name.strip() for name in text.split(",") if name.strip())
