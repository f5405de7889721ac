"""Where an UNLOAD writes: Redshift's file names, and what may be overwritten (developer guide, UNLOAD)."""

import os
import re
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import unquote

from tidegate.errors import StatementRefused
from tidegate.redshift.unload import Unload, UnloadCompression, UnloadFormat
from tidegate.warehouse.embedded.paths import STAGING, with_prefix

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
class UnloadTarget:
    """`prefix` is the TO path, absolute. All names begin with it, as a text."""

    prefix: str
    options: Unload

    @property
    def manifest(self) -> str:
        return f"{self.prefix}manifest"

    @property
    def _root(self) -> str:
        """What file names are appended to: with PARTITION BY a folder, as Redshift adds a missing slash."""
        if self.options.partition_by and not self.prefix.endswith("/"):
            return f"{self.prefix}/"
        return self.prefix

    def check_empty(self) -> None:
        """Raises StatementRefused when a file exists below the prefix and neither option allows for it."""
        if self.options.allow_overwrite or self.options.clean_path:
            return
        if found := next(with_prefix(self.prefix), None):
            raise StatementRefused(
                f"specified unload destination is not empty: {found!r} exists",
                hint="Choose another prefix, remove the files, or add ALLOWOVERWRITE or CLEANPATH.",
            )

    @contextmanager
    def staging(self) -> Iterator[str]:
        """A new folder on the target's file system, removed at the end; its name is one that no reader looks at."""
        parent = os.path.dirname(self._root)
        existed = os.path.isdir(parent)
        folder = os.path.join(parent, f"{STAGING}{secrets.token_hex(8)}")
        os.makedirs(folder)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            if not existed:
                with suppress(OSError):
                    os.rmdir(parent)

    def place(self, staged: Sequence[StagedFile]) -> list[str]:
        """Move the files to the names that Redshift gives them; returns these, in the order of `staged`."""
        by_folder: dict[tuple[str, ...], list[StagedFile]] = {}
        for file in sorted(staged, key=lambda f: f.number):
            by_folder.setdefault(file.folders, []).append(file)
        if self.options.clean_path:
            self._clean([self._folder(folders) for folders in by_folder])
        placed: dict[str, str] = {}
        for folders, files in by_folder.items():
            self._place_folder(self._folder(folders), files, placed)
        return [placed[file.path] for file in staged]

    def _place_folder(self, prefix: str, files: Sequence[StagedFile], placed: dict[str, str]) -> None:
        """A folder that is new is moved whole: a partition is one step, and there is no empty folder to remove."""
        names = {file: f"{prefix}{self._name(number)}" for number, file in enumerate(files)}
        placed.update({file.path: path for file, path in names.items()})
        if files[0].folders and not os.path.lexists(prefix.rstrip("/")):
            source = os.path.dirname(files[0].path)
            for file, path in names.items():
                os.rename(file.path, os.path.join(source, os.path.basename(path)))
            os.makedirs(os.path.dirname(prefix.rstrip("/")), exist_ok=True)
            os.rename(source, prefix.rstrip("/"))
            return
        os.makedirs(os.path.dirname(prefix), exist_ok=True)
        for file, path in names.items():
            os.replace(file.path, path)

    def _folder(self, folders: Sequence[str]) -> str:
        return self._root + "".join(_hive_name(folder) + "/" for folder in folders)

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

    def _clean(self, folders: Sequence[str]) -> None:
        """With PARTITION BY only the folders that will receive files are emptied."""
        for prefix in folders if self.options.partition_by else [self.prefix]:
            for path in with_prefix(prefix):
                os.unlink(path)


def _hive_name(name: str) -> str:
    """DuckDB's folder name as Hive writes it."""
    column, _, value = name.partition("=")
    if value == _NULL_PARTITION:
        return f"{_escaped(unquote(column))}={value}"
    return f"{_escaped(unquote(column))}={_escaped(unquote(value))}"


def _escaped(text: str) -> str:
    return _HIVE_ESCAPED.sub(lambda m: f"%{ord(m.group()):02X}", text)
