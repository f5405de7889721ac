"""Tokens of Redshift SQL, for the statements that the driver parses itself."""

import re
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from tidegate.errors import StatementError
from tidegate.model.names import fold


class TokenKind(Enum):
    WORD = "word"
    QUOTED = "quoted identifier"
    STRING = "string"
    NUMBER = "number"
    SYMBOL = "symbol"


class Token(NamedTuple):
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
_WORDS = r"[#@A-Za-z_\u0080-\U0010ffff][A-Za-z0-9_$#@\u0080-\U0010ffff]*"
_NUMBERS = r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_STRING = re.compile(r"'((?:[^'\\]++|''|\\.)*+)'", re.DOTALL)
_ESCAPE = re.compile(r"''|\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_DOLLAR = re.compile(r"\$([A-Za-z_]*)\$")
_COMMENT_MARK = re.compile(r"/\*|\*/")
_PLAIN = re.compile(
    rf"\s*+(?:({_WORDS})|({_NUMBERS})|(::|<=|>=|<>|!=|\|\||-(?!-)|/(?!\*)|[+*%^<>=~!@#&|?:;,.()\[\]{{}}\\]))"
)
"""Tokens that need no look at what they hold: by group a word, a number and a symbol that begins nothing else."""

_NO_KIND, _WORD, _NUMBER, _SYMBOL = range(4)


def tokenize(sql: str) -> list[Token]:
    """Split a text into tokens; comments and white space are dropped. Raises as `tokens`."""
    return list(tokens(sql))


def tokens(sql: str) -> Iterator[Token]:
    """The tokens of a text, one by one: a statement of 16 MB may have millions.

    Raises:
        StatementError: an unterminated string, identifier or comment, or a character that SQL does not know.
    """
    at, word, number, symbol = 0, TokenKind.WORD, TokenKind.NUMBER, TokenKind.SYMBOL
    while True:
        plain = _PLAIN.match(sql, at)
        if plain is None:
            skipped = _skip(sql, at)
            if skipped >= len(sql):
                return
            if skipped > at:
                at = skipped
                continue
            token = _other(sql, at)
        else:
            group = plain.lastindex or _NO_KIND
            text, (start, at) = plain[group], plain.span(group)
            if group == _WORD:
                token = Token(word, text, text.upper(), start, at)
            else:
                token = Token(number if group == _NUMBER else symbol, text, text, start, at)
        yield token
        at = token.end


def split(sql: str) -> list[str]:
    """Split a script at its semicolons; empty statements are dropped, comments kept with their statement."""
    statements: list[str] = []
    start, filled = 0, False
    for token in tokens(sql):
        if token.kind is not TokenKind.SYMBOL or token.value != ";":
            filled = True
            continue
        if filled:
            statements.append(sql[start : token.start].strip())
        start, filled = token.end, False
    if filled:
        statements.append(sql[start:].strip())
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
    for mark in _COMMENT_MARK.finditer(sql, at):
        depth += 1 if mark.group() == "/*" else -1
        if depth == 0:
            return mark.end()
    raise StatementError("unterminated comment", hint="Close the comment with */.")


def _other(sql: str, at: int) -> Token:
    """A string, a quoted identifier or a dollar sign."""
    first = sql[at]
    if first == "'":
        return _string(sql, at)
    if first == '"':
        end, value = _quoted_identifier(sql, at)
        return Token(TokenKind.QUOTED, sql[at:end], fold(value), at, end)
    if first == "$":
        if opening := _DOLLAR.match(sql, at):
            return _dollar_string(sql, at, opening.group(0))
        return Token(TokenKind.SYMBOL, first, first, at, at + 1)
    raise StatementError(f"unexpected character {first!r} at position {at + 1}", hint="Remove or quote it.")


def _string(sql: str, at: int) -> Token:
    """A plain literal: a backslash escapes the next character, as in PostgreSQL 8.0 from which Redshift descends."""
    match = _STRING.match(sql, at)
    if match is None:
        raise StatementError("unterminated string", hint="Close it with '.")
    return Token(TokenKind.STRING, match.group(), _unescaped(match.group(1)), at, match.end())


def _unescaped(written: str) -> str:
    if "\\" not in written:
        return written.replace("''", "'")
    return _ESCAPE.sub(lambda m: "'" if m[1] is None else _ESCAPED.get(m[1], m[1]), written)


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
