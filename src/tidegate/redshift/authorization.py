"""The IAM_ROLE clause of UNLOAD, COPY and external schemas."""

from tidegate.errors import UsageError
from tidegate.redshift.identifiers import literal

MAX_CHAINED_ROLES = 10
"""Developer guide, IAM policies for Spectrum, chaining IAM roles."""


def iam_role(role: str) -> str:
    """Return `IAM_ROLE default`, or `IAM_ROLE '<arn>[,<arn>…]'` for a chain of roles.

    Raises:
        UsageError: neither `default` nor role ARNs separated by commas without spaces.
    """
    if role.lower() == "default":
        return "IAM_ROLE default"
    arns = role.split(",")
    if len(arns) > MAX_CHAINED_ROLES or not all(_is_role(arn) for arn in arns):
        raise UsageError(
            f"{role!r} is not an IAM role",
            hint=f'Write "default", or one to {MAX_CHAINED_ROLES} role ARNs separated by commas without spaces.',
        )
    return f"IAM_ROLE {literal(role)}"


def _is_role(arn: str) -> bool:
    return arn.startswith("arn:") and ":role/" in arn and not any(c.isspace() for c in arn)
