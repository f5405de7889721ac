"""Parameters of a statement, put in as literals: `$1` of the PostgreSQL protocol, `:name` of the Data API.

What stands inside of strings, quoted identifiers and comments is no parameter.
"""

import itertools
import re
from collections.abc import Mapping, Sequence

from tidegate.errors import StatementError
from tidegate.redshift.identifiers import literal
from tidegate.warehouse.embedded.lexer import Token, TokenKind, tokens

_NAME = re.compile(r"[0-9a-zA-Z_]+")
"""Of a parameter of the Data API (API reference, SqlParameter)."""


def parameters(sql: str) -> int:
    """How many values `bind` needs: the highest n of `$n`, 0 when there is none.

    Raises:
        StatementError: the text cannot be read as tokens.
    """
    return max((number for _, _, number in _numbered(sql)), default=0)


def bind(sql: str, values: Sequence[str | None], types: Sequence[str | None]) -> str:
    """Put the n-th value in place of each `$n`. A type is a name that Redshift knows; None is a bare literal, whose
    type the statement decides. A value of None is NULL.

    Raises:
        StatementError: there is no value for a parameter.
    """
    parts: list[str] = []
    at = 0
    for start, end, number in _numbered(sql):
        if not 1 <= number <= len(values):
            raise StatementError(
                f"there is no parameter ${number}", hint=f"Bind {number} values.", sqlstate="42P02", position=start + 1
            )
        type = types[number - 1] if number <= len(types) else None
        parts += [sql[at:start], _literal(values[number - 1], type)]
        at = end
    return "".join([*parts, sql[at:]])


def named_parameters(sql: str) -> frozenset[str]:
    """The names of all `:name` in a statement.

    Raises:
        StatementError: the text cannot be read as tokens.
    """
    return frozenset(name for _, _, name in _named(sql))


def bind_named(sql: str, values: Mapping[str, str | None]) -> str:
    """Put each value in place of its `:name`, as a bare literal whose type the statement decides. `::` is a cast.

    Raises:
        StatementError: there is no value for a parameter.
    """
    parts: list[str] = []
    at = 0
    for start, end, name in _named(sql):
        if name not in values:
            raise StatementError(
                f"there is no value for the parameter :{name}",
                hint=f"Give a parameter named {name}.",
                sqlstate="42P02",
                position=start + 1,
            )
        parts += [sql[at:start], _literal(values[name], None)]
        at = end
    return "".join([*parts, sql[at:]])


def _numbered(sql: str) -> list[tuple[int, int, int]]:
    """Start, end and number of each `$n`."""
    return [
        (sign.start, sign.end + len(digits), int(digits))
        for sign, number in itertools.pairwise(tokens(sql))
        if _is(sign, "$") and number.start == sign.end and (digits := _digits(number))
    ]


def _digits(token: Token) -> str:
    match = re.match(r"[0-9]+", token.text) if token.kind is TokenKind.NUMBER else None
    return match.group() if match else ""


def _named(sql: str) -> list[tuple[int, int, str]]:
    """Start, end and name of each `:name`."""
    return [
        (token.start, match.end(), match.group())
        for token in tokens(sql)
        if _is(token, ":") and (match := _NAME.match(sql, token.end))
    ]


def _is(token: Token, symbol: str) -> bool:
    return token.kind is TokenKind.SYMBOL and token.value == symbol


def _literal(value: str | None, type: str | None) -> str:
    written = "NULL" if value is None else literal(value)
    return written if type is None else f"CAST({written} AS {type})"
