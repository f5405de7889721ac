"""tidegate.toml as Settings: found, read, expanded, checked."""

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from tidegate.config.checks import to_rules
from tidegate.config.expand import expand
from tidegate.config.notify_schema import metrics_settings, notify_settings
from tidegate.config.policies import to_policies
from tidegate.config.problems import Location, describe, fail
from tidegate.config.remote import RemoteConfig, remote_config
from tidegate.config.routes import to_routes
from tidegate.config.schema import ConfigFile
from tidegate.config.sections import cold_settings, lake_settings, ledger_settings, queue_settings, warehouse_settings
from tidegate.config.settings import (
    EmbeddedSettings,
    LakeSettings,
    LedgerSettings,
    NotifySettings,
    S3Settings,
    Settings,
    WarehouseSettings,
)
from tidegate.errors import ConfigError, ConfigNotFound

_T = TypeVar("_T")
DEFAULT_FILE = "tidegate.toml"
VARIABLE = "TIDEGATE_CONFIG"


def load(path: Path | None, environ: Mapping[str, str], fetch: Callable[[RemoteConfig], str] | None = None) -> Settings:
    """Read `path`, else what TIDEGATE_CONFIG names, else ./tidegate.toml.

    `fetch` gives the text of one that lies elsewhere, whose relative paths start from the working directory.

    Raises:
        ConfigNotFound: there is no such file.
        PolicyError: nothing but policies is wrong; one sentence a problem.
        ConfigError: the file cannot be read, is not TOML, or holds what this version does not know.
    """
    named = str(path) if path is not None else environ.get(VARIABLE) or DEFAULT_FILE
    remote = remote_config(named)
    if remote is None:
        file = Path(named).parent.resolve() / Path(named).name
        return _expanded(file, _read(file), environ)
    if fetch is None:
        raise ConfigError(f"{remote.address} is no file", hint="Copy the configuration to a file, and name that.")
    file = Path.cwd() / remote.name
    try:
        return _expanded(file, fetch(remote), environ)
    except ConfigError as error:
        raise type(error)(error.message.replace(str(file), remote.address), hint=error.hint) from error


def _expanded(file: Path, text: str, environ: Mapping[str, str]) -> Settings:
    expanded, problems = expand(_parse(file, text), environ)
    if problems:
        raise fail(file, problems, hint=f"Set the environment variable, or correct {file.name}.")
    return settings_of(expanded, file)


def settings_of(document: Mapping[str, object], file: Path) -> Settings:
    """What a configuration means that is at hand, as if `file` held it. Raises PolicyError, ConfigError."""
    try:
        config = ConfigFile.model_validate(document)
    except ValidationError as error:
        raise fail(file, describe(error, document)) from error
    return _settings(file, config)


def _read(file: Path) -> str:
    """A link to a file stays a link: relative paths start from the folder in which the link lies."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigNotFound(
            f"there is no configuration file {file}",
            hint=f"Name the file with --config or {VARIABLE}, or run `tidegate init` to make one.",
        ) from error
    except OSError as error:
        raise ConfigError(
            f"cannot read {file}: {(error.strerror or type(error).__name__).lower()}",
            hint="Check that it is a file and that this user may read it.",
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file} is not UTF-8 text at byte {error.start}", hint="Save it as UTF-8.") from error


def _parse(file: Path, text: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        last = f"at line {len(text.splitlines())}, the end of the file"
        reason = str(error).replace("at end of document", last)
        raise ConfigError(
            f"{file} is not valid TOML: {reason[:1].lower()}{reason[1:]}", hint="Correct the file at that line."
        ) from error


def _settings(file: Path, config: ConfigFile) -> Settings:
    problems: list[tuple[Location, str]] = []

    def resolve(section: str, read: Callable[[], _T], instead: _T) -> _T:
        try:
            return read()
        except ValueError as error:
            problems.append(((section, "url"), f"[{section}] {error}"))
            return instead

    folder = file.parent
    nowhere: LakeSettings = S3Settings("")
    no_ledger: LedgerSettings = Path()
    no_warehouse: WarehouseSettings = EmbeddedSettings(Path(), Path())
    lake = resolve("lake", lambda: lake_settings(config.lake, folder), nowhere)
    cold = None if problems else resolve("lake", lambda: cold_settings(config.lake, lake, folder), None)
    warehouse = resolve("warehouse", lambda: warehouse_settings(config.warehouse, folder, lake), no_warehouse)
    ledger = resolve("ledger", lambda: ledger_settings(config.ledger, folder), no_ledger)
    notify = resolve("notify", lambda: notify_settings(config.notify), NotifySettings())
    control, external = config.warehouse.control_schema, config.catalog.external_schema
    if not problems:
        problems += _apart(warehouse, {"lake": lake, "cold folder": cold}, ledger)
    if config.queue.backoff > config.queue.max_backoff:
        problems.append((("queue", "backoff"), "[queue] backoff is longer than max_backoff"))
    if control == external:
        problems.append((("catalog",), f"[warehouse] schema and [catalog] external_schema are both {control}"))
    policies, found = to_policies(config.archive, frozenset({control, external}))
    problems += [(("archive", position), text) for position, text in found]
    routes, unroutable = to_routes(config.load, frozenset({control, external}))
    problems += [(("load", position), text) for position, text in unroutable]
    rules, unruly = to_rules(config.check)
    problems += [(("check", position), text) for position, text in unruly]
    if problems:
        raise fail(file, problems)
    return Settings(
        file=file,
        timezone=config.timezone,
        warehouse=warehouse,
        lake=lake,
        ledger=ledger,
        control_schema=control,
        external_schema=external,
        glue_database=config.catalog.glue_database,
        iam_role=config.warehouse.iam_role,
        delete_grace_seconds=round(config.delete_grace),
        cold=cold,
        policies=policies,
        routes=routes,
        rules=rules,
        queue=queue_settings(config.queue),
        notify=notify,
        metrics=metrics_settings(config.metrics, folder),
        prices_file=folder / config.prices.file if config.prices.file else None,
    )


def _apart(
    warehouse: WarehouseSettings, folders: Mapping[str, LakeSettings | None], ledger: LedgerSettings
) -> list[tuple[Location, str]]:
    """A database file in the lake would be listed and opened like an object, which breaks its locks."""
    files: dict[str, Path] = {}
    if isinstance(warehouse, EmbeddedSettings):
        files["warehouse"] = warehouse.path
    if isinstance(ledger, Path):
        files["ledger"] = ledger
    problems: list[tuple[Location, str]] = [
        ((section, "url"), f"[{section}] url is the file {file}, which lies inside the {name} {folder}")
        for section, file in files.items()
        for name, folder in folders.items()
        if isinstance(folder, Path) and file.is_relative_to(folder)
    ]
    if len(set(files.values())) < len(files):
        problems.append((("ledger", "url"), "[warehouse] url and [ledger] url are the same file"))
    return problems
