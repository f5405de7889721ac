"""DECLARE, FETCH and CLOSE: the cursors of a transaction (developer guide, DECLARE)."""

from dataclasses import dataclass

from tidegate.errors import StatementError, StatementRefused
from tidegate.serve.wire.answers import Answer, Chunks
from tidegate.serve.wire.text import Piece
from tidegate.warehouse.base import ResultColumn
from tidegate.warehouse.embedded.lexer import Token, TokenKind

_FORWARD = {"NEXT", "FORWARD", "ALL"}
_BACKWARD = {"PRIOR", "BACKWARD", "FIRST", "LAST", "ABSOLUTE", "RELATIVE"}


@dataclass(frozen=True)
class Declaration:
    name: str
    query: str


@dataclass(frozen=True)
class SqlCursor:
    columns: tuple[ResultColumn, ...]
    chunks: Chunks


def declaration(piece: Piece) -> Declaration:
    """`DECLARE name [NO SCROLL] CURSOR [WITHOUT HOLD] FOR query`.

    Raises:
        StatementRefused: a cursor that Redshift does not have: it goes forward only and ends with its transaction.
        StatementError: the text is something else.
    """
    words = [token.value for token in piece.tokens]
    until = next((at for at, word in enumerate(words) if word == "FOR"), len(words))
    options = words[2:until]
    if "SCROLL" in options and "NO" not in options:
        raise StatementRefused("SCROLL is not supported", hint="Declare the cursor without it: it goes forward only.")
    if "HOLD" in options and "WITHOUT" not in options:
        raise StatementRefused("WITH HOLD is not supported", hint="Fetch inside the transaction of the cursor.")
    query = piece.after(until + 1)
    if "CURSOR" not in options or not query:
        raise StatementError(
            "syntax error in DECLARE", hint="Write DECLARE name CURSOR FOR SELECT ….", sqlstate="42601"
        )
    return Declaration(_name(piece.tokens[1]), query)


def fetched(piece: Piece, cursors: dict[str, SqlCursor]) -> Answer:
    """`FETCH [NEXT | n | ALL | FORWARD [n | ALL]] [FROM | IN] cursor`.

    Raises:
        StatementRefused: another direction than forward.
        StatementError: no such cursor, or the text is something else.
    """
    words = list(piece.tokens[1:])
    count = 1
    if words and words[0].kind is TokenKind.WORD and words[0].value in _BACKWARD:
        raise StatementRefused(f"FETCH {words[0].value} is not supported", hint="A cursor goes forward only.")
    if len(words) > 1 and words[0].kind is TokenKind.WORD and words[0].value in _FORWARD:
        count = 0 if words[0].value == "ALL" else 1
        words.pop(0)
    if len(words) > 1 and (words[0].kind is TokenKind.NUMBER or words[0].value == "ALL"):
        count = 0 if words[0].value == "ALL" else int(words[0].value)
        words.pop(0)
    if len(words) > 1 and words[0].value in ("FROM", "IN"):
        words.pop(0)
    if len(words) != 1:
        raise StatementError("syntax error in FETCH", hint="Write FETCH FORWARD n FROM cursor.", sqlstate="42601")
    cursor = found(_name(words[0]), cursors)
    return Answer("FETCH", cursor.columns, Chunks(cursor.chunks.batches(count)))


def found(name: str, cursors: dict[str, SqlCursor]) -> SqlCursor:
    """The open cursor of a name.

    Raises:
        StatementError: there is none.
    """
    try:
        return cursors[name]
    except KeyError:
        raise StatementError(
            f'cursor "{name}" does not exist', hint="Declare it in this transaction.", sqlstate="34000"
        ) from None


def closed(piece: Piece, cursors: dict[str, SqlCursor]) -> Answer:
    """`CLOSE cursor` or `CLOSE ALL`. Raises as `found`."""
    name = _name(piece.tokens[1]) if len(piece.tokens) == 2 else ""
    names = list(cursors) if piece.words(2) == ("CLOSE", "ALL") else [name]
    for each in names:
        found(each, cursors).chunks.close()
        del cursors[each]
    return Answer("CLOSE CURSOR")


def _name(token: Token) -> str:
    if not token.is_name:
        raise StatementError(f"{token.text} is no name of a cursor", hint="Use a plain name.", sqlstate="42601")
    return token.name
