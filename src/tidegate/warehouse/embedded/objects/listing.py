"""What is there: objects by prefix, in the order of their keys."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from tidegate.config.settings import Aws
from tidegate.errors import StatementRefused
from tidegate.warehouse.embedded.objects.addresses import SCHEME, split
from tidegate.warehouse.embedded.objects.clients import client
from tidegate.warehouse.embedded.objects.failures import object_errors

_HIDDEN = (".", "_", "#")
_AT_ONCE = 16
_MISSING = frozenset({"404", "NoSuchKey"})


def with_prefix(aws: Aws, prefix: str) -> Iterator[str]:
    """The addresses that begin with `prefix`. An empty object whose key ends with a slash stands for a folder that
    a console made, and is left out.

    Raises:
        StatementError, ConfigError, WarehouseUnreachable: see `object_errors`.
    """
    bucket, start = split(prefix)
    pages = client(aws).get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=start)
    with object_errors(prefix):
        for page in pages:
            for found in page.get("Contents", ()):
                if found["Key"].endswith("/") and found["Size"] == 0:
                    continue
                yield f"{SCHEME}{bucket}/{found['Key']}"


def data_files(aws: Aws, location: str) -> Iterator[str]:
    """The data files below a folder, without those that Spectrum ignores (see `paths.data_files`)."""
    folder = location if location.endswith("/") else f"{location}/"
    found = False
    for address in with_prefix(aws, folder):
        found = True
        parts = address.removeprefix(folder).split("/")
        if not any(part.startswith(_HIDDEN) or part.endswith("~") for part in parts):
            yield address
    if not found and location != folder and size_of(aws, location) is not None:
        raise StatementRefused(
            f"the location {location!r} is a file",
            hint="Give the folder that holds the files; a manifest as LOCATION is not supported here.",
        )


def size_of(aws: Aws, address: str) -> int | None:
    """Bytes of an object; None when there is none of that name."""
    bucket, key = split(address)
    if not key:
        return None
    s3 = client(aws)
    with object_errors(address):
        try:
            return s3.head_object(Bucket=bucket, Key=key)["ContentLength"]
        except s3.exceptions.ClientError as error:
            if error.response.get("Error", {}).get("Code") in _MISSING:
                return None
            raise


def sizes_of(aws: Aws, addresses: Sequence[str]) -> dict[str, int]:
    """Bytes of each object that exists, asked for several at once."""
    with ThreadPoolExecutor(_AT_ONCE, "tidegate-objects") as pool:
        sizes = pool.map(lambda address: size_of(aws, address), addresses)
        return {address: size for address, size in zip(addresses, sizes, strict=True) if size is not None}


def text_of(aws: Aws, address: str) -> str | None:
    """A small object as text, or None when there is none of that name.

    Raises:
        UnicodeDecodeError: it is not UTF-8.
    """
    bucket, key = split(address)
    if not key:
        return None
    s3 = client(aws)
    with object_errors(address):
        try:
            body = s3.get_object(Bucket=bucket, Key=key)["Body"]
        except s3.exceptions.NoSuchKey:
            return None
        with closing(body):
            return body.read().decode()
