"""Objects of any size, written in parts that are on their way while the next one fills."""

import base64
import hashlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Self

from botocore.exceptions import ClientError

from tidegate.errors import TidegateError
from tidegate.lake.s3.failures import Failures, code_of
from tidegate.lake.s3.target import Target

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

PART_BYTES = 16 << 20
"""S3 takes parts of 5 MiB to 5 GiB, the last one of any size (Amazon S3 User Guide, Multipart upload limits)."""

_PARTS_OF_ONE_SIZE = 1000
"""After so many, parts are twice as large: the 10,000 parts that S3 allows then hold 16 TiB."""

_IN_FLIGHT = 3


class Upload:
    """One object, which appears when the context ends without an error; otherwise its parts are removed.

    Holds at most four parts in memory. What fits into one part is a single request.
    """

    def __init__(self, client: "S3Client", target: Target, failures: Failures) -> None:
        self._client = client
        self._target = target
        self._failures = failures
        self._action = f"write {target.key!r}"
        self._buffer = bytearray()
        self._id = ""
        self._parts: list[CompletedPartTypeDef] = []
        self._pending: deque[Future[CompletedPartTypeDef]] = deque()
        self._senders = ThreadPoolExecutor(_IN_FLIGHT, thread_name_prefix="s3-upload")

    def write(self, data: bytes) -> None:
        """Raises LakeUnreachable."""
        rest = memoryview(data).cast("B")
        while rest:
            room = self._part_bytes() - len(self._buffer)
            self._buffer += rest[:room]
            rest = rest[room:]
            if len(self._buffer) == self._part_bytes():
                with self._failures.reported(self._action):
                    self._send()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        try:
            if error is None:
                with self._failures.reported(self._action):
                    self._finish()
        except BaseException as failed:
            self._abort(failed)
            raise
        finally:
            self._senders.shutdown()
        if error is not None:
            self._abort(error)

    def _part_bytes(self) -> int:
        return PART_BYTES << (self._sent // _PARTS_OF_ONE_SIZE)

    @property
    def _sent(self) -> int:
        return len(self._parts) + len(self._pending)

    def _send(self) -> None:
        if not self._id:
            answer = self._client.create_multipart_upload(**self._target.new, ChecksumAlgorithm="SHA256")
            self._id = answer["UploadId"]
        while len(self._pending) >= _IN_FLIGHT:
            self._parts.append(self._pending.popleft().result())
        self._pending.append(self._senders.submit(self._send_part, self._sent + 1, bytes(self._buffer)))
        self._buffer.clear()

    def _send_part(self, number: int, data: bytes) -> "CompletedPartTypeDef":
        answer = self._client.upload_part(
            **self._target.place, UploadId=self._id, PartNumber=number, Body=data, ChecksumAlgorithm="SHA256"
        )
        return {"PartNumber": number, "ETag": answer["ETag"], "ChecksumSHA256": answer["ChecksumSHA256"]}

    def _finish(self) -> None:
        if not self._id:
            self._client.put_object(**self._target.new, Body=bytes(self._buffer), ChecksumAlgorithm="SHA256")
            return
        if self._buffer:
            self._send()
        while self._pending:
            self._parts.append(self._pending.popleft().result())
        try:
            self._client.complete_multipart_upload(
                **self._target.place, UploadId=self._id, MultipartUpload={"Parts": self._parts}
            )
        except ClientError as error:
            if code_of(error) != "NoSuchUpload" or not self._is_there():
                raise

    def _is_there(self) -> bool:
        """Whether the object consists of our parts: the upload is gone when the answer to its end was lost."""
        digests = [base64.b64decode(part["ChecksumSHA256"]) for part in self._parts]
        digest = base64.b64encode(hashlib.sha256(b"".join(digests)).digest()).decode()
        found = self._client.head_object(**self._target.place, ChecksumMode="ENABLED")
        return found.get("ChecksumSHA256") == f"{digest}-{len(digests)}"

    def _abort(self, cause: BaseException) -> None:
        """Remove the parts, those still on their way too. What cannot be removed is added to the error's notes."""
        self._senders.shutdown(cancel_futures=True)
        if not self._id:
            return
        try:
            with self._failures.reported(f"remove the parts of {self._target.key!r}"):
                self._client.abort_multipart_upload(**self._target.place, UploadId=self._id)
        except TidegateError as left:
            cause.add_note(f"{left.message}; a lifecycle rule with AbortIncompleteMultipartUpload removes them")
