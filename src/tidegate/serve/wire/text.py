"""Statements of a text, and the leading words of one."""

from dataclasses import dataclass
from functools import cached_property

from tidegate.warehouse.embedded.lexer import Token, TokenKind, tokens

CONTROL_WORDS = frozenset({"BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT"})
HEAD = 4
"""Tokens of a statement that are kept: what it is, not what it holds."""


@dataclass(frozen=True)
class Piece:
    """One statement without its semicolon, with the comments before it, by which it is found in the history.

    `offset` is where it begins in the text that the client sent; `head` are its first tokens.
    """

    sql: str
    head: tuple[Token, ...]
    offset: int = 0

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        """All of them, for a statement that is read here; positions count from its own beginning."""
        return tuple(tokens(self.sql))

    def words(self, count: int) -> tuple[str, ...]:
        """The first words, at most `HEAD`, in upper case; a symbol is itself, anything else is empty."""
        return tuple(word(token) for token in self.head[:count])

    def after(self, index: int) -> str:
        """The text that begins with the token of that index; empty when there is none."""
        if index >= len(self.tokens):
            return ""
        return self.sql[self.tokens[index].start :]


def pieces(sql: str) -> list[Piece]:
    """The statements of a text in order; empty ones are dropped.

    Raises:
        StatementError: the text cannot be read as tokens.
    """
    found: list[Piece] = []
    head: list[Token] = []
    start = end = 0
    for token in tokens(sql):
        if token.kind is TokenKind.SYMBOL and token.value == ";":
            _add(found, sql[start:end], head, end)
            head, start = [], token.end
            continue
        end = token.end
        if len(head) < HEAD:
            head.append(token)
    _add(found, sql[start:end], head, end)
    return found


def word(token: Token) -> str:
    """A word in upper case or a symbol; anything else is empty."""
    return token.value if token.kind in (TokenKind.WORD, TokenKind.SYMBOL) else ""


def _add(found: list[Piece], written: str, head: list[Token], end: int) -> None:
    if head:
        text = written.lstrip()
        found.append(Piece(text, tuple(head), end - len(text)))
