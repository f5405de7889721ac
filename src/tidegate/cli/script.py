"""A text of SQL as statements, and what each of them is."""

from dataclasses import dataclass

from tidegate.errors import UsageError
from tidegate.warehouse.embedded.lexer import Token, TokenKind, split, tokenize

_QUERIES = frozenset({"SELECT", "WITH"})
_TWO_WORDS = frozenset({"CREATE", "DROP", "ALTER", "START", "REFRESH"})
_BETWEEN = frozenset({"TEMP", "TEMPORARY", "LOCAL", "OR", "REPLACE", "EXTERNAL", "MATERIALIZED"})
_OPENING = frozenset({"BEGIN", "START TRANSACTION"})
_CLOSING = frozenset({"COMMIT", "END", "ROLLBACK", "ABORT"})


@dataclass(frozen=True)
class Statement:
    """`verb` is its first word or two, in upper case. `is_query`: its rows can be streamed."""

    text: str
    verb: str
    is_query: bool

    @property
    def opens(self) -> bool:
        return self.verb in _OPENING

    @property
    def closes(self) -> bool:
        return self.verb in _CLOSING


def read_script(sql: str) -> list[Statement]:
    """Split `sql` at its semicolons.

    Raises:
        UsageError: there is no statement in it, or it is not lexically SQL.
    """
    statements = [_statement(text) for text in split(sql)]
    if not statements:
        raise UsageError("there is no SQL statement", hint="Give it as the argument, or on stdin.")
    return statements


def _statement(text: str) -> Statement:
    tokens = tokenize(text)
    words = [token.value for token in tokens if token.kind is TokenKind.WORD]
    first = words[0] if words else tokens[0].text
    second = next((word for word in words[1:] if word not in _BETWEEN), "") if first in _TWO_WORDS else ""
    verb = f"{first} {second}".rstrip()
    return Statement(text, verb, is_query=first in _QUERIES and not _selects_into(tokens))


def _selects_into(tokens: list[Token]) -> bool:
    """SELECT … INTO makes a table. Below a parenthesis, INTO is none of the statement's own words."""
    depth = 0
    for token in tokens:
        if token.kind is TokenKind.SYMBOL:
            depth += (token.value == "(") - (token.value == ")")
        elif depth == 0 and token.kind is TokenKind.WORD and token.value == "INTO":
            return True
    return False
