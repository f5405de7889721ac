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
from tidegate.warehouse.embedded.paths import with_prefix

_STAGING = ".unload-"
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
        folder = os.path.join(parent, f"{_STAGING}{secrets.token_hex(8)}")
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
        folders: dict[tuple[str, ...], int] = {}
        finals = []
        for file in sorted(staged, key=lambda f: (f.folders, f.number)):
            number = folders.get(file.folders, 0)
            folders[file.folders] = number + 1
            finals.append((file, self._final(file.folders, number)))
        if self.options.clean_path:
            self._clean({os.path.dirname(path) for _, path in finals}, staged)
        for folder in {os.path.dirname(path) for _, path in finals}:
            os.makedirs(folder, exist_ok=True)
        placed = {}
        for file, path in finals:
            os.replace(file.path, path)
            placed[file] = path
        return [placed[file] for file in staged]

    def _final(self, folders: Sequence[str], number: int) -> str:
        name = f"{number:04d}_part_00" if self.options.parallel is not False else f"{number:03d}"
        return f"{self._root}{''.join(_folder(f) + '/' for f in folders)}{name}{self._extension}"

    @property
    def _extension(self) -> str:
        if self.options.extension is not None:
            return "." + self.options.extension.removeprefix(".")
        if self.options.format is UnloadFormat.PARQUET:
            return ".parquet"
        return _COMPRESSED[self.options.compression] if self.options.compression else ""

    def _clean(self, folders: set[str], staged: Sequence[StagedFile]) -> None:
        """With PARTITION BY only the folders that will receive files are emptied."""
        kept = {file.path for file in staged}
        prefixes = [f"{folder}/" for folder in folders] if self.options.partition_by else [self.prefix]
        for prefix in prefixes:
            for path in with_prefix(prefix):
                if path not in kept:
                    os.unlink(path)


def _folder(name: str) -> str:
    """DuckDB's folder name as Hive writes it."""
    column, _, value = name.partition("=")
    if value == _NULL_PARTITION:
        return f"{_escaped(unquote(column))}={value}"
    return f"{_escaped(unquote(column))}={_escaped(unquote(value))}"


def _escaped(text: str) -> str:
    return _HIVE_ESCAPED.sub(lambda m: f"%{ord(m.group()):02X}", text)
