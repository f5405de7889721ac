"""How a CSV file is written, told by its beginning; what the options say is not guessed."""

import csv
import re
from collections.abc import Sequence

from tidegate.errors import UsageError
from tidegate.formats.schema.inferred import CsvDialect
from tidegate.model.names import fold
from tidegate.model.route import FormatOptions

SAMPLE_BYTES = 64 * 1024
HEADER_BYTES = 256 * 1024
"""The longest header that a table can be made of fits: 1,600 names of 127 bytes."""

_DELIMITERS = (",", "\t", ";", "|")
_QUOTES = ('"', "'")
_NUMBER_OR_MOMENT = re.compile(r"[-+]?[0-9.,]+([eE][-+]?[0-9]+)?|[0-9]{4}-[0-9]{2}-[0-9]{2}.*|(?i:true|false)")

Records = list[list[str]]


def sniff(sample: str, *, complete: bool, encoding: str, options: FormatOptions) -> tuple[CsvDialect, list[str]]:
    """The dialect and the first record of a file that begins with `sample`; `complete`: that is all of it.

    Of the delimiters, the one that cuts all records into the same number of fields, and into most of them. The first
    record is a header if its fields are different names, and no number, date or truth value is among them.

    Raises:
        UsageError: an option is no single character.
    """
    _check(options)
    delimiters = (options.delimiter,) if options.delimiter else _DELIMITERS
    quotes = (options.quote,) if options.quote is not None else _QUOTES
    tried = [
        (delimiter, quote, _records(sample, delimiter, quote, complete=complete))
        for quote in quotes
        for delimiter in delimiters
        if quote == quotes[0] or f"{delimiter}{quote}" in sample or f"\n{quote}" in sample
    ]
    delimiter, quote, records = max(tried, key=lambda one: _score(one[2]))
    header = _has_header(records) if options.header is None else options.header
    return CsvDialect(delimiter, quote, header, encoding, options.null_as), records[0] if records else []


def _score(records: Records) -> tuple[bool, bool, bool, float, int]:
    """How much the records look like a table; of the same score, the first that was tried is taken."""
    if not records:
        return (False, False, False, 0.0, 0)
    width = len(records[0])
    agreeing = sum(len(record) == width for record in records) / len(records)
    return (width > 1 and agreeing == 1, width > 1, agreeing == 1, agreeing, width)


def _check(options: FormatOptions) -> None:
    if options.delimiter is not None and len(options.delimiter.encode()) != 1:
        raise UsageError(
            f"the delimiter {options.delimiter!r} is not one ASCII character",
            hint='COPY takes one ASCII character, e.g. delimiter = ",".',
        )
    if options.quote and len(options.quote.encode()) != 1:
        raise UsageError(
            f"the quote {options.quote!r} is not one ASCII character", hint='Name one character, or none by "".'
        )


def _records(sample: str, delimiter: str, quote: str, *, complete: bool) -> Records:
    """The records of the sample, without the last one where that may be cut; blank lines are none."""
    reader = csv.reader(
        sample.splitlines(keepends=True),
        delimiter=delimiter,
        quotechar=quote or None,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
    )
    try:
        records = list(reader)
    except csv.Error:
        return []
    return [record for record in (records if complete or len(records) < 2 else records[:-1]) if record]


def _has_header(records: Sequence[Sequence[str]]) -> bool:
    if not records:
        return False
    first = [field.strip() for field in records[0]]
    if not all(first) or len({fold(field) for field in first}) != len(first):
        return False
    return not any(_NUMBER_OR_MOMENT.fullmatch(field) for field in first)
