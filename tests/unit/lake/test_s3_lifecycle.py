"""The bucket's lifecycle rules: ours are added beside those of others, and those of others are looked at."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber
from tests.servers.emulator import Emulator
from tests.servers.proxy import Answer, Proxy, Request

from tidegate.config.settings import S3Settings
from tidegate.errors import LakeUnreachable
from tidegate.lake.s3 import S3Lake, lifecycle
from tidegate.lake.s3.lifecycle import rule_of
from tidegate.model.tiers import Tier

OTHERS: list[Any] = [
    {"ID": "old", "Status": "Enabled", "Prefix": "logs/", "Expiration": {"Days": 3}},
    {
        "ID": "by date",
        "Status": "Disabled",
        "Filter": {"And": {"Prefix": "x/", "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]}},
        "Transitions": [{"Days": 40, "StorageClass": "STANDARD_IA"}, {"Days": 90, "StorageClass": "GLACIER"}],
        "NoncurrentVersionExpiration": {"NoncurrentDays": 5, "NewerNoncurrentVersions": 2},
    },
    {"ID": "uploads", "Status": "Enabled", "Filter": {}, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}},
]


def configured(emulator: Emulator, settings: S3Settings) -> list[Any]:
    return list(emulator.s3.get_bucket_lifecycle_configuration(Bucket=settings.bucket)["Rules"])


def writes(proxy: Proxy) -> int:
    return proxy.counts().get("PUT", 0)


def is_put(request: Request) -> bool:
    return request.method == "PUT"


def test_the_rule_of_a_tier_holds_for_its_tag_below_the_prefix_and_for_small_files() -> None:
    assert rule_of("cold/a/", Tier.GLACIER) == {
        "ID": "tidegate-GLACIER-fb73e4a0988b",
        "Status": "Enabled",
        "Filter": {
            "And": {
                "Prefix": "cold/a/",
                "Tags": [{"Key": "tidegate-tier", "Value": "GLACIER"}],
                "ObjectSizeGreaterThan": 1,
            }
        },
        "Transitions": [{"Days": 0, "StorageClass": "GLACIER"}],
    }
    whole = rule_of("", Tier.STANDARD_IA)
    assert (whole["ID"], whole["Transitions"]) == (
        "tidegate-STANDARD_IA",
        [{"Days": 30, "StorageClass": "STANDARD_IA"}],
    )
    assert "Prefix" not in whole["Filter"]["And"]


def test_rules_are_added_once_to_a_bucket_without_any(
    settings: S3Settings, aws_environment: Emulator, s3_proxy: Proxy
) -> None:
    lake = S3Lake(settings)
    for _ in range(2):
        lake.prepare_tiers([Tier.GLACIER, Tier.STANDARD_IA])
    ours = [rule_of("pre fix/", tier) for tier in (Tier.GLACIER, Tier.STANDARD_IA)]
    assert configured(aws_environment, settings) == ours
    assert writes(s3_proxy) == 1
    lake.prepare_tiers([Tier.DEEP_ARCHIVE])
    assert configured(aws_environment, settings) == [*ours, rule_of("pre fix/", Tier.DEEP_ARCHIVE)]
    assert lake.foreign_rules() == []


def test_rules_of_others_stay_as_they_are(settings: S3Settings, aws_environment: Emulator) -> None:
    s3 = aws_environment.s3
    changed = {**rule_of("pre fix/", Tier.GLACIER), "Status": "Disabled"}
    s3.put_bucket_lifecycle_configuration(
        Bucket=settings.bucket,
        LifecycleConfiguration={"Rules": [*OTHERS, rule_of("other/", Tier.GLACIER), changed]},  # type: ignore[list-item]
    )
    former = configured(aws_environment, settings)
    S3Lake(settings).prepare_tiers([Tier.GLACIER])
    assert configured(aws_environment, settings) == [*former[:-1], rule_of("pre fix/", Tier.GLACIER)]


def test_the_smallest_size_that_a_bucket_moves_stays_as_it_is(settings: S3Settings) -> None:
    lake = S3Lake(settings)
    smallest = {"TransitionDefaultMinimumObjectSize": "varies_by_storage_class"}
    rules = [rule_of("pre fix/", Tier.GLACIER)]
    with Stubber(lake._client) as stub:
        stub.add_response("get_bucket_lifecycle_configuration", {"Rules": OTHERS, **smallest})
        wanted = {"Bucket": settings.bucket, "LifecycleConfiguration": {"Rules": OTHERS + rules}, **smallest}
        stub.add_response("put_bucket_lifecycle_configuration", smallest, wanted)
        stub.add_response("get_bucket_lifecycle_configuration", {"Rules": OTHERS + rules, **smallest})
        lake.prepare_tiers([Tier.GLACIER])
        stub.assert_no_pending_responses()


def test_rules_that_another_writer_overwrote_are_put_again(
    settings: S3Settings, aws_environment: Emulator, s3_proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "_SECONDS", 0)
    s3_proxy.fault(Answer(200), when=is_put, times=2)
    lake = S3Lake(settings)
    lake.prepare_tiers([Tier.GLACIER])
    assert writes(s3_proxy) == 3
    assert configured(aws_environment, settings) == [rule_of("pre fix/", Tier.GLACIER)]
    s3_proxy.fault(Answer(200), when=is_put, times=100)
    with pytest.raises(LakeUnreachable) as caught:
        lake.prepare_tiers([Tier.GLACIER_IR])
    assert caught.value.message == (
        f"the lifecycle rules of the bucket '{settings.bucket}' do not keep what Tidegate adds"
    )
    assert caught.value.hint == "Find out which other program writes them, and add the rules there."


def test_more_rules_than_a_bucket_takes_are_refused_before_anything_is_written(
    settings: S3Settings, s3_proxy: Proxy
) -> None:
    lake = S3Lake(settings)
    rules = [{"ID": str(number), "Status": "Enabled", "Filter": {"Prefix": "x"}} for number in range(1000)]
    with Stubber(lake._client) as stub:
        stub.add_response("get_bucket_lifecycle_configuration", {"Rules": rules})
        with pytest.raises(LakeUnreachable) as caught:
            lake.prepare_tiers([Tier.GLACIER])
    assert caught.value.message == (f"the bucket '{settings.bucket}' would have 1001 lifecycle rules, more than 1000")
    assert caught.value.hint == "Remove rules that are no longer needed, or use another bucket for the lake."


DELETES: dict[str, Any] = {"Expiration": {"Days": 30}}
CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "no filter at all": ({**DELETES, "Filter": {}}, ["deletes objects 30 days after they were made"]),
    "the old form": ({**DELETES, "Prefix": "pre"}, ["deletes objects 30 days after they were made"]),
    "around us": ({**DELETES, "Filter": {"Prefix": "pre fix/"}}, ["deletes objects 30 days after they were made"]),
    "inside of us": ({**DELETES, "Filter": {"Prefix": "pre fix/a/"}}, ["deletes objects 30 days after they were made"]),
    "elsewhere": ({**DELETES, "Filter": {"Prefix": "pre fiy/"}}, []),
    "disabled": ({**DELETES, "Filter": {}, "Status": "Disabled"}, []),
    "a tag that we do not set": ({**DELETES, "Filter": {"Tag": {"Key": "old", "Value": "yes"}}}, []),
    "one such tag of two": (
        {
            **DELETES,
            "Filter": {"And": {"Tags": [{"Key": "tidegate-tier", "Value": "GLACIER"}, {"Key": "b", "Value": "2"}]}},
        },
        [],
    ),
    "our own tag": (
        {**DELETES, "Filter": {"Tag": {"Key": "tidegate-tier", "Value": "GLACIER"}}},
        ["deletes objects 30 days after they were made"],
    ),
    "by size": ({**DELETES, "Filter": {"ObjectSizeGreaterThan": 5}}, ["deletes objects 30 days after they were made"]),
    "by date": (
        {"Filter": {}, "Expiration": {"Date": datetime(2027, 1, 2, tzinfo=UTC)}},
        ["deletes objects from 2027-01-02 on"],
    ),
    "markers only": ({"Filter": {}, "Expiration": {"ExpiredObjectDeleteMarker": True}}, []),
    "uploads only": ({"Filter": {}, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}}, []),
    "several": (
        {
            "Filter": {},
            "Transitions": [{"Days": 0, "StorageClass": "GLACIER"}],
            "NoncurrentVersionExpiration": {"NoncurrentDays": 9},
        },
        [
            "moves objects to GLACIER 0 days after they were made",
            "removes former versions 9 days after they were replaced",
        ],
    ),
}


def test_rules_of_others_are_told_where_they_can_meet_our_objects(settings: S3Settings) -> None:
    lake = S3Lake(settings)
    found = {}
    for case, (rule, _) in CASES.items():
        rules = [{"ID": "their", "Status": "Enabled", **rule}, rule_of("pre fix/", Tier.GLACIER)]
        with Stubber(lake._client) as stub:
            stub.add_response("get_bucket_lifecycle_configuration", {"Rules": rules})
            found[case] = lake.foreign_rules()
    assert found == {case: [f"{effect} (rule 'their')" for effect in told] for case, (_, told) in CASES.items()}


def test_missing_rights_are_named(settings: S3Settings, s3_proxy: Proxy) -> None:
    denied = Answer(403, b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")
    s3_proxy.fault(denied, times=100)
    with pytest.raises(LakeUnreachable) as caught:
        S3Lake(settings).foreign_rules()
    assert caught.value.message == f"cannot read the lifecycle rules in the lake '{settings.uri}': access is denied"
    assert caught.value.hint == "Grant the credentials s3:GetLifecycleConfiguration on the bucket."
    with pytest.raises(LakeUnreachable) as caught:
        S3Lake(settings).prepare_tiers([Tier.GLACIER])
    assert caught.value.hint == (
        "Grant the credentials s3:GetLifecycleConfiguration and s3:PutLifecycleConfiguration on the bucket."
    )
