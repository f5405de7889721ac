"""The files that a COPY reads: by prefix, or as a manifest lists them."""

from tidegate.errors import StatementError
from tidegate.redshift.copy import Copy, CopyFormat
from tidegate.warehouse.embedded import manifest, storage
from tidegate.warehouse.embedded.context import Context
from tidegate.warehouse.embedded.objects.addresses import is_object
from tidegate.warehouse.embedded.objects.reading import let_read
from tidegate.warehouse.embedded.paths import absolute, disk_errors


def files_of(ctx: Context, options: Copy) -> list[str]:
    """The absolute addresses, in order. One that a manifest lists twice is there twice, and is loaded twice.

    Raises:
        StatementError: no file is found, a mandatory one is missing, or a file has not the size that its manifest
            gives.
    """
    source = absolute(ctx.settings, options.source)
    with disk_errors(source):
        files = _listed(ctx, source, options) if options.manifest else list(storage.with_prefix(ctx.settings, source))
    if not files:
        raise StatementError(
            f"the specified prefix {source!r} does not exist", hint="Check the path: no file's name begins with it."
        )
    if any(is_object(file) for file in files):
        let_read(ctx.cursor, ctx.settings.s3)
    return files


def _listed(ctx: Context, path: str, options: Copy) -> list[str]:
    entries = [(absolute(ctx.settings, entry.url), entry) for entry in _entries(ctx, path)]
    sizes = storage.sizes_of(ctx.settings, [file for file, _ in entries])
    found = []
    for file, entry in entries:
        size = sizes.get(file)
        if size is None:
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
        if entry.size is not None and size != entry.size:
            raise StatementError(
                f"problem reading manifest file {path!r}: {file!r} has {size} bytes and not {entry.size}",
                hint="The file was changed after the manifest was written: write a new manifest.",
            )
        found.append(file)
    if not found:
        raise StatementError(f"none of the files in the manifest {path!r} exists", hint="Check the urls in it.")
    return found


def _entries(ctx: Context, path: str) -> list[manifest.ManifestEntry]:
    try:
        content = storage.text_of(ctx.settings, path)
    except UnicodeDecodeError as error:
        raise manifest.malformed(path, str(error)) from error
    if content is None:
        raise StatementError(
            f"the manifest {path!r} does not exist", hint="Check the path; it must name the manifest file itself."
        )
    return manifest.read(path, content)
