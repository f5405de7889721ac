"""COPY as text, read into the options that it spells (developer guide, COPY; options come in any order)."""

from tidegate.errors import StatementError, StatementRefused, UsageError
from tidegate.redshift.copy import CompUpdate, Copy, CopyCompression, CopyFormat, Encoding, copy
from tidegate.warehouse.embedded.context import Statement
from tidegate.warehouse.embedded.option_reader import (
    Handler,
    OptionReader,
    fixedwidth,
    flag,
    null_as,
    switch,
    text,
    whole,
)
from tidegate.warehouse.embedded.token_reader import TokenReader

_PARQUET_WORDS = frozenset(
    {"FORMAT", "PARQUET", "ACCEPTINVCHARS", "FILLRECORD", "STATUPDATE", "MANIFEST", "EXPLICIT_IDS"}
)
"""What COPY of Parquet accepts (developer guide, COPY from columnar data formats); SERIALIZETOJSON is of FORMAT."""


def parse(statement: Statement) -> tuple[Copy, bool]:
    """Read a COPY and check which options its format takes; the second value: was the table's schema written?

    Raises:
        StatementError: the text is not a COPY.
        StatementRefused: Redshift, or this driver by name, does not do what the options ask for.
    """
    reader = TokenReader(statement.tokens, "COPY")
    reader.expect("COPY")
    dot = reader.peek(1)
    table = reader.table()
    columns = reader.identifiers("the name of a column") if reader.looking_at("(") else ()
    reader.expect("FROM")
    source = reader.string("the path as a string")
    value = Copy(table, source, columns=columns, format=CopyFormat.TEXT)
    options = OptionReader(reader, "COPY", value, _HANDLERS, _SAME)
    checked = options.read()
    if checked.format is CopyFormat.PARQUET:
        _check_parquet(options.words)
    _check(checked)
    return checked, dot is not None and dot.value == "."


def _check_parquet(words: list[str]) -> None:
    for word in words:
        if word not in _PARQUET_WORDS:
            raise StatementRefused(
                f"{word} argument is not supported for PARQUET based COPY", hint=f"Leave out {word}."
            )


def _check(value: Copy) -> None:
    try:
        copy(value)
    except UsageError as error:
        raise StatementRefused(error.message, hint=error.hint) from error
    for name, given in (
        (f"FORMAT {value.format}", value.format in (CopyFormat.AVRO, CopyFormat.ORC)),
        ("FIXEDWIDTH", bool(value.fixedwidth)),
        ("LZOP", value.compression is CopyCompression.LZOP),
        ("BZIP2", value.compression is CopyCompression.BZIP2),
        ("REGION", value.region is not None),
        ("ACCEPTANYDATE", value.accept_any_date),
        ("ACCEPTINVCHARS", value.accept_inv_chars is not None),
        (f"ENCODING {value.encoding}", value.encoding not in (None, Encoding.UTF8)),
        ("ESCAPE", value.escape),
        ("REMOVEQUOTES", value.remove_quotes),
        ("IGNOREALLERRORS", value.ignore_all_errors),
        (f"MAXERROR {value.max_error}", (value.max_error or 0) > 1),
        ("NOLOAD", value.no_load),
        (f"the mapping {value.mapping!r}", value.format is CopyFormat.JSON and value.mapping != "auto"),
    ):
        if given:
            raise StatementRefused(
                f"the embedded warehouse does not take {name} in COPY",
                hint=f"Leave out {name}: local files are read as Parquet, CSV, delimited text or JSON 'auto'.",
            )


def _format(options: OptionReader[Copy], _: str) -> None:
    options.reader.accept("AS")
    word = options.reader.word("a format")
    if word not in _FORMATS:
        raise StatementError(f"COPY does not know the format {word}", hint=f"Write one of {', '.join(_FORMATS)}.")
    _FORMATS[word](options, word)


