"""String functions, and the regular expressions whose meaning POSIX and RE2 share (String functions)."""

import re

from tidegate.errors import StatementError
from tidegate.model.tables import SqlType, TypeKind
from tidegate.warehouse.embedded.emitter import refused, text
from tidegate.warehouse.embedded.expressions import joined
from tidegate.warehouse.embedded.functions import Call, Function
from tidegate.warehouse.embedded.values import INTEGER, TEXT, TEXTS, Value


def _text(call: Call, at: int) -> Value:
    """An argument that is a text."""
    value = call.value(at)
    if value.sql != "NULL" and value.kind not in TEXTS:
        raise refused(f"{call.name} of {value.kind.value if value.kind else 'a value whose type is not known'}")
    return value


def _same(name: str) -> Function:
    """One text in, a text of the same declared length out."""

    def write(call: Call) -> Value:
        value = _text(call, 0)
        return Value(f"{name}({value.sql})", lambda: value.type)

    return Function(write, 1, 1)


def _length(call: Call) -> Value:
    value = call.value(0)
    if value.kind is TypeKind.VARBYTE:
        return Value(f"CAST(octet_length({value.sql}) AS INTEGER)", INTEGER)
    return Value(f"CAST(length({_text(call, 0).sql}) AS INTEGER)", INTEGER)


def _octets(call: Call) -> Value:
    value = call.value(0)
    if value.kind is TypeKind.VARBYTE:
        return Value(f"CAST(octet_length({value.sql}) AS INTEGER)", INTEGER)
    return Value(f"CAST(strlen({_text(call, 0).sql}) AS INTEGER)", INTEGER)


def _substring(call: Call) -> Value:
    """Positions before the first count as characters that are not there (SUBSTRING function)."""
    source = _text(call, 0)
    start = call.value(1)
    constant = start.literal is not None and start.literal.isdigit() and int(start.literal) >= 1
    if len(call.nodes) == 2:
        begin = start.sql if constant else f"greatest({start.sql}, 1)"
        return Value(f"substring({source.sql}, {begin})", lambda: source.type)
    length = call.value(2)
    if length.literal is not None and constant:
        return Value(f"substring({source.sql}, {start.sql}, {length.sql})", lambda: source.type)
    checked = (
        f"(CASE WHEN {length.sql} < 0 THEN CAST(error('negative substring length') AS BIGINT) ELSE {length.sql} END)"
    )
    rest = f"greatest({start.sql} + {checked} - greatest({start.sql}, 1), 0)"
    return Value(f"substring({source.sql}, greatest({start.sql}, 1), {rest})", lambda: source.type)


def _side(call: Call) -> Value:
    source, length = _text(call, 0), call.integer(1)
    if length < 0:
        raise refused(f"{call.name} with a negative length")
    return Value(f"{call.name.lower()}({source.sql}, {length})", lambda: source.type)


def _replace(call: Call) -> Value:
    return Value(f"replace({', '.join(_text(call, at).sql for at in range(3))})", TEXT)


def _translate(call: Call) -> Value:
    source = _text(call, 0)
    return Value(f"translate({', '.join(_text(call, at).sql for at in range(3))})", lambda: source.type)


def _position(haystack: int, needle: int) -> Function:
    def write(call: Call) -> Value:
        return Value(f"CAST(strpos({_text(call, haystack).sql}, {_text(call, needle).sql}) AS INTEGER)", INTEGER)

    return Function(write, 2, 2)


def _pad(call: Call) -> Value:
    fill = _text(call, 2).sql if len(call.nodes) > 2 else "' '"
    length = f"CAST(greatest({call.value(1).sql}, 0) AS INTEGER)"
    return Value(f"{call.name.lower()}({_text(call, 0).sql}, {length}, {fill})", TEXT)


def _trim(name: str) -> Function:
    def write(call: Call) -> Value:
        source = _text(call, 0)
        characters = _text(call, 1).sql if len(call.nodes) > 1 else "' '"
        return Value(f"{name}({source.sql}, {characters})", lambda: source.type)

    return Function(write, 1, 2)


def _split_part(call: Call) -> Value:
    source, delimiter, part = _text(call, 0), _text(call, 1), call.integer(2)
    if part < 1:
        raise StatementError("the part of SPLIT_PART must be greater than zero", hint="Count parts from 1.")
    return Value(f"split_part({source.sql}, {delimiter.sql}, {part})", lambda: source.type)


