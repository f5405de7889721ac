"""Passwords of RDS and Aurora under IAM authentication: tokens, signed on this machine, good for 15 minutes.

Source: Amazon RDS User Guide, "Connecting to your DB instance using IAM authentication and the AWS SDK for Python".
"""

from collections.abc import Callable

import boto3
from botocore.exceptions import BotoCoreError, ClientError, ProfileNotFound

from tidegate.config.settings import PostgresSettings
from tidegate.errors import ConfigError, LedgerUnreachable


def token_maker(settings: PostgresSettings) -> Callable[[], str]:
    """Makes a new token at each call; a call raises LedgerUnreachable without credentials.

    Raises:
        ConfigError: there is no such profile, or no region.
    """
    try:
        session = boto3.session.Session(profile_name=settings.aws.profile, region_name=settings.aws.region)
    except ProfileNotFound as error:
        raise ConfigError(
            f"the ledger {settings.address!r} has iam with an AWS profile {settings.aws.profile!r} that is not there",
            hint="Correct profile in url under [ledger], or add the profile to ~/.aws/config.",
        ) from error
    if session.region_name is None:
        raise ConfigError(
            f"the ledger {settings.address!r} has iam without a region",
            hint="Add region=… to url under [ledger], or set AWS_DEFAULT_REGION.",
        )
    client = session.client("rds")

    def make() -> str:
        try:
            return client.generate_db_auth_token(settings.host, settings.port, settings.user)
        except (BotoCoreError, ClientError) as error:
            raise LedgerUnreachable(
                f"the ledger {settings.address!r} cannot be used: no token was made: {str(error).lower()}",
                hint="Give this process AWS credentials with the right rds-db:connect for the database user.",
            ) from error

    return make
