"""What kind of statement a text is, by its leading words, and who carries it out."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from tidegate.errors import StatementError, StatementRefused
from tidegate.warehouse.embedded import (
    alter,
    comments,
    copy,
    ddl,
    dml,
    external,
    maintenance,
    privileges,
    selects,
    unload,
    views,
)
from tidegate.warehouse.embedded.context import Handler, Statement
from tidegate.warehouse.embedded.lexer import Token, TokenKind, tokens


class Start(Enum):
    """How a statement's transaction begins. `OWN`: the handler announces its write before it reads anything."""

    READ = "read"
    LOCK = "lock"
    OWN = "own"


@dataclass(frozen=True)
class Kind:
    handler: Handler
    start: Start


BEGIN, COMMIT, ROLLBACK, TRUNCATE, VACUUM = "BEGIN", "COMMIT", "ROLLBACK", "TRUNCATE", "VACUUM"
CONTROL = frozenset({BEGIN, COMMIT, ROLLBACK})
"""Kinds that the session carries out itself."""

_LEADING: tuple[tuple[tuple[str, ...], str], ...] = (
    (("BEGIN",), BEGIN),
    (("START", "TRANSACTION"), BEGIN),
    (("COMMIT",), COMMIT),
    (("END",), COMMIT),
    (("ROLLBACK",), ROLLBACK),
    (("ABORT",), ROLLBACK),
    (("SELECT",), "SELECT"),
    (("(",), "SELECT"),
    (("INSERT",), "INSERT"),
    (("UPDATE",), "UPDATE"),
    (("DELETE",), "DELETE"),
    (("TRUNCATE",), TRUNCATE),
    (("COPY",), "COPY"),
    (("UNLOAD",), "UNLOAD"),
    (("LOCK",), "LOCK"),
    (("CREATE", "EXTERNAL", "SCHEMA"), "CREATE EXTERNAL SCHEMA"),
    (("CREATE", "EXTERNAL", "TABLE"), "CREATE EXTERNAL TABLE"),
    (("CREATE", "SCHEMA"), "CREATE SCHEMA"),
    (("CREATE", "TABLE"), "CREATE TABLE"),
    (("CREATE", "TEMP", "TABLE"), "CREATE TABLE"),
    (("CREATE", "TEMPORARY", "TABLE"), "CREATE TABLE"),
    (("CREATE", "LOCAL", "TEMP", "TABLE"), "CREATE TABLE"),
    (("CREATE", "LOCAL", "TEMPORARY", "TABLE"), "CREATE TABLE"),
    (("CREATE", "VIEW"), "CREATE VIEW"),
    (("CREATE", "OR", "REPLACE", "VIEW"), "CREATE VIEW"),
    (("DROP", "TABLE"), "DROP TABLE"),
    (("DROP", "VIEW"), "DROP VIEW"),
    (("DROP", "SCHEMA"), "DROP SCHEMA"),
    (("ALTER", "TABLE"), "ALTER TABLE"),
    (("COMMENT", "ON"), "COMMENT ON"),
    (("GRANT",), "GRANT"),
    (("REVOKE",), "REVOKE"),
    (("SET",), "SET"),
    (("RESET",), "RESET"),
    (("SHOW",), "SHOW"),
    (("VACUUM",), VACUUM),
    (("ANALYZE",), "ANALYZE"),
    (("ANALYSE",), "ANALYZE"),
)
_PARTITION_CHANGES = (("ADD", "PARTITION"), ("ADD", "IF"), ("DROP", "PARTITION"), ("PARTITION",), ("SET", "TABLE"))

_HEAD = 16
"""Tokens that tell the kind of a statement: ALTER TABLE, a name of three parts, and two words."""

