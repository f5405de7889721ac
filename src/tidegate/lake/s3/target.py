"""What a request says about the object that it writes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from tidegate.config.settings import S3Settings

if TYPE_CHECKING:
    from typing import Literal, NotRequired

    class Place(TypedDict):
        """Where an object is."""

        Bucket: str
        Key: str

    class Encryption(TypedDict):
        """How it is encrypted; nothing leaves it to the bucket's default."""

        ServerSideEncryption: NotRequired[Literal["aws:kms"]]
        SSEKMSKeyId: NotRequired[str]

    class New(Place, Encryption):
        """What makes an object."""


@dataclass(frozen=True)
class Target:
    """An object of a lake: `key` within the lake, `name` within the bucket."""

    settings: S3Settings
    key: str

    @property
    def bucket(self) -> str:
        return self.settings.bucket

    @property
    def name(self) -> str:
        return self.settings.prefix + self.key

    @property
    def place(self) -> "Place":
        return {"Bucket": self.bucket, "Key": self.name}

    @property
    def encryption(self) -> "Encryption":
        if self.settings.kms_key is None:
            return {}
        return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": self.settings.kms_key}

    @property
    def new(self) -> "New":
        return {**self.place, **self.encryption}
