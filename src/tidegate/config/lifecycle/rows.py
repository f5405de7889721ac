"""The CSV file of the sample: 20 columns, UTF-8 with or without a byte order mark (sample/test_configuration.csv)."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from tidegate.errors import ConfigError

FIELDS = (
    "schema_name",
    "table_name",
    "column_name",
    "granularity_level",
    "retention_period",
    "s3_path",
    "file_format",
    "partition_column",
    "header",
    "delimiter",
    "add_quotes",
    "null_as",
    "escape",
    "compression",
    "max_filesize",
    "parallel",
    "unload_region",
    "priority",
    "update_delete_flag",
    "checkpoint",
)
KEYS = ("schema_name", "table_name")
"""What names a rule: one rule a table."""

_REQUIRED = (*KEYS, "update_delete_flag")
_OTHER_NAMES = {"addquotes": "add_quotes"}
"""The sample's README calls one field differently from its code."""
_VERBATIM = ("delimiter", "null_as")
_HINT = "Write it as the sample does: a header with its 20 column names, then a row for each table."


@dataclass(frozen=True)
class Row:
    """One rule as text: `cells` has every one of `FIELDS`. `where` names it in messages: `line 2`, or `item a.b`."""

    where: str
    cells: Mapping[str, str]

    @property
    def table(self) -> str:
        """As the row writes it, for messages."""
        return f"{self.cells['schema_name']}.{self.cells['table_name']}"

    @property
    def label(self) -> str:
        return self.where if self.where.endswith(f" {self.table}") else f"{self.where}, {self.table}"


def known_field(name: str) -> str | None:
    """The field that a column's name stands for, whatever its case; None when there is none."""
    plain = name.strip().lower()
    plain = _OTHER_NAMES.get(plain, plain)
    return plain if plain in FIELDS else None


def row_of(where: str, cells: Mapping[str, str]) -> Row:
    """A row with all fields; missing ones are blank. Spaces around values are dropped where they mean nothing."""
    stripped = {name: value if name in _VERBATIM else value.strip() for name, value in cells.items()}
    return Row(where, {name: stripped.get(name, "") for name in FIELDS})


def parse_csv(data: bytes, name: str) -> tuple[list[Row], list[str]]:
    """The rows of a file in order, and one sentence for each line that is none.

    Raises:
        ConfigError: it is not UTF-8 or not CSV, or its header lacks a column or has one that is unknown or twice there.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{name} is not UTF-8 text at byte {error.start}", hint="Save it as UTF-8.") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[Row] = []
    problems: list[str] = []
    try:
        header = _header(next((names for names in reader if any(n.strip() for n in names)), []), name)
        for values in reader:
            if not any(value.strip() for value in values):
                continue
            where = f"line {reader.line_num}"
            if len(values) != len(header):
                problems.append(f"{where}: {len(values)} values, the header has {len(header)} columns")
            else:
                rows.append(row_of(where, dict(zip(header, values, strict=True))))
    except csv.Error as error:
        raise ConfigError(f"{name}, line {reader.line_num} is not CSV: {error}", hint=_HINT) from error
    return rows, problems


def _header(names: Sequence[str], source: str) -> list[str]:
    if not any(name.strip() for name in names):
        raise ConfigError(f"{source} has no header", hint=_HINT)
    fields: list[str] = []
    for name in names:
        field = known_field(name)
        if field is None:
            close = get_close_matches(name.strip().lower(), FIELDS, n=1)
            known = f"did you mean {close[0]}?" if close else f"known are {', '.join(FIELDS)}"
            raise ConfigError(f"{source} has the unknown column {name.strip()!r}, {known}", hint=_HINT)
        if field in fields:
            raise ConfigError(f"{source} has the column {field} twice", hint="Leave one of them out.")
        fields.append(field)
    missing = [field for field in _REQUIRED if field not in fields]
    if missing:
        raise ConfigError(f"{source} has no column {missing[0]}", hint=_HINT)
    return fields


def render_csv(rows: Iterable[Mapping[str, str]]) -> bytes:
    """All 20 columns in the sample's order, lines end with LF."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(FIELDS)
    writer.writerows([cells.get(field, "") for field in FIELDS] for cells in rows)
    return text.getvalue().encode()
