"""The bucket's lifecycle rules: ours, which move what is tagged, beside those of others, which stay as they are."""

import hashlib
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tidegate.config.settings import S3Settings
from tidegate.errors import LakeUnreachable
from tidegate.lake.s3.failures import Failures, code_of
from tidegate.lake.s3.tiers import TAG
from tidegate.model.tiers import Tier

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_MAX_RULES = 1000
_TRIES = 5
_SECONDS = 0.2
_DAYS = {Tier.STANDARD_IA: 30, Tier.ONEZONE_IA: 30}
"""The least that S3 takes, counted from the object's creation; 0 for all others (S3 User Guide, Transitioning)."""

_READ_RIGHTS = "s3:GetLifecycleConfiguration on the bucket"
_SET_RIGHTS = "s3:GetLifecycleConfiguration and s3:PutLifecycleConfiguration on the bucket"

Rule = Mapping[str, Any]


@dataclass(frozen=True)
class _Rules:
    """`options` is what the configuration says beside its rules."""

    rules: Sequence[Rule]
    options: Mapping[str, Any]


class Lifecycle:
    """The rules that concern one lake."""

    def __init__(self, client: "S3Client", settings: S3Settings, failures: Failures) -> None:
        self._client = client
        self._settings = settings
        self._failures = failures

    def ensure(self, tiers: Iterable[Tier]) -> None:
        """Add our rules for these tiers where they are missing, and see that they stay.

        S3 replaces the whole configuration at once and knows no condition: another writer at the same moment may undo
        ours, which is then put again.

        Raises:
            LakeUnreachable: no right to, more than 1,000 rules, or others write them again and again.
        """
        ours = [rule_of(self._settings.prefix, tier) for tier in dict.fromkeys(tiers)]
        with self._failures.reported("set the lifecycle rules", rights=_SET_RIGHTS):
            for attempt in range(_TRIES):
                found = self._read()
                if all(rule in found.rules for rule in ours):
                    return
                self._write(found, ours)
                if attempt:
                    time.sleep(_SECONDS * 2**attempt)
            if all(rule in self._read().rules for rule in ours):
                return
        raise LakeUnreachable(
            f"the lifecycle rules of the bucket {self._settings.bucket!r} do not keep what Tidegate adds",
            hint="Find out which other program writes them, and add the rules there.",
        )

    def foreign(self) -> Iterator[str]:
        """What rules of others do to objects of the lake, in words."""
        with self._failures.reported("read the lifecycle rules", rights=_READ_RIGHTS):
            found = self._read()
        ours = [rule_of(self._settings.prefix, tier) for tier in Tier]
        for rule in found.rules:
            if rule not in ours and rule.get("Status") == "Enabled" and _concerns(rule, self._settings.prefix):
                name = rule.get("ID", "")
                yield from (f"{effect} (rule {name!r})" for effect in _effects(rule))

    def _read(self) -> _Rules:
        try:
            found: Mapping[str, Any] = self._client.get_bucket_lifecycle_configuration(Bucket=self._settings.bucket)
        except ClientError as error:
            if code_of(error) != "NoSuchLifecycleConfiguration":
                raise
            found = {}
        option = "TransitionDefaultMinimumObjectSize"
        return _Rules(found.get("Rules", []), {option: found[option]} if option in found else {})

    def _write(self, found: _Rules, ours: Sequence[Rule]) -> None:
        names = {rule["ID"] for rule in ours}
        rules: list[Any] = [*(rule for rule in found.rules if rule.get("ID") not in names), *ours]
        if len(rules) > _MAX_RULES:
            raise LakeUnreachable(
                f"the bucket {self._settings.bucket!r} would have {len(rules)} lifecycle rules, more than {_MAX_RULES}",
                hint="Remove rules that are no longer needed, or use another bucket for the lake.",
            )
        self._client.put_bucket_lifecycle_configuration(
            Bucket=self._settings.bucket, LifecycleConfiguration={"Rules": rules}, **found.options
        )


def rule_of(prefix: str, tier: Tier) -> Rule:
    """The rule that moves what is tagged below a lake's prefix.

    Its name tells lakes of one bucket apart. The size makes it hold for objects under 128 KB, which rules pass over
    otherwise (S3 User Guide, Transitioning objects: constraints); an object of one byte is none of ours.
    """
    name = f"tidegate-{tier}"
    condition: dict[str, Any] = {"Tags": [{"Key": TAG, "Value": str(tier)}], "ObjectSizeGreaterThan": 1}
    if prefix:
        name = f"{name}-{hashlib.sha256(prefix.encode()).hexdigest()[:12]}"
        condition["Prefix"] = prefix
    return {
        "ID": name,
        "Status": "Enabled",
        "Filter": {"And": condition},
        "Transitions": [{"Days": _DAYS.get(tier, 0), "StorageClass": str(tier)}],
    }


def _concerns(rule: Rule, prefix: str) -> bool:
    """Whether a rule can hold for an object below `prefix`. Ours have no tag but our own."""
    condition = rule.get("Filter", {})
    both = condition.get("And", {})
    theirs = rule.get("Prefix") or condition.get("Prefix") or both.get("Prefix") or ""
    tags = [*both.get("Tags", ()), *([condition["Tag"]] if "Tag" in condition else [])]
    return (theirs.startswith(prefix) or prefix.startswith(theirs)) and all(tag["Key"] == TAG for tag in tags)


def _effects(rule: Rule) -> Iterator[str]:
    expiration = rule.get("Expiration", {})
    if when := _when(expiration):
        yield f"deletes objects {when}"
    for transition in rule.get("Transitions", ()):
        yield f"moves objects to {transition.get('StorageClass')} {_when(transition) or 'at once'}"
    if days := rule.get("NoncurrentVersionExpiration", {}).get("NoncurrentDays"):
        yield f"removes former versions {days} days after they were replaced"


def _when(action: Mapping[str, Any]) -> str:
    if (date := action.get("Date")) is not None:
        return f"from {date.date().isoformat()} on"
    days = action.get("Days")
    return f"{days} days after they were made" if days is not None else ""
