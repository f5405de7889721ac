"""What the lake on S3 asks for: how often, and with which checksums and encryption."""

import base64
import hashlib
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.faults.children import in_child
from tests.servers.emulator import Emulator
from tests.servers.proxy import Answer, Proxy, Request

from tidegate.config.settings import S3Settings
from tidegate.errors import LakeUnreachable, UsageError
from tidegate.lake.base import LakeCapabilities
from tidegate.lake.s3 import S3Lake, uploads

MIB = 1 << 20
DATA_SHA256 = base64.b64encode(hashlib.sha256(b"data").digest()).decode()


@pytest.fixture
def lake(settings: S3Settings) -> S3Lake:
    return S3Lake(settings)


def page(prefix: str, numbers: range, token: str | None) -> Answer:
    items = "".join(
        f"<Contents><Key>{prefix}{number:05}</Key><Size>1</Size><ETag>&quot;e{number}&quot;</ETag>"
        "<LastModified>2026-01-02T03:04:05.678Z</LastModified></Contents>"
        for number in numbers
    )
    more = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{token}</NextContinuationToken>" if token else ""
    return Answer(200, f"<ListBucketResult><EncodingType>url</EncodingType>{more}{items}</ListBucketResult>".encode())


def test_a_listing_of_2500_keys_is_three_requests_each_when_it_is_needed(
    lake: S3Lake, settings: S3Settings, s3_proxy: Proxy
) -> None:
    for numbers, token in ((range(1000), "t1"), (range(1000, 2000), "t2"), (range(2000, 2500), None)):
        s3_proxy.fault(page("pre%20fix/logs/", numbers, token))
    objects = lake.list("logs/", after="logs/0")
    assert s3_proxy.requests == []
    first = next(objects)
    assert (first.key, first.size, first.etag) == ("logs/00000", 1, "e0")
    assert first.modified == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert s3_proxy.counts() == {"GET": 1}
    assert [info.key for info in objects] == [f"logs/{number:05}" for number in range(1, 2500)]
    assert [request.path for request in s3_proxy.requests] == [f"/{settings.bucket}"] * 3
    assert [request.query.get("continuation-token") for request in s3_proxy.requests] == [None, ["t1"], ["t2"]]
    assert {request.query["prefix"][0] for request in s3_proxy.requests} == {"pre fix/logs/"}
    assert s3_proxy.requests[0].query["start-after"] == ["pre fix/logs/0"]


def test_folders_are_one_request_however_much_lies_below(lake: S3Lake, s3_proxy: Proxy) -> None:
    for number in range(9):
        lake.put(f"a/{number % 3}/{number}/x", b"")
    s3_proxy.clear()
    assert list(lake.folders("a/")) == ["a/0/", "a/1/", "a/2/"]
    assert [request.query["delimiter"] for request in s3_proxy.requests] == [["/"]]


def test_2001_keys_are_deleted_by_three_requests(lake: S3Lake, s3_proxy: Proxy) -> None:
    kept = lake.put("kept", b"1")
    for key in ("0000", "2000"):
        lake.put(key, b"1")
    s3_proxy.clear()
    lake.delete(f"{number:04}" for number in range(2001))
    assert s3_proxy.counts() == {"POST": 3}
    assert list(lake.list("")) == [kept]


def test_a_put_is_checked_by_its_sha256_and_costs_two_requests(lake: S3Lake, s3_proxy: Proxy) -> None:
    lake.put("k", b"data")
    assert s3_proxy.counts() == {"HEAD": 1, "PUT": 1}
    assert s3_proxy.requests[0].headers["x-amz-checksum-sha256"] == DATA_SHA256


def test_what_arrives_changed_is_refused(lake: S3Lake, settings: S3Settings, s3_proxy: Proxy) -> None:
    s3_proxy.fault(Answer(200, b"dada", {"x-amz-checksum-sha256": DATA_SHA256}))
    with pytest.raises(LakeUnreachable) as caught:
        lake.get("k")
    assert caught.value.message == (
        f"cannot read 'k' in the lake '{settings.uri}': its bytes do not match their checksum"
    )
    assert caught.value.hint == "Run the command again; if it stays so, restore the object from another version."


