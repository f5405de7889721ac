"""Where an UNLOAD writes: a folder of this machine, or S3. What may be overwritten is the same for both."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Protocol

from tidegate.config.settings import Aws
from tidegate.errors import StatementRefused
from tidegate.redshift.unload import Unload
from tidegate.warehouse.embedded.context import Context
from tidegate.warehouse.embedded.objects.addresses import is_object
from tidegate.warehouse.embedded.objects.listing import with_prefix as objects_with_prefix
from tidegate.warehouse.embedded.objects.staging import staging, staging_in
from tidegate.warehouse.embedded.objects.upload import Upload, Uploader, delete
from tidegate.warehouse.embedded.paths import absolute, with_prefix
from tidegate.warehouse.embedded.unload_names import StagedFile, UnloadNames


class UnloadTarget(Protocol):
    """One UNLOAD's target. Files are written to `staging()`, then placed, and the manifest last."""

    @property
    def names(self) -> UnloadNames: ...

    def check_empty(self) -> None:
        """Raises StatementRefused when a file exists below the prefix and neither option allows for it."""

    def staging(self) -> AbstractContextManager[str]:
        """A new folder of this machine, removed at the end; its name is one that no reader looks at."""

    def place(self, staged: Sequence[StagedFile]) -> list[str]:
        """Give the files the names that Redshift gives them; returns these, in the order of `staged`."""

    def place_manifest(self, path: str) -> None:
        """Give a file of the staging folder the name of the manifest."""


def target_of(ctx: Context, options: Unload) -> UnloadTarget:
    """Raises StatementError, StatementRefused: see `paths.absolute`."""
    names = UnloadNames(absolute(ctx.settings, options.to), options)
    return ObjectTarget(names, ctx) if is_object(names.prefix) else FolderTarget(names, ctx)


@dataclass(frozen=True)
class FolderTarget:
    """Files are written to a folder beside their place and moved."""

    names: UnloadNames
    ctx: Context

    def check_empty(self) -> None:
        _check_empty(self.names, with_prefix)

    @contextmanager
    def staging(self) -> Iterator[str]:
        parent = os.path.dirname(self.names.root)
        existed = os.path.isdir(parent)
        try:
            with staging_in(parent, self.ctx.settings.path) as folder:
                yield folder
        finally:
            if not existed:
                with suppress(OSError):
                    os.rmdir(parent)

    def place(self, staged: Sequence[StagedFile]) -> list[str]:
        by_folder = self.names.by_folder(staged)
        for prefix in self.names.emptied(list(by_folder)):
            for path in with_prefix(prefix):
                os.unlink(path)
        for prefix, placed in by_folder.items():
            _place_folder(prefix, placed)
        return _in_order(staged, by_folder)

    def place_manifest(self, path: str) -> None:
        os.replace(path, self.names.manifest)


def _place_folder(prefix: str, placed: Mapping[StagedFile, str]) -> None:
    """A folder that is new is moved whole: a partition is one step, and there is no empty folder to remove."""
    first = next(iter(placed))
    if first.folders and not os.path.lexists(prefix.rstrip("/")):
        source = os.path.dirname(first.path)
        for file, path in placed.items():
            os.rename(file.path, os.path.join(source, os.path.basename(path)))
        os.makedirs(os.path.dirname(prefix.rstrip("/")), exist_ok=True)
        os.rename(source, prefix.rstrip("/"))
        return
    os.makedirs(os.path.dirname(prefix), exist_ok=True)
    for file, path in placed.items():
        os.replace(file.path, path)


@dataclass(frozen=True)
class ObjectTarget:
    """Files are written beside the warehouse file and uploaded. Without ALLOWOVERWRITE and CLEANPATH nothing that
    appears meanwhile is replaced.
    """

    names: UnloadNames
    ctx: Context

    def check_empty(self) -> None:
        _check_empty(self.names, lambda prefix: objects_with_prefix(self._aws, prefix))

    def staging(self) -> AbstractContextManager[str]:
        return staging(self.ctx.settings.path)

    def place(self, staged: Sequence[StagedFile]) -> list[str]:
        by_folder = self.names.by_folder(staged)
        for prefix in self.names.emptied(list(by_folder)):
            delete(self._aws, prefix)
        self._uploader.put(
            [Upload(file.path, path, file.size) for placed in by_folder.values() for file, path in placed.items()],
            self.ctx.check,
        )
        return _in_order(staged, by_folder)

    def place_manifest(self, path: str) -> None:
        self._uploader.put([Upload(path, self.names.manifest, os.path.getsize(path))], self.ctx.check)

    @property
    def _aws(self) -> Aws:
        """How S3 is reached, in the region that the statement names."""
        aws = self.ctx.settings.s3
        return replace(aws, region=self.names.options.region or aws.region)

    @property
    def _uploader(self) -> Uploader:
        options = self.names.options
        encrypted = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": options.kms_key_id}
        return Uploader(
            self._aws,
            overwrite=options.allow_overwrite or options.clean_path,
            extra=encrypted if options.kms_key_id else {},
        )


def _check_empty(names: UnloadNames, listed: Callable[[str], Iterator[str]]) -> None:
    if names.options.allow_overwrite or names.options.clean_path:
        return
    if found := next(listed(names.prefix), None):
        raise StatementRefused(
            f"specified unload destination is not empty: {found!r} exists",
            hint="Choose another prefix, remove the files, or add ALLOWOVERWRITE or CLEANPATH.",
        )


def _in_order(staged: Sequence[StagedFile], by_folder: Mapping[str, Mapping[StagedFile, str]]) -> list[str]:
    placed = {file: path for files in by_folder.values() for file, path in files.items()}
    return [placed[file] for file in staged]
