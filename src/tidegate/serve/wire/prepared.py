"""Prepared statements and portals: what Parse, Bind, PREPARE and EXECUTE leave behind."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tidegate.errors import StatementError
from tidegate.serve.wire.answers import Answer
from tidegate.serve.wire.decode import parameter
from tidegate.serve.wire.messages import TEXT, Fields, format_codes, spread
from tidegate.serve.wire.text import Piece, pieces
from tidegate.warehouse.base import ResultColumn
from tidegate.warehouse.connector.types import type_name
from tidegate.warehouse.embedded.lexer import Token, TokenKind
from tidegate.warehouse.embedded.parameters import bind, parameters

_NUMERIC = 1700
_UNSPECIFIED = 1043
"""What a parameter is described as that the client gave no type: text, which every type can be read from."""


@dataclass
class Prepared:
    """One statement, or none. `oids`: the types of its parameters as the client gave them, 0 where it did not.

    `columns` is what was described last.
    """

    sql: str
    oids: tuple[int, ...]
    columns: tuple[ResultColumn, ...] | None = None

    @property
    def described_oids(self) -> tuple[int, ...]:
        return tuple(oid if oid > 0 else _UNSPECIFIED for oid in self.oids)

    def sample(self) -> str:
        """The statement with NULL for every parameter, which has the same columns."""
        return bind(self.sql, [None] * len(self.oids), [type_name(oid) for oid in self.oids])

    def bound(self, values: Sequence[tuple[str | None, str | None]]) -> str:
        return bind(self.sql, [value for value, _ in values], [kind for _, kind in values])


@dataclass
class Portal:
    """A prepared statement with its values. `answer` is there once it was executed."""

    prepared: Prepared
    sql: str
    formats: tuple[int, ...] = ()
    answer: Answer | None = field(default=None)

    def close(self) -> None:
        if self.answer is not None:
            self.answer.close()


def prepared(sql: str, oids: Sequence[int]) -> Prepared:
    """A statement with the types that the client gave for its first parameters.

    Raises:
        StatementError: it cannot be read as tokens, or there is more than one statement.
    """
    found = pieces(sql)
    if len(found) > 1:
        raise StatementError(
            "cannot insert multiple commands into a prepared statement",
            hint="Prepare one statement at a time.",
            sqlstate="42601",
            position=found[1].offset + 1,
        )
    count = max(parameters(sql), len(oids))
    return Prepared(sql, (*oids, *[0] * (count - len(oids))))


def bound(fields: Fields, prepared: Prepared) -> Portal:
    """The rest of a Bind message after the two names.

    Raises:
        ProtocolViolation: it does not fit the statement.
        StatementError: a value cannot be read.
    """
    codes = format_codes(fields)
    count = fields.int16()
    data = [None if (size := fields.int32()) < 0 else fields.take(size) for _ in range(count)]
    if count != len(prepared.oids):
        raise StatementError(
            f"bind message supplies {count} parameters, but the statement requires {len(prepared.oids)}",
            hint="Bind one value for each parameter.",
            sqlstate="08P01",
        )
    formats = spread(codes, count)
    values = [parameter(*each) for each in zip(data, prepared.oids, formats, strict=True)]
    return Portal(prepared, prepared.bound(values), format_codes(fields))


def preparation(piece: Piece) -> tuple[str, Prepared]:
    """`PREPARE name [(type, …)] AS statement`; the types are not needed, so they are not looked at.

    Raises:
        StatementError: the text is something else.
    """
    at = next((at for at, token in enumerate(piece.tokens) if _is_word(token, "AS")), 0)
    if at < 2 or not piece.tokens[1].is_name or not piece.after(at + 1):
        raise _syntax("PREPARE", "PREPARE name AS SELECT …")
    return piece.tokens[1].name, prepared(piece.after(at + 1), ())


def execution(piece: Piece, known: dict[str, Prepared]) -> str:
    """`EXECUTE name [(value, …)]` as the statement that it means; the values are literals.

    Raises:
        StatementError: no such statement, or the text is something else.
    """
    if len(piece.tokens) < 2 or not piece.tokens[1].is_name:
        raise _syntax("EXECUTE", "EXECUTE name (value, …)")
    statement = named(piece.tokens[1].name, known)
    values = [_value(group) for group in _groups(piece.tokens[2:])]
    if len(values) != len(statement.oids):
        raise StatementError(
            f'wrong number of parameters for prepared statement "{piece.tokens[1].name}"',
            hint=f"Give {len(statement.oids)} values.",
            sqlstate="42601",
        )
    return statement.bound(values)


def named(name: str, known: dict[str, Prepared]) -> Prepared:
    """The prepared statement of a name.

    Raises:
        StatementError: there is none.
    """
    try:
        return known[name]
    except KeyError:
        raise StatementError(
            f'prepared statement "{name}" does not exist', hint="Prepare it in this session.", sqlstate="26000"
        ) from None


def _groups(tokens: Sequence[Token]) -> list[list[Token]]:
    """The tokens between the parentheses, cut at commas."""
    if not tokens:
        return []
    if tokens[0].value != "(" or tokens[-1].value != ")":
        raise _syntax("EXECUTE", "EXECUTE name (value, …)")
    groups: list[list[Token]] = [[]]
    for token in tokens[1:-1]:
        if token.kind is TokenKind.SYMBOL and token.value == ",":
            groups.append([])
        else:
            groups[-1].append(token)
    return groups


def _value(tokens: list[Token]) -> tuple[str | None, str | None]:
    words = [token.value for token in tokens]
    sign = "-" if words[:1] == ["-"] else ""
    rest = tokens[1:] if sign else tokens
    if len(rest) == 1 and rest[0].kind is TokenKind.NUMBER:
        return parameter((sign + rest[0].value).encode("ascii"), _NUMERIC, TEXT)
    if len(tokens) == 1 and (tokens[0].kind is TokenKind.STRING or words[0] in ("TRUE", "FALSE")):
        return tokens[0].value, None
    if words == ["NULL"]:
        return None, None
    raise StatementError(
        f"the value {' '.join(token.text for token in tokens)} of EXECUTE is no literal",
        hint="Write a number, a string, TRUE, FALSE or NULL.",
        sqlstate="0A000",
    )


def _is_word(token: Token, word: str) -> bool:
    return token.kind is TokenKind.WORD and token.value == word


def _syntax(statement: str, example: str) -> StatementError:
    return StatementError(f"syntax error in {statement}", hint=f"Write {example}.", sqlstate="42601")
