"""Names, literals and comments: the only places where a value becomes part of a Redshift statement."""

from collections.abc import Iterable

from tidegate.errors import UsageError
from tidegate.model.names import TableName, check_identifier

TEMPORARY_SCHEMA = "pg_temp"
"""Stands for the nameless schema of a session's temporary tables (developer guide, CREATE TABLE, TEMPORARY)."""

_RESERVED_WORDS = """
aes128 aes256 all allowoverwrite analyse analyze and any append array as asc authorization az64 between binary
blanksasnull both bytedict case cast check collate column comprows compupdate constraint create credentials
cross current_date current_time current_timestamp current_user current_user_id datetime default deferrable
defrag delimiters delta delta32k desc disable distinct do else emptyasnull enable encrypt encryption end except
explicit_ids false fillrecord for foreign freeze from full globaldict256 globaldict64k grant group having
identity ignore ignoreblanklines ignoreheader ilike in initially inner intersect into is isnull join leading
left like limit localtime localtimestamp lun luns lzo minus mostly16 mostly32 mostly8 natural new not notnull
null nulls off offset oid old on only open or order outer overlaps parallel partition percent permissions pivot
placing primary raw readratio recover references rejectlog resort respect restore right runlength select
session_user similar snapshot some sysdate system table tag tdes text255 text32k then timestamp to top trailing
true truncatecolumns union unique unnest unpivot user using verbose when where with within without
"""
RESERVED = frozenset(_RESERVED_WORDS.split())
"""Words that Redshift accepts as a name only in double quotes (developer guide, Reserved words), in lower case."""


def quote(name: str) -> str:
    """Return the identifier in double quotes, folded, with inner quotes doubled.

    Raises:
        UsageError: the name is empty, holds a NUL, or is longer than 127 bytes.
    """
    return '"' + check_identifier(name).replace('"', '""') + '"'


def qualified(table: TableName) -> str:
    """Return `"schema"."name"`. A table of the schema `pg_temp` is a session's own and has no schema to name."""
    if table.schema == TEMPORARY_SCHEMA:
        return quote(table.name)
    return f"{quote(table.schema)}.{quote(table.name)}"


def column_list(names: Iterable[str]) -> str:
    """Return the names quoted and separated by commas, without parentheses.

    Raises:
        UsageError: a name occurs twice, or cannot be an identifier.
    """
    quoted = [quote(name) for name in names]
    for position, name in enumerate(quoted):
        if name in quoted[:position]:
            raise UsageError(f"the column {name} is listed twice", hint="Name each column once.")
    return ", ".join(quoted)


def literal(value: str) -> str:
    """Return the text as a string literal: quotes and backslashes doubled.

    Redshift descends from PostgreSQL 8.0, where a backslash in a plain literal escapes the next character, and has
    no E'…' form to say so. A query inside UNLOAD passes through this once more and loses one level again: there
    `"a\\backslash"` arrives as `"a<BS>ackslash"` when it is not doubled (amazon-redshift-jdbc-driver issue 124).

    Raises:
        UsageError: the text holds a NUL, which no Redshift string can.
    """
    if "\x00" in value:
        raise UsageError(f"the text {value[:40]!r} holds a NUL character", hint="Remove the NUL character.")
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def comment(job: str, step: str) -> str:
    """Return `/* tidegate <job> <step> */`, by which a statement is found again in the query history.

    Comments nest, so asterisks are dropped; control characters become spaces.
    """
    return f"/* tidegate {_plain(job)} {_plain(step)} */"


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text if c != "*")
