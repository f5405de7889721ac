"""Files by their absolute addresses, of this machine or in S3."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from tidegate.config.settings import EmbeddedSettings
from tidegate.warehouse.embedded import paths
from tidegate.warehouse.embedded.objects import listing
from tidegate.warehouse.embedded.objects.addresses import is_object

_AT_ONCE = 16


def with_prefix(settings: EmbeddedSettings, prefix: str) -> Iterator[str]:
    """The files whose address begins with `prefix`, in order."""
    return listing.with_prefix(settings.s3, prefix) if is_object(prefix) else paths.with_prefix(prefix)


def data_files(settings: EmbeddedSettings, location: str) -> Iterator[str]:
    """The data files below a folder, recursively and in order, without those that Spectrum ignores."""
    return listing.data_files(settings.s3, location) if is_object(location) else paths.data_files(location)


def listed_folders(settings: EmbeddedSettings, locations: Sequence[str]) -> list[list[str]]:
    """The data files below each folder; those in S3 are listed several at once.

    Raises:
        WarehouseUnreachable: a folder cannot be listed.
    """
    with ThreadPoolExecutor(_AT_ONCE, "tidegate-objects") as pool:
        objects = {
            location: pool.submit(lambda location: list(listing.data_files(settings.s3, location)), location)
            for location in locations
            if is_object(location)
        }
        return [objects[loc].result() if loc in objects else _local_folder(loc) for loc in locations]


def _local_folder(location: str) -> list[str]:
    with paths.disk_errors(location):
        return list(paths.data_files(location))


def sizes_of(settings: EmbeddedSettings, files: Sequence[str]) -> dict[str, int]:
    """Bytes of each of the files that exist."""
    local = {file: os.path.getsize(file) for file in files if not is_object(file) and os.path.isfile(file)}
    objects = list(dict.fromkeys(file for file in files if is_object(file)))
    return local | listing.sizes_of(settings.s3, objects) if objects else local


def text_of(settings: EmbeddedSettings, path: str) -> str | None:
    """A small file as text, or None when it does not exist. Raises UnicodeDecodeError when it is not UTF-8."""
    if is_object(path):
        return listing.text_of(settings.s3, path)
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None
