"""Long lists of rows, as several statements."""

from collections.abc import Iterable, Iterator

LIST_BYTES = 90_000
"""What a list of rows or periods may take: with the rest, a statement stays under the 100 KB of the Data API."""


def parts(texts: Iterable[str]) -> Iterator[list[str]]:
    """The texts in lists that fit into one statement each, with 8 bytes for what stands between them."""
    part: list[str] = []
    size = 0
    for text in texts:
        length = len(text.encode()) + 8
        if part and size + length > LIST_BYTES:
            yield part
            part, size = [], 0
        part.append(text)
        size += length
    if part:
        yield part
