"""The border where errors of S3 become ours, and where ours pass through DuckDB.

An error that is raised while DuckDB reads an object reaches us as DuckDB's, as text. So the text carries a number
under which the error itself is kept.
"""

import itertools
import re
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

from tidegate.errors import ConfigError, ObjectNotFound, StatementError, TidegateError, WarehouseUnreachable
from tidegate.warehouse.embedded.objects.addresses import SCHEME, split

_MARK = "tidegate object failure"
_MARKED = re.compile(rf"{_MARK} (\d+)")
_KEPT = 1_000

_DENIED = frozenset(
    {"AccessDenied", "AllAccessDisabled", "AccountProblem", "InvalidAccessKeyId", "SignatureDoesNotMatch"}
    | {"ExpiredToken", "InvalidToken", "TokenRefreshRequired", "RequestTimeTooSkewed", "401", "403"}
)
_ELSEWHERE = frozenset(
    {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "301"}
)
_CHANGED = frozenset({"PreconditionFailed", "412"})

_numbers = itertools.count(1)
_crossing: OrderedDict[int, TidegateError] = OrderedDict()
_keeping = threading.Lock()


class CrossingDuckdb(Exception):
    """Raised where DuckDB calls Python. `crossed` finds the error that it stands for."""

    def __init__(self, error: TidegateError) -> None:
        number = next(_numbers)
        with _keeping:
            _crossing[number] = error
            while len(_crossing) > _KEPT:
                _crossing.popitem(last=False)
        super().__init__(f"{_MARK} {number}")


def crosses(text: str) -> bool:
    """Does a text of DuckDB's stand for an error of ours?"""
    return _MARK in text


def crossed(text: str) -> TidegateError | None:
    """The error that a text of DuckDB's stands for, if it stands for one; it is handed out once."""
    match = _MARKED.search(text)
    if match is None:
        return None
    with _keeping:
        return _crossing.pop(int(match[1]), None)


@contextmanager
def object_errors(address: str) -> Iterator[None]:
    """Raise what boto3 raises as errors of ours that name `address`.

    Raises:
        ObjectNotFound: the object does not exist.
        StatementError: the bucket does not exist, or the object is archived or was changed.
        ConfigError: there are no credentials, or the bucket is in another region.
        WarehouseUnreachable: access is denied, or the store does not answer.
    """
    import botocore.exceptions as boto

    try:
        yield
    except (boto.NoCredentialsError, boto.PartialCredentialsError, boto.CredentialRetrievalError) as error:
        raise _without_credentials(address, str(error)) from error
    except boto.ClientError as error:
        raise object_failure(address, str(error.response.get("Error", {}).get("Code", ""))) from error
    except (boto.BotoCoreError, boto.HTTPClientError) as error:
        raise _silent(address, _one_line(str(error))) from error


def object_failure(address: str, code: str) -> TidegateError:
    """The error for a code that S3 answered with, or for a status where its answer had no body."""
    bucket = f"{SCHEME}{split(address).bucket}"
    if code == "NoSuchBucket":
        return StatementError(f"the bucket {bucket!r} does not exist", hint="Check the name of the bucket.")
    if code in ("NoSuchKey", "404"):
        return ObjectNotFound(
            f"{address!r} does not exist",
            hint="Check the address; if it is a file of an archive, run `tidegate verify`.",
        )
    if code == "InvalidObjectState":
        return StatementError(
            f"{address!r} is in an archive tier and cannot be read",
            hint="Restore it to a tier that can be read, and run the statement again.",
        )
    if code in _CHANGED:
        return StatementError(
            f"{address!r} was changed while it was read", hint="Run the statement again when nothing writes there."
        )
    if code in _DENIED:
        return WarehouseUnreachable(
            f"access to {address!r} is denied ({code})",
            hint="Check the credentials, and their permissions on the bucket: list, get, put and delete objects.",
        )
    if code in _ELSEWHERE:
        return ConfigError(
            f"the bucket {bucket!r} is in another region than the one that is asked ({code})",
            hint="Set the region of the bucket in [lake] region or AWS_REGION.",
        )
    return _silent(address, f"S3 answered {code}")


def _without_credentials(address: str, text: str) -> TidegateError:
    return ConfigError(
        f"no credentials for {address!r}: {_one_line(text)}",
        hint="Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile, or run with an instance role.",
    )


def _silent(address: str, text: str) -> TidegateError:
    return WarehouseUnreachable(
        f"cannot reach {address!r}: {text}", hint="Check the endpoint and the network, and run it again."
    )


def _one_line(text: str) -> str:
    first = text.strip().partition("\n")[0].rstrip(". ")
    return first[:1].lower() + first[1:]
