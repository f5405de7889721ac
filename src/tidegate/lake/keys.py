"""Which keys a lake folder can hold: the rules of the file system, and of the systems it may be copied to."""

import re

from tidegate.errors import UsageError

STAGING_PREFIX = ".tidegate-put-"
"""Begins the name of every file that is still being written; listings leave such names out."""

COLD_MARK = f"{STAGING_PREFIX}cold"
"""The file in the root of a lake folder that has objects elsewhere, in its cold folder."""

MAX_SEGMENT_BYTES = 255
"""The longest file name of the usual file systems (POSIX NAME_MAX)."""

_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE | re.DOTALL)
_MISREAD = re.compile(r"[\x00-\x1f\x7f\\:]")


def check_key(key: str) -> str:
    """Return `key` when it names one file below the root, byte for byte.

    Raises:
        UsageError: an empty, `.` or `..` segment (so also a slash at either end), a NUL, text that is not UTF-8,
            a segment over 255 bytes, or a name that is reserved for files being written.
    """
    for segment in key.split("/"):
        if problem := _problem(segment):
            raise UsageError(f"the key {key!r} {problem}", hint="Use names parted by single slashes, such as a/b.csv.")
    return key


def is_odd(key: str) -> bool:
    """Whether `check_key` refuses what another program wrote, with a slash at its end or without."""
    return any(_problem(segment) for segment in key.removesuffix("/").split("/"))


def check_prefix(prefix: str) -> str:
    """Return `prefix` when it can begin a key: empty, or a key that may end with a slash or within a name.

    Raises:
        UsageError: as `check_key`.
    """
    if prefix:
        check_key(prefix.removesuffix("/"))
    return prefix


def check_new_key(key: str) -> str:
    """Return `key` when a new object may have it: a legal key that Windows would not read as another name.

    Windows takes a backslash and a colon apart, drops a final dot or blank, refuses control characters, and
    keeps names such as `nul` for devices (Microsoft, Naming Files, Paths, and Namespaces).

    Raises:
        UsageError: such a name, or as `check_key`.
    """
    for segment in check_key(key).split("/"):
        if _MISREAD.search(segment) or _DEVICE.fullmatch(segment) or segment[-1] in ". ":
            raise UsageError(
                f"the key {key!r} holds the name {segment!r}, which is another name on Windows",
                hint="Avoid control characters, backslashes, colons, final dots and blanks, and device names.",
            )
    return key


def _problem(segment: str) -> str:
    if segment in ("", ".", ".."):
        return f"holds {segment!r} as a name"
    if "\x00" in segment:
        return "holds a NUL character"
    if segment.startswith(STAGING_PREFIX):
        return f"holds a name that begins with {STAGING_PREFIX!r}, which marks files being written"
    try:
        size = len(segment.encode())
    except UnicodeEncodeError:
        return "is not valid Unicode text"
    return f"holds a name of {size} bytes, more than {MAX_SEGMENT_BYTES}" if size > MAX_SEGMENT_BYTES else ""