KINDS: Mapping[str, Kind] = {
    "SELECT": Kind(selects.handle_select, Start.READ),
    "INSERT": Kind(dml.handle_insert, Start.OWN),
    "UPDATE": Kind(dml.handle_update, Start.OWN),
    "DELETE": Kind(dml.handle_delete, Start.OWN),
    TRUNCATE: Kind(dml.handle_truncate, Start.OWN),
    "COPY": Kind(copy.handle_copy, Start.READ),
    "UNLOAD": Kind(unload.handle_unload, Start.READ),
    "LOCK": Kind(maintenance.handle_lock, Start.LOCK),
    "CREATE EXTERNAL SCHEMA": Kind(external.handle_create_schema, Start.LOCK),
    "CREATE EXTERNAL TABLE": Kind(external.handle_create_table, Start.LOCK),
    "ALTER EXTERNAL TABLE": Kind(external.handle_alter_table, Start.LOCK),
    "CREATE SCHEMA": Kind(ddl.handle_create_schema, Start.LOCK),
    "CREATE TABLE": Kind(ddl.handle_create_table, Start.OWN),
    "CREATE VIEW": Kind(views.handle_create_view, Start.LOCK),
    "DROP TABLE": Kind(ddl.handle_drop_table, Start.OWN),
    "ALTER TABLE": Kind(alter.handle_alter_table, Start.OWN),
    "COMMENT ON": Kind(comments.handle_comment, Start.LOCK),
    "GRANT": Kind(privileges.handle_grant, Start.LOCK),
    "REVOKE": Kind(privileges.handle_revoke, Start.LOCK),
    "DROP VIEW": Kind(views.handle_drop_view, Start.LOCK),
    "DROP SCHEMA": Kind(ddl.handle_drop_schema, Start.LOCK),
    VACUUM: Kind(maintenance.handle_vacuum, Start.READ),
    "ANALYZE": Kind(maintenance.handle_analyze, Start.READ),
}


_TAGS = {
    "LOCK": "LOCK TABLE",
    TRUNCATE: "TRUNCATE TABLE",
    "COMMENT ON": "COMMENT",
    "CREATE EXTERNAL SCHEMA": "CREATE SCHEMA",
    "ALTER EXTERNAL TABLE": "ALTER TABLE",
}


def command(statement: Statement) -> str:
    """What a statement does, in the words of a PostgreSQL command tag without its counts."""
    return _TAGS.get(statement.kind, statement.kind)


def read_statement(sql: str) -> Statement:
    """The one statement of a text.

    Raises:
        StatementRefused: there is none, there are several, or it is of a kind that is not supported, by name.
        StatementError: the text cannot be read as tokens.
    """
    end, closed = 0, False
    for token in tokens(sql):
        if _is(token, ";"):
            closed = True
        elif closed:
            raise StatementRefused("more than one statement in one call", hint="Send one statement at a time.")
        else:
            end = token.end
    if not end:
        raise StatementRefused("there is no statement in the text", hint="Write one SQL statement.")
    return Statement(kind_of(sql), sql[:end])


def kind_of(sql: str) -> str:
    """Which of `KINDS`, `CONTROL` or the settings a statement is; no more of it is read than that takes.

    Raises:
        StatementRefused: a kind that is not supported, by name.
        StatementError: its beginning cannot be read as tokens.
    """
    head = list(itertools.islice(tokens(sql), _HEAD))
    words = [token.value if token.kind is TokenKind.WORD or _is(token, "(") else "" for token in head[:6]]
    if words[0] == "WITH":
        return _after_with(sql)
    for leading, kind in _LEADING:
        if tuple(words[: len(leading)]) == leading:
            return "ALTER EXTERNAL TABLE" if kind == "ALTER TABLE" and _changes_partitions(head) else kind
    spelled = " ".join(token.text for token in head[:2])
    raise StatementRefused(
        f"{spelled.upper()} is not supported by the embedded warehouse", hint="Leave the statement out."
    )


def _after_with(sql: str) -> str:
    depth = 0
    for token in tokens(sql):
        if token.kind is TokenKind.SYMBOL:
            depth += {"(": 1, ")": -1}.get(token.value, 0)
        elif depth == 0 and token.kind is TokenKind.WORD and token.value in ("SELECT", "INSERT", "UPDATE", "DELETE"):
            return token.value
    raise StatementError("WITH is followed by no statement", hint="Write a SELECT after it.")


def _changes_partitions(head: list[Token]) -> bool:
    at = 3
    while at + 1 < len(head) and _is(head[at], "."):
        at += 2
    words = [token.value for token in head[at : at + 2]]
    return any(tuple(words[: len(change)]) == change for change in _PARTITION_CHANGES)


def _is(token: Token, symbol: str) -> bool:
    return token.kind is TokenKind.SYMBOL and token.value == symbol
