"""What doctor says of lifecycle rules that are not ours, and which rights tiers need."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from tidegate.config.settings import EmbeddedSettings, S3Settings, Settings
from tidegate.errors import LakeUnreachable
from tidegate.flows.context import Context
from tidegate.flows.doctor.access import caller_policy
from tidegate.flows.doctor.checks import Check, Verdict
from tidegate.flows.doctor.lake import check_lake
from tidegate.lake.local import LocalLake
from tidegate.model.names import TableName
from tidegate.model.policy import Policy, TierRule
from tidegate.model.tiers import Tier

MOVES, DELETES = "moves objects to GLACIER at once (rule 'a')", "deletes objects 3 days after they were made (rule 'b')"


class Ruled(LocalLake):
    rules: Sequence[str] | LakeUnreachable = ()

    def foreign_rules(self) -> Sequence[str]:
        if isinstance(self.rules, LakeUnreachable):
            raise self.rules
        return self.rules


def checked(root: Path, rules: Sequence[str] | LakeUnreachable) -> Check:
    lake = Ruled(root)
    lake.rules = rules
    context = SimpleNamespace(lake=lake, clock=lambda: datetime.now(UTC))
    (found,) = (c for c in check_lake(cast("Context", context), "probes/") if c.name == "lifecycle rules")
    return found


@pytest.mark.parametrize(
    ("rules", "verdict", "exit_code", "detail", "hint"),
    [
        ((), Verdict.OK, 0, "nobody else's rule deletes or moves objects of the lake", ""),
        (
            (MOVES,),
            Verdict.WARNING,
            0,
            f"rules of others hold for the lake: {MOVES}",
            "Take the lake's prefix out of these rules, and give the policy its tiers instead.",
        ),
        (
            (MOVES, DELETES),
            Verdict.FAILED,
            3,
            f"rules of others hold for the lake: {MOVES}; {DELETES}",
            "Take the lake's prefix out of these rules: they delete what counts as archived.",
        ),
        (LakeUnreachable("no right", hint="Grant it."), Verdict.WARNING, 0, "no right", "Grant it."),
    ],
)
def test_a_rule_of_others_is_told_by_what_it_does(
    tmp_path: Path,
    rules: Sequence[str] | LakeUnreachable,
    verdict: Verdict,
    exit_code: int,
    detail: str,
    hint: str,
) -> None:
    found = checked(tmp_path, rules)
    assert (found.verdict, found.exit_code, found.detail, found.hint) == (verdict, exit_code, detail, hint)


def statements(policies: tuple[Policy, ...]) -> dict[str, tuple[list[str], list[str]]]:
    settings = Settings(
        Path("t.toml"),
        "UTC",
        EmbeddedSettings(Path("w"), Path()),
        S3Settings("b", "p/"),
        Path("l"),
        policies=policies,
    )
    document = caller_policy(settings)
    assert document is not None
    return {s["Sid"]: (s["Action"], s["Resource"]) for s in cast("list[dict[str, list[str]]]", document["Statement"])}  # type: ignore[index]


def test_rights_on_tags_and_rules_are_asked_for_where_a_policy_has_tiers() -> None:
    table = TableName("public", "orders")
    assert list(statements((Policy(table, None),))) == ["Bucket", "Objects"]
    assert "s3:GetLifecycleConfiguration" in statements(())["Bucket"][0]
    found = statements((Policy(table, None, tiers=(TierRule(Tier.GLACIER, 30),)),))
    assert found["TierRules"] == (["s3:PutLifecycleConfiguration"], ["arn:aws:s3:::b"])
    assert found["Tiers"] == (
        ["s3:GetObjectTagging", "s3:PutObjectTagging", "s3:RestoreObject"],
        ["arn:aws:s3:::b/p/*"],
    )
