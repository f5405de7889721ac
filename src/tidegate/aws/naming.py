"""Which table a key names, where patterns of keys are all that is known."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tidegate.aws.environment import Environment
from tidegate.config.patterns import PLAIN_NAME, KeyPattern, is_hidden
from tidegate.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from tidegate.formats.events.landed import Delivery, Landed
    from tidegate.model.names import TableName
    from tidegate.model.route import Route


@dataclass(frozen=True)
class Named:
    """A table, and the pattern with the name that a key gave to it written out: what other files of it match too."""

    table: "TableName"
    match: str


def named(environment: Environment, key: str) -> Named:
    """Raises UsageError: no pattern matches, or what stands for the table is no plain name."""
    from tidegate.model.names import TableName

    for pattern in _patterns(environment):
        found = pattern.match(key)
        if found is None:
            continue
        parts = {"schema": environment.schema, **found}
        for part, value in parts.items():
            if PLAIN_NAME.fullmatch(value) is None:
                raise UsageError(
                    f"{key}: the {part} would be {value!r}, which is no plain name",
                    hint="Names are letters, digits and _: rename it, or say in TIDEGATE_MATCH where the table stands.",
                )
        match = pattern.text
        for part, value in found.items():
            match = match.replace(f"{{{part}}}", value)
        return Named(TableName(parts["schema"], parts["table"]), match)
    raise UsageError(
        f"no table takes {key}",
        hint=f"It matches none of {', '.join(environment.matches)}: say in TIDEGATE_MATCH where the table stands.",
    )


def routes(environment: Environment, delivery: "Delivery") -> "tuple[list[Route], dict[int, UsageError]]":
    """The routes of the files of an event, and by the number of the message why one names no table.

    What is hidden, or is no data file, needs none.
    """
    from tidegate.config.routes import specificity

    found: dict[str, Route] = {}
    refused: dict[int, UsageError] = {}
    for number, message in enumerate(delivery.messages):
        for landed in message.landed:
            if is_hidden(landed.key) or not is_data(landed):
                continue
            try:
                one = named(environment, landed.key)
            except UsageError as error:
                refused[number] = error
                continue
            match = f"s3://{landed.bucket}/{one.match}"
            found[match] = replace(environment.direct(one.table), match=match)
    return sorted(found.values(), key=specificity, reverse=True), refused


def is_data(landed: "Landed") -> bool:
    """Whether it is an object of S3 with a name of which the format is known."""
    from tidegate.config.routes import format_of

    return landed.bucket is not None and format_of(landed.key) is not None


def _patterns(environment: Environment) -> list[KeyPattern]:
    """The most specific first. Raises ConfigError."""
    found = []
    for text in environment.matches:
        try:
            pattern = KeyPattern.parse(text)
        except ValueError as error:
            raise ConfigError(f"TIDEGATE_MATCH {error}", hint="Write it as `match` of [[load]] is written.") from error
        if pattern.absolute or "table" not in pattern.names:
            raise ConfigError(
                f"TIDEGATE_MATCH is {text}, must be a pattern of keys with {{table}}",
                hint="Write it as {table}/**/*.parquet, without the bucket.",
            )
        found.append(pattern)
    return sorted(found, key=lambda pattern: pattern.specificity, reverse=True)
