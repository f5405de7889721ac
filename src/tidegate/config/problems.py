"""What is wrong with a configuration file, one clear sentence a problem."""

import json
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from tidegate.config.load_schema import CheckSection, CopySection, FormatSection, LoadSection, TableCheckSection
from tidegate.config.notify_schema import MetricsSection, NotifySection
from tidegate.config.schema import (
    ArchiveSection,
    CatalogSection,
    ConfigFile,
    LakeSection,
    LedgerSection,
    PricesSection,
    QueueSection,
    TiersSection,
    UnloadSection,
    WarehouseSection,
)
from tidegate.errors import ConfigError, PolicyError

Location = tuple[int | str, ...]

_SHOWN = 60
_SENSITIVE = frozenset({"password", "secret", "urls"})
_SECTIONS: Mapping[tuple[str, ...], type[BaseModel]] = {
    (): ConfigFile,
    ("warehouse",): WarehouseSection,
    ("lake",): LakeSection,
    ("ledger",): LedgerSection,
    ("catalog",): CatalogSection,
    ("prices",): PricesSection,
    ("queue",): QueueSection,
    ("notify",): NotifySection,
    ("metrics",): MetricsSection,
    ("archive",): ArchiveSection,
    ("archive", "unload"): UnloadSection,
    ("archive", "tiers"): TiersSection,
    ("load",): LoadSection,
    ("load", "options"): FormatSection,
    ("load", "copy"): CopySection,
    ("load", "checks"): CheckSection,
    ("check",): TableCheckSection,
    ("check", "checks"): CheckSection,
}
_NAMED_BY = {"archive": "table", "load": "match", "check": "table"}
_EXPECTED = {
    "int_type": "must be a whole number",
    "string_type": "must be text in quotes",
    "bool_type": "must be true or false",
    "float_type": "must be a number",
    "list_type": "must be a list",
    "dict_type": "must be names with values, such as { sales = 1 }",
}


def describe(error: ValidationError, document: Mapping[str, object]) -> list[tuple[Location, str]]:
    """Every problem of a file that does not have the shape of the schema, in the order of the schema."""
    return [(e["loc"], _sentence(e, document)) for e in error.errors(include_url=False)]


def place(loc: Location, document: Mapping[str, object]) -> str:
    """`[warehouse] `, `[[archive]] public.orders: `, or nothing for a key at the top of the file."""
    match loc:
        case ("archive" | "load" | "check" as section, int(index), *_):
            entries = document.get(section)
            entry = entries[index] if isinstance(entries, list) and index < len(entries) else None
            name = entry.get(_NAMED_BY[section]) if isinstance(entry, dict) else None
            return f"[[{section}]] {name if isinstance(name, str) and name else f'number {index + 1}'}: "
        case (str(section), str(), *_):
            return f"[{section}] "
    return ""


def key_of(loc: Location) -> str:
    """The key below its section, without the position in a list: `unload.max_filesize`, `retention`."""
    names = [part for part in loc if isinstance(part, str)]
    return ".".join(names[1:]) or str(loc[0])


def show(value: object) -> str:
    """A value as TOML writes it, cut when it is long."""
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str | bool) else str(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def fail(file: Path, problems: Sequence[tuple[Location, str]], *, hint: str = "") -> ConfigError:
    """One error for all problems of a file; a PolicyError when nothing but policies is wrong."""
    kind = PolicyError if all(loc[:1] == ("archive",) for loc, _ in problems) else ConfigError
    texts = list(dict.fromkeys(text for _, text in problems))
    if len(texts) == 1:
        message = f"{file}: {texts[0]}"
    else:
        message = "\n".join([f"{file} has {len(texts)} problems", *(f"  {text}" for text in texts)])
    return kind(message, hint=hint or f"Correct {file.name}, then run `tidegate config check`.")


def _sentence(error: ErrorDetails, document: Mapping[str, object]) -> str:
    loc = error["loc"]
    where, key, value = place(loc, document), key_of(loc), error["input"]
    kind = error["type"]
    if kind == "missing":
        return f"{where}{key} is missing" if len(loc) > 1 else f"the section [{key}] is missing"
    if kind == "extra_forbidden":
        return f"{where}{_unknown(loc)}"
    if kind == "model_type" or (kind == "list_type" and loc in (("archive",), ("load",), ("check",))):
        return _wrong_form(loc, where)
    shown = "***" if key in _SENSITIVE or "@" in str(value) else show(value)
    return f"{where}{key} is {shown}, {_expected(error)}"


def _expected(error: ErrorDetails) -> str:
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    if error["type"] in ("enum", "literal_error"):
        return f"must be {error['ctx']['expected']}".replace("'", '"')
    return _EXPECTED.get(error["type"], error["msg"][:1].lower() + error["msg"][1:])


def _wrong_form(loc: Location, where: str) -> str:
    match loc:
        case ("archive",) | ("archive", int()):
            return "a policy must be a section that begins with [[archive]]"
        case ("load",) | ("load", int()):
            return "a route must be a section that begins with [[load]]"
        case ("check",) | ("check", int()):
            return "checks of a table must be a section that begins with [[check]]"
        case (str(name),):
            return f"{name} must be a section that begins with [{name}]"
    return f"{where}{key_of(loc)} must be a table such as {{ parallel = false }}"


def _unknown(loc: Location) -> str:
    section = tuple(part for part in loc[:-1] if isinstance(part, str))
    fields = _SECTIONS[section].model_fields
    known = [field.alias or name for name, field in fields.items()]
    close = get_close_matches(str(loc[-1]), known, n=1)
    suggestion = f", did you mean {close[0]}?" if close else f"; known are {', '.join(sorted(known))}"
    return f"unknown key {key_of(loc)}{suggestion}"
