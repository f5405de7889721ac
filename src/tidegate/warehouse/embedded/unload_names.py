"""The names that Redshift gives to unloaded files (developer guide, UNLOAD)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from tidegate.redshift.unload import Unload, UnloadCompression, UnloadFormat

_COMPRESSED = {UnloadCompression.GZIP: ".gz", UnloadCompression.BZIP2: ".bz2", UnloadCompression.ZSTD: ".zst"}
_NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
_HIVE_ESCAPED = re.compile(r"[\x00-\x1f\x7f\"#%'*/:=?\\{\[\]^]")
"""What Hive escapes in the name of a partition folder (FileUtils.escapePathName)."""


@dataclass(frozen=True)
class StagedFile:
    """A file below the staging folder, `folders` as DuckDB names them: `column=value`, percent-encoded."""

    path: str
    folders: tuple[str, ...]
    number: int
    size: int


@dataclass(frozen=True)
class UnloadNames:
    """`prefix` is the TO address, absolute. All names begin with it, as a text."""

    prefix: str
    options: Unload

    @property
    def manifest(self) -> str:
        return f"{self.prefix}manifest"

    @property
    def root(self) -> str:
        """What file names are appended to: with PARTITION BY a folder, as Redshift adds a missing slash."""
        if self.options.partition_by and not self.prefix.endswith("/"):
            return f"{self.prefix}/"
        return self.prefix

    def by_folder(self, staged: Sequence[StagedFile]) -> Mapping[str, Mapping[StagedFile, str]]:
        """For each folder or prefix that receives files, with its slash: the files and the paths they get."""
        grouped: dict[tuple[str, ...], list[StagedFile]] = {}
        for file in sorted(staged, key=lambda f: f.number):
            grouped.setdefault(file.folders, []).append(file)
        return {
            folder: {file: f"{folder}{self._name(number)}" for number, file in enumerate(files)}
            for folder, files in ((self._folder(folders), files) for folders, files in grouped.items())
        }

    def emptied(self, folders: Sequence[str]) -> Sequence[str]:
        """The prefixes that CLEANPATH empties: with PARTITION BY only the folders that will receive files."""
        if not self.options.clean_path:
            return ()
        return folders if self.options.partition_by else [self.prefix]

    def _folder(self, folders: Sequence[str]) -> str:
        return self.root + "".join(_hive_name(folder) + "/" for folder in folders)

    def _name(self, number: int) -> str:
        stem = f"{number:03d}" if self.options.parallel is False else f"{number:04d}_part_00"
        return f"{stem}{self._extension}"

    @property
    def _extension(self) -> str:
        if self.options.extension is not None:
            return "." + self.options.extension.removeprefix(".")
        if self.options.format is UnloadFormat.PARQUET:
            return ".parquet"
        return _COMPRESSED[self.options.compression] if self.options.compression else ""


def _hive_name(name: str) -> str:
    """DuckDB's folder name as Hive writes it."""
    column, _, value = name.partition("=")
    if value == _NULL_PARTITION:
        return f"{_escaped(unquote(column))}={value}"
    return f"{_escaped(unquote(column))}={_escaped(unquote(value))}"


def _escaped(text: str) -> str:
    return _HIVE_ESCAPED.sub(lambda m: f"%{ord(m.group()):02X}", text)
