"""What the words of AWS mean for the ways between warehouse and lake."""

import re
from dataclasses import replace

from tidegate.flows.doctor.checks import Check, Verdict

_ADVICE = (
    (
        re.compile(r"lake ?formation", re.IGNORECASE),
        "Grant the role the Glue database and its tables in Lake Formation, and the bucket as a data location.",
    ),
    (
        re.compile(r"PermanentRedirect|must be addressed using the specified endpoint|region", re.IGNORECASE),
        "Use a bucket in the warehouse's own region: external tables and COPY of Parquet read nowhere else.",
    ),
    (
        re.compile(r"not authorized to assume|assume role|sts:AssumeRole", re.IGNORECASE),
        "Attach the role to the cluster or namespace, and let it be assumed by redshift.amazonaws.com.",
    ),
    (
        re.compile(r"\bglue\b", re.IGNORECASE),
        "Allow the role the actions on the data catalog that the policy below lists.",
    ),
    (
        re.compile(r"kms", re.IGNORECASE),
        "Allow the role to use the key, in its policy and in the key's.",
    ),
    (
        re.compile(r"access ?denied|forbidden|\b403\b", re.IGNORECASE),
        "Allow the role what the policy below lists. A bucket policy that admits a VPC endpoint only stops COPY of "
        "Parquet, and UNLOAD without enhanced VPC routing.",
    ),
)
"""Sources: developer guide, Spectrum and Lake Formation, COPY from columnar data formats (VPC endpoints)."""


def advised(check: Check) -> Check:
    """A failed check with the hint that fits the engine's words, where one does."""
    if check.verdict is not Verdict.FAILED:
        return check
    for words, hint in _ADVICE:
        if words.search(check.detail):
            return replace(check, hint=hint)
    return check
