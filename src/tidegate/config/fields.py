"""What keys of tidegate.toml hold in more than one section, each with what must be said of a mistake."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from tidegate.config.quantities import parse_bytes, parse_seconds
from tidegate.errors import UsageError
from tidegate.model.names import TableName, check_identifier


def _identifier(value: str) -> str:
    try:
        return check_identifier(value)
    except UsageError as error:
        raise ValueError(f"but {error.message}") from error


def _table(value: str) -> str:
    try:
        return str(TableName.parse(value))
    except UsageError as error:
        raise ValueError("must be a table, written as table or schema.table") from error


def _text(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be empty")
    return value


def _positive(value: int) -> int:
    if value < 1:
        raise ValueError("must be 1 or more")
    return value


def _character(value: str) -> str:
    if len(value) != 1 or not value.isascii() or value in "\x00\r\n":
        raise ValueError("must be one ASCII character")
    return value


Text = Annotated[str, AfterValidator(_text)]
Identifier = Annotated[str, AfterValidator(_identifier)]
Table = Annotated[str, AfterValidator(_table)]
Size = Annotated[int, BeforeValidator(parse_bytes)]
Seconds = Annotated[float, BeforeValidator(parse_seconds)]
SomeBytes = Annotated[Size, AfterValidator(_positive)]
Character = Annotated[str, AfterValidator(_character)]
Count = Annotated[int, AfterValidator(_positive)]


def one_or_more(value: object) -> object:
    """A text alone stands for a list of one."""
    return [value] if isinstance(value, str) else value


class Section(BaseModel):
    """Values stay out of pydantic's own messages: one of them may be a password."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)
