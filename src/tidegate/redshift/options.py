"""Options of UNLOAD and COPY: which format takes which, and their values as text."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from tidegate.errors import UsageError
from tidegate.redshift.identifiers import literal

S = TypeVar("S")


@dataclass(frozen=True)
class Option(Generic[S]):
    """`text` gives the clause, or nothing when the option is not set. `formats` are those that take it."""

    name: str
    formats: frozenset[StrEnum]
    text: Callable[[S], str | None]


def render_options(statement: S, format: StrEnum, options: Iterable[Option[S]], verb: str) -> list[str]:
    """Return the clauses of all options that are set, in order.

    Raises:
        UsageError: an option is set that the format does not take; the message names both.
    """
    clauses: list[str] = []
    for option in options:
        text = option.text(statement)
        if not text:
            continue
        if format not in option.formats:
            taken = ", ".join(f for f in type(format) if f in option.formats)
            raise UsageError(
                f"{verb} of {format} does not take {option.name}",
                hint=f"Leave out {option.name}, or choose one of {taken}.",
            )
        clauses.append(text)
    return clauses


def flag(name: str, is_set: bool) -> str | None:
    """Return the bare option when it is set."""
    return name if is_set else None


def text_value(name: str, value: str | None) -> str | None:
    """Return the option with its value as a literal, when there is one."""
    return None if value is None else f"{name} AS {literal(value)}"


def exclude(verb: str, first: tuple[str, bool], second: tuple[str, bool]) -> None:
    """Raise UsageError when both named options are set."""
    if first[1] and second[1]:
        raise UsageError(
            f"{verb} does not take {first[0]} together with {second[0]}", hint=f"Leave out {first[0]} or {second[0]}."
        )


def need(verb: str, option: tuple[str, bool], needed: tuple[str, bool]) -> None:
    """Raise UsageError when the first option is set without the second."""
    if option[1] and not needed[1]:
        raise UsageError(
            f"{verb} takes {option[0]} only with {needed[0]}", hint=f"Add {needed[0]}, or leave out {option[0]}."
        )


def within(name: str, value: int | None, low: int, high: int, unit: str) -> None:
    """Raise UsageError when a given number is outside its bounds, which belong to them."""
    if value is not None and not low <= value <= high:
        raise UsageError(f"{name} {value} is outside its bounds", hint=f"{name} is {low} to {high} {unit}.")


def one_character(name: str, value: str | None) -> None:
    """Raise UsageError unless a given text is one ASCII character other than NUL and the line ends."""
    if value is not None and (len(value) != 1 or not value.isascii() or value in "\x00\r\n"):
        raise UsageError(f"{name} {value!r} is not one ASCII character", hint=f"Give one character as {name}.")


def fixedwidth(columns: Sequence[tuple[str, int]]) -> str | None:
    """Return `FIXEDWIDTH 'label:width,…'` when there are columns.

    Raises:
        UsageError: a label that is empty or holds a colon or comma, or a width below 1.
    """
    for label, width in columns:
        if not label or set(label) & set(":,") or width < 1:
            raise UsageError(
                f"{label!r}:{width} is not a column of FIXEDWIDTH",
                hint="A label has no colon and no comma, a width is 1 or more.",
            )
    spec = ",".join(f"{label}:{width}" for label, width in columns)
    return f"FIXEDWIDTH {literal(spec)}" if spec else None
