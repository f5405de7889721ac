"""The footer of a Parquet file, read by ranges from its end: a file in S3 costs one request, seldom two.

File layout: `PAR1` … footer, its length in four bytes, `PAR1` (parquet-format, README, File format); `PARE` instead
marks an encrypted footer (parquet-format, Encryption).
"""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tidegate.errors import FileRefused

Read = Callable[[int, int], bytes]
"""`read(offset, length)` returns exactly those bytes of a file."""

TAIL_BYTES = 64 * 1024
"""What is read at once; a footer of a few hundred columns fits."""

MAX_FOOTER_BYTES = 256 * 1024 * 1024
_MARK = b"PAR1"
_ENCRYPTED = b"PARE"
_END = 8
_SIGNATURE = 28
"""Bytes behind the metadata where the columns are encrypted and the footer is not (parquet-format, Encryption, 5.5)."""

_BROKEN = "The file is damaged or was not written to its end: write it again."


def path_reader(path: Path) -> Read:
    """Ranges of a local file, which is opened for each."""

    def read(offset: int, length: int) -> bytes:
        with path.open("rb") as opened:
            opened.seek(offset)
            return opened.read(length)

    return read


def read_footer(read: Read, size: int, file: str) -> pq.FileMetaData:
    """The metadata of a Parquet file of `size` bytes; `file` names it in errors.

    Raises:
        FileRefused: it is no Parquet file, is cut off, damaged, or its footer is encrypted.
    """
    if size == 0:
        raise FileRefused(f"{file} is empty (0 bytes)", hint=_BROKEN)
    if size < len(_MARK) + _END:
        raise FileRefused(f"{file} is no Parquet file: it has only {size} bytes", hint=_BROKEN)
    tail = _range(read, size, min(size, TAIL_BYTES), file)
    if tail[-4:] == _ENCRYPTED:
        raise FileRefused(f"{file} has an encrypted footer", hint="Write the file without Parquet encryption.")
    if tail[-4:] != _MARK:
        raise FileRefused(f"{file} is no Parquet file: it does not end with PAR1", hint=_BROKEN)
    needed = int.from_bytes(tail[-_END:-4], "little") + _END
    if needed + len(_MARK) > size or needed > MAX_FOOTER_BYTES:
        raise FileRefused(f"{file} has a footer of {needed - _END} bytes, which cannot be", hint=_BROKEN)
    if needed > len(tail):
        tail = _range(read, size, needed, file)
    return _parsed(tail[-needed:], file)


def _range(read: Read, size: int, length: int, file: str) -> bytes:
    found = read(size - length, length)
    if len(found) != length:
        raise FileRefused(f"{file} is no longer as long as it was: {size} bytes", hint="Load it again.")
    return found


def _parsed(footer: bytes, file: str) -> pq.FileMetaData:
    try:
        metadata = pq.read_metadata(pa.BufferReader(footer))
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        # What pyarrow says of a damaged name is itself not always UTF-8.
        reason = " ".join(str(error).split()).rstrip(".")
        raise FileRefused(f"{file} has a footer that cannot be read: {reason}", hint=_BROKEN) from error
    if len(footer) - _END - metadata.serialized_size == _SIGNATURE:
        raise FileRefused(
            f"{file} has encrypted columns: its footer is signed", hint="Write the file without Parquet encryption."
        )
    if metadata.num_rows < 0:
        raise FileRefused(f"{file} has a footer that says {metadata.num_rows} rows", hint=_BROKEN)
    return metadata