def written(lake: S3Lake, key: str, size: int) -> bytes:
    data = os.urandom(size)
    with lake.writer(key) as out:
        for start in range(0, size, 3_000_001):
            out.write(data[start : start + 3_000_001])
    return data


def part_sizes(proxy: Proxy) -> list[int]:
    parts = [request for request in proxy.requests if "partNumber" in request.query]
    assert all("x-amz-checksum-sha256" in request.headers for request in parts)
    return [
        int(request.headers["content-length"]) for request in sorted(parts, key=lambda r: int(r.query["partNumber"][0]))
    ]


def test_a_writer_sends_parts_and_larger_ones_in_time(
    lake: S3Lake, s3_proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "PART_BYTES", 5 * MIB)
    monkeypatch.setattr(uploads, "_PARTS_OF_ONE_SIZE", 2)
    data = written(lake, "big", 22 * MIB)
    assert part_sizes(s3_proxy) == [5 * MIB, 5 * MIB, 10 * MIB, 2 * MIB]
    assert s3_proxy.counts() == {"POST": 2, "PUT": 4}
    assert lake.get("big") == data


def test_a_writer_of_little_is_one_request(lake: S3Lake, s3_proxy: Proxy) -> None:
    data = written(lake, "small", MIB)
    assert s3_proxy.counts() == {"PUT": 1}
    assert lake.get("small") == data


def test_everything_written_is_encrypted_with_the_key(
    settings: S3Settings, aws_environment: Emulator, s3_proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "PART_BYTES", 5 * MIB)
    key = aws_environment.client("kms").create_key()["KeyMetadata"]["Arn"]
    lake = S3Lake(replace(settings, kms_key=key))
    lake.put("put", b"1")
    lake.put("absent", b"1", if_absent=True)
    written(lake, "small", 1)
    data = written(lake, "parts", 9 * MIB)
    lake.copy("put", "copy")
    lake.copy("parts", "copied parts")
    makers = [request for request in s3_proxy.requests if is_maker(request)]
    assert len(makers) == 6
    for request in makers:
        assert request.headers["x-amz-server-side-encryption"] == "aws:kms"
        assert request.headers["x-amz-server-side-encryption-aws-kms-key-id"] == key
    assert lake.get("copied parts") == data
    found = aws_environment.s3.head_object(Bucket=settings.bucket, Key="pre fix/copied parts")
    assert found["SSEKMSKeyId"] == key


def is_maker(request: Request) -> bool:
    return (request.method == "PUT" and "partNumber" not in request.query) or "uploads" in request.query


def test_without_a_key_the_bucket_decides(lake: S3Lake, s3_proxy: Proxy) -> None:
    lake.put("put", b"1")
    assert not any("encryption" in name for name in s3_proxy.requests[0].headers)


def test_a_versioned_bucket_tells_the_version(lake: S3Lake, settings: S3Settings, aws_environment: Emulator) -> None:
    aws_environment.s3.put_bucket_versioning(Bucket=settings.bucket, VersioningConfiguration={"Status": "Enabled"})
    first, second = lake.put("k", b"same"), lake.put("k", b"same")
    assert first.etag == second.etag
    assert first.version
    assert second.version
    assert first.version != second.version
    assert lake.head("k") == second
    assert [info.version for info in lake.list("")] == [None]


def test_others_keys_are_listed_and_folder_markers_are_not(
    lake: S3Lake, settings: S3Settings, aws_environment: Emulator
) -> None:
    for key in ("a//b", "a/../b", "folder/", "tab\tkey", "line\rkey"):
        aws_environment.s3.put_object(Bucket=settings.bucket, Key=f"pre fix/{key}", Body=b"")
    assert [info.key for info in lake.list("")] == ["a/../b", "a//b", "line\rkey", "tab\tkey"]
    lake.delete(["tab\tkey", "line\rkey"])
    assert aws_environment.keys(settings.bucket) == ["pre fix/a/../b", "pre fix/a//b", "pre fix/folder/"]


