"""What the driver must know of a statement before it sends it: does it write, need a session, carry our comment?"""

import re
from dataclasses import dataclass

from tidegate.errors import StatementRefused

_OPENING = re.compile(r"'|\"|--|/\*|\$[A-Za-z_]*\$")
_CLOSING = {"'": re.compile(r"(?:[^'\\]|''|\\.)*'", re.DOTALL), '"': re.compile(r'[^"]*"'), "--": re.compile(r"[^\n]*")}
_COMMENT = re.compile(r"/\*|\*/")
_MARK = re.compile(r"\s*(/\* tidegate \S.*? \*/)", re.DOTALL)
_WORD = re.compile(r"[a-z_#][a-z0-9_#$]*")
_READS = frozenset({"select", "with", "show", "explain"})
_WRITES = frozenset({"insert", "update", "delete", "merge", "into", "set_config"})
_CHANGES = frozenset({"insert", "update", "delete", "merge", "copy", "unload", "truncate"})
_QUERIES = _READS | _CHANGES - {"truncate"}
_BEGIN = frozenset({"begin", "start"})
_END = frozenset({"commit", "end", "rollback", "abort"})
_STATE = frozenset({"set", "reset", "prepare", "execute", "deallocate", "declare", "fetch", "close", *_BEGIN, *_END})
_NAME_BYTES = 2048
"""Of a statement (API reference, StatementNameString)."""


@dataclass(frozen=True)
class Text:
    """One statement. `words` are its first bare words in lower case, `mark` is our comment, or empty.

    `reads`: it changes nothing, so it may be run twice. `changes`: it changes rows or writes files, so it must not.
    `stateful`: it leaves something in its session, or needs what is there. `groups`: the query group matters to it.
    """

    sql: str
    words: tuple[str, ...]
    bare: frozenset[str]
    mark: str

    @property
    def first(self) -> str:
        return self.words[0] if self.words else ""

    @property
    def reads(self) -> bool:
        return self.first in _READS and not self.bare & _WRITES

    @property
    def changes(self) -> bool:
        return self.first in _CHANGES or (self.first == "with" and bool(self.bare & _WRITES))

    @property
    def begins(self) -> bool:
        return self.first in _BEGIN

    @property
    def ends(self) -> bool:
        return self.first in _END

    @property
    def commits(self) -> bool:
        return self.first in ("commit", "end")

    @property
    def stateful(self) -> bool:
        made = self.first == "create" and bool({"temp", "temporary"} & set(self.words[1:4]))
        return self.first in _STATE or made or any(word.startswith("#") for word in self.bare)

    @property
    def groups(self) -> bool:
        return self.first in _QUERIES


def read(sql: str) -> Text:
    """Look at one statement.

    Raises:
        StatementRefused: there is none, or more than one.
    """
    bare = _bare(sql).strip().rstrip(";").rstrip()
    if not bare:
        raise StatementRefused("there is no statement in the text", hint="Write one SQL statement.")
    if ";" in bare:
        raise StatementRefused("more than one statement in one call", hint="Send one statement at a time.")
    words = tuple(_WORD.findall(bare.lower()))
    mark = _MARK.match(sql)
    return Text(sql, words[:4], frozenset(words), mark[1][:_NAME_BYTES] if mark else "")


def _bare(sql: str) -> str:
    """The text without strings, quoted names and comments, which nest."""
    parts: list[str] = []
    at = 0
    while opening := _OPENING.search(sql, at):
        parts.append(sql[at : opening.start()])
        at = _closed(sql, opening)
    return " ".join([*parts, sql[at:]])


def _closed(sql: str, opening: re.Match[str]) -> int:
    """Where what begins here ends; at the end of the text when it is not closed."""
    sign = opening[0]
    if sign == "/*":
        return _comment_end(sql, opening.end())
    if sign in _CLOSING:
        closing = _CLOSING[sign].match(sql, opening.end())
        return closing.end() if closing else len(sql)
    end = sql.find(sign, opening.end())
    return len(sql) if end < 0 else end + len(sign)


def _comment_end(sql: str, at: int) -> int:
    depth = 1
    while depth and (sign := _COMMENT.search(sql, at)):
        depth += 1 if sign[0] == "/*" else -1
        at = sign.end()
    return len(sql) if depth else at
