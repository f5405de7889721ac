"""The type of all texts: equal, and sorted by their bytes, in every database."""

import re

from sqlalchemy import Dialect, types

_MARK = "\x1a"
_TO: dict[str, str] = {"\x00": f"{_MARK}0", _MARK: f"{_MARK}1"}
_FROM = {escaped: character for character, escaped in _TO.items()}
_PLAIN, _ESCAPED = re.compile("|".join(_TO)), re.compile("|".join(_FROM))


class Text(types.TypeDecorator[str]):
    """PostgreSQL keeps no NUL (its documentation, 8.3), which quoted data may bring into a message: it is escaped.

    Its collation is `C` there, so that neither the database's language nor an update of the system's locales changes
    an order or an index.
    """

    impl = types.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[str]:
        return types.Text(collation="C" if dialect.name == "postgresql" else None)

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or dialect.name != "postgresql":
            return value
        return _PLAIN.sub(lambda match: _TO[match[0]], value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or dialect.name != "postgresql":
            return value
        return _ESCAPED.sub(lambda match: _FROM[match[0]], value)
