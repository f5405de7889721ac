"""How long the texts of a Parquet file are, in bytes: its footer does not tell."""

from dataclasses import replace
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tidegate.errors import FileRefused
from tidegate.formats.schema.inferred import MAX_BINARY, MAX_TEXT, InferredColumn, InferredFile
from tidegate.model.tables import TypeKind

_BATCH_ROWS = 4096
_LIMITS = {TypeKind.VARCHAR: MAX_TEXT, TypeKind.VARBYTE: MAX_BINARY}


def measure_parquet(opened: BinaryIO, inferred: InferredFile, file: str) -> InferredFile:
    """Fill in `longest` of the columns whose longest value is not known, by reading these columns alone.

    `opened` can seek; `file` names it in errors. Memory: one row group's pages of those columns.

    Raises:
        FileRefused: a page is damaged, or a value is longer than Redshift's columns hold.
    """
    unknown = [column for column in inferred.columns if _is_unknown(column)]
    if not unknown:
        return inferred
    longest = dict.fromkeys((column.name for column in unknown), 0)
    try:
        source = pq.ParquetFile(opened, pre_buffer=False)
        for batch in source.iter_batches(_BATCH_ROWS, columns=list(longest), use_threads=False):
            for name in longest:
                longest[name] = max(longest[name], _longest(batch.column(name)))
    except (pa.ArrowException, OSError) as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise FileRefused(f"{file} cannot be read: {reason}", hint="The file is damaged: write it again.") from error
    for column in unknown:
        if longest[column.name] > (limit := _limit(column)):
            raise FileRefused(
                f"{file}: {column.name} has a value of {longest[column.name]} bytes",
                hint=f"Redshift holds {limit} bytes in such a column: shorten it, or leave the column out.",
            )
    columns = (replace(c, longest=longest.get(c.name, c.longest)) for c in inferred.columns)
    return replace(inferred, columns=tuple(columns))


def _is_unknown(column: InferredColumn) -> bool:
    return column.longest is None and (column.type.kind in _LIMITS or column.parse_json)


def _limit(column: InferredColumn) -> int:
    return _LIMITS.get(column.type.kind, MAX_TEXT)


def _longest(values: pa.Array) -> int:
    if isinstance(values, pa.ExtensionArray):
        values = values.storage
    if pa.types.is_dictionary(values.type):
        values = values.dictionary
    return int(pc.max(pc.binary_length(values.cast(pa.large_binary()))).as_py() or 0)
