"""Statements of a text, and the leading words of one."""

from dataclasses import dataclass

from tidegate.warehouse.embedded.lexer import Token, TokenKind, tokenize

CONTROL_WORDS = frozenset({"BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT"})


@dataclass(frozen=True)
class Piece:
    """One statement without its semicolon, with the comments before it, by which it is found in the history.

    `offset` is where it begins in the text that the client sent.
    """

    sql: str
    tokens: tuple[Token, ...]
    offset: int = 0

    def words(self, count: int) -> tuple[str, ...]:
        """The first words in upper case; a symbol is itself, anything else is empty."""
        return tuple(_word(token) for token in self.tokens[:count])

    def after(self, index: int) -> str:
        """The text that begins with the token of that index; empty when there is none."""
        if index >= len(self.tokens):
            return ""
        return self.sql[self.tokens[index].start - self.offset :]


def pieces(sql: str) -> list[Piece]:
    """The statements of a text in order; empty ones are dropped.

    Raises:
        StatementError: the text cannot be read as tokens.
    """
    found: list[Piece] = []
    tokens: list[Token] = []
    start = 0
    for token in tokenize(sql):
        if token.kind is TokenKind.SYMBOL and token.value == ";":
            _add(found, sql, start, tokens)
            tokens, start = [], token.end
        else:
            tokens.append(token)
    _add(found, sql, start, tokens)
    return found


def _add(found: list[Piece], sql: str, start: int, tokens: list[Token]) -> None:
    if tokens:
        text = sql[start : tokens[-1].end].lstrip()
        found.append(Piece(text, tuple(tokens), tokens[-1].end - len(text)))


def _word(token: Token) -> str:
    return token.value if token.kind in (TokenKind.WORD, TokenKind.SYMBOL) else ""
