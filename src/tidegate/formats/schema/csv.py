"""What is in a CSV file: its dialect from the beginning, its types from every row.

The file is a stream of bytes that is read once, so that it may lie anywhere; memory is a few blocks, whatever its
size. Rows are parsed by pyarrow, strictly: a row with more or fewer fields than the first is refused by its number.
"""

import io
import os
import re
from collections import deque
from collections.abc import Container, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from tidegate.errors import FileRefused
from tidegate.formats.schema.dialect import HEADER_BYTES, SAMPLE_BYTES, sniff
from tidegate.formats.schema.inferred import (
    MAX_TEXT,
    CsvDialect,
    InferredColumn,
    InferredFile,
    check_names,
    too_wide,
)
from tidegate.formats.schema.proof import ColumnProof
from tidegate.formats.schema.text_stream import Readable, Utf8Stream, unpacked
from tidegate.model.names import fold
from tidegate.model.route import FileFormat, FormatOptions
from tidegate.model.tables import SqlType, TypeKind

MAX_ROW_BYTES = 4 * 1024 * 1024
"""COPY takes no longer row (developer guide, COPY, usage notes)."""

_RAGGED = re.compile(r"Row #(\d+): Expected (\d+) columns, got (\d+)")


def infer_csv(
    source: Readable,
    file: str,
    options: FormatOptions | None = None,
    types: Mapping[str, SqlType] | None = None,
    most_columns: int | None = None,
    trusted: Container[TypeKind] = (),
) -> InferredFile:
    """Read a CSV file to its end, which may be compressed by gzip, zstd or bzip2; `file` names it in errors.

    `types`, by name in any case, are those of the columns that the values go into: they win over what is found, unless
    they would lose something of a value, which those of the `trusted` kinds do not. Without a header the columns are
    column_1, column_2, … A file of more than `most_columns` is refused before it is read.

    Raises:
        FileRefused: it is empty, no text in its encoding, ragged, its names cannot be those of columns, or too many.
        UsageError: an option cannot be.
    """
    options = options or FormatOptions()
    plain, codec = unpacked(source, file)
    stream = Utf8Stream(plain, file, options.encoding)
    text = io.BufferedReader(stream, HEADER_BYTES)
    sample = _sample(text.peek(HEADER_BYTES)[:HEADER_BYTES])
    if not sample.strip():
        raise FileRefused(f"{file} is empty", hint="Write at least a header line.")
    beginning = sample.decode("utf-8", "ignore")
    complete = len(sample) not in (SAMPLE_BYTES, HEADER_BYTES)
    dialect, first = sniff(beginning, complete=complete, encoding=stream.encoding, options=options)
    if most_columns is not None and len(first) > most_columns:
        raise too_wide(file, most_columns)
    dialect = replace(dialect, codec=codec)
    names = [name.strip() for name in first] if dialect.header else [f"column_{n + 1}" for n in range(len(first))]
    check_names(names, file)
    wanted = {fold(name): kind for name, kind in (types or {}).items()}
    proofs = [ColumnProof(name, dialect.null_as, wanted=wanted.get(fold(name)), trusted=trusted) for name in names]
    rows = _prove(text, file, dialect, proofs)
    if stream.has_odd(dialect.quote):
        raise FileRefused(
            f"{file} has a quote {dialect.quote} that is never closed, or stands alone in a field",
            hint='Double quotes inside of quoted fields; set quote = "" for a file that has none.',
        )
    columns = tuple(_checked(proof.column(), file) for proof in proofs)
    blank = proofs[0].empty if len(proofs) == 1 else 0
    return InferredFile(FileFormat.CSV, columns, rows, dialect=dialect, blank=blank)


def _sample(beginning: bytes) -> bytes:
    """As much of the beginning as tells the dialect: more only where it takes more to see the first line."""
    first = beginning[:SAMPLE_BYTES]
    return first if b"\n" in first or b"\r" in first else beginning


def csv_rows(source: Readable, file: str, inferred: InferredFile) -> pa.RecordBatchReader:
    """The rows of a file that infer_csv has read, as texts in columns "0", "1", …; NULL where null_as stands."""
    dialect = inferred.dialect
    assert dialect is not None
    text = io.BufferedReader(Utf8Stream(source, file, dialect.encoding), SAMPLE_BYTES)
    batches = _batches(text, dialect, len(inferred.columns))
    if dialect.null_as is None:
        return pa.RecordBatchReader.from_batches(batches.schema, batches)
    return pa.RecordBatchReader.from_batches(batches.schema, (_nulled(batch, dialect.null_as) for batch in batches))


def _nulled(batch: pa.RecordBatch, null_as: str) -> pa.RecordBatch:
    columns = [pc.if_else(pc.equal(texts, null_as), None, texts) for texts in batch.columns]
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)


def _prove(text: "io.BufferedReader[Utf8Stream]", file: str, dialect: CsvDialect, proofs: Sequence[ColumnProof]) -> int:
    """Feed the rows to the proofs, all columns at a time, while more is read; returns how many rows there are."""
    rows = 0
    cores = min(len(proofs), os.cpu_count() or 1)
    try:
        with ThreadPoolExecutor(cores, thread_name_prefix="proof") as pool:
            looked_at: Iterator[None] = iter(())
            for batch in _batches(text, dialect, len(proofs)):
                rows += batch.num_rows
                deque(looked_at, 0)
                looked_at = pool.map(ColumnProof.update, proofs, batch.columns)
            deque(looked_at, 0)
    except pa.ArrowInvalid as error:
        raise _refusal(error, file, dialect) from error
    return rows


def _batches(text: "io.BufferedReader[Utf8Stream]", dialect: CsvDialect, width: int) -> csv.CSVStreamingReader:
    places = [str(number) for number in range(width)]
    return csv.open_csv(
        text,
        csv.ReadOptions(
            use_threads=False,
            block_size=MAX_ROW_BYTES,
            column_names=places,
            skip_rows_after_names=1 if dialect.header else 0,
        ),
        csv.ParseOptions(
            delimiter=dialect.delimiter,
            quote_char=dialect.quote or False,
            double_quote=True,
            newlines_in_values=bool(dialect.quote),
            ignore_empty_lines=width > 1,
        ),
        csv.ConvertOptions(
            check_utf8=False, column_types=dict.fromkeys(places, pa.string()), strings_can_be_null=False
        ),
    )


def _refusal(error: pa.ArrowInvalid, file: str, dialect: CsvDialect) -> FileRefused:
    reason = " ".join(str(error).split())
    if ragged := _RAGGED.search(reason):
        row, expected, found = ragged.groups()
        return FileRefused(
            f"{file}: row {row} has {found} fields, the first has {expected}",
            hint=f"Fields are cut at {dialect.delimiter!r}: correct the row, or name the delimiter and the quote.",
        )
    if "straddling" in reason:
        return FileRefused(
            f"{file} has a row of more than {MAX_ROW_BYTES} bytes, or a quote that is never closed",
            hint="COPY takes no longer row: correct the file, or name its quote.",
        )
    return FileRefused(f"{file} cannot be read: {reason.rstrip('.')}", hint="Correct the file, or name its dialect.")


def _checked(column: InferredColumn, file: str) -> InferredColumn:
    if column.longest is not None and column.longest > MAX_TEXT:
        raise FileRefused(
            f"{file}: {column.name} has a text of {column.longest} bytes",
            hint=f"Redshift's texts hold {MAX_TEXT} bytes: shorten it.",
        )
    return column
