"""A file that landed, and which version of it: what is loaded exactly once."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class FileVersion:
    """One version of one file. `uri` is `s3://bucket/key` with the key as it is, or an absolute path.

    `version` is the store's version id, where it keeps versions. `sequencer` orders versions of one key (S3 User
    Guide, Event message structure); a listing has none. `size` in bytes.
    """

    uri: str
    size: int
    etag: str | None = None
    version: str | None = None
    sequencer: str | None = None
    landed_at: datetime | None = None

    @property
    def identity(self) -> str:
        """The same for the same bytes under the same key, however it was told: by event, by listing, by path.

        The ETag and the size: a version id is not known to listings, and a sequencer only orders.
        """
        return f"{self.etag or ''}:{self.size}"

    def is_older_than(self, sequencer: str | None) -> bool:
        """Whether a version with `sequencer` came after this one; False where either is not known.

        The shorter of two is filled with zeros on the right, then they are compared as text.
        """
        if self.sequencer is None or sequencer is None:
            return False
        width = max(len(self.sequencer), len(sequencer))
        return self.sequencer.ljust(width, "0") < sequencer.ljust(width, "0")
