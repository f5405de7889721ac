"""A version of a file is one, however it was told: by event, by listing, by address, whatever its key and its ETag."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from tests.servers.emulator import Emulator
from tests.unit.formats.events import shapes
from tests.world import World

from tidegate.config.settings import Aws, S3Settings
from tidegate.flows.load.landing import Landing
from tidegate.formats.events.landed import Landed
from tidegate.formats.events.parse import parse_event, parse_message
from tidegate.lake.base import Lake
from tidegate.lake.s3.driver import S3Lake
from tidegate.model.landing import FileVersion

KEYS = [
    "in/plain.parquet",
    "in/a b.parquet",
    "in/a+b.parquet",
    "in/100%.parquet",
    "in/a%20b.parquet",
    "in/a%2Bb+c d.parquet",
    "in/ü/日本 \U0001f600.parquet",
    "in/e\u0301 and é.parquet",
    "in/it's (1) & #2=3?.parquet",
    "in/year=2026/part-0.parquet",
]
PART = b"x" * (5 * 1024 * 1024)


def put(emulator: Emulator, bucket: str, key: str, *, parts: bool) -> Landed:
    """Write an object, in parts or at once; what S3 tells of it."""
    s3 = emulator.s3
    if not parts:
        answer = s3.put_object(Bucket=bucket, Key=key, Body=io.BytesIO(key.encode()))
        return Landed(bucket, key, len(key.encode()), answer["ETag"].strip('"'), answer.get("VersionId"), "0A")
    upload = s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
    target = {"Bucket": bucket, "Key": key, "UploadId": upload}
    etags = [s3.upload_part(**target, PartNumber=n, Body=body)["ETag"] for n, body in ((1, PART), (2, b"end"))]
    found = [{"PartNumber": n, "ETag": etag} for n, etag in enumerate(etags, 1)]
    answer = s3.complete_multipart_upload(Bucket=bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": found})
    assert answer["ETag"].strip('"').endswith("-2"), "an ETag of parts, not of the bytes"
    return Landed(bucket, key, len(PART) + 3, answer["ETag"].strip('"'), answer.get("VersionId"), "0A")


def by_event(landed: Landed) -> list[FileVersion]:
    """In every envelope; once with the quotes that S3's own answers have around an ETag."""
    quoted = {"bucket": landed.bucket, "key": landed.key, "size": landed.size, "etag": f'"{landed.etag}"'}
    events = [*(envelope(landed) for envelope in shapes.ENVELOPES.values()), quoted]
    return [file for event in events for one in parse_event(event).landed if (file := one.file) is not None]


@pytest.mark.parametrize("versioned", [False, True], ids=["plain bucket", "versioned bucket"])
def test_every_way_tells_the_same_version(tmp_path: Path, aws_environment: Emulator, versioned: bool) -> None:
    bucket = aws_environment.new_bucket()
    if versioned:
        aws_environment.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        for key in KEYS:
            put(aws_environment, bucket, key, parts=False)
            aws_environment.s3.put_object(Bucket=bucket, Key=key, Body=b"an older version")
    told = {key: put(aws_environment, bucket, key, parts=key == KEYS[-1]) for key in KEYS}
    aws = Aws(region=aws_environment.region, endpoint=aws_environment.endpoint)

    def lake_at(address: str, region: str | None) -> Lake:
        return S3Lake(S3Settings(address.removeprefix("s3://").rstrip("/"), aws=aws))

    with World(tmp_path).context() as ctx:
        landing = Landing(replace(ctx, lake_at=lake_at))
        listed = {file.uri: file for file in landing.find([f"s3://{bucket}/in/"])}
        assert sorted(listed) == sorted(f"s3://{bucket}/{key}" for key in KEYS)
        for key, landed in told.items():
            (named,) = parse_message("m", f"s3://{bucket}/{key}").landed
            assert (named.uri, named.file) == (landed.uri, None)
            head = landing.head(named.uri)
            (found,) = landing.find([landed.uri])
            ways = [head, found, listed[landed.uri], *by_event(landed)]
            assert len(ways) == 4 + len(shapes.ENVELOPES)
            told_of = {(file.uri, file.identity) for file in ways if file is not None}
            assert told_of == {(f"s3://{bucket}/{key}", f"{landed.etag}:{landed.size}")}
            assert versioned == (landed.version is not None)
