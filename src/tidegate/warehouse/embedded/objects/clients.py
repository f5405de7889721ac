"""Clients of S3, made when they are first needed and once a process: nothing of them outlives a fork."""

import os
import threading
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tidegate.config.settings import Aws
from tidegate.errors import ConfigError

if TYPE_CHECKING:
    from boto3.session import Session
    from mypy_boto3_s3 import S3Client
    from obstore.store import S3Store

_CONNECTIONS = 32
_CONNECT_SECONDS = 10
_CREDENTIALS_LAST = timedelta(minutes=5)
"""How long obstore may use credentials before it asks again; boto3 renews them ten minutes before they end."""
_REQUEST_SECONDS = 120
_RETRIES = 8
_FIRST_REGION = "us-east-1"
_NO_REGION = "aws-global"
_REGION_HEADER = "x-amz-bucket-region"


@dataclass(frozen=True)
class Clients:
    """boto3 lists, writes and deletes: it takes every key as it is, and lists by any prefix. obstore reads ranges."""

    aws: Aws
    session: "Session"
    s3: "S3Client"
    _stores: "dict[str, S3Store]" = field(default_factory=dict)

    def store(self, bucket: str) -> "S3Store":
        """The bucket for reading."""
        known = self._stores.get(bucket)
        return self._stores.setdefault(bucket, self._store(bucket)) if known is None else known

    def _store(self, bucket: str) -> "S3Store":
        from obstore.auth.boto3 import Boto3CredentialProvider
        from obstore.store import S3Store

        region = self._region(bucket)
        s3 = self.s3 if region == self.s3.meta.region_name else _client(self.session, replace(self.aws, region=region))
        return S3Store(
            bucket,
            endpoint=s3.meta.endpoint_url,
            region=_FIRST_REGION if region == _NO_REGION else region,
            credential_provider=Boto3CredentialProvider(self.session, ttl=_CREDENTIALS_LAST),
            client_options={"allow_http": True, "timeout": timedelta(seconds=_REQUEST_SECONDS)},
            retry_config={"max_retries": _RETRIES},
        )

    def _region(self, bucket: str) -> str:
        """boto3 finds a bucket wherever it is, obstore has to be told."""
        from botocore.exceptions import ClientError

        if self.aws.region is not None or self.aws.endpoint is not None:
            return self.s3.meta.region_name
        try:
            answer: Any = self.s3.head_bucket(Bucket=bucket)
        except ClientError as error:
            answer = error.response
        region: str = answer["ResponseMetadata"]["HTTPHeaders"].get(_REGION_HEADER, self.s3.meta.region_name)
        return region


_clients: dict[Aws, Clients] = {}
_making = threading.Lock()


def clients(aws: Aws) -> Clients:
    """The clients of this process for these settings.

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


def _made(aws: Aws) -> Clients:
    try:
        import boto3.session
        import fsspec  # noqa: F401
        import obstore  # noqa: F401
        from botocore.exceptions import BotoCoreError
    except ImportError as error:
        raise ConfigError(
            f"s3:// needs the packages of tidegate[aws], and {error.name!r} is missing",
            hint="Run: pip install 'tidegate[aws]'.",
        ) from error
    try:
        session = boto3.session.Session(profile_name=aws.profile, region_name=aws.region)
        client = _client(session, aws)
    except (BotoCoreError, ValueError) as error:
        raise ConfigError(
            f"cannot make a client of S3: {error}", hint="Check the profile, the region and the endpoint."
        ) from error
    if session.get_credentials() is None:
        raise ConfigError(
            "no AWS credentials were found",
            hint="Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile, or run with an instance role.",
        )
    return Clients(aws, session, client)


def _client(session: "Session", aws: Aws) -> "S3Client":
    from botocore.config import Config

    config = Config(
        connect_timeout=_CONNECT_SECONDS,
        max_pool_connections=_CONNECTIONS,
        s3={"addressing_style": "path"} if aws.endpoint else None,
    )
    return session.client("s3", region_name=aws.region, endpoint_url=aws.endpoint, config=config)


def _after_fork() -> None:
    global _making
    _making = threading.Lock()
    _clients.clear()


os.register_at_fork(after_in_child=_after_fork)
