"""Objects deleted, 1,000 a request; and erased, with every version that the bucket keeps."""

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tidegate.errors import ObjectLocked, TidegateError
from tidegate.lake.s3.failures import Failures, code_of
from tidegate.lake.s3.target import Target
from tidegate.lake.s3.workers import side_by_side

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ErrorTypeDef, ObjectIdentifierTypeDef

_BATCH = 1000
_TRIES = 8
_SECONDS = 0.05
_BUSY = ("InternalError", "SlowDown", "ServiceUnavailable")
_NOT_IN_XML = re.compile("[\x00-\x1f\x7f-\x9f\ufffe\uffff]")
_ERASE_RIGHTS = "s3:ListBucketVersions on the bucket and s3:DeleteObjectVersion on its objects"
_LOCK_HINT = "Release the legal hold, or wait until the retention of the object's versions ends, then run it again."

Version = tuple[Target, str | None]
"""An object, and which version of it; None is the one that counts."""


class Deletions:
    """Deletes objects of one lake. In a versioned bucket `delete` leaves the versions, below a delete marker."""

    def __init__(self, client: "S3Client", failures: Failures) -> None:
        self._client = client
        self._failures = failures

    def delete(self, targets: Iterable[Target]) -> None:
        """Raises LakeUnreachable."""
        for batch in _batches((target, None) for target in targets):
            for refused in self._delete(batch):
                raise self._refusal(*refused)

    def erase(self, targets: Iterable[Target]) -> None:
        """Everything that can be erased is, before what is locked is told.

        Raises:
            ObjectLocked: Object Lock keeps a version, by its retention or a legal hold.
            LakeUnreachable.
        """
        found = side_by_side(lambda target: list(self._versions(target)), targets)
        locked: TidegateError | None = None
        for batch in _batches(version for versions in found for version in versions):
            for refused in self._delete(batch):
                error = self._refusal(*refused)
                if not isinstance(error, ObjectLocked):
                    raise error
                locked = locked or error
        if locked is not None:
            raise locked

    def _versions(self, target: Target) -> Iterator[Version]:
        """Versions and delete markers of exactly this key, which come first of all keys that begin with it."""
        with self._failures.reported(f"list the versions of {target.key!r}", rights=_ERASE_RIGHTS):
            pages = self._client.get_paginator("list_object_versions")
            for page in pages.paginate(Bucket=target.bucket, Prefix=target.name):
                entries: list[Any] = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
                yield from ((target, entry["VersionId"]) for entry in entries if entry["Key"] == target.name)
                if any(entry["Key"] != target.name for entry in entries):
                    return

    def _delete(self, batch: Sequence[Version]) -> list[tuple[Target, str | None, str, str]]:
        """Each that was refused, with code and text."""
        key = batch[0][0].key
        with self._failures.reported(f"delete {key!r} and others"):
            refused = self._delete_together([item for item in batch if not _NOT_IN_XML.search(item[0].name)])
            for target, version in batch:
                if _NOT_IN_XML.search(target.name):
                    refused += self._delete_alone(target, version)
        return refused

    def _delete_alone(self, target: Target, version: str | None) -> list[tuple[Target, str | None, str, str]]:
        try:
            if version is None:
                self._client.delete_object(**target.place)
            else:
                self._client.delete_object(**target.place, VersionId=version)
        except ClientError as error:
            return [(target, version, code_of(error), error.response["Error"].get("Message", ""))]
        return []

    def _delete_together(self, batch: Sequence[Version]) -> list[tuple[Target, str | None, str, str]]:
        """One request for all; those that S3 was too busy for are asked for again."""
        left = {(target.name, version): target for target, version in batch}
        refused: list[tuple[Target, str | None, str, str]] = []
        for attempt in range(_TRIES):
            if not left:
                break
            if attempt:
                time.sleep(_SECONDS * 2**attempt)
            errors = self._request(list(left))
            again = {}
            for error in errors:
                name, version, code = error.get("Key", ""), error.get("VersionId"), error.get("Code", "")
                identity = next(known for known in left if known[0] == name and version in (None, known[1]))
                if code in _BUSY and attempt < _TRIES - 1:
                    again[identity] = left[identity]
                else:
                    refused.append((left[identity], identity[1], code, error.get("Message", "")))
            left = again
        return refused

    def _request(self, identities: Iterable[tuple[str, str | None]]) -> "Sequence[ErrorTypeDef]":
        objects: list[ObjectIdentifierTypeDef] = [
            {"Key": name} if version is None else {"Key": name, "VersionId": version} for name, version in identities
        ]
        return self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": objects, "Quiet": True}).get(
            "Errors", []
        )

    @property
    def _bucket(self) -> str:
        return self._failures.bucket

    def _refusal(self, target: Target, version: str | None, code: str, text: str) -> TidegateError:
        if code == "AccessDenied" and version is not None and (lock := self._lock(target, version, text)):
            return ObjectLocked(
                f"a version of {target.key!r} in {self._failures.lake} is locked: {lock}", hint=_LOCK_HINT
            )
        rights = "" if version is None else _ERASE_RIGHTS
        return self._failures.of_code(code, text, f"delete {target.key!r}", rights)

    def _lock(self, target: Target, version: str, text: str) -> str:
        """How a version is locked, in words; empty where it is not, or nobody may tell."""
        try:
            found = self._client.head_object(**target.place, VersionId=version)
        except ClientError:
            found = None
        if found and found.get("ObjectLockLegalHoldStatus") == "ON":
            return "a legal hold is on it"
        if found and (until := found.get("ObjectLockRetainUntilDate")):
            return f"it is retained until {_day(until)}"
        return text.rstrip(".") if "lock" in text.lower() else ""


def _day(moment: datetime) -> str:
    return moment.date().isoformat()


def _batches(items: Iterable[Version]) -> Iterator[list[Version]]:
    pending = iter(items)
    while batch := list(islice(pending, _BATCH)):
        yield batch
