"""Sizes and durations as people write them in tidegate.toml."""

import re
from decimal import Decimal

MAX_SECONDS = 36_500 * 86_400

_SIZE_UNITS = {
    "B": 1,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "KIB": 2**10,
    "MIB": 2**20,
    "GIB": 2**30,
    "TIB": 2**40,
}
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]+)")
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([smhdw])")


def parse_bytes(value: object) -> int:
    """Bytes of `"100GB"`, `"1.5 TB"`, `"64MiB"` or a whole number of bytes; KB to TB are powers of 1000.

    Raises:
        ValueError: anything else, a negative number, or a part of a byte; the text completes "… is <value>, ".
    """
    if isinstance(value, int) and not isinstance(value, bool):
        amount = Decimal(value)
    else:
        match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
        unit = _SIZE_UNITS.get(match[2].upper()) if match else None
        if match is None or unit is None:
            raise ValueError('must be a size such as "100GB" or a number of bytes')
        amount = Decimal(match[1]) * unit
    if amount < 0 or amount != int(amount):
        raise ValueError("must be a whole number of bytes, 0 or more")
    return int(amount)


def parse_seconds(value: object) -> float:
    """Seconds of `"1d"`, `"36h"`, `"90m"`, `"1.5s"` or a number of seconds.

    Raises:
        ValueError: anything else, negative, or more than a hundred years; the text completes "… is <value>, ".
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        seconds = float(value)
    else:
        match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
        if match is None:
            raise ValueError('must be a duration such as "1d" or "36h", or a number of seconds')
        seconds = float(Decimal(match[1]) * _SECONDS[match[2]])
    if not 0 <= seconds <= MAX_SECONDS:
        raise ValueError(f'must be 0 or more and at most "{MAX_SECONDS // 86_400}d"')
    return seconds
