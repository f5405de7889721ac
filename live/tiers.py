"""Storage classes: what is parked says so and is not read, a tag keeps an identity, what is erased is gone."""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from live.assumption import Assumption, Unchecked, Violated, expect
from live.site import Site
from tidegate.config.settings import S3Settings
from tidegate.errors import ObjectParked
from tidegate.lake.s3.lifecycle import rule_of
from tidegate.lake.s3.tiers import TAG
from tidegate.model.tiers import Retrieval, Thaw, ThawState, Tier

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_DATA = b"parked"
_PARKED, _THAWING = Thaw(ThawState.PARKED), Thaw(ThawState.THAWING)


def parked_is_told(site: Site) -> str:
    key = _parked(site)
    head, (listed,) = site.lake.head(key), site.lake.list(key)
    found = (head.tier, head.thaw, listed.tier, listed.thaw)
    expect(found == (Tier.GLACIER, _PARKED, Tier.GLACIER, _PARKED), f"HEAD and listing tell {found}")
    try:
        site.lake.get(key)
    except ObjectParked:
        return "HEAD and listing tell that an object is parked, and it is not read"
    raise Violated("an object of GLACIER can be read")


def parked_is_not_copied(site: Site) -> str:
    key = _parked(site)
    _only_amazon(site, "other stores copy what they park")
    try:
        site.lake.copy(key, f"{key}.copy")
    except ObjectParked:
        return "a copy of an object of GLACIER is refused"
    raise Violated("an object of GLACIER can be copied")


def thaw_may_be_repeated(site: Site) -> str:
    key = _parked(site)
    for number in range(2):
        (info,) = site.lake.thaw([key], 1, Retrieval.BULK)
        expect(info.thaw == _THAWING, f"request {number} of a thaw tells {info.thaw}")
    expect(site.lake.head(key).thaw == _THAWING, f"HEAD tells {site.lake.head(key).thaw}")
    return "a thaw is on its way at once, and may be asked for twice"


def listing_tells_a_thaw(site: Site) -> str:
    key = _parked(site)
    _only_amazon(site, "listings of other stores do not know RestoreStatus")
    list(site.lake.thaw([key], 1, Retrieval.BULK))
    (listed,) = site.lake.list(key)
    expect(listed.thaw == _THAWING, f"the listing tells {listed.thaw}")
    return "a listing tells that a thaw is on its way"


def tag_keeps_identity(site: Site) -> str:
    key = f"{site.folder('tiers')}tagged"
    put = site.lake.put(key, _DATA)
    site.lake.transition([key], Tier.GLACIER)
    expect(site.lake.head(key) == put, f"a tagged object is told as {site.lake.head(key)}, not {put}")
    site.lake.copy(key, f"{key}.copy")
    tags = [_tags(site, name) for name in (key, f"{key}.copy")]
    expect(tags == [{TAG: "GLACIER"}, {}], f"object and copy have the tags {tags}")
    return "a tag changes neither ETag nor time, and a copy has none"


def rule_is_kept(site: Site) -> str:
    """The rule is for this run's own prefix, and is taken out again."""
    lake, client = _settings(site), _client(site)
    site.lake.prepare_tiers([Tier.GLACIER])
    site.lake.prepare_tiers([Tier.GLACIER])
    ours, found = rule_of(lake.prefix, Tier.GLACIER), client.get_bucket_lifecycle_configuration(Bucket=lake.bucket)
    others = [rule for rule in found["Rules"] if rule != ours]
    if others:
        smallest = found.get("TransitionDefaultMinimumObjectSize", "all_storage_classes_128K")
        client.put_bucket_lifecycle_configuration(
            Bucket=lake.bucket,
            LifecycleConfiguration={"Rules": others},
            TransitionDefaultMinimumObjectSize=smallest,
        )
    else:
        client.delete_bucket_lifecycle(Bucket=lake.bucket)
    expect(len(found["Rules"]) == len(others) + 1, f"the rule is there {len(found['Rules']) - len(others)} times")
    return "a rule by prefix, tag and size is taken and given back as it was"


def rules_run(site: Site) -> str:
    raise Unchecked("S3 runs its rules once a day: tag an object, and look at it after two days")


def erased_is_gone(site: Site) -> str:
    key = f"{site.folder('tiers')}erased"
    for data in (b"1", b"2"):
        site.lake.put(key, data)
    site.lake.delete([key])
    site.lake.put(key, b"3")
    site.lake.erase([key])
    lake = _settings(site)
    found = _client(site).list_object_versions(Bucket=lake.bucket, Prefix=lake.prefix + key)
    left = len(found.get("Versions", [])) + len(found.get("DeleteMarkers", []))
    expect(left == 0, f"{left} versions are left")
    return "no version is left of what was erased"


def _parked(site: Site) -> str:
    """The key of a new object in GLACIER."""
    key, lake = f"{site.folder('tiers')}object", _settings(site)
    _client(site).put_object(Bucket=lake.bucket, Key=lake.prefix + key, Body=_DATA, StorageClass="GLACIER")
    return key


def _tags(site: Site, key: str) -> dict[str, str]:
    lake = _settings(site)
    found = _client(site).get_object_tagging(Bucket=lake.bucket, Key=lake.prefix + key)
    return {tag["Key"]: tag["Value"] for tag in found["TagSet"]}


def _only_amazon(site: Site, otherwise: str) -> None:
    host = urlsplit(_settings(site).aws.endpoint or "").hostname
    if host is not None and not host.endswith(".amazonaws.com"):
        raise Unchecked(otherwise)


def _settings(site: Site) -> S3Settings:
    assert isinstance(site.settings.lake, S3Settings)
    return site.settings.lake


def _client(site: Site) -> "S3Client":
    import boto3

    aws = _settings(site).aws
    session = boto3.session.Session(profile_name=aws.profile, region_name=aws.region)
    return session.client("s3", endpoint_url=aws.endpoint)


CHECKS = (
    Assumption("tier-parked", parked_is_told),
    Assumption("tier-parked-copy", parked_is_not_copied),
    Assumption("tier-thaw", thaw_may_be_repeated),
    Assumption("tier-thaw-listed", listing_tells_a_thaw),
    Assumption("tier-tag", tag_keeps_identity),
    Assumption("tier-rule", rule_is_kept),
    Assumption("tier-rules-run", rules_run),
    Assumption("erase-versions", erased_is_gone),
)
