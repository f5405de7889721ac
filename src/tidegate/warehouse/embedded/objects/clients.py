"""Clients of S3, made when they are first needed and once a process: a child that was forked makes its own."""

import os
import threading
from typing import TYPE_CHECKING

from tidegate.config.extras import needing
from tidegate.config.settings import Aws
from tidegate.errors import ConfigError

if TYPE_CHECKING:
    from boto3.session import Session
    from mypy_boto3_s3 import S3Client

_CONNECTIONS = 32
_CONNECT_SECONDS = 10
_ATTEMPTS = 6
"""Tries of one request, with backoff between them (botocore's standard mode), unless the user's AWS settings say."""

_clients: "dict[Aws, S3Client]" = {}
_making = threading.Lock()


def client(aws: Aws) -> "S3Client":
    """The client of this process for these settings, for all its threads.

    Raises:
        ConfigError: the packages of the extra `aws` are missing, or the profile or the endpoint is wrong, or there
            are no credentials.
    """
    known = _clients.get(aws)
    if known is not None:
        return known
    with _making:
        if aws not in _clients:
            _clients[aws] = _made(aws)
        return _clients[aws]


def _made(aws: Aws) -> "S3Client":
    with needing("aws", "s3://"):
        import boto3.session
        import botocore.session
        import fsspec  # noqa: F401
        from botocore.exceptions import BotoCoreError
    try:
        chain = botocore.session.Session(profile=aws.profile)
        session = boto3.session.Session(botocore_session=chain, region_name=aws.region)
        made = _configured(session, aws, chain.get_config_variable("max_attempts") is not None)
        found = session.get_credentials()
    except (BotoCoreError, ValueError) as error:
        raise ConfigError(
            f"cannot make a client of S3: {error}", hint="Check the profile, the region and the endpoint."
        ) from error
    if found is None:
        raise ConfigError(
            "no AWS credentials were found",
            hint="Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile, or run with an instance role.",
        )
    return made


def _configured(session: "Session", aws: Aws, limited: bool) -> "S3Client":
    from botocore.config import Config

    return session.client(
        "s3",
        endpoint_url=aws.endpoint,
        config=Config(
            connect_timeout=_CONNECT_SECONDS,
            max_pool_connections=_CONNECTIONS,
            retries=None if limited else {"mode": "standard", "total_max_attempts": _ATTEMPTS},
            s3={"addressing_style": "path"} if aws.endpoint else None,
            user_agent_extra="tidegate",
        ),
    )


def _after_fork() -> None:
    global _making
    _making = threading.Lock()
    _clients.clear()


os.register_at_fork(after_in_child=_after_fork)
