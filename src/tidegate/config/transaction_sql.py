"""SQL that a person adds to that of a load: what cannot stand there is told before anything runs."""

import re

_SKIPPED = re.compile(
    r"""(?P<blank>\s+|--[^\n]*|/\*.*?\*/) | (?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*"|\$\$.*?\$\$) | (?P<end>;)
    | (?P<word>[A-Za-z_][A-Za-z0-9_]*) | (?P<other>.)""",
    re.DOTALL | re.VERBOSE,
)
_ALONE = frozenset(
    ("BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "TRUNCATE", "VACUUM", "LOCK", "UNLOAD", "COPY", "CALL")
)
"""What ends or begins a transaction, commits (TRUNCATE, and a procedure may), cannot stand in one (VACUUM), or would
hold the lock of a load while files are read."""
_PHRASES = (
    re.compile(r"ALTER TABLE .*\bAPPEND\b"),
    re.compile(r"(CREATE|ALTER|DROP) EXTERNAL\b"),
    re.compile(r"(CREATE|ALTER|DROP) (DATABASE|DATASHARE)\b"),
)
"""Statements that the developer guide bars from transaction blocks, by their words."""


def check_statement(statement: str) -> str | None:
    """What is wrong with one statement of pre_sql or post_sql; None when it can stand in a transaction."""
    words: list[str] = []
    ended = False
    for token in _SKIPPED.finditer(statement):
        if token.lastgroup == "blank":
            continue
        if token.lastgroup == "end":
            ended = True
            continue
        if ended:
            return "holds more than one statement, must be a list with one in each text"
        words.append(token[0].upper() if token.lastgroup == "word" else ".")
    if not words:
        return "holds no statement"
    line = " ".join(words)
    if words[0] in _ALONE:
        return f"has {words[0]}, which cannot stand in the transaction of a load"
    for phrase in _PHRASES:
        if found := phrase.match(line):
            named = re.sub(r"( \.)+", " …", found[0])
            return f"has {named}, which cannot stand in a transaction"
    return None


def check_expression(expression: str) -> str | None:
    """What a condition holds that would not stay between parentheses around it; None when it does."""
    depth = 0
    for token in _SKIPPED.finditer(expression):
        if token.lastgroup == "end" or token[0].startswith(("--", "/*")):
            return "a semicolon or a comment"
        if token.lastgroup == "other":
            if token[0] in ("'", '"'):
                return "a quote that is never closed"
            depth += {"(": 1, ")": -1}.get(token[0], 0)
        if depth < 0:
            return "a parenthesis that is never opened"
    return "a parenthesis that is never closed" if depth else None
