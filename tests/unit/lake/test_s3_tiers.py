"""Tiers on S3: tags that rules move by, what listings and HEAD tell, and what is asked back."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber
from tests.servers.emulator import Emulator
from tests.servers.proxy import Answer, Proxy, Request

from tidegate.config.settings import S3Settings
from tidegate.errors import LakeUnreachable, ObjectParked, UsageError
from tidegate.lake.base import ObjectInfo
from tidegate.lake.s3 import S3Lake
from tidegate.model.tiers import Retrieval, Thaw, ThawState, Tier

BULK, EXPEDITED = Retrieval.BULK, Retrieval.EXPEDITED
PARKED, THAWING = Thaw(ThawState.PARKED), Thaw(ThawState.THAWING)
CHRISTMAS = datetime(2099, 12, 25, tzinfo=UTC)
THAWED = Thaw(ThawState.THAWED, CHRISTMAS)
RESTORED = 'ongoing-request="false", expiry-date="Fri, 25 Dec 2099 00:00:00 GMT"'
MODIFIED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def lake(settings: S3Settings) -> S3Lake:
    return S3Lake(settings)


def tags(emulator: Emulator, settings: S3Settings, key: str) -> dict[str, str]:
    found = emulator.s3.get_object_tagging(Bucket=settings.bucket, Key=f"pre fix/{key}")["TagSet"]
    return {tag["Key"]: tag["Value"] for tag in found}


def refusal(code: str, status: int = 403) -> Answer:
    return Answer(status, f"<Error><Code>{code}</Code><Message>No.</Message></Error>".encode())


def test_the_tag_of_a_tier_comes_beside_others_and_never_goes_back(
    lake: S3Lake, settings: S3Settings, aws_environment: Emulator, s3_proxy: Proxy
) -> None:
    put = lake.put("k", b"1")
    aws_environment.s3.put_object_tagging(
        Bucket=settings.bucket, Key="pre fix/k", Tagging={"TagSet": [{"Key": "team", "Value": "a b"}]}
    )
    for tier, tagged in (("GLACIER_IR", "GLACIER_IR"), ("DEEP_ARCHIVE", "DEEP_ARCHIVE"), ("GLACIER", "DEEP_ARCHIVE")):
        lake.transition(["k"], Tier(tier))
        assert tags(aws_environment, settings, "k") == {"team": "a b", "tidegate-tier": tagged}
    s3_proxy.clear()
    lake.transition(["k"], Tier.DEEP_ARCHIVE)
    assert s3_proxy.counts() == {"GET": 1}
    assert lake.head("k") == put


def test_many_are_tagged_side_by_side_and_throttling_is_waited_out(
    lake: S3Lake, settings: S3Settings, aws_environment: Emulator, s3_proxy: Proxy
) -> None:
    keys = [f"{number:03}" for number in range(60)]
    for key in keys:
        aws_environment.s3.put_object(Bucket=settings.bucket, Key=f"pre fix/{key}", Body=b"1")
    s3_proxy.fault(refusal("SlowDown", 503), when=lambda request: request.method == "PUT")
    s3_proxy.fault(refusal("NoSuchKey", 404), when=lambda request: request.path.endswith("007"))
    lake.transition(iter([*keys, "never"]), Tier.GLACIER)
    assert s3_proxy.counts() == {"GET": 61, "PUT": 60}
    assert 1 < len({request.client_port for request in s3_proxy.requests}) <= 10
    assert [key for key in keys if not tags(aws_environment, settings, key)] == ["007"]


def test_a_tag_that_may_not_be_set_is_an_error(lake: S3Lake, settings: S3Settings, s3_proxy: Proxy) -> None:
    lake.put("k", b"1")
    s3_proxy.fault(refusal("AccessDenied"), when=lambda request: request.method == "PUT")
    with pytest.raises(LakeUnreachable) as caught:
        lake.transition(["k"], Tier.GLACIER)
    assert caught.value.message == f"cannot tag 'k' in the lake '{settings.uri}': access is denied"
    assert caught.value.hint == (
        "Grant the credentials s3:GetObjectTagging and s3:PutObjectTagging on the lake's objects."
    )


def test_a_copy_is_in_standard_without_the_tag(lake: S3Lake, settings: S3Settings, aws_environment: Emulator) -> None:
    lake.put("k", b"1")
    lake.transition(["k"], Tier.GLACIER)
    assert lake.copy("k", "l").tier is Tier.STANDARD
    assert tags(aws_environment, settings, "l") == {}


def test_a_copy_that_s3_refuses_for_its_tier_is_of_a_parked_object(
    lake: S3Lake, settings: S3Settings, s3_proxy: Proxy
) -> None:
    lake.put("k", b"1")
    s3_proxy.fault(refusal("InvalidObjectState"), when=lambda request: request.method == "PUT")
    with pytest.raises(ObjectParked) as caught:
        lake.copy("k", "l")
    assert caught.value.message == f"the object 'k' in the lake '{settings.uri}' is parked"


HEADS: dict[str, tuple[dict[str, str], Tier, Thaw | None]] = {
    "STANDARD": ({}, Tier.STANDARD, None),
    "GLACIER_IR": ({"x-amz-storage-class": "GLACIER_IR"}, Tier.GLACIER_IR, None),
    "of an outpost": ({"x-amz-storage-class": "OUTPOSTS"}, Tier.STANDARD, None),
    "parked": ({"x-amz-storage-class": "DEEP_ARCHIVE"}, Tier.DEEP_ARCHIVE, PARKED),
    "on its way": (
        {"x-amz-storage-class": "GLACIER", "x-amz-restore": 'ongoing-request="true"'},
        Tier.GLACIER,
        THAWING,
    ),
    "thawed": ({"x-amz-storage-class": "GLACIER", "x-amz-restore": RESTORED}, Tier.GLACIER, THAWED),
    "intelligent": ({"x-amz-storage-class": "INTELLIGENT_TIERING"}, Tier.INTELLIGENT_TIERING, None),
    "intelligent and archived": (
        {"x-amz-storage-class": "INTELLIGENT_TIERING", "x-amz-archive-status": "ARCHIVE_ACCESS"},
        Tier.INTELLIGENT_TIERING,
        PARKED,
    ),
}


def test_head_tells_tier_and_thaw(lake: S3Lake, s3_proxy: Proxy) -> None:
    for case, (headers, tier, thaw) in HEADS.items():
        said = {"ETag": '"e"', "Last-Modified": "Fri, 02 Jan 2026 03:04:05 GMT", **headers}
        s3_proxy.fault(Answer(200, headers=said))
        assert lake.head("k") == ObjectInfo("k", 0, "e", MODIFIED, tier=tier, thaw=thaw), case


def test_a_listing_tells_tier_and_thaw_without_another_request(lake: S3Lake, s3_proxy: Proxy) -> None:
    status = {
        "1": "",
        "2": "<RestoreStatus><IsRestoreInProgress>true</IsRestoreInProgress></RestoreStatus>",
        "3": "<RestoreStatus><IsRestoreInProgress>false</IsRestoreInProgress>"
        "<RestoreExpiryDate>2099-12-25T00:00:00.000Z</RestoreExpiryDate></RestoreStatus>",
    }
    items = "".join(
        f"<Contents><Key>pre%20fix/{key}</Key><Size>1</Size><ETag>e</ETag><StorageClass>GLACIER</StorageClass>"
        f"<LastModified>2026-01-02T03:04:05.678Z</LastModified>{text}</Contents>"
        for key, text in status.items()
    )
    s3_proxy.fault(
        Answer(200, f"<ListBucketResult><EncodingType>url</EncodingType>{items}</ListBucketResult>".encode())
    )
    assert list(lake.list("")) == [
        ObjectInfo(key, 1, "e", MODIFIED, tier=Tier.GLACIER, thaw=thaw)
        for key, thaw in (("1", PARKED), ("2", THAWING), ("3", THAWED))
    ]
    assert [request.headers["x-amz-optional-object-attributes"] for request in s3_proxy.requests] == ["RestoreStatus"]


def test_a_thaw_asks_once_for_what_is_parked_alone(
    lake: S3Lake, settings: S3Settings, aws_environment: Emulator, s3_proxy: Proxy
) -> None:
    for number in range(30):
        aws_environment.s3.put_object(
            Bucket=settings.bucket,
            Key=f"pre fix/{number:02}",
            Body=b"1",
            StorageClass="GLACIER" if number else "GLACIER_IR",
        )
    keys = [f"{number:02}" for number in range(30)]
    found = list(lake.thaw(iter(keys), 2, BULK))
    assert [info.key for info in found] == keys
    assert [info.thaw for info in found] == [None] + [THAWING] * 29
    assert s3_proxy.counts() == {"HEAD": 30, "POST": 29}
    assert list(lake.thaw(keys, 2, BULK)) == found
    assert s3_proxy.counts() == {"HEAD": 60, "POST": 29}


def head(tier: str, **more: object) -> Mapping[str, Any]:
    return {"ContentLength": 1, "ETag": '"e"', "LastModified": MODIFIED, "StorageClass": tier, **more}


def answered(status: int) -> Mapping[str, Any]:
    return {"ResponseMetadata": {"HTTPStatusCode": status}}


def thawed_by(
    lake: S3Lake, answers: list[tuple[str, Mapping[str, Any]]], days: int, retrieval: Retrieval, asked: object
) -> ObjectInfo:
    """What one thaw tells when S3 gives these answers in turn; `asked` is the request to restore that it must send."""
    place = {"Bucket": lake._settings.bucket, "Key": "pre fix/k"}
    with Stubber(lake._client) as stub:
        for method, answer in answers:
            wanted = {**place, "RestoreRequest": asked} if method == "restore_object" else place
            stub.add_response(method, dict(answer), wanted)
        (info,) = lake.thaw(["k"], days, retrieval)
        stub.assert_no_pending_responses()
    return info


def test_a_thawed_object_is_extended_only_where_it_would_end_sooner(lake: S3Lake) -> None:
    soon = f"{datetime.now(UTC) + timedelta(days=1):%a, %d %b %Y %H:%M:%S} GMT"
    ends = head("GLACIER", Restore=f'ongoing-request="false", expiry-date="{soon}"')
    later = head("GLACIER", Restore=RESTORED)
    asked = {"Days": 7, "GlacierJobParameters": {"Tier": "Bulk"}}
    answers = [("head_object", ends), ("restore_object", answered(200)), ("head_object", later)]
    assert thawed_by(lake, answers, 7, BULK, asked).thaw == THAWED
    assert thawed_by(lake, [("head_object", later)], 7, BULK, None).thaw == THAWED


def test_intelligent_tiering_takes_no_days(lake: S3Lake) -> None:
    parked = head("INTELLIGENT_TIERING", ArchiveStatus="ARCHIVE_ACCESS")
    answers = [("head_object", parked), ("restore_object", answered(202))]
    asked = {"GlacierJobParameters": {"Tier": "Standard"}}
    assert thawed_by(lake, answers, 7, Retrieval.STANDARD, asked).thaw == THAWING


def is_restore(request: Request) -> bool:
    return request.method == "POST"


@pytest.fixture
def parked(lake: S3Lake, settings: S3Settings, aws_environment: Emulator) -> S3Lake:
    aws_environment.s3.put_object(Bucket=settings.bucket, Key="pre fix/k", Body=b"1", StorageClass="GLACIER")
    return lake


def test_a_thaw_that_another_process_asked_for_is_on_its_way(parked: S3Lake, s3_proxy: Proxy) -> None:
    s3_proxy.fault(refusal("RestoreAlreadyInProgress", 409), when=is_restore)
    assert [info.thaw for info in parked.thaw(["k"], 1, BULK)] == [THAWING]


@pytest.mark.parametrize("code", ["ObjectAlreadyInActiveTierError", "InvalidObjectState"])
def test_an_object_that_moved_meanwhile_is_told_as_it_is(parked: S3Lake, s3_proxy: Proxy, code: str) -> None:
    s3_proxy.fault(refusal(code), when=is_restore)
    assert [info.thaw for info in parked.thaw(["k"], 1, BULK)] == [PARKED]
    assert s3_proxy.counts() == {"HEAD": 2, "POST": 1}


def test_expedited_capacity_that_is_gone_is_told_and_may_be_tried_again(
    parked: S3Lake, settings: S3Settings, s3_proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3_proxy.fault(refusal("GlacierExpeditedRetrievalNotAvailable", 503), when=is_restore, times=100)
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    with pytest.raises(LakeUnreachable) as caught:
        list(parked.thaw(["k"], 1, EXPEDITED))
    assert caught.value.message == (
        f"cannot thaw 'k' in the lake '{settings.uri}': S3 has no capacity for expedited retrievals now"
    )
    assert caught.value.hint == "Run the command again later, or ask for the standard retrieval."
    assert caught.value.retryable


def test_expedited_is_refused_before_anything_is_asked_for(lake: S3Lake) -> None:
    deep = head("INTELLIGENT_TIERING", ArchiveStatus="DEEP_ARCHIVE_ACCESS")
    with pytest.raises(UsageError, match=r"^the object 'k' is in DEEP_ARCHIVE, which has no expedited retrieval$"):
        thawed_by(lake, [("head_object", deep)], 1, EXPEDITED, None)
