"""A prefix of an S3 bucket as a lake."""

import hashlib
import re
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from tidegate.config.settings import S3Settings
from tidegate.errors import ConfigError, LakeUnreachable, ObjectExists, ObjectNotFound, UsageError
from tidegate.lake.base import LakeCapabilities, ObjectInfo, ObjectWriter
from tidegate.lake.keys import check_key, check_new_key, check_prefix, is_odd
from tidegate.lake.s3.answers import described, etag_of, listed
from tidegate.lake.s3.clients import ProcessClients
from tidegate.lake.s3.deletions import Deletions
from tidegate.lake.s3.downloads import chunks
from tidegate.lake.s3.failures import Failures, code_of
from tidegate.lake.s3.lifecycle import Lifecycle
from tidegate.lake.s3.regions import bucket_region
from tidegate.lake.s3.target import Target
from tidegate.lake.s3.tiers import TierRequests
from tidegate.lake.s3.uploads import Upload
from tidegate.lake.tiers import check_tier
from tidegate.model.tiers import Retrieval, Tier

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MAX_KEY_BYTES = 1024
"""Amazon S3 User Guide, Naming objects: UTF-8 bytes, the lake's prefix among them."""

_TOKEN = "tidegate-put"  # noqa: S105
_RACE_TRIES = 8
_RACE_SECONDS = 0.05
_SCHEME = re.compile("s3://", re.IGNORECASE)


