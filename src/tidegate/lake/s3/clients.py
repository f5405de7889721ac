"""Clients of S3: one for each process, made when it is first needed."""

import os
from typing import TYPE_CHECKING

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from tidegate.config.settings import S3Settings
from tidegate.lake.s3.failures import Failures

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_CONNECT_SECONDS = 10
_READ_SECONDS = 60
_ATTEMPTS = 6
"""Tries of one request, with backoff between them (botocore's standard mode), unless the user's AWS settings say."""


class ProcessClients:
    """The client of the running process.

    A child that was forked makes its own, since the connections of its parent are not its to use. Two threads that
    come first together make one each, of which one is kept.
    """

    def __init__(self, settings: S3Settings, failures: Failures) -> None:
        self._settings = settings
        self._failures = failures
        self._clients: dict[int, S3Client] = {}

    def get(self) -> "S3Client":
        """Raises LakeUnreachable, ConfigError: no such profile, no such endpoint."""
        client = self._clients.get(os.getpid())
        return client or self._clients.setdefault(os.getpid(), self._make())

    def _make(self) -> "S3Client":
        aws = self._settings.aws
        try:
            chain = botocore.session.Session(profile=aws.profile)
            configured = chain.get_config_variable("max_attempts")
            session = boto3.session.Session(botocore_session=chain)
            return session.client(
                "s3",
                region_name=aws.region or session.region_name or "us-east-1",
                endpoint_url=aws.endpoint,
                config=Config(
                    connect_timeout=_CONNECT_SECONDS,
                    read_timeout=_READ_SECONDS,
                    retries=None if configured else {"mode": "standard", "total_max_attempts": _ATTEMPTS},
                    s3={"addressing_style": "path"} if aws.endpoint else None,
                    user_agent_extra="tidegate",
                ),
            )
        except (BotoCoreError, ValueError) as error:
            raise self._failures.of_client(error) from error
