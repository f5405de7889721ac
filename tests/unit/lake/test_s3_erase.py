"""Erasing on S3: no version of an object is left, and what a lock keeps is named."""

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.servers.emulator import Emulator
from tests.servers.proxy import Answer, Proxy

from tidegate.config.settings import Aws, S3Settings
from tidegate.errors import LakeUnreachable, ObjectLocked
from tidegate.lake.s3 import S3Lake, deletions

LOCK_HINT = "Release the legal hold, or wait until the retention of the object's versions ends, then run it again."


@pytest.fixture
def locking(aws_environment: Emulator, s3_proxy: Proxy) -> S3Settings:
    """A lake in a bucket with versions and Object Lock."""
    bucket = f"locked-{aws_environment.new_bucket()}"
    aws_environment.s3.create_bucket(
        Bucket=bucket,
        ObjectLockEnabledForBucket=True,
        CreateBucketConfiguration={"LocationConstraint": aws_environment.region},  # type: ignore[typeddict-item]
    )
    return S3Settings(bucket, "pre fix/", Aws(region=aws_environment.region, endpoint=s3_proxy.endpoint))


def versions(emulator: Emulator, settings: S3Settings) -> list[str]:
    """Keys of versions and delete markers, one entry each."""
    found: Any = emulator.s3.list_object_versions(Bucket=settings.bucket)
    entries = [*found.get("Versions", ()), *found.get("DeleteMarkers", ())]
    return sorted(entry["Key"].removeprefix(settings.prefix) for entry in entries)


def test_every_version_and_marker_of_exactly_these_keys_goes(
    locking: S3Settings, aws_environment: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletions, "_BATCH", 4)
    lake = S3Lake(locking)
    for _ in range(3):
        for key in ("a/b", "a/b.c", "a/b/c", "tab"):
            lake.put(key, b"1")
    aws_environment.s3.put_object(Bucket=locking.bucket, Key="pre fix/tab\tkey", Body=b"1")
    lake.delete(["a/b"])
    assert versions(aws_environment, locking).count("a/b") == 4
    lake.erase(iter(["a/b", "tab", "tab\tkey", "never"]))
    assert versions(aws_environment, locking) == ["a/b.c"] * 3 + ["a/b/c"] * 3


def test_erasing_many_is_a_listing_each_and_one_deletion(
    settings: S3Settings, aws_environment: Emulator, s3_proxy: Proxy
) -> None:
    lake = S3Lake(settings)
    for number in range(50):
        aws_environment.s3.put_object(Bucket=settings.bucket, Key=f"pre fix/{number:02}", Body=b"1")
    lake.erase(f"{number:02}" for number in range(50))
    assert s3_proxy.counts() == {"GET": 50, "POST": 1}
    assert len({request.client_port for request in s3_proxy.requests}) > 1
    assert aws_environment.keys(settings.bucket) == []


def test_a_locked_version_is_named_and_all_else_is_erased(locking: S3Settings, aws_environment: Emulator) -> None:
    lake, s3 = S3Lake(locking), aws_environment.s3
    for key in ("free", "held", "kept", "other"):
        lake.put(key, b"1")
    s3.put_object_legal_hold(Bucket=locking.bucket, Key="pre fix/held", LegalHold={"Status": "ON"})
    until = datetime(2099, 5, 6, tzinfo=UTC)
    s3.put_object_retention(
        Bucket=locking.bucket, Key="pre fix/kept", Retention={"Mode": "COMPLIANCE", "RetainUntilDate": until}
    )
    reasons = {"held": "a legal hold is on it", "kept": "it is retained until 2099-05-06"}
    for key, reason in reasons.items():
        with pytest.raises(ObjectLocked) as caught:
            lake.erase(["free", key, "other"])
        assert caught.value.message == f"a version of {key!r} in the lake '{locking.uri}' is locked: {reason}"
        assert caught.value.hint == LOCK_HINT
    assert versions(aws_environment, locking) == ["held", "kept"]


def test_a_version_that_may_not_be_deleted_without_a_lock_is_no_lock(
    locking: S3Settings, aws_environment: Emulator, s3_proxy: Proxy
) -> None:
    lake = S3Lake(locking)
    lake.put("k", b"1")
    error = "<Error><Key>pre fix/k</Key><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
    refusal = Answer(200, f"<DeleteResult>{error}</DeleteResult>".encode())
    s3_proxy.fault(refusal, when=lambda request: request.method == "POST")
    with pytest.raises(LakeUnreachable) as caught:
        lake.erase(["k"])
    assert caught.value.message == f"cannot delete 'k' in the lake '{locking.uri}': access is denied"
    assert caught.value.hint == (
        "Grant the credentials s3:ListBucketVersions on the bucket and s3:DeleteObjectVersion on its objects."
    )
    assert versions(aws_environment, locking) == ["k"]
