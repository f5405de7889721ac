"""SET, RESET and SHOW. No statement's meaning depends on a setting, so only harmless ones are taken."""

from tidegate.errors import StatementError, StatementRefused
from tidegate.warehouse.base import Result, ResultColumn
from tidegate.warehouse.embedded.context import Statement
from tidegate.warehouse.embedded.lexer import Token, TokenKind

SHOW = "SHOW"
SETTING_KINDS = frozenset({"SET", "RESET", SHOW})
_FREE = ("query_group", "statement_timeout", "application_name")
"""Any value is remembered and shown."""

_FIXED = {
    "search_path": ("public", "$user, public"),
    "timezone": ("UTC",),
    "time zone": ("UTC",),
    "datestyle": ("ISO", "ISO, MDY", "ISO, YMD"),
    "extra_float_digits": ("0", "2"),
    "client_encoding": ("UTF8", "utf-8", "unicode"),
    "enable_case_sensitive_identifier": ("off", "false"),
}
"""Only these values, the first of which is in force."""


class SessionSettings:
    """The settings of one session, kept in `values`."""

    def __init__(self, values: dict[str, str]) -> None:
        self._values = values

    def columns(self, statement: Statement) -> tuple[ResultColumn, ...]:
        """The columns that SHOW returns. Raises as `handle`."""
        return (ResultColumn(_name(_words(statement)), "character varying(65535)"),)

    def handle(self, statement: Statement) -> Result:
        """Carry out SET, RESET or SHOW.

        Raises:
            StatementError: a value that is none.
            StatementRefused: a setting that is not known, or a value that would change what statements mean.
        """
        words = _words(statement)
        if statement.kind == SHOW:
            return Result(self.columns(statement), ((self._shown(_name(words)),),), 1)
        if statement.kind == "RESET":
            self._values.pop(_name(words), None)
            return Result()
        at = next((i for i, t in enumerate(words) if t.value in ("TO", "=")), None)
        if at is None and [t.value for t in words[:2]] == ["TIME", "ZONE"]:
            at = 1
            name = "timezone"
        elif at is None:
            raise StatementRefused(f"{statement.text} is not understood", hint="Write SET name TO value.")
        else:
            name = _name(words[:at])
        self._set(name, " ".join(_written(t) for t in words[at + 1 :]).replace(" ,", ","))
        return Result()

    def _set(self, name: str, value: str) -> None:
        if name in _FIXED and value.lower() not in [allowed.lower() for allowed in _FIXED[name]]:
            raise StatementRefused(
                f"SET {name} TO {value} is not supported by the embedded warehouse",
                hint=f"Its value is {_FIXED[name][0]}: spell out in the statement what it should mean.",
            )
        if name == "statement_timeout" and not value.isdigit():
            raise StatementError(
                f'invalid value for parameter "statement_timeout": "{value}"', hint="Give milliseconds, 0 for none."
            )
        self._values[name] = value

    def _shown(self, name: str) -> str:
        default = _FIXED[name][0] if name in _FIXED else ""
        return self._values.get(name, default)


def _words(statement: Statement) -> list[Token]:
    return [token for token in statement.tokens[1:] if token.value not in ("SESSION", "LOCAL")]


def _written(token: Token) -> str:
    return token.text if token.kind is TokenKind.WORD else token.value


def _name(words: list[Token]) -> str:
    name = " ".join(t.value.lower() for t in words if t.kind in (TokenKind.WORD, TokenKind.QUOTED, TokenKind.STRING))
    if name not in _FREE and name not in _FIXED:
        raise StatementRefused(
            f"the setting {name or '(none)'} is not supported by the embedded warehouse",
            hint=f"Known are {', '.join(sorted({*_FREE, *_FIXED}))}.",
        )
    return name
