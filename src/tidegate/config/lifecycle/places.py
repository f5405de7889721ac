"""Where a row's `s3_path` lies, seen from the lake: in a folder of it, or elsewhere."""

import re
from dataclasses import dataclass
from pathlib import Path

from tidegate.config.policies import SEGMENT
from tidegate.config.settings import LakeSettings, S3Settings

_PATH = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<key>[^\x00-\x1f?]*))?")
_MAX_KEY_BYTES = 600


@dataclass(frozen=True)
class Place:
    """`location`: a folder in the lake. `target`: an address outside of it. Neither: the lake's own place. `note` is
    what somebody who wrote the path has to know.
    """

    location: str | None = None
    target: str | None = None
    note: str | None = None


def place_of(path: str, lake: LakeSettings | None) -> Place:
    """Where files for `path` go; without a `lake` only the form of the path is checked.

    Raises:
        ValueError: it is no address on S3, or no folder that the lake can have; the text completes "s3_path is …, ".
    """
    match = _PATH.fullmatch(path)
    segments = [part for part in (match["key"] or "").split("/") if part] if match else []
    if match is None or ".." in segments or "." in segments or len(path.encode()) > _MAX_KEY_BYTES:
        raise ValueError("must be written as s3://bucket/prefix")
    bucket, key = match["bucket"], "".join(f"{part}/" for part in segments)
    if isinstance(lake, Path):
        folder = _folder([bucket, *segments])
        return Place(location=folder, note=f"the lake is the folder {lake}, so s3_path {path} becomes {folder} in it")
    if isinstance(lake, S3Settings) and bucket == lake.bucket and key.startswith(lake.prefix):
        inside = key.removeprefix(lake.prefix).strip("/")
        return Place(location=_folder(inside.split("/"))) if inside else Place()
    return Place(target=f"s3://{bucket}/{key}")


def _folder(segments: list[str]) -> str:
    if not all(SEGMENT.fullmatch(segment) for segment in segments):
        raise ValueError(
            "each folder must begin with a letter or digit and hold only letters, digits, '.', '_' and '-'"
        )
    return "/".join(segments)
