"""Objects read in chunks, going on after a cut connection where it was cut."""

from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from botocore.exceptions import IncompleteReadError, ReadTimeoutError, ResponseStreamingError

from tidegate.lake.s3.failures import Failures
from tidegate.lake.s3.target import Target

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_CHUNK = 1 << 20
_BARREN_TRIES = 5
"""Cuts in a row without a byte between them."""


def chunks(client: "S3Client", target: Target, failures: Failures) -> Iterator[bytes]:
    """The bytes of one version of an object, in chunks of at most 1 MiB.

    botocore compares them with the checksum that S3 keeps, unless the object was written in parts or the connection
    was cut.

    Raises:
        ObjectNotFound: there is none.
        LakeUnreachable: no access, or no answer; the object was replaced after the connection was cut.
    """
    with failures.reported(f"read {target.key!r}", target.key):
        answer = client.get_object(**target.place)
        position, cuts = 0, 0
        while True:
            try:
                with closing(answer["Body"]) as body:
                    for chunk in body.iter_chunks(_CHUNK):
                        position, cuts = position + len(chunk), 0
                        yield chunk
                    return
            except (IncompleteReadError, ReadTimeoutError, ResponseStreamingError):
                cuts += 1
                if cuts > _BARREN_TRIES:
                    raise
            answer = client.get_object(**target.place, Range=f"bytes={position}-", IfMatch=answer["ETag"])
