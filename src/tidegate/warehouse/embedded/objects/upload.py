"""Put files of this machine into S3: several at once, large ones in parts, and only where nothing is yet."""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tidegate.config.settings import Aws
from tidegate.errors import StatementRefused, TidegateError, WarehouseUnreachable
from tidegate.warehouse.embedded.objects.addresses import split
from tidegate.warehouse.embedded.objects.clients import client
from tidegate.warehouse.embedded.objects.failures import object_errors
from tidegate.warehouse.embedded.objects.listing import with_prefix

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PART_BYTES = 16 * 1024 * 1024
_MOST_PARTS = 10_000
_FILES_AT_ONCE = 16
_PARTS_AT_ONCE = 8
_BETWEEN_CHECKS = 0.1
_DELETED_AT_ONCE = 1_000
_MARK = "tidegate-upload"
_TAKEN = frozenset({"PreconditionFailed", "412", "ConditionalRequestConflict", "409"})
_UNFINISHED = "Run it again with another prefix: files that were written stay, without a manifest."
_LOST = _TAKEN | {"NoSuchUpload", "404"}
"""Codes that a request may be answered with when it is sent again after an answer that was lost."""


@dataclass(frozen=True)
class Upload:
    """`path` of a file, `address` of the object that it becomes."""

    path: str
    address: str
    size: int


@dataclass(frozen=True)
class Uploader:
    """Uploads of one statement. `overwrite`: objects that are there are replaced, else they are an error.

    `extra`: what S3 shall be told of each object, as boto3 writes it, e.g. how it is encrypted. In memory are at most
    eight parts of 16 MiB at once, or larger ones for files of more than 156 GiB.
    """

    aws: Aws
    overwrite: bool
    extra: Mapping[str, Any] = field(default_factory=dict)
    mark: str = field(default_factory=lambda: secrets.token_hex(8))

    @cached_property
    def _s3(self) -> "S3Client":
        return client(self.aws)

    def put(self, uploads: Sequence[Upload], check: Callable[[], None] = lambda: None) -> None:
        """Upload all. `check` is called at the beginning and then ten times a second, and may raise to end it.

        After an error no further upload begins; those that are done stay.

        Raises:
            StatementRefused: an object is there already.
            StatementError, ConfigError, WarehouseUnreachable: see `object_errors`.
        """
        client(self.aws)
        check()
        with _pool(_FILES_AT_ONCE) as files, _pool(_PARTS_AT_ONCE) as parts:
            running = {files.submit(self._put, upload, parts) for upload in uploads}
            try:
                while running:
                    done, running = wait(running, timeout=_BETWEEN_CHECKS, return_when=FIRST_EXCEPTION)
                    for each in done:
                        each.result()
                    check()
            except BaseException:
                files.shutdown(wait=False, cancel_futures=True)
                parts.shutdown(wait=False, cancel_futures=True)
                raise

    def _put(self, upload: Upload, parts: ThreadPoolExecutor) -> None:
        bucket, key = split(upload.address)
        target = {"Bucket": bucket, "Key": key}
        try:
            if upload.size > PART_BYTES:
                self._put_parts(upload, target, parts)
            else:
                self._put_whole(upload, target)
        except TidegateError as error:
            if not isinstance(error, WarehouseUnreachable):
                raise
            raise WarehouseUnreachable(error.message, hint=_UNFINISHED) from error

    def _put_whole(self, upload: Upload, target: Mapping[str, Any]) -> None:
        with open(upload.path, "rb") as body, self._placed(upload, target):
            self._s3.put_object(Body=body, Metadata={_MARK: self.mark}, **target, **self._condition, **self.extra)

    def _put_parts(self, upload: Upload, target: Mapping[str, Any], parts: ThreadPoolExecutor) -> None:
        with object_errors(upload.address):
            begun = self._s3.create_multipart_upload(Metadata={_MARK: self.mark}, **target, **self.extra)
        part = {**target, "UploadId": begun["UploadId"]}
        size = max(PART_BYTES, -(-upload.size // _MOST_PARTS))
        sent: list[Future[Any]] = []
        try:
            for number, start in enumerate(range(0, upload.size, size), 1):
                sent.append(parts.submit(self._put_part, upload, {**part, "PartNumber": number}, start, size))
            listed = [each.result() for each in sent]
            with self._placed(upload, target):
                self._s3.complete_multipart_upload(MultipartUpload={"Parts": listed}, **part, **self._condition)
        except BaseException:
            _end_all(sent)
            self._abort(upload, part)
            raise

    def _put_part(self, upload: Upload, part: Mapping[str, Any], start: int, size: int) -> Any:
        with open(upload.path, "rb") as file:
            file.seek(start)
            content = file.read(size)
        with object_errors(upload.address):
            answer = self._s3.upload_part(Body=content, **part)
        sums = {n: v for n, v in answer.items() if n.startswith("Checksum") and n != "ChecksumType"}
        return {"ETag": answer["ETag"], "PartNumber": part["PartNumber"], **sums}

    def _abort(self, upload: Upload, part: Mapping[str, Any]) -> None:
        """What cannot be aborted is left to the bucket's rules for unfinished uploads."""
        with suppress(TidegateError), object_errors(upload.address):
            self._s3.abort_multipart_upload(**part)

    @property
    def _condition(self) -> dict[str, Any]:
        return {} if self.overwrite else {"IfNoneMatch": "*"}

    @contextmanager
    def _placed(self, upload: Upload, target: Mapping[str, Any]) -> Iterator[None]:
        """Around the request that makes the object: an object that is there may be ours, if an answer was lost."""
        with object_errors(upload.address):
            try:
                yield
            except self._s3.exceptions.ClientError as error:
                code = error.response.get("Error", {}).get("Code")
                if code in _LOST and self._is_ours(target):
                    return
                if code not in _TAKEN:
                    raise
                raise StatementRefused(
                    f"specified unload destination is not empty: {upload.address!r} exists",
                    hint="Another statement writes there: run it again with another prefix.",
                ) from error

    def _is_ours(self, target: Mapping[str, Any]) -> bool:
        try:
            return self._s3.head_object(**target)["Metadata"].get(_MARK) == self.mark
        except self._s3.exceptions.ClientError:
            return False


def delete(aws: Aws, prefix: str) -> None:
    """Delete all objects whose address begins with `prefix`.

    Raises:
        WarehouseUnreachable: one of them may not be deleted, or see `object_errors`.
    """
    batch: list[str] = []
    for address in with_prefix(aws, prefix):
        batch.append(address)
        if len(batch) == _DELETED_AT_ONCE:
            _delete(aws, batch)
            batch.clear()
    if batch:
        _delete(aws, batch)


def _delete(aws: Aws, addresses: Sequence[str]) -> None:
    bucket = split(addresses[0]).bucket
    with object_errors(addresses[0]):
        answer = client(aws).delete_objects(
            Bucket=bucket, Delete={"Objects": [{"Key": split(a).key} for a in addresses], "Quiet": True}
        )
    for failed in answer.get("Errors", ()):
        raise WarehouseUnreachable(
            f"cannot delete 's3://{bucket}/{failed.get('Key')}': {failed.get('Code')}",
            hint="Give the credentials s3:DeleteObject, or leave out CLEANPATH.",
        )


def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, "tidegate-upload")


def _end_all(futures: Sequence["Future[Any]"]) -> None:
    for each in futures:
        each.cancel()
    wait(futures)
