"""Which files go into which table, and how: the routes of `[[load]]`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tidegate.model.names import TableName


class FileFormat(StrEnum):
    PARQUET = "parquet"
    CSV = "csv"
    JSON = "json"


class LoadMode(StrEnum):
    """What becomes of rows that are there.

    APPEND adds rows. UPSERT replaces rows of the same key. REPLACE lets the newest file be the whole table. HISTORY
    keeps every version of a key, with the time for which it is valid (slowly changing dimension, type 2).
    """

    APPEND = "append"
    UPSERT = "upsert"
    REPLACE = "replace"
    HISTORY = "history"

    @property
    def is_keyed(self) -> bool:
        return self in (LoadMode.UPSERT, LoadMode.HISTORY)


VALID_FROM, VALID_TO = "valid_from", "valid_to"
"""The columns that HISTORY adds, of the type of the version; `valid_to` is NULL of the newest version of a key."""


class Contract(StrEnum):
    """What a file may change of its table: add and widen columns, nothing (refuse it), or nothing (leave them out)."""

    EVOLVE = "evolve"
    FREEZE = "freeze"
    DISCARD = "discard"


class OnArchived(StrEnum):
    """What becomes of a row whose key is archived already: aside with the reason, the period first, or as one more."""

    QUARANTINE = "quarantine"
    RESTORE = "restore"
    ALLOW = "allow"


class Severity(StrEnum):
    """What a check that fails does: stop the batch, put the rows (or file) aside, or tell."""

    FAIL = "fail"
    QUARANTINE = "quarantine"
    WARN = "warn"


class CheckKind(StrEnum):
    NOT_NULL = "not_null"
    UNIQUE = "unique"
    RANGE = "range"
    VALUES = "values"
    FRESH = "fresh"
    ROWS = "rows"
    SQL = "sql"


@dataclass(frozen=True)
class CheckRule:
    """One check of staged rows, or of a table that stands.

    `columns` for NOT_NULL, UNIQUE, RANGE, VALUES, FRESH. RANGE: `least` and `most` as SQL literals' text, None =
    open. VALUES: the accepted ones. FRESH: the newest value is at most `hours` old. ROWS: at least `least` and at most
    `most` rows, or within `fraction` of the mean of the last loads. SQL: a boolean expression that every row fulfils.
    """

    kind: CheckKind
    columns: tuple[str, ...] = ()
    least: str | None = None
    most: str | None = None
    values: tuple[str, ...] = ()
    hours: float | None = None
    fraction: float | None = None
    expression: str | None = None
    severity: Severity = Severity.FAIL


@dataclass(frozen=True)
class TableRules:
    """One `[[check]]`: what holds of a table that stands, whoever fills it."""

    table: TableName
    checks: tuple[CheckRule, ...]


@dataclass(frozen=True)
class FormatOptions:
    """How files are read. None leaves it to what the files say.

    `columns` are types by name that win over what is found. `flatten`: JSON objects become columns and lists child
    tables; else they are SUPER.
    """

    delimiter: str | None = None
    header: bool | None = None
    encoding: str | None = None
    null_as: str | None = None
    quote: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    flatten: bool = False


@dataclass(frozen=True)
class Route:
    """One `[[load]]`. `match` is a pattern of keys: `*` within a segment, `**` over segments, Hive's `year=*`.

    `table` None: from the key, by the pattern's `{table}`. `key` columns of UPSERT and HISTORY; `version`
    orders rows of one key. `copy` are further options of COPY by name. `batch_files`, `batch_bytes` and
    `batch_seconds` close a batch, whichever comes first. `headroom` multiplies the longest text that was measured.
    """

    match: str
    table: TableName | None
    name_pattern: str | None = None
    mode: LoadMode = LoadMode.APPEND
    key: tuple[str, ...] = ()
    version: str | None = None
    format: FileFormat | None = None
    options: FormatOptions = field(default_factory=FormatOptions)
    copy: Mapping[str, object] = field(default_factory=dict)
    dist_key: str | None = None
    sort_key: tuple[str, ...] = ()
    contract: Contract = Contract.EVOLVE
    on_archived: OnArchived = OnArchived.QUARANTINE
    checks: tuple[CheckRule, ...] = ()
    pre_sql: tuple[str, ...] = ()
    post_sql: tuple[str, ...] = ()
    queue: str | None = None
    batch_files: int = 1000
    batch_bytes: int = 4_000_000_000
    batch_seconds: float = 60.0
    headroom: float = 1.5
