"""Reading a statement's tokens from left to right, with errors that say what was expected where."""

from collections.abc import Sequence
from typing import NoReturn

from tidegate.errors import StatementError
from tidegate.model.names import TableName, check_identifier
from tidegate.warehouse.embedded.lexer import Token, TokenKind


class TokenReader:
    """A position in the tokens of one statement. `name` is what messages call the statement, e.g. `UNLOAD`."""

    def __init__(self, tokens: Sequence[Token], name: str) -> None:
        self._tokens = tokens
        self._at = 0
        self._name = name

    @property
    def at_end(self) -> bool:
        return self._at >= len(self._tokens)

    def peek(self, ahead: int = 0) -> Token | None:
        at = self._at + ahead
        return self._tokens[at] if at < len(self._tokens) else None

    def next(self) -> Token:
        token = self.peek()
        if token is None:
            self.fail("more text")
        self._at += 1
        return token

    def looking_at(self, *values: str) -> bool:
        """Do the next tokens spell these unquoted words or symbols?"""
        return all(_spells(self.peek(i), value) for i, value in enumerate(values))

    def accept(self, *values: str) -> bool:
        """Take the next tokens when they spell these words or symbols."""
        if not self.looking_at(*values):
            return False
        self._at += len(values)
        return True

    def expect(self, *values: str) -> None:
        if not self.accept(*values):
            self.fail(" ".join(values))

    def string(self, what: str) -> str:
        return self._take(TokenKind.STRING, what)

    def null_string(self) -> str:
        """The text of NULL AS. COPY's default is written as it is documented, with one backslash: `'\\N'`."""
        token = self.peek()
        text = self.string("the text of NULL AS")
        return "\\N" if token is not None and token.text == "'\\N'" else text

    def integer(self, what: str) -> int:
        token = self.peek()
        if token is None or token.kind is not TokenKind.NUMBER or not token.value.isdigit():
            self.fail(what)
        self._at += 1
        return int(token.value)

    def number(self, what: str) -> str:
        return self._take(TokenKind.NUMBER, what)

    def word(self, what: str) -> str:
        """An unquoted word, in upper case."""
        return self._take(TokenKind.WORD, what)

    def identifier(self, what: str) -> str:
        """An identifier, folded; raises UsageError when Redshift could not hold it."""
        token = self.peek()
        if token is None or not token.is_name:
            self.fail(what)
        self._at += 1
        return check_identifier(token.name)

    def table(self, what: str = "a table name", default_schema: str = "public") -> TableName:
        first = self.identifier(what)
        if not self.accept("."):
            return TableName(default_schema, first)
        return TableName(first, self.identifier(what))

    def identifiers(self, what: str) -> tuple[str, ...]:
        """A parenthesised list of identifiers."""
        self.expect("(")
        names = [self.identifier(what)]
        while self.accept(","):
            names.append(self.identifier(what))
        self.expect(")")
        return tuple(names)

    def end(self) -> None:
        if not self.at_end:
            self.fail("the end of the statement")

    def fail(self, expected: str) -> NoReturn:
        token = self.peek()
        where = f'at or near "{token.text}" (position {token.start + 1})' if token else "at the end"
        raise StatementError(
            f"syntax error in {self._name} {where}",
            hint=f"Expected {expected} there.",
        )

    def _take(self, kind: TokenKind, what: str) -> str:
        token = self.peek()
        if token is None or token.kind is not kind:
            self.fail(what)
        self._at += 1
        return token.value


def _spells(token: Token | None, value: str) -> bool:
    return token is not None and token.kind in (TokenKind.WORD, TokenKind.SYMBOL) and token.value == value
