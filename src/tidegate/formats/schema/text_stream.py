"""Bytes of a text file as UTF-8, checked on the way: what is not text is refused with its place."""

import codecs
import io
from typing import Protocol

import pyarrow as pa

from tidegate.errors import FileRefused, UsageError

_CHUNK = 1 << 20
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


_CODECS = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"BZh", "bz2"))


class Readable(Protocol):
    """What has bytes: a file, a download. `read` returns fewer than asked for only where few are left, or none."""

    def read(self, size: int, /) -> bytes: ...


class _Rewound(io.RawIOBase):
    """A stream whose first bytes were read already."""

    def __init__(self, first: bytes, rest: Readable) -> None:
        self._first, self._rest = first, rest

    def readable(self) -> bool:
        return True

    def readinto(self, target: "memoryview | bytearray") -> int:  # type: ignore[override]
        found = self._first[: len(target)] or self._rest.read(len(target))
        self._first = self._first[len(found) :]
        target[: len(found)] = found
        return len(found)


def decompressed(source: Readable, file: str) -> Readable:
    """The bytes as they were before gzip, zstd or bzip2, which the first four tell.

    Raises:
        FileRefused: the stream cannot be read at all.
    """
    return unpacked(source, file)[0]


def unpacked(source: Readable, file: str) -> tuple[Readable, str | None]:
    """`decompressed`, and what it was packed by: gzip, zstd, bz2, or None. Raises as that."""
    first = source.read(4)
    whole = io.BufferedReader(_Rewound(first, source))
    codec = next((codec for mark, codec in _CODECS if first.startswith(mark)), None)
    return (whole if codec is None else _Decompressed(whole, codec, file)), codec


class _Decompressed:
    def __init__(self, source: Readable, codec: str, file: str) -> None:
        self._stream = pa.CompressedInputStream(pa.PythonFile(source, mode="r"), codec)
        self._file = file

    def read(self, size: int) -> bytes:
        try:
            return bytes(self._stream.read(size))
        except (pa.ArrowException, OSError) as error:
            raise FileRefused(
                f"{self._file} cannot be decompressed: {' '.join(str(error).split()).rstrip('.')}",
                hint="The file is damaged or was not written to its end: write it again.",
            ) from error


class Utf8Stream(io.RawIOBase):
    """The text of `source` in UTF-8 without a mark at its beginning, whatever it is encoded in.

    A byte order mark decides (UTF-8, UTF-16); without one, `encoding`, else UTF-8. `file` names it in errors. Reading
    raises FileRefused for bytes that are no text in that encoding, and for NUL characters, which no column holds.
    """

    def __init__(self, source: Readable, file: str, encoding: str | None = None) -> None:
        self._source, self._file = source, file
        first = source.read(_CHUNK)
        mark, self.encoding = next(
            ((mark, name) for mark, name in _MARKS if first.startswith(mark)), (b"", _known(encoding))
        )
        self._decoder = codecs.getincrementaldecoder(self.encoding)("strict")
        self._place, self._waiting, self._lines = len(mark), first[len(mark) :], 0
        self._quotes = dict.fromkeys("\"'", 0)
        self._buffer = memoryview(b"")
        self._ended = False

    def has_odd(self, quote: str) -> bool:
        """Whether what was read so far holds an odd number of `quote`, one of `"` and `'`."""
        return self._quotes.get(quote, 0) % 2 == 1

    def readable(self) -> bool:
        return True

    def readinto(self, target: "memoryview | bytearray") -> int:  # type: ignore[override]
        while not self._buffer and not self._ended:
            self._fill()
        count = min(len(target), len(self._buffer))
        target[:count] = self._buffer[:count]
        self._buffer = self._buffer[count:]
        return count

    def _fill(self) -> None:
        chunk = self._waiting or self._source.read(_CHUNK)
        self._waiting = b""
        self._ended = not chunk
        before = len(self._decoder.getstate()[0])
        try:
            text = self._decoder.decode(chunk, final=self._ended)
        except UnicodeDecodeError as error:
            raise FileRefused(
                f"{self._file} is not {self.encoding.upper()}: byte {self._place - before + error.start + 1} "
                f"is 0x{error.object[error.start]:02x}",
                hint='Name the file\'s encoding, e.g. encoding = "latin-1", or write it in UTF-8.',
            ) from error
        if "\x00" in text:
            line = self._lines + text.count("\n", 0, text.index("\x00")) + 1
            raise FileRefused(
                f"{self._file} holds a NUL character in line {line}",
                hint="No text of Redshift holds NUL: remove it, or name the right encoding.",
            )
        self._place += len(chunk)
        self._lines += text.count("\n")
        self._quotes = {quote: count + text.count(quote) for quote, count in self._quotes.items()}
        self._buffer = memoryview(text.encode())


def _known(encoding: str | None) -> str:
    try:
        return codecs.lookup(encoding or "utf-8").name
    except LookupError as error:
        raise UsageError(
            f"{encoding!r} is no encoding", hint="Name one that Python knows, e.g. utf-8, utf-16-le or latin-1."
        ) from error
