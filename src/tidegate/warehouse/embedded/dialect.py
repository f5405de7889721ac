"""Redshift SQL as a tree, read so that nothing of its meaning is lost on the way.

sqlglot rewrites many function calls into nodes of its own, with the meaning of some other engine. Here a call
stays a call by its Redshift name, and what is not known by name is refused.
"""

import logging
from collections.abc import Callable
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.redshift import Redshift
from sqlglot.errors import ParseError, TokenError
from sqlglot.parsers.redshift import RedshiftParser
from sqlglot.tokenizer_core import TokenType

from tidegate.errors import StatementError, StatementRefused

_SPECIAL_SYNTAX = ("CAST", "CONVERT", "EXTRACT", "POSITION", "SUBSTRING", "TRIM")


def _typed_literal(parser: RedshiftParser, this: exp.Expr, data_type: exp.DataType) -> exp.Expr:
    """`DATE '2020-01-02'::VARCHAR`: the type belongs to the literal, what follows to the value (as in PostgreSQL)."""
    innermost = this
    while not isinstance(innermost, exp.Literal):
        innermost = innermost.this
    typed = exp.Cast(this=innermost.copy(), to=data_type)
    if innermost is this:
        return typed
    innermost.replace(typed)
    return this


class EmbeddedRedshift(Redshift):
    """The dialect that the embedded warehouse reads."""

    class Parser(RedshiftParser):
        FUNCTIONS: ClassVar[dict[str, Callable[..., Any]]] = {}
        FUNCTION_PARSERS: ClassVar[dict[str, Callable[..., Any]]] = {
            name: parser for name, parser in RedshiftParser.FUNCTION_PARSERS.items() if name in _SPECIAL_SYNTAX
        }
        TYPE_LITERAL_PARSERS: ClassVar[dict[exp.DType, Callable[..., Any]]] = dict.fromkeys(exp.DType, _typed_literal)

        def _parse_types(self, *args: Any, **options: Any) -> exp.Expr | None:
            """A type; after `::` and in CAST it may be written with its schema, as psql does."""
            if (
                self._prev
                and self._prev.token_type in (TokenType.DCOLON, TokenType.ALIAS)
                and self._match_text_seq("PG_CATALOG")
            ):
                self._match(TokenType.DOT)
            return super()._parse_types(*args, **options)


_DIALECT = EmbeddedRedshift()
logging.getLogger("sqlglot").addHandler(logging.NullHandler())


def parse(sql: str) -> exp.Expr:
    """Read one statement.

    Raises:
        StatementError: it is not Redshift SQL.
        StatementRefused: a statement that has no meaning here.
    """
    try:
        trees = _DIALECT.parse(sql)
    except (ParseError, TokenError) as error:
        raise StatementError(f"syntax error: {_first_line(error)}", hint="Correct the statement.") from error
    except RecursionError as error:
        raise StatementRefused(
            "the statement is nested too deeply", hint="Split it, or use IN (…) instead of many conditions."
        ) from error
    tree = trees[0] if len(trees) == 1 else None
    if tree is None:
        raise StatementRefused("more than one statement in one call", hint="Send one statement at a time.")
    if isinstance(tree, exp.Command):
        raise StatementRefused(f"{tree.name.upper()} is not supported by the embedded warehouse", hint="Leave it out.")
    return tree


def _first_line(error: ParseError | TokenError) -> str:
    if isinstance(error, ParseError) and error.errors:
        first = error.errors[0]
        return f"{first['description']} (line {first['line']}, column {first['col']})"
    return str(error).splitlines()[0]
