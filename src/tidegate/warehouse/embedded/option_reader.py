"""The options of UNLOAD and COPY: in any order, each once, read into the fields of a frozen value."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from tidegate.errors import StatementError
from tidegate.warehouse.embedded.token_reader import TokenReader

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")
S = TypeVar("S", bound="DataclassInstance")

_TEXTS = ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN")


def accept_authorization(reader: TokenReader) -> bool:
    """Take IAM_ROLE, CREDENTIALS or access keys when one comes next. Values are neither kept nor shown."""
    if reader.accept("IAM_ROLE"):
        reader.accept("AS")
        if not reader.accept("DEFAULT"):
            reader.string("DEFAULT or a role as a string")
        return True
    if reader.accept("WITH", "CREDENTIALS") or reader.accept("CREDENTIALS"):
        reader.accept("AS")
        reader.string("credentials as a string")
        return True
    found = False
    while (word := next((w for w in _TEXTS if reader.accept(w)), None)) is not None:
        reader.accept("AS")
        reader.string(f"the value of {word}")
        found = True
    return found


@dataclass
class OptionReader(Generic[T]):
    """`value` is what was read so far, by the options that begin with `words`.

    `same` maps words that set the same option to its name. An authorization is read past, and may be missing.
    """

    reader: TokenReader
    verb: str
    value: T
    handlers: "Mapping[str, Handler[T]]"
    same: Mapping[str, str] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)

    def read(self) -> T:
        """Read all that is left of the statement.

        Raises:
            StatementError: an unknown option, or one that is given twice.
        """
        while not self.reader.at_end:
            if accept_authorization(self.reader):
                self._once("the authorization")
            else:
                self._option()
        return self.value

    def set(self, **changes: Any) -> None:
        self.value = replace(self.value, **changes)

    def _option(self) -> None:
        word = self.reader.word(f"an option of {self.verb}")
        handler = self.handlers.get(word)
        if handler is None:
            raise StatementError(
                f"{self.verb} does not know the option {word}", hint="Check the spelling and the order of its words."
            )
        self._once(self.same.get(word, word))
        self.words.append(word)
        handler(self, word)

    def _once(self, name: str) -> None:
        if name in self._seen:
            raise StatementError(f"{self.verb}: {name} is given twice", hint="Give each option once.")
        self._seen.add(name)


Handler = Callable[[OptionReader[T], str], None]


def flag(name: str) -> Handler[S]:
    """An option without a value."""
    return lambda options, _: options.set(**{name: True})


def text(name: str) -> Handler[S]:
    """An option with a string."""

    def handle(options: OptionReader[S], word: str) -> None:
        options.reader.accept("AS")
        options.set(**{name: options.reader.string(f"the text of {word}")})

    return handle


def null_as(options: OptionReader[S], _: str) -> None:
    options.reader.accept("AS")
    options.set(null_as=options.reader.null_string())


def switch(name: str) -> Handler[S]:
    """ON, TRUE, OFF or FALSE; none of them is ON."""

    def handle(options: OptionReader[S], _: str) -> None:
        reader = options.reader
        if reader.accept("OFF") or reader.accept("FALSE"):
            options.set(**{name: False})
            return
        if not reader.accept("ON"):
            reader.accept("TRUE")
        options.set(**{name: True})

    return handle


def whole(name: str) -> Handler[S]:
    """An option with a whole number."""

    def handle(options: OptionReader[S], word: str) -> None:
        options.reader.accept("AS")
        options.set(**{name: options.reader.integer(f"the whole number of {word}")})

    return handle


def fixedwidth(options: OptionReader[S], _: str) -> None:
    options.reader.accept("AS")
    columns = []
    for column in options.reader.string("label:width,…").split(","):
        label, _, width = column.partition(":")
        if not width.strip().isdigit():
            raise StatementError(
                f"{options.verb}: {column!r} is not a column of FIXEDWIDTH", hint="Write 'label:width,…'."
            )
        columns.append((label.strip(), int(width)))
    options.set(fixedwidth=tuple(columns))
