"""The lake port: objects by key, below one root."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tidegate.model.tiers import Retrieval, Thaw, ThawState, Tier


@dataclass(frozen=True)
class ObjectInfo:
    """`key` is relative to the lake's root, with `/` between segments. `etag` changes whenever the bytes change.

    `version` is None where the store keeps none, and in listings of S3, which do not tell it. `thaw` is None for an
    object that can be read as it is; a `tier` that parks has one.
    """

    key: str
    size: int
    etag: str
    modified: datetime
    version: str | None = None
    tier: Tier = Tier.STANDARD
    thaw: Thaw | None = None

    @property
    def readable(self) -> bool:
        return self.thaw is None or self.thaw.state is ThawState.THAWED


@dataclass(frozen=True)
class LakeCapabilities:
    """`checksums`: identity is a SHA-256 of the bytes (local) rather than what the store vouches for (S3).

    `region` is where the objects are, None where there is none or it is not known. `kms_key` encrypts what is written.
    """

    scheme: str
    checksums: bool
    region: str | None = None
    kms_key: str | None = None


class ObjectWriter(Protocol):
    """Parts of one object; the object appears, whole, when the context ends without an error."""

    def write(self, data: bytes) -> None: ...


class Lake(Protocol):
    """Every method raises LakeUnreachable when the store cannot be reached, is full, or denies access."""

    @property
    def capabilities(self) -> LakeCapabilities: ...

    def uri(self, key: str) -> str:
        """The address that UNLOAD, COPY and LOCATION take: `s3://…` or an absolute path. Keeps a trailing slash."""
        ...

    def key(self, uri: str) -> str:
        """The inverse of `uri`. Raises ConfigError when the address is outside of this lake."""
        ...

    def put(self, key: str, data: bytes, *, if_absent: bool = False) -> ObjectInfo:
        """Write an object atomically and durably (fsync of file and folder where there is a disk).

        Raises:
            ObjectExists: `if_absent` and the key exists; decided atomically among all writers.
        """
        ...

    def get(self, key: str) -> bytes:
        """A small object, whole. Raises ObjectNotFound, ObjectParked."""
        ...

    def stream(self, key: str) -> Iterator[bytes]:
        """An object of any size in chunks. Raises ObjectNotFound, ObjectParked."""
        ...

    def read(self, key: str, offset: int, length: int) -> bytes:
        """So many bytes of an object from `offset` on; fewer where it ends. Raises ObjectNotFound, ObjectParked."""
        ...

    def writer(self, key: str) -> AbstractContextManager[ObjectWriter]:
        """Write an object of any size; nothing is left behind when the context ends with an error."""
        ...

    def head(self, key: str) -> ObjectInfo:
        """Raises ObjectNotFound."""
        ...

    def list(
        self, prefix: str, *, after: str | None = None, odd: Callable[[str], object] | None = None
    ) -> Iterator[ObjectInfo]:
        """Objects whose key begins with `prefix`, in key order, as a stream; `after` skips keys up to it.

        `odd` is told of files and folders whose names are not UTF-8, with `\\x` and two digits for such bytes, and of
        objects with names that no lake takes, by their addresses: no key can name them; and of links to a folder around
        them. Without it they are an error.
        """
        ...

    def folders(self, prefix: str) -> Iterator[str]:
        """The folders directly below `prefix` (which ends with `/` or is empty), each ending with `/`, in order."""
        ...

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects; a key that is gone is no error. Folders left empty vanish."""
        ...

    def erase(self, keys: Iterable[str]) -> None:
        """Delete objects with every version of them, so that no bytes are left; a key that is gone is no error.

        Raises:
            ObjectLocked: the store keeps a version whatever we ask (Object Lock, legal hold).
        """
        ...

    def copy(self, source: str, target: str) -> ObjectInfo:
        """The copy is in STANDARD, whatever the source's tier. Raises ObjectNotFound, ObjectParked."""
        ...

    def sha256(self, key: str) -> str:
        """Hex digest of the bytes, read as a stream. Raises ObjectNotFound, ObjectParked where the store has to."""
        ...

    def sync(self, keys: Iterable[str]) -> None:
        """Make objects that the warehouse wrote here survive a power loss. A no-op where the store promises it."""
        ...

    def prepare_tiers(self, tiers: Iterable[Tier]) -> None:
        """See to it that objects handed over by `transition` will move: on S3, rules by tag in the bucket's lifecycle.

        Rules of others stay as they are. Harmless when repeated.
        """
        ...

    def foreign_rules(self) -> Sequence[str]:
        """What the store's own rules would do to our objects, in words; empty when nothing.

        A text begins with `deletes` or `moves`, or with `removes` where only former versions go.
        """
        ...

    def transition(self, keys: Iterable[str], tier: Tier) -> None:
        """Hand objects over to a colder tier, one way. On S3 they move when its rules run; locally at once.

        The identity (size, ETag or checksum, version) of an object stays. A key that is gone is no error.
        """
        ...

    def thaw(self, keys: Iterable[str], days: int, retrieval: Retrieval) -> Iterator[ObjectInfo]:
        """Ask for parked objects to be readable for `days`; yields where each stands now, as `head` tells it.

        An object that does not park is told as it is, a thawed one stays thawed for longer where it would end sooner.
        Repeating it is harmless: nothing is asked for twice. It asks while it is iterated.

        Raises:
            ObjectNotFound, UsageError: less than a day, or the tier has no such retrieval.
        """
        ...
