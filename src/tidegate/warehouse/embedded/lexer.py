"""Tokens of Redshift SQL, for the statements that the driver parses itself."""

import re
from dataclasses import dataclass
from enum import Enum

from tidegate.errors import StatementError
from tidegate.model.names import fold


class TokenKind(Enum):
    WORD = "word"
    QUOTED = "quoted identifier"
    STRING = "string"
    NUMBER = "number"
    SYMBOL = "symbol"


@dataclass(frozen=True)
class Token:
    """`text` as written. `value`: a word in upper case, an identifier folded, a string or number unquoted."""

    kind: TokenKind
    text: str
    value: str
    start: int
    end: int

    @property
    def is_name(self) -> bool:
        return self.kind in (TokenKind.WORD, TokenKind.QUOTED)

    @property
    def name(self) -> str:
        """The identifier that this token spells, folded."""
        return fold(self.text) if self.kind is TokenKind.WORD else self.value


_SKIP = re.compile(r"(?:\s+|--[^\n]*)+")
_WORD = re.compile(r"[#@A-Za-z_\u0080-\U0010ffff][A-Za-z0-9_$#@\u0080-\U0010ffff]*")
_NUMBER = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_STRING = re.compile(r"'((?:[^'\\]|''|\\.)*)'", re.DOTALL)
_ESCAPE = re.compile(r"''|\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_DOLLAR = re.compile(r"\$([A-Za-z_]*)\$")
_SYMBOL = re.compile(r"::|<=|>=|<>|!=|\|\||[-+*/%^<>=~!@#&|?:;,.()\[\]{}$\\]")


def tokenize(sql: str) -> list[Token]:
    """Split a text into tokens; comments and white space are dropped.

    Raises:
        StatementError: an unterminated string, identifier or comment, or a character that SQL does not know.
    """
    tokens: list[Token] = []
    at = 0
    while (at := _skip(sql, at)) < len(sql):
        token = _token(sql, at)
        tokens.append(token)
        at = token.end
    return tokens


def split(sql: str) -> list[str]:
    """Split a script at its semicolons; empty statements are dropped, comments kept with their statement."""
    statements: list[str] = []
    start = 0
    tokens = tokenize(sql)
    for token in [*tokens, None]:
        if token is not None and (token.kind is not TokenKind.SYMBOL or token.value != ";"):
            continue
        end = len(sql) if token is None else token.start
        if any(start <= t.start < end for t in tokens):
            statements.append(sql[start:end].strip())
        start = end + 1
    return statements


def _skip(sql: str, at: int) -> int:
    while True:
        if match := _SKIP.match(sql, at):
            at = match.end()
        if not sql.startswith("/*", at):
            return at
        at = _comment_end(sql, at)


def _comment_end(sql: str, at: int) -> int:
    depth = 0
    while at < len(sql):
        if sql.startswith("/*", at):
            depth, at = depth + 1, at + 2
        elif sql.startswith("*/", at):
            depth, at = depth - 1, at + 2
            if depth == 0:
                return at
        else:
            at += 1
    raise StatementError("unterminated comment", hint="Close the comment with */.")


def _token(sql: str, at: int) -> Token:
    first = sql[at]
    if first == "'":
        return _string(sql, at)
    if first == '"':
        end, value = _quoted_identifier(sql, at)
        return Token(TokenKind.QUOTED, sql[at:end], fold(value), at, end)
    if first == "$" and (opening := _DOLLAR.match(sql, at)):
        return _dollar_string(sql, at, opening.group(0))
    if match := _WORD.match(sql, at):
        return Token(TokenKind.WORD, match.group(), match.group().upper(), at, match.end())
    if match := _NUMBER.match(sql, at):
        return Token(TokenKind.NUMBER, match.group(), match.group(), at, match.end())
    if match := _SYMBOL.match(sql, at):
        return Token(TokenKind.SYMBOL, match.group(), match.group(), at, match.end())
    raise StatementError(f"unexpected character {first!r} at position {at + 1}", hint="Remove or quote it.")


def _string(sql: str, at: int) -> Token:
    """A plain literal: a backslash escapes the next character, as in PostgreSQL 8.0 from which Redshift descends."""
    match = _STRING.match(sql, at)
    if match is None:
        raise StatementError("unterminated string", hint="Close it with '.")
    value = _ESCAPE.sub(lambda m: "'" if m[1] is None else _ESCAPED.get(m[1], m[1]), match.group(1))
    return Token(TokenKind.STRING, match.group(), value, at, match.end())


def _dollar_string(sql: str, at: int, tag: str) -> Token:
    close = sql.find(tag, at + len(tag))
    if close < 0:
        raise StatementError(f"unterminated {tag} string", hint=f"Close the string with {tag}.")
    end = close + len(tag)
    return Token(TokenKind.STRING, sql[at:end], sql[at + len(tag) : close], at, end)


def _quoted_identifier(sql: str, at: int) -> tuple[int, str]:
    end = at + 1
    while True:
        end = sql.find('"', end)
        if end < 0:
            raise StatementError("unterminated quoted identifier", hint='Close it with ".')
        if not sql.startswith('"', end + 1):
            return end + 1, sql[at + 1 : end].replace('""', '"')
        end += 2
