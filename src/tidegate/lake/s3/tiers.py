"""Objects on their way between storage classes: tagged for the bucket's rules to move, and asked back."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tidegate.errors import LakeUnreachable, TidegateError
from tidegate.lake.base import ObjectInfo
from tidegate.lake.s3.answers import described
from tidegate.lake.s3.failures import Failures, code_of
from tidegate.lake.s3.target import Target
from tidegate.lake.s3.workers import side_by_side
from tidegate.lake.tiers import check_days, check_retrieval, is_colder
from tidegate.model.tiers import Retrieval, Thaw, ThawState, Tier

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.literals import TierType
    from mypy_boto3_s3.type_defs import RestoreRequestTypeDef, TagTypeDef

TAG = "tidegate-tier"
_TAG_RIGHTS = "s3:GetObjectTagging and s3:PutObjectTagging on the lake's objects"
_THAW_RIGHTS = "s3:RestoreObject on the lake's objects"
_GONE = ("NoSuchKey", "404", "MethodNotAllowed")
"""MethodNotAllowed: the latest version is a delete marker."""

_ACTIVE = ("ObjectAlreadyInActiveTierError", "InvalidObjectState")
_NO_EXPEDITED = ("GlacierExpeditedRetrievalNotAvailable", "503")
_TIERS: "Mapping[Retrieval, TierType]" = {
    Retrieval.EXPEDITED: "Expedited",
    Retrieval.STANDARD: "Standard",
    Retrieval.BULK: "Bulk",
}


class TierRequests:
    """Requests about tiers of one lake's objects, several at a time."""

    def __init__(self, client: "S3Client", failures: Failures) -> None:
        self._client = client
        self._failures = failures

    def tag(self, targets: Iterable[Target], tier: Tier) -> None:
        """Tag objects for the rule of a tier; other tags stay, a tag of a colder tier too. Two requests an object."""
        for _ in side_by_side(lambda target: self._tag(target, tier), targets):
            pass

    def thaw(self, targets: Iterable[Target], days: int, retrieval: Retrieval) -> Iterator[ObjectInfo]:
        """Raises UsageError, ObjectNotFound, LakeUnreachable."""
        check_days(days)
        heads = side_by_side(lambda target: self._head(target, retrieval), targets)
        return side_by_side(lambda found: self._thaw(*found, days, retrieval), heads)

    def _tag(self, target: Target, tier: Tier) -> None:
        with self._failures.reported(f"tag {target.key!r}", rights=_TAG_RIGHTS):
            try:
                tags = self._client.get_object_tagging(**target.place)["TagSet"]
                kept: list[TagTypeDef] = [tag for tag in tags if tag["Key"] != TAG]
                former = next((tag["Value"] for tag in tags if tag["Key"] == TAG), Tier.STANDARD)
                if former in Tier.__members__ and not is_colder(tier, Tier(former)):
                    return
                self._client.put_object_tagging(
                    **target.place, Tagging={"TagSet": [*kept, {"Key": TAG, "Value": tier}]}
                )
            except ClientError as error:
                if code_of(error) not in _GONE:
                    raise

    def _head(self, target: Target, retrieval: Retrieval) -> tuple[Target, Mapping[str, Any]]:
        with self._failures.reported(f"read {target.key!r}", target.key):
            head = self._client.head_object(**target.place)
        info = described(target.key, head)
        deep = head.get("ArchiveStatus") == "DEEP_ARCHIVE_ACCESS"
        check_retrieval(target.key, Tier.DEEP_ARCHIVE if deep else info.tier, retrieval)
        return target, head

    def _thaw(self, target: Target, head: Mapping[str, Any], days: int, retrieval: Retrieval) -> ObjectInfo:
        info = described(target.key, head)
        if info.thaw is None or info.thaw.state is ThawState.THAWING or _lasts(info.thaw, days):
            return info
        request: RestoreRequestTypeDef = {"GlacierJobParameters": {"Tier": _TIERS[retrieval]}}
        if info.tier.parks:
            request["Days"] = days
        try:
            answer = self._client.restore_object(**target.place, RestoreRequest=request)
        except ClientError as error:
            return self._refused(target, info, error)
        if answer["ResponseMetadata"]["HTTPStatusCode"] == 202:
            return _with(info, Thaw(ThawState.THAWING))
        return self._again(target)

    def _refused(self, target: Target, info: ObjectInfo, error: ClientError) -> ObjectInfo:
        code = code_of(error)
        if code == "RestoreAlreadyInProgress":
            return _with(info, Thaw(ThawState.THAWING))
        if code in _ACTIVE:
            return self._again(target)
        raise self._error(target, error) from error

    def _error(self, target: Target, error: ClientError) -> TidegateError:
        if code_of(error) in _NO_EXPEDITED:
            return LakeUnreachable(
                f"cannot thaw {target.key!r} in {self._failures.lake}: S3 has no capacity for expedited retrievals now",
                hint="Run the command again later, or ask for the standard retrieval.",
            )
        return self._failures.of_answer(error, f"thaw {target.key!r}", target.key, _THAW_RIGHTS)

    def _again(self, target: Target) -> ObjectInfo:
        with self._failures.reported(f"read {target.key!r}", target.key):
            return described(target.key, self._client.head_object(**target.place))


def _with(info: ObjectInfo, thaw: Thaw) -> ObjectInfo:
    return ObjectInfo(info.key, info.size, info.etag, info.modified, info.version, info.tier, thaw)


def _lasts(thaw: Thaw, days: int) -> bool:
    """Whether a thawed object stays so for as long as is asked for now."""
    until = datetime.now(UTC) + timedelta(days=days)
    return thaw.state is ThawState.THAWED and (thaw.until is None or thaw.until >= until)
