"""The shape of [[load]] and [[check]]. What their keys mean together is said in routes.py."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from tidegate.config.fields import Character, Count, Identifier, Seconds, Section, SomeBytes, Table, Text, one_or_more
from tidegate.model.route import CheckKind, Contract, FileFormat, LoadMode, OnArchived, Severity


def _headroom(value: float) -> float:
    if not 1 <= value <= 100:
        raise ValueError("must be 1 to 100")
    return value


def _share(value: float) -> float:
    if not 0 < value < 1:
        raise ValueError("must be more than 0 and less than 1")
    return value


def _comp_rows(value: int) -> int:
    if not 1 <= value <= 1_000_000_000:
        raise ValueError("must be 1 to 1000000000")
    return value


Columns = Annotated[list[Identifier], BeforeValidator(one_or_more)]
Statements = Annotated[list[Text], BeforeValidator(one_or_more)]
Bound = int | float | str | date | datetime


class FormatSection(Section):
    """How files are read. None leaves it to what the files say."""

    delimiter: Character | None = None
    header: bool | None = None
    encoding: Text | None = None
    null_as: str | None = None
    quote: Character | None = None
    columns: dict[Identifier, Text] = Field(default_factory=dict)
    flatten: bool = False


class CopySection(Section):
    """Further options of COPY (developer guide, COPY parameters), by the names of tidegate.redshift.copy.Copy."""

    accept_any_date: bool = False
    accept_inv_chars: Character | None = None
    blanks_as_null: bool = False
    comp_rows: Annotated[int, AfterValidator(_comp_rows)] | None = None
    comp_update: Literal["PRESET", "ON", "OFF"] | None = None
    date_format: Text | None = None
    empty_as_null: bool = False
    fill_record: bool = False
    ignore_blank_lines: bool = False
    round_dec: bool = False
    serialize_to_json: bool = False
    stat_update: bool | None = None
    time_format: Text | None = None
    trim_blanks: bool = False
    truncate_columns: bool = False


class CheckSection(Section):
    """One check; which keys go with which kind is said in routes.py."""

    kind: Annotated[CheckKind, Field(strict=False)]
    columns: Columns = Field(default_factory=list)
    least: Bound | None = None
    most: Bound | None = None
    values: list[str | int | float] = Field(default_factory=list)
    max_age: Seconds | None = None
    fraction: Annotated[float, AfterValidator(_share)] | None = None
    expression: Text | None = None
    severity: Annotated[Severity, Field(strict=False)] = Severity.FAIL


class LoadSection(Section):
    """Defaults are those of tidegate.model.route.Route; None says that the key is not there."""

    match: Text
    table: Table | None = None
    name_pattern: Text | None = None
    mode: Annotated[LoadMode, Field(strict=False)] | None = None
    key: Columns = Field(default_factory=list)
    version: Identifier | None = None
    format: Annotated[FileFormat, Field(strict=False)] | None = None
    options: FormatSection = FormatSection()
    copy_options: CopySection = Field(default=CopySection(), alias="copy")
    dist_key: Identifier | None = None
    sort_key: Columns = Field(default_factory=list)
    contract: Annotated[Contract, Field(strict=False)] = Contract.EVOLVE
    on_archived: Annotated[OnArchived, Field(strict=False)] | None = None
    checks: list[CheckSection] = Field(default_factory=list)
    pre_sql: Statements = Field(default_factory=list)
    post_sql: Statements = Field(default_factory=list)
    queue: Text | None = None
    batch_files: Count = 1000
    batch_bytes: SomeBytes = 4_000_000_000
    batch_age: Seconds = 60.0
    headroom: Annotated[float, AfterValidator(_headroom)] = 1.5


class TableCheckSection(Section):
    """One [[check]]: rules for a table that stands."""

    table: Table
    checks: list[CheckSection]