def test_the_longest_key_has_1024_bytes_with_the_prefix(lake: S3Lake, settings: S3Settings) -> None:
    longest = "/".join(["é" * 127] * 3 + ["x" * 250])
    assert len(f"pre fix/{longest}".encode()) == 1023
    lake.put(f"{longest}y", b"1")
    assert lake.get(f"{longest}y") == b"1"
    for call in (
        lambda: lake.put(f"{longest}yz", b""),
        lambda: lake.copy(f"{longest}y", f"{longest}yz"),
        lambda: lake.writer(f"{longest}yz").__enter__(),
    ):
        with pytest.raises(UsageError) as caught:
            call()
        assert caught.value.message == (
            f"the key '{longest}yz' has 1025 bytes with the lake's prefix, more than the 1024 of S3"
        )
        assert caught.value.hint == "Use a shorter prefix for the lake, or shorter names."


def test_addresses_name_bucket_and_prefix(lake: S3Lake, settings: S3Settings) -> None:
    assert lake.capabilities == LakeCapabilities(scheme="s3", checksums=False, region=settings.aws.region)
    assert lake.uri("a b/c") == f"s3://{settings.bucket}/pre fix/a b/c"
    assert lake.uri("") == f"s3://{settings.bucket}/pre fix/"
    assert lake.key(f"S3://{settings.bucket}/pre fix/a/") == "a/"
    assert lake.key(f"s3://{settings.bucket}/pre fix") == ""


def test_a_forked_child_never_uses_its_parents_connection(lake: S3Lake, s3_proxy: Proxy) -> None:
    lake.put("k", b"1")
    s3_proxy.clear()
    assert lake.get("k") == b"1"
    assert in_child(lambda: lake.get("k")) == b"1"
    assert lake.get("k") == b"1"
    before, child, after = (request.client_port for request in s3_proxy.requests)
    assert child != before
    assert before == after


def test_a_profile_gives_keys_and_region(
    settings: S3Settings, aws_environment: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "credentials"
    file.write_text(
        f"[cold]\naws_access_key_id = {aws_environment.access_key}\n"
        f"aws_secret_access_key = {aws_environment.secret_key}\nregion = eu-west-3\n"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    lake = S3Lake(replace(settings, aws=replace(settings.aws, profile="cold", region=None)))
    assert lake.put("k", b"1").size == 1


def test_the_buckets_region_is_found_where_none_is_set(
    settings: S3Settings, s3_proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    lake = S3Lake(replace(settings, aws=replace(settings.aws, region=None)))
    lake.put("k", b"1")
    lake.put("l", b"1")
    puts = [request.headers["authorization"] for request in s3_proxy.requests if request.method == "PUT"]
    assert [f"/{settings.aws.region}/s3/" in text for text in puts] == [False, True, True]


def test_the_region_is_the_buckets_and_asked_for_once(settings: S3Settings, s3_proxy: Proxy) -> None:
    lake = S3Lake(replace(settings, aws=replace(settings.aws, region=None), kms_key="alias/cold"))
    assert s3_proxy.counts() == {}
    found = [lake.capabilities for _ in range(3)]
    assert found == 3 * [LakeCapabilities("s3", checksums=False, region="eu-central-1", kms_key="alias/cold")]
    assert s3_proxy.counts() == {"HEAD": 1}


@pytest.mark.parametrize(("headers", "region"), [({"x-amz-bucket-region": "eu-west-3"}, "eu-west-3"), ({}, None)])
def test_the_region_is_told_to_those_who_may_not_look(
    settings: S3Settings, s3_proxy: Proxy, headers: dict[str, str], region: str | None
) -> None:
    lake = S3Lake(replace(settings, aws=replace(settings.aws, region=None)))
    s3_proxy.fault(Answer(403, headers=headers))
    assert [lake.capabilities.region for _ in range(2)] == [region, region]
    assert s3_proxy.counts() == {"HEAD": 1}
