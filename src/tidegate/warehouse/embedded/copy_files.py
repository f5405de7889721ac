"""The files that a COPY reads: by prefix, or as a manifest lists them."""

import os

from tidegate.errors import StatementError
from tidegate.redshift.copy import Copy, CopyFormat
from tidegate.warehouse.embedded import manifest
from tidegate.warehouse.embedded.context import Context
from tidegate.warehouse.embedded.paths import disk_errors, local_path, with_prefix


def files_of(ctx: Context, options: Copy) -> list[str]:
    """The absolute paths, in order. One that a manifest lists twice is there twice, and is loaded twice.

    Raises:
        StatementError: no file is found, a mandatory one is missing, or a file has not the size that its manifest
            gives.
    """
    source = local_path(ctx.settings, options.source)
    with disk_errors(source):
        if options.manifest:
            return _listed(ctx, source, options)
        paths = list(with_prefix(source))
    if not paths:
        raise StatementError(
            f"the specified prefix {source!r} does not exist", hint="Check the path: no file's name begins with it."
        )
    return paths


def _listed(ctx: Context, path: str, options: Copy) -> list[str]:
    found = []
    for entry in manifest.read(path):
        file = local_path(ctx.settings, entry.url)
        if not os.path.isfile(file):
            if entry.mandatory:
                raise StatementError(
                    f"problem reading manifest file {path!r}: the mandatory file {file!r} does not exist",
                    hint="Bring the file back, or take it out of the manifest.",
                )
            continue
        if entry.size is None and options.format is CopyFormat.PARQUET:
            raise StatementError(
                f"problem reading manifest file {path!r}: {entry.url!r} has no content_length",
                hint='Give every Parquet file "meta": {"content_length": N}.',
            )
        if entry.size is not None and os.path.getsize(file) != entry.size:
            raise StatementError(
                f"problem reading manifest file {path!r}: {file!r} has {os.path.getsize(file)} bytes "
                f"and not {entry.size}",
                hint="The file was changed after the manifest was written: write a new manifest.",
            )
        found.append(file)
    if not found:
        raise StatementError(f"none of the files in the manifest {path!r} exists", hint="Check the urls in it.")
    return found
