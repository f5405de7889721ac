"""A value that must not be shown."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Secret:
    """A password or key. Its text shows only through `reveal`; `str` and `repr` print `***`."""

    _value: str = field(repr=False)

    def reveal(self) -> str:
        return self._value

    def __str__(self) -> str:
        return "***"

    def __repr__(self) -> str:
        return "***"
