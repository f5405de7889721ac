"""Statements of a text, and the leading words of one."""

from dataclasses import dataclass

from tidegate.warehouse.embedded.lexer import Token, TokenKind, tokenize

CONTROL_WORDS = frozenset({"BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT"})


@dataclass(frozen=True)
class Piece:
    """One statement without its semicolon. `offset` is where it begins in the text that the client sent."""

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
    for token in tokenize(sql):
        if token.kind is TokenKind.SYMBOL and token.value == ";":
            _add(found, sql, tokens)
            tokens = []
        else:
            tokens.append(token)
    _add(found, sql, tokens)
    return found


def _add(found: list[Piece], sql: str, tokens: list[Token]) -> None:
    if tokens:
        start, end = tokens[0].start, tokens[-1].end
        found.append(Piece(sql[start:end], tuple(tokens), start))


def _word(token: Token) -> str:
    return token.value if token.kind in (TokenKind.WORD, TokenKind.SYMBOL) else ""