def _concat(call: Call) -> Value:
    """NULL if either is, unlike DuckDB's function of that name (CONCAT function)."""
    return joined(call.emit, list(call.nodes), call.scope)


def _repeat(call: Call) -> Value:
    return Value(f"repeat({_text(call, 0).sql}, {call.value(1).sql})", TEXT)


def _chr(call: Call) -> Value:
    return Value(f"chr(CAST({call.value(0).sql} AS INTEGER))", TEXT)


def _digest(name: str, length: int) -> Function:
    type = SqlType(TypeKind.VARCHAR, length=length)
    return Function(lambda call: Value(f"{name}({_text(call, 0).sql})", type), 1, 1)


def _sha2(call: Call) -> Value:
    if call.integer(1) not in (0, 256):
        raise refused("SHA2 with another length than 256")
    return Value(f"sha256({_text(call, 0).sql})", SqlType(TypeKind.VARCHAR, length=128))


def _pattern(call: Call, at: int) -> str:
    """A constant pattern that has one meaning in POSIX and RE2.

    With alternatives POSIX takes the longest match and RE2 the first one, so they are refused.
    """
    pattern = call.text(at)
    if "|" in pattern or re.search(r"\(\?|\\[1-9]|[*+?}]\?", pattern):
        raise refused(f"the pattern {pattern!r} in {call.name}", hint="Use a pattern without |, (?…), \\1 or *?.")
    return text(pattern)


def _regexp_replace(call: Call) -> Value:
    """Every match is replaced (REGEXP_REPLACE function)."""
    replacement = call.text(2) if len(call.nodes) > 2 else ""
    if "\\" in replacement or "$" in replacement:
        raise refused(f"the replacement {replacement!r} in REGEXP_REPLACE", hint="Use a replacement without \\ and $.")
    return Value(f"regexp_replace({_text(call, 0).sql}, {_pattern(call, 1)}, {text(replacement)}, 'gs')", TEXT)


def _regexp_substr(call: Call) -> Value:
    """The first match from a position on, an empty text when there is none (REGEXP_SUBSTR function)."""
    searched = _text(call, 0).sql
    if len(call.nodes) > 2:
        searched = f"substr({searched}, greatest({call.value(2).sql}, 1))"
    return Value(f"regexp_extract({searched}, {_pattern(call, 1)}, 0, 's')", TEXT)


def _regexp_count(call: Call) -> Value:
    matches = f"regexp_extract_all({_text(call, 0).sql}, {_pattern(call, 1)}, 0, 's')"
    return Value(f"CAST(len({matches}) AS INTEGER)", INTEGER)


TEXT_FUNCTIONS: dict[str, Function] = {
    **{name: Function(_length, 1, 1) for name in ("LEN", "LENGTH", "CHAR_LENGTH", "CHARACTER_LENGTH", "TEXTLEN")},
    "OCTET_LENGTH": Function(_octets, 1, 1),
    "UPPER": _same("upper"),
    "LOWER": _same("lower"),
    "REVERSE": _same("reverse"),
    "SUBSTRING": Function(_substring, 2, 3),
    "SUBSTR": Function(_substring, 2, 3),
    "LEFT": Function(_side, 2, 2),
    "RIGHT": Function(_side, 2, 2),
    "REPLACE": Function(_replace, 3, 3),
    "TRANSLATE": Function(_translate, 3, 3),
    "STRPOS": _position(0, 1),
    "CHARINDEX": _position(1, 0),
    "LPAD": Function(_pad, 2, 3),
    "RPAD": Function(_pad, 2, 3),
    "BTRIM": _trim("trim"),
    "LTRIM": _trim("ltrim"),
    "RTRIM": _trim("rtrim"),
    "SPLIT_PART": Function(_split_part, 3, 3),
    "CONCAT": Function(_concat, 2, 2),
    "REPEAT": Function(_repeat, 2, 2),
    "REPLICATE": Function(_repeat, 2, 2),
    "CHR": Function(_chr, 1, 1),
    "MD5": _digest("md5", 32),
    "SHA": _digest("sha1", 40),
    "SHA1": _digest("sha1", 40),
    "FUNC_SHA1": _digest("sha1", 40),
    "SHA2": Function(_sha2, 2, 2),
    "REGEXP_REPLACE": Function(_regexp_replace, 2, 3),
    "REGEXP_SUBSTR": Function(_regexp_substr, 2, 3),
    "REGEXP_COUNT": Function(_regexp_count, 2, 2),
}
