"""Addresses of objects, `s3://bucket/key`. Like a path in SQL, one is a text to which names are appended."""

from typing import NamedTuple

from tidegate.errors import StatementError

SCHEME = "s3://"
_LONGEST_KEY = 1024


class Address(NamedTuple):
    """`key` is a whole key or the beginning of some."""

    bucket: str
    key: str


def is_object(path: str) -> bool:
    """Does this name an object, and not a file of this machine?"""
    return path.startswith(SCHEME)


def split(address: str) -> Address:
    """The parts of an address that `checked` has passed."""
    bucket, _, key = address.removeprefix(SCHEME).partition("/")
    return Address(bucket, key)


def checked(address: str) -> str:
    """The address, as it is.

    Raises:
        StatementError: no bucket is named, or the key is longer than S3 allows.
    """
    bucket, key = split(address)
    if not bucket or "\x00" in address:
        raise StatementError(f"{address!r} names no bucket", hint="Write s3://bucket/key.")
    if len(key.encode()) > _LONGEST_KEY:
        raise StatementError(
            f"the key of {address!r} has more than {_LONGEST_KEY} bytes", hint="Shorten it: S3 takes no longer one."
        )
    return address
