"""What doctor says about the words of AWS (as Redshift reports them; developer guide, troubleshooting Spectrum)."""

import pytest

from tidegate.flows.doctor.advice import advised
from tidegate.flows.doctor.checks import Check, Verdict

DENIED = "S3ServiceException:Access Denied,Status 403,Error AccessDenied"
CASES = {
    "Insufficient Lake Formation permission(s): Required Describe on orders": "Grant the role the Glue database",
    "S3ServiceException:The S3 bucket addressed by the query is in a different region": "Use a bucket in the",
    'User arn:aws:redshift:… is not authorized to assume IAM Role "arn:aws:iam::1:role/r"': "Attach the role to",
    "is not authorized to perform: glue:CreateTable on resource": "Allow the role the actions on the data catalog",
    "is not authorized to perform: kms:GenerateDataKey": "Allow the role to use the key",
    DENIED: "Allow the role what the policy below lists",
}


@pytest.mark.parametrize("detail", CASES)
def test_the_hint_fits_the_words(detail: str) -> None:
    found = advised(Check("unload", Verdict.FAILED, detail, "Correct the statement.", 2))
    assert found.hint.startswith(CASES[detail])
    assert (found.detail, found.exit_code) == (detail, 2)


def test_other_words_keep_their_hint_and_what_did_not_fail_is_left_alone() -> None:
    other = Check("unload", Verdict.FAILED, "disk full", "Free some space.", 7)
    assert advised(other) == other
    warning = Check("clock", Verdict.WARNING, DENIED, "Look.")
    assert advised(warning) == warning
