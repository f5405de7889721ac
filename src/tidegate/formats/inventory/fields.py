"""The columns of a report: which there are, and which of them Tidegate reads.

A manifest's `fileSchema` names them: `Bucket, Key, …` for CSV, `struct<bucket:string,…>` for ORC, `message … {…}` for
Parquet (S3 User Guide, Locating your inventory list). The files of CSV have no line of names.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tidegate.errors import ConfigError
from tidegate.model.inventory import ReportFormat

USED = {
    "key": "VARCHAR",
    "versionid": "VARCHAR",
    "islatest": "BOOLEAN",
    "isdeletemarker": "BOOLEAN",
    "size": "BIGINT",
    "lastmodifieddate": "TIMESTAMP",
    "etag": "VARCHAR",
    "storageclass": "VARCHAR",
    "intelligenttieringaccesstier": "VARCHAR",
}
"""What is read, by the name without case and underscores, and the type in DuckDB."""

OPTIONAL_FIELDS = ("Size", "LastModifiedDate", "StorageClass", "ETag", "IntelligentTieringAccessTier")
"""What a configuration must ask for; the others are always there, or with all versions."""

_NEEDED = {
    "key": "Key",
    "size": "Size",
    "lastmodifieddate": "LastModifiedDate",
    "storageclass": "StorageClass",
}
_UNUSED = {
    "bucket",
    "ismultipartuploaded",
    "replicationstatus",
    "encryptionstatus",
    "objectlockretainuntildate",
    "objectlockmode",
    "objectlocklegalholdstatus",
    "objectlockeventholdstatus",
    "objectlockeventholdduration",
    "bucketkeystatus",
    "checksumalgorithm",
    "objectaccesscontrollist",
    "objectowner",
    "lifecycleexpirationdate",
    "intelligenttieringreferencedate",
}
_PARQUET_FIELD = re.compile(r"\b(?:required|optional)\s+\w+\s+(\w+)")
_ORC_FIELD = re.compile(r"(\w+):\w+")


@dataclass(frozen=True)
class Columns:
    """The columns of a report in their order, as it names them."""

    names: tuple[str, ...]

    @property
    def places(self) -> dict[str, str]:
        """The names of the columns that are used, by their plain names."""
        return {plain(name): name for name in self.names if plain(name) in USED}

    @property
    def unknown(self) -> tuple[str, ...]:
        return tuple(name for name in self.names if plain(name) not in USED and plain(name) not in _UNUSED)

    def check(self, name: str) -> "Columns":
        """Itself; `name` names the report in errors.

        Raises:
            ConfigError: a column that we cannot do without is missing, or one is there twice.
        """
        found = [plain(column) for column in self.names]
        for needed, field in _NEEDED.items():
            if needed not in found:
                raise ConfigError(
                    f"{name} has no column {field}",
                    hint="Ask for it in the inventory configuration, as `tidegate inventory configure` does.",
                )
        if twice := [column for column in found if found.count(column) > 1]:
            raise ConfigError(f"{name} has the column {twice[0]} twice", hint="Take another report.")
        return self


def plain(name: str) -> str:
    return name.replace("_", "").lower()


def columns_of(schema: str, report_format: ReportFormat) -> Columns:
    """The columns that a manifest's `fileSchema` names."""
    if report_format is ReportFormat.CSV:
        return Columns(tuple(name for part in schema.split(",") if (name := part.strip())))
    pattern = _PARQUET_FIELD if report_format is ReportFormat.PARQUET else _ORC_FIELD
    return Columns(tuple(pattern.findall(schema)))


def names(found: Sequence[str]) -> Columns:
    """The columns that a file itself names."""
    return Columns(tuple(found))
