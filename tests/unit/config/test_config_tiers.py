"""`tiers` of a policy: days by tier, in the one order in which files can move."""

import pytest
from tests.unit.config.conftest import Load

from tidegate.errors import PolicyError
from tidegate.model.policy import TierRule
from tidegate.model.tiers import Tier

HEAD = '[[archive]]\ntable = "public.orders"\ncolumn = "d"\nretention = 3\n'


def policy(tiers: str, action: str = "archive") -> str:
    return f'{HEAD}action = "{action}"\ntiers = {{ {tiers} }}\n'


def test_tiers_are_ordered_by_coldness_and_days_may_be_a_duration(settings: Load) -> None:
    (read,) = settings(policy('DEEP_ARCHIVE = "365d", GLACIER_IR = 30, expire = 2555')).policies
    assert read.tiers == (TierRule(Tier.GLACIER_IR, 30), TierRule(Tier.DEEP_ARCHIVE, 365))
    assert read.expire == 2555


@pytest.mark.parametrize(
    ("tiers", "action", "problem"),
    [
        ("GLACIER_IR = 1", "purge", 'tiers need files, which action = "purge" does not make'),
        ("GLACIER = 1, expire = 9", "copy", "tiers: copies have no tiers, they can only expire"),
        ("GLACIER_IR = 90, GLACIER = 90", "archive", "tiers: GLACIER is at 90 days, must be after GLACIER_IR at 90"),
        ("STANDARD_IA = 29", "archive", "tiers: STANDARD_IA is at 29 days, S3 moves nothing there before 30"),
        ("GLACIER = 90, expire = 90", "archive", "tiers: expire is at 90 days, must be after GLACIER at 90"),
    ],
)
def test_what_no_file_can_do_is_refused(settings: Load, tiers: str, action: str, problem: str) -> None:
    with pytest.raises(PolicyError) as error:
        settings(policy(tiers, action))
    assert error.value.message.endswith(f"[[archive]] public.orders: {problem}")


def test_copies_can_expire(settings: Load) -> None:
    (read,) = settings(policy("expire = 30", "copy")).policies
    assert (read.tiers, read.expire) == ((), 30)
