"""`${VAR}` in the values of a TOML document. Keys, and text outside of `${…}`, stay as they are."""

import re
from collections.abc import Mapping

from tidegate.config.problems import Location, key_of, place

_VARIABLE = re.compile(r"\$\$\{|\$\{([^}]*)(\}?)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def expand(
    document: Mapping[str, object], environ: Mapping[str, str]
) -> tuple[dict[str, object], list[tuple[Location, str]]]:
    """Replace each `${VAR}` in every text value by the variable; `$${` stands for a plain `${`.

    Returns the document and the problems: a variable that is not set, a name that is none, a missing brace.
    """
    problems: list[tuple[Location, str]] = []

    def walk(value: object, loc: Location) -> object:
        if isinstance(value, dict):
            return {key: walk(inner, (*loc, key)) for key, inner in value.items()}
        if isinstance(value, list):
            return [walk(inner, (*loc, index)) for index, inner in enumerate(value)]
        return _VARIABLE.sub(lambda match: replace(match, loc), value) if isinstance(value, str) else value

    def replace(match: re.Match[str], loc: Location) -> str:
        name, brace = match.groups()
        if name is None:
            return "${"
        problem = _problem(name, brace, environ)
        if problem:
            problems.append((loc, f"{place(loc, document)}{key_of(loc)} {problem}"))
            return match[0]
        return environ[name]

    return {key: walk(value, (key,)) for key, value in document.items()}, problems


def _problem(name: str, brace: str, environ: Mapping[str, str]) -> str:
    if not brace:
        return 'holds "${" without a closing brace, write "$${" for a plain "${"'
    if _NAME.fullmatch(name) is None:
        return 'holds "${…}" around what names no environment variable, write "$${" for a plain "${"'
    return "" if name in environ else f"needs the environment variable {name}, which is not set"
