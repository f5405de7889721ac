"""Policies of tidegate.toml and imported ones, as one set."""

from collections.abc import Sequence
from dataclasses import replace

from tidegate.config.lifecycle.convert import Converted, convert
from tidegate.config.lifecycle.rows import row_of
from tidegate.config.policies import together
from tidegate.config.settings import Settings
from tidegate.errors import ConfigError, PolicyError
from tidegate.model.lifecycle import ImportedPolicy

_AGAIN = "Correct the rule where it comes from, then run `tidegate policies import` again."


def merged(settings: Settings, imported: Sequence[ImportedPolicy]) -> Settings:
    """The settings with the imported policies among their own, by priority.

    Raises:
        ConfigError: a table has a policy in both; the message names both places.
        PolicyError: an imported rule cannot be carried out with this configuration.
    """
    if not imported:
        return settings
    check_apart(settings, imported)
    found = converted(settings, imported)
    problems = [item.problem for item in found if item.problem is not None]
    policies = [*settings.policies, *(item.policy for item in found if item.policy is not None)]
    problems += [text.removeprefix("[[archive]] ") for _, text in together(dict(enumerate(policies)))]
    if problems:
        raise PolicyError("\n  ".join(["imported policies cannot be carried out", *problems]), hint=_AGAIN)
    return replace(settings, policies=tuple(sorted(policies, key=lambda p: (p.priority, p.table))))


def converted(settings: Settings, imported: Sequence[ImportedPolicy]) -> list[Converted]:
    """The rules as this configuration reads them, in their order."""
    rows = [row_of(f"{policy.source}, {policy.table}", policy.cells) for policy in imported]
    return convert(rows, settings.lake, reserved(settings))


def reserved(settings: Settings) -> frozenset[str]:
    """The schemas that Tidegate keeps for itself."""
    return frozenset({settings.control_schema, settings.external_schema})


def check_apart(settings: Settings, imported: Sequence[ImportedPolicy]) -> None:
    """Raises ConfigError: a table has a policy in the configuration and an imported one."""
    own = {policy.table for policy in settings.policies}
    for policy in imported:
        if policy.table in own:
            raise ConfigError(
                f"{policy.table} has a policy in {settings.file} and one imported from {policy.source}",
                hint="Remove its [[archive]] section, or take the rule away there and import again.",
            )