def _csv(options: OptionReader[Copy], _: str) -> None:
    options.set(format=CopyFormat.CSV)
    if options.reader.accept("QUOTE"):
        options.reader.accept("AS")
        options.set(quote=options.reader.string("the quote character as a string"))


def _mapped(options: OptionReader[Copy], word: str) -> None:
    options.reader.accept("AS")
    options.set(format=CopyFormat(word), mapping=options.reader.string("'auto' or the path of a jsonpaths file"))


def _columnar(options: OptionReader[Copy], word: str) -> None:
    options.set(format=CopyFormat(word), serialize_to_json=options.reader.accept("SERIALIZETOJSON"))


def _compression(options: OptionReader[Copy], word: str) -> None:
    options.set(compression=CopyCompression(word))


def _accept_inv_chars(options: OptionReader[Copy], _: str) -> None:
    options.set(accept_inv_chars=options.reader.string("a character") if options.reader.accept("AS") else "?")


def _encoding(options: OptionReader[Copy], _: str) -> None:
    options.reader.accept("AS")
    word = options.reader.word("an encoding")
    if word not in Encoding.__members__:
        raise StatementError(f"COPY does not know the encoding {word}", hint="Write UTF8, UTF16, UTF16LE or UTF16BE.")
    options.set(encoding=Encoding(word))


def _comp_update(options: OptionReader[Copy], _: str) -> None:
    reader = options.reader
    if reader.accept("PRESET"):
        options.set(comp_update=CompUpdate.PRESET)
    elif reader.accept("OFF") or reader.accept("FALSE"):
        options.set(comp_update=CompUpdate.OFF)
    else:
        if not reader.accept("ON"):
            reader.accept("TRUE")
        options.set(comp_update=CompUpdate.ON)


_FORMATS: dict[str, Handler[Copy]] = {
    "CSV": _csv,
    "JSON": _mapped,
    "AVRO": _mapped,
    "PARQUET": _columnar,
    "ORC": _columnar,
}
_HANDLERS: dict[str, Handler[Copy]] = {
    **_FORMATS,
    "FORMAT": _format,
    "DELIMITER": text("delimiter"),
    "FIXEDWIDTH": fixedwidth,
    "BZIP2": _compression,
    "GZIP": _compression,
    "LZOP": _compression,
    "ZSTD": _compression,
    "MANIFEST": flag("manifest"),
    "REGION": text("region"),
    "ACCEPTANYDATE": flag("accept_any_date"),
    "ACCEPTINVCHARS": _accept_inv_chars,
    "BLANKSASNULL": flag("blanks_as_null"),
    "DATEFORMAT": text("date_format"),
    "EMPTYASNULL": flag("empty_as_null"),
    "ENCODING": _encoding,
    "ESCAPE": flag("escape"),
    "EXPLICIT_IDS": flag("explicit_ids"),
    "FILLRECORD": flag("fill_record"),
    "IGNOREBLANKLINES": flag("ignore_blank_lines"),
    "IGNOREHEADER": whole("ignore_header"),
    "NULL": null_as,
    "REMOVEQUOTES": flag("remove_quotes"),
    "ROUNDEC": flag("round_dec"),
    "TIMEFORMAT": text("time_format"),
    "TRIMBLANKS": flag("trim_blanks"),
    "TRUNCATECOLUMNS": flag("truncate_columns"),
    "COMPROWS": whole("comp_rows"),
    "COMPUPDATE": _comp_update,
    "IGNOREALLERRORS": flag("ignore_all_errors"),
    "MAXERROR": whole("max_error"),
    "NOLOAD": flag("no_load"),
    "STATUPDATE": switch("stat_update"),
}
_SAME = {
    **dict.fromkeys(_FORMATS, "FORMAT"),
    **dict.fromkeys(("BZIP2", "GZIP", "LZOP", "ZSTD"), "the compression"),
}
"""Words that set the same option."""
