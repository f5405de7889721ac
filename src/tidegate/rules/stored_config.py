"""The text of a configuration that lies in S3, or in Systems Manager. Only this module speaks to the latter."""

from collections.abc import Iterator
from contextlib import contextmanager

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tidegate.config.remote import RemoteConfig
from tidegate.errors import ConfigError, ConfigNotFound, TidegateError, Unreachable

_CONFIG = Config(
    connect_timeout=5,
    read_timeout=20,
    retries={"mode": "standard", "total_max_attempts": 4},
    user_agent_extra="tidegate",
)
_MOST_BYTES = 1_000_000
_MISSING = ("NoSuchKey", "NoSuchBucket", "ParameterNotFound", "404")
_DENIED = ("AccessDenied", "AccessDeniedException", "403")


def read_config(place: RemoteConfig) -> str:
    """Region, profile and endpoint are those of the environment.

    Raises:
        ConfigNotFound: there is nothing at the address.
        ConfigError: what is there is no text.
        Unreachable: it cannot be read now, or not by us.
    """
    with _reported(place):
        if place.bucket is None:
            client = boto3.session.Session().client("ssm", config=_CONFIG)
            return str(client.get_parameter(Name=place.key, WithDecryption=True)["Parameter"]["Value"])
        answer = boto3.session.Session().client("s3", config=_CONFIG).get_object(Bucket=place.bucket, Key=place.key)
        if answer["ContentLength"] > _MOST_BYTES:
            raise ConfigError(f"{place.address} has {answer['ContentLength']} bytes", hint="Name a tidegate.toml.")
        data = answer["Body"].read()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{place.address} is not UTF-8 text at byte {error.start}", hint="Save it as UTF-8."
        ) from error


@contextmanager
def _reported(place: RemoteConfig) -> Iterator[None]:
    try:
        yield
    except (ClientError, BotoCoreError, ValueError) as error:
        raise _failure(place, error) from error


def _failure(place: RemoteConfig, error: Exception) -> TidegateError:
    what = f"cannot read the configuration {place.address}"
    if not isinstance(error, ClientError):
        return Unreachable(f"{what}: {type(error).__name__}", hint="Check the network, the region and the credentials.")
    told = error.response["Error"]
    code = told.get("Code", "")
    if code in _MISSING:
        return ConfigNotFound(f"there is no configuration {place.address}", hint="Check the address, and the region.")
    if code in _DENIED:
        need = "s3:GetObject" if place.bucket is not None else "ssm:GetParameter, and kms:Decrypt on its key"
        return Unreachable(f"{what}: access is denied", hint=f"Allow {need}.")
    return Unreachable(f"{what}: {code}: {told.get('Message', '')}", hint="Look the reason up.")