class S3Lake:
    """The Lake port on S3, or on a store that speaks its protocol; the constructor asks nothing of it.

    Requests are retried with backoff by botocore, which also finds the bucket's region when none is set, and finds
    and renews credentials by AWS's usual chain. A listing tells no version. Objects of no bytes whose key ends with
    a slash, by which consoles show empty folders, are left out of listings. Safe in threads and in forked children.
    """

    def __init__(self, settings: S3Settings) -> None:
        self._settings = settings
        self._failures = Failures(settings)
        self._clients = ProcessClients(settings, self._failures)
        self._bucket_region: str | None = None

    @property
    def capabilities(self) -> LakeCapabilities:
        """The bucket's region is asked for once, where the settings name none."""
        return LakeCapabilities("s3", checksums=False, region=self._region, kms_key=self._settings.kms_key)

    def uri(self, key: str) -> str:
        return self._settings.uri + check_prefix(key)

    def key(self, uri: str) -> str:
        address = _SCHEME.sub("s3://", uri, count=1)
        try:
            if f"{address}/".startswith(self._settings.uri):
                return check_prefix(address[len(self._settings.uri) :])
        except UsageError as error:
            raise ConfigError(f"{uri!r} is not an address in the lake: {error.message}", hint=error.hint) from error
        raise ConfigError(
            f"{uri!r} is outside of the lake {self._settings.uri!r}",
            hint="Use an address inside of the lake, or change url under [lake] in tidegate.toml.",
        )

    def put(self, key: str, data: bytes, *, if_absent: bool = False) -> ObjectInfo:
        """One request, and a HEAD for the time that S3 gave the object. At most 5 GiB (`writer` takes more)."""
        target = self._new(key)
        with self._failures.reported(f"write {key!r}"):
            answer = self._put_absent(target, data) if if_absent else self._put(target, data)
        modified = self.head(key).modified
        return ObjectInfo(key, len(data), etag_of(answer["ETag"]), modified, answer.get("VersionId"))

    @contextmanager
    def writer(self, key: str) -> Iterator[ObjectWriter]:
        with Upload(self._client, self._new(key), self._failures) as upload:
            yield upload

    def copy(self, source: str, target: str) -> ObjectInfo:
        """Within S3: no byte comes here. Above 8 MiB in parts, so that there is no limit of size.

        Tags stay behind: that of a tier would move the copy as well.
        """
        new, old = self._new(target), self._old(source)
        extra = {
            **new.encryption,
            "ChecksumAlgorithm": "SHA256",
            "TaggingDirective": "REPLACE",
            "StorageClass": "STANDARD",
        }
        with self._explained(f"copy {source!r}", source):
            self._client.copy({"Bucket": old.bucket, "Key": old.name}, new.bucket, new.name, ExtraArgs=extra)
        return self.head(target)

    def get(self, key: str) -> bytes:
        return b"".join(self.stream(key))

    def stream(self, key: str) -> Iterator[bytes]:
        """Chunks of at most 1 MiB, of one version. The request is made when the first one is asked for."""
        return chunks(self._client, self._old(key), self._failures)

    def read(self, key: str, offset: int, length: int) -> bytes:
        """One request. An object that ends before `offset` gives nothing."""
        span = f"bytes={offset}-{offset + length - 1}"
        with self._explained(f"read {key!r}", key):
            try:
                return self._client.get_object(**self._old(key).place, Range=span)["Body"].read()
            except ClientError as error:
                if code_of(error) == "InvalidRange":
                    return b""
                raise

    def sha256(self, key: str) -> str:
        digest = hashlib.sha256()
        for chunk in self.stream(key):
            digest.update(chunk)
        return digest.hexdigest()

    def head(self, key: str) -> ObjectInfo:
        with self._explained(f"read {key!r}", key):
            return described(key, self._client.head_object(**self._old(key).place))

    def list(
        self, prefix: str, *, after: str | None = None, odd: Callable[[str], object] | None = None
    ) -> Iterator[ObjectInfo]:
        """1,000 objects a request, asked for as they are needed. The order is that of the keys' UTF-8 bytes: there are
        no others. `odd` is told of keys that `check_key` refuses.
        """
        start = {"StartAfter": self._settings.prefix + after} if after else {}
        for page in self._pages(check_prefix(prefix), {**start, "OptionalObjectAttributes": ["RestoreStatus"]}):
            for item in page.get("Contents", ()):
                key = item["Key"][len(self._settings.prefix) :]
                if item["Key"].endswith("/") and not item["Size"]:
                    continue
                if odd is not None and is_odd(key):
                    odd(f"{self._settings.uri}{key}")
                else:
                    yield listed(key, item)

    def folders(self, prefix: str) -> Iterator[str]:
        """Asks S3 to fold what lies deeper: the cost is that of the objects and folders directly below."""
        if check_prefix(prefix) and not prefix.endswith("/"):
            raise UsageError(f"the prefix {prefix!r} is not a folder", hint="End the prefix with a slash.")
        for page in self._pages(prefix, {"Delimiter": "/"}):
            for item in page.get("CommonPrefixes", ()):
                yield item["Prefix"][len(self._settings.prefix) :]

    def delete(self, keys: Iterable[str]) -> None:
        """1,000 keys a request. In a versioned bucket the versions stay, below a delete marker."""
        Deletions(self._client, self._failures).delete(map(self._old, keys))

    def erase(self, keys: Iterable[str]) -> None:
        """A listing of versions for each key, several at a time, then 1,000 versions a request."""
        Deletions(self._client, self._failures).erase(map(self._old, keys))

    def sync(self, keys: Iterable[str]) -> None:
        """S3 has an object on several disks when it answers."""
        for key in keys:
            check_key(key)

    def prepare_tiers(self, tiers: Iterable[Tier]) -> None:
        """Rules by tag, below the lake's prefix only, in the bucket's lifecycle configuration."""
        Lifecycle(self._client, self._settings, self._failures).ensure(map(check_tier, tiers))

    def foreign_rules(self) -> Sequence[str]:
        return list(Lifecycle(self._client, self._settings, self._failures).foreign())

    def transition(self, keys: Iterable[str], tier: Tier) -> None:
        """Tags them; S3 runs its rules once a day, so they move within about two."""
        TierRequests(self._client, self._failures).tag(map(self._old, keys), check_tier(tier))

    def thaw(self, keys: Iterable[str], days: int, retrieval: Retrieval) -> Iterator[ObjectInfo]:
        return TierRequests(self._client, self._failures).thaw(map(self._old, keys), days, retrieval)

    @property
    def _client(self) -> "S3Client":
        return self._clients.get()

    @property
    def _region(self) -> str | None:
        """None where the store tells none; asked once all the same."""
        known = self._settings.aws.region or self._bucket_region
        if known is None:
            with self._failures.reported("find the bucket"):
                known = self._bucket_region = bucket_region(self._client, self._settings.bucket)
        return known or None

    def _old(self, key: str) -> Target:
        return Target(self._settings, check_key(key))

    def _new(self, key: str) -> Target:
        target = Target(self._settings, check_new_key(key))
        if (size := len(target.name.encode())) > MAX_KEY_BYTES:
            raise UsageError(
                f"the key {key!r} has {size} bytes with the lake's prefix, more than the {MAX_KEY_BYTES} of S3",
                hint="Use a shorter prefix for the lake, or shorter names.",
            )
        return target

    def _put(self, target: Target, data: bytes) -> Mapping[str, Any]:
        return self._client.put_object(**target.new, Body=data, ChecksumAlgorithm="SHA256")

    def _put_absent(self, target: Target, data: bytes) -> Mapping[str, Any]:
        """S3 decides (If-None-Match). When an answer was lost and the repetition finds our own object, we won.

        S3 answers 409 when another conditional write is under way: that one may still fail, so we ask again.
        """
        token = uuid.uuid4().hex
        for attempt in range(_RACE_TRIES):
            try:
                return self._client.put_object(
                    **target.new, Body=data, ChecksumAlgorithm="SHA256", IfNoneMatch="*", Metadata={_TOKEN: token}
                )
            except ClientError as error:
                if code_of(error) in ("PreconditionFailed", "412"):
                    return self._ours(target, token, error)
                if code_of(error) not in ("ConditionalRequestConflict", "409"):
                    raise
            time.sleep(_RACE_SECONDS * 2**attempt)
        raise LakeUnreachable(
            f"cannot write {target.key!r} in the lake {self._settings.uri!r}: others write the key again and again",
            hint="Wait until the other processes are done, then run the command again.",
        )

    def _ours(self, target: Target, token: str, refusal: ClientError) -> Mapping[str, Any]:
        with suppress(ObjectNotFound), self._failures.reported(f"read {target.key!r}", target.key):
            found = self._client.head_object(**target.place)
            if found["Metadata"].get(_TOKEN) == token:
                return cast("Mapping[str, Any]", found)
        raise ObjectExists(
            f"the object {target.key!r} is in the lake {self._settings.uri!r} already",
            hint="Another process wrote it first: read what it wrote, or choose another key.",
        ) from refusal

    def _pages(self, prefix: str, options: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        with self._failures.reported(f"list {prefix!r}"):
            pages = self._client.get_paginator("list_objects_v2")
            yield from pages.paginate(Bucket=self._settings.bucket, Prefix=self._settings.prefix + prefix, **options)

    @contextmanager
    def _explained(self, action: str, key: str) -> Iterator[None]:
        """As `reported`, for a HEAD, whose refusals have no body: a listing of the key is asked for the reason."""
        with self._failures.reported(action, key):
            try:
                yield
            except ClientError as error:
                if code_of(error).isdigit():
                    self._client.list_objects_v2(Bucket=self._settings.bucket, Prefix=self._old(key).name, MaxKeys=1)
                raise
