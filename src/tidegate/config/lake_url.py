"""[lake] on S3."""

import re

from tidegate.config.schema import LakeSection
from tidegate.config.settings import Aws, S3Settings

SCHEMES = ("s3",)
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_MAX_PREFIX_BYTES = 400
"""A key may have 1,024 bytes; what Tidegate adds below the prefix needs the rest."""


def s3_settings(section: LakeSection) -> S3Settings:
    """Raises ValueError: the address cannot be used; the text completes "url …"."""
    bucket, _, prefix = section.url.removeprefix("s3://").partition("/")
    if not section.url.startswith("s3://") or _BUCKET.fullmatch(bucket) is None:
        raise ValueError("must be written as s3://bucket or s3://bucket/prefix")
    prefix = prefix.strip("/")
    segments = prefix.split("/") if prefix else []
    if any(not part or part in (".", "..") or part.startswith(("_", ".")) for part in segments):
        raise ValueError('has a prefix with an empty part, or one that begins with "_" or "."')
    if "?" in prefix or any(ord(c) < 32 for c in prefix):
        raise ValueError("has a prefix with a question mark or a control character")
    if len(prefix.encode()) > _MAX_PREFIX_BYTES:
        raise ValueError(f"has a prefix of more than {_MAX_PREFIX_BYTES} bytes")
    aws = Aws(section.region, section.profile, section.endpoint)
    return S3Settings(bucket, f"{prefix}/" if prefix else "", aws, section.kms_key)
