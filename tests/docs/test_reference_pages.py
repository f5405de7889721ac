"""The reference pages name all there is, and nothing else: commands, options, exit codes, errors, keys."""

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from pydantic import BaseModel
from tests.docs.pages import read, rows, sections, word

from tidegate import errors
from tidegate.cli.exit import MEANINGS
from tidegate.cli.main import build
from tidegate.config import load_schema, notify_schema, schema
from tidegate.config.loader import load
from tidegate.config.settings import Settings
from tidegate.model.batch import BatchState, Descriptor
from tidegate.model.records import LogRecord, RecordKind

COMMANDS = typer.main.get_command(build())
GLOBAL = {"--config", "--json", "--help", "--version"}
CLI = sections(read("cli"))


def _commands(command: object, path: str) -> Iterator[tuple[str, object]]:
    below = getattr(command, "commands", {})
    if not below or getattr(command, "epilog", None):
        yield path, command
    for name, child in below.items():
        yield from _commands(child, f"{path} {name}")


EVERY = dict(_commands(COMMANDS, "tidegate"))


def test_every_command_has_its_section_and_no_section_is_of_no_command() -> None:
    documented = {name for name in CLI if name.startswith("tidegate ")}
    assert documented == set(EVERY)


@pytest.mark.parametrize("name", EVERY)
def test_a_section_lists_every_argument_and_option_of_its_command(name: str) -> None:
    parameters = EVERY[name].params  # type: ignore[attr-defined]
    options = {option for p in parameters for option in p.opts if option.startswith("--")} - GLOBAL
    arguments = {p.metavar.strip("[].").replace("]...", "") for p in parameters if not p.opts[0].startswith("--")}
    listed = [word(row[0]) for row in rows(CLI[name])]
    assert {entry.split()[0] for entry in listed if entry.startswith("--")} == options
    assert {entry.strip("…") for entry in listed if not entry.startswith("--")} == arguments


def test_the_options_of_every_command_are_listed_once() -> None:
    assert {word(row[0]).split()[0] for row in rows(CLI["tidegate"])} == GLOBAL


@pytest.mark.parametrize("name", EVERY)
def test_a_section_lists_the_exit_codes_of_its_help(name: str) -> None:
    told = {int(code) for code in re.findall(r"^ +(\d+) ", EVERY[name].epilog, re.MULTILINE)}  # type: ignore[attr-defined]
    listed = re.search(r"^Exit codes: ([\d, ]+)\.", CLI[name], re.MULTILINE)
    assert listed is not None
    assert {int(code) for code in listed[1].split(",")} == told


def test_exit_codes_mean_what_the_help_says() -> None:
    assert {int(code): meaning for code, meaning in rows(CLI["Exit codes"])} == MEANINGS


def _classes(base: type[errors.TidegateError]) -> Iterator[type[errors.TidegateError]]:
    yield base
    for child in base.__subclasses__():
        yield from _classes(child)


def test_every_error_is_listed_with_exit_code_and_advice() -> None:
    listed = {word(code): (int(exit_code), retry == "yes") for code, exit_code, retry, _, _ in rows(read("errors"))}
    assert listed == {cls.code: (cls.exit_code, cls.retryable) for cls in _classes(errors.TidegateError)}
    assert all(meaning.endswith(".") and advice.endswith(".") for _, _, _, meaning, advice in rows(read("errors")))


SECTIONS: dict[str, type[BaseModel]] = {
    "At the top": schema.ConfigFile,
    "[warehouse]": schema.WarehouseSection,
    "[lake]": schema.LakeSection,
    "[ledger]": schema.LedgerSection,
    "[catalog]": schema.CatalogSection,
    "[[archive]]": schema.ArchiveSection,
    "unload": schema.UnloadSection,
    "tiers": schema.TiersSection,
    "[queue]": schema.QueueSection,
    "[notify]": notify_schema.NotifySection,
    "[metrics]": notify_schema.MetricsSection,
    "[prices]": schema.PricesSection,
    "[[load]]": load_schema.LoadSection,
    "options": load_schema.FormatSection,
    "copy": load_schema.CopySection,
    "checks": load_schema.CheckSection,
    "[[check]]": load_schema.TableCheckSection,
}
LEAST = {
    "At the top": {},
    "[warehouse]": {"url": '"duckdb:///warehouse.duckdb"'},
    "[lake]": {"url": '"lake"'},
    "[ledger]": {},
    "[catalog]": {},
    "[queue]": {},
    "[notify]": {},
    "[metrics]": {},
    "[prices]": {},
    "[[archive]]": {"table": '"public.orders"', "column": '"order_date"', "retention": "1"},
    "[[load]]": {"match": '"orders/*"', "table": '"public.orders"'},
    "[[check]]": {"table": '"public.orders"', "checks": '[{ kind = "rows", least = 1 }]'},
}
"""The least configuration, by the headings of the page."""


def _settings(file: Path, changed: dict[str, dict[str, str]]) -> Settings:
    lines = []
    for heading, least in LEAST.items():
        lines += [heading] if heading.startswith("[") else []
        lines += [f"{key} = {value}" for key, value in (least | changed.get(heading, {})).items()]
    file.write_text("\n".join(lines), encoding="utf-8")
    return load(file, {})


@pytest.mark.parametrize("name", SECTIONS)
def test_every_key_of_the_configuration_is_listed(name: str) -> None:
    keys = [field.alias or key for key, field in SECTIONS[name].model_fields.items()]
    listed = [word(key) for key, *_ in rows(sections(read("config"))[name])]
    sections_of_their_own = {heading.strip("[]") for heading in SECTIONS} if name == "At the top" else set()
    assert listed == [key for key in keys if key not in sections_of_their_own]


@pytest.mark.parametrize("name", SECTIONS)
def test_a_default_of_the_page_is_what_a_missing_key_means(name: str, tmp_path: Path) -> None:
    file = tmp_path / "tidegate.toml"
    without = _settings(file, {})
    fields = {field.alias or key: field for key, field in SECTIONS[name].model_fields.items()}
    for key, _, default, _ in rows(sections(read("config"))[name]):
        if default.startswith(("none", "required")):
            assert fields[word(key)].is_required() or fields[word(key)].default is None, key
        else:
            assert _settings(file, {name: {word(key): word(default)}}) == without, key


@pytest.mark.parametrize(("heading", "document"), [("The descriptor", Descriptor), ("A record", LogRecord)])
def test_every_field_of_a_document_in_the_lake_is_listed(heading: str, document: type) -> None:
    listed = [name for row in rows(sections(read("archive"))[heading]) for name in re.findall(r"`(\w+)", row[0])]
    assert sorted(listed) == sorted(field.name for field in dataclasses.fields(document))


def test_every_kind_of_record_is_listed() -> None:
    listed = re.search(r"^Kinds: (.*?)\.", sections(read("archive"))["A record"], re.MULTILINE | re.DOTALL)
    assert listed is not None
    assert re.findall(r"`(\w+)`", listed[1]) == [kind.value for kind in RecordKind]


def test_every_state_of_an_archive_is_a_step_of_the_page() -> None:
    steps = [word(row[0]) for row in rows(sections(read("archive"))["The six steps"])]
    assert steps == [state.value for state in BatchState][:6]
