"""UNLOAD as text, read into the options that it spells (developer guide, UNLOAD; options come in any order)."""

from dataclasses import dataclass
from decimal import Decimal

from tidegate.errors import StatementError, StatementRefused, UsageError
from tidegate.redshift.unload import (
    MAX_FILE_MB,
    MIN_FILE_MB,
    MIN_PARQUET_FILE_MB,
    Unload,
    UnloadCompression,
    UnloadFormat,
    unload,
)
from tidegate.warehouse.embedded.context import Statement
from tidegate.warehouse.embedded.objects.addresses import is_object
from tidegate.warehouse.embedded.option_reader import (
    Handler,
    OptionReader,
    fixedwidth,
    flag,
    null_as,
    switch,
    text,
)
from tidegate.warehouse.embedded.token_reader import TokenReader

_MB = 1_000_000


@dataclass(frozen=True)
class UnloadStatement:
    """`max_file_bytes` is MAXFILESIZE in bytes, for Parquet rounded down to a multiple of 32 MB; None = not given."""

    options: Unload
    max_file_bytes: int | None


class _Options(OptionReader[Unload]):
    max_file_mb: Decimal | None = None


def parse(statement: Statement) -> UnloadStatement:
    """Read an UNLOAD and check which options its format takes.

    Raises:
        StatementError: the text is not an UNLOAD.
        StatementRefused: Redshift, or this driver by name, does not do what the options ask for.
    """
    reader = TokenReader(statement.tokens, "UNLOAD")
    reader.expect("UNLOAD", "(")
    select = reader.string("the query as one string")
    reader.expect(")", "TO")
    to = reader.string("the path as a string")
    options = _Options(reader, "UNLOAD", Unload(select, to, format=UnloadFormat.TEXT), _HANDLERS, _SAME)
    options.read()
    return _checked(options)


def _checked(options: _Options) -> UnloadStatement:
    value, size = options.value, options.max_file_mb
    try:
        unload(value)
    except UsageError as error:
        raise StatementRefused(error.message, hint=error.hint) from error
    if size is not None and not MIN_FILE_MB <= size <= MAX_FILE_MB:
        raise StatementRefused(
            f"UNLOAD: MAXFILESIZE {size} MB is outside its bounds",
            hint=f"MAXFILESIZE is {MIN_FILE_MB} MB to {MAX_FILE_MB} MB.",
        )
    for name, given in (
        ("REGION", value.region is not None and not is_object(value.to)),
        ("ENCRYPTED", value.encrypted and not is_object(value.to)),
        ("FORMAT JSON", value.format is UnloadFormat.JSON),
        ("FIXEDWIDTH", bool(value.fixedwidth)),
        ("BZIP2", value.compression is UnloadCompression.BZIP2),
    ):
        if given:
            raise StatementRefused(
                f"the embedded warehouse does not take {name} in UNLOAD",
                hint=f"Leave out {name}: files are written as Parquet, CSV or text, where the address says.",
            )
    return UnloadStatement(value, _file_bytes(value.format, size))


def _file_bytes(format: UnloadFormat, size: Decimal | None) -> int | None:
    if size is None:
        return None
    if format is UnloadFormat.PARQUET:
        step = MIN_PARQUET_FILE_MB
        return max(step, int(size) // step * step) * _MB
    return int(size * _MB)


def _format(options: OptionReader[Unload], _: str) -> None:
    options.reader.accept("AS")
    word = options.reader.word("CSV, PARQUET or JSON")
    if word not in ("CSV", "PARQUET", "JSON"):
        raise StatementError(f"UNLOAD does not know the format {word}", hint="Write FORMAT CSV, PARQUET or JSON.")
    options.set(format=UnloadFormat(word))


def _bare_format(options: OptionReader[Unload], word: str) -> None:
    options.set(format=UnloadFormat(word))


def _partition_by(options: OptionReader[Unload], _: str) -> None:
    options.reader.expect("BY")
    columns = options.reader.identifiers("the name of an output column, not a literal")
    options.set(partition_by=columns, include=options.reader.accept("INCLUDE"))


def _manifest(options: OptionReader[Unload], _: str) -> None:
    options.set(manifest=True, verbose=options.reader.accept("VERBOSE"))


def _encrypted(options: OptionReader[Unload], _: str) -> None:
    options.reader.accept("AUTO")
    options.set(encrypted=True)


def _compression(options: OptionReader[Unload], word: str) -> None:
    options.set(compression=UnloadCompression(word))


def _max_file_size(options: OptionReader[Unload], _: str) -> None:
    options.reader.accept("AS")
    size = Decimal(options.reader.number("a number of MB or GB"))
    assert isinstance(options, _Options)
    options.max_file_mb = size * _unit(options.reader)


def _row_group_size(options: OptionReader[Unload], _: str) -> None:
    options.reader.accept("AS")
    size = options.reader.integer("a whole number of MB")
    options.set(row_group_mb=size * _unit(options.reader))


def _unit(reader: TokenReader) -> int:
    if reader.accept("GB"):
        return 1000
    reader.accept("MB")
    return 1


_HANDLERS: dict[str, Handler[Unload]] = {
    "FORMAT": _format,
    "CSV": _bare_format,
    "PARQUET": _bare_format,
    "JSON": _bare_format,
    "PARTITION": _partition_by,
    "MANIFEST": _manifest,
    "HEADER": flag("header"),
    "DELIMITER": text("delimiter"),
    "FIXEDWIDTH": fixedwidth,
    "ENCRYPTED": _encrypted,
    "KMS_KEY_ID": text("kms_key_id"),
    "BZIP2": _compression,
    "GZIP": _compression,
    "ZSTD": _compression,
    "ADDQUOTES": flag("add_quotes"),
    "NULL": null_as,
    "ESCAPE": flag("escape"),
    "ALLOWOVERWRITE": flag("allow_overwrite"),
    "CLEANPATH": flag("clean_path"),
    "PARALLEL": switch("parallel"),
    "MAXFILESIZE": _max_file_size,
    "ROWGROUPSIZE": _row_group_size,
    "REGION": text("region"),
    "EXTENSION": text("extension"),
}
_SAME = {
    "CSV": "FORMAT",
    "PARQUET": "FORMAT",
    "JSON": "FORMAT",
    "BZIP2": "the compression",
    "GZIP": "the compression",
    "ZSTD": "the compression",
}
"""Words that set the same option."""
