"""Addresses of objects, `s3://bucket/key`. Like a path in SQL, one is a text to which names are appended."""

from typing import NamedTuple

from tidegate.errors import StatementError, StatementRefused

SCHEME = "s3://"
_UNREACHABLE = frozenset({"", ".", ".."})
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
    """The address, when all keys that begin with it can be reached.

    Raises:
        StatementError: no bucket is named, or the key is longer than S3 allows.
        StatementRefused: a part of the key is empty, `.` or `..`, which the reader of objects would take for a path.
    """
    bucket, key = split(address)
    if not bucket or "\x00" in address:
        raise StatementError(f"{address!r} names no bucket", hint="Write s3://bucket/key.")
    if len(key.encode()) > _LONGEST_KEY:
        raise StatementError(
            f"the key of {address!r} has more than {_LONGEST_KEY} bytes", hint="Shorten it: S3 takes no longer one."
        )
    if any(part in _UNREACHABLE for part in key.split("/")[:-1]):
        raise StatementRefused(
            f"the embedded warehouse cannot reach {address!r}: a part of its key is empty, '.' or '..'",
            hint="Write the key without // and without . and .. between its slashes.",
        )
    return address
