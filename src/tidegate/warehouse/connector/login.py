"""Where to connect and as whom: a password, a secret of Secrets Manager, or temporary credentials from IAM."""

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from tidegate.config.secret import Secret
from tidegate.config.settings import ConnectorSettings
from tidegate.errors import ConfigError, TidegateError, WarehouseUnreachable

if TYPE_CHECKING:
    from mypy_boto3_redshift import RedshiftClient
    from mypy_boto3_redshift_serverless import RedshiftServerlessClient
    from mypy_boto3_secretsmanager import SecretsManagerClient

_HOST = re.compile(r"\.([a-z]{2}(?:-[a-z]+)+-\d)\.redshift(?:-serverless)?\.amazonaws\.com(?:\.cn)?$", re.IGNORECASE)
_REFUSED = ("AccessDenied", "AccessDeniedException", "UnrecognizedClientException", "InvalidClientTokenId")


@dataclass(frozen=True)
class Login:
    """What one connection needs. Credentials from IAM are good for it alone: they end after minutes."""

    host: str
    port: int
    user: str
    password: Secret


def login(settings: ConnectorSettings) -> Login:
    """Resolve the settings, asking AWS where they say so; nothing is remembered.

    Raises:
        ConfigError: the settings, the secret, or the rights of this AWS identity do not suffice.
        WarehouseUnreachable: AWS does not answer.
    """
    try:
        if settings.password is not None:
            return Login(_host(settings), settings.port, _user(settings), settings.password)
        if settings.secret is not None:
            return _from_secret(settings, settings.secret)
        if settings.workgroup is not None:
            return _from_workgroup(settings, settings.workgroup)
        if settings.cluster is not None:
            return _from_cluster(settings, settings.cluster)
    except (ClientError, BotoCoreError) as error:
        raise _aws_failure(settings, error) from error
    raise ConfigError(
        f"nothing says how to log in to {settings.address}",
        hint="Give user and password, a secret, a cluster or a workgroup under [warehouse].",
    )


def region(settings: ConnectorSettings) -> str | None:
    """The AWS region of the warehouse: as its host name says, else where clients look a workgroup or cluster up."""
    if settings.host is not None:
        match = _HOST.search(settings.host)
        return match[1] if match else settings.aws.region
    try:
        return _session(settings).region_name
    except BotoCoreError as error:
        raise _aws_failure(settings, error) from error


def _session(settings: ConnectorSettings) -> boto3.Session:
    return boto3.Session(profile_name=settings.aws.profile, region_name=settings.aws.region)


def _from_secret(settings: ConnectorSettings, name: str) -> Login:
    client: SecretsManagerClient = _session(settings).client("secretsmanager", endpoint_url=settings.aws.endpoint)
    text = client.get_secret_value(SecretId=name).get("SecretString", "")
    try:
        known = json.loads(text)
        user, password = str(known["username"]), Secret(str(known["password"]))
    except (ValueError, TypeError, KeyError) as error:
        raise ConfigError(
            f"the secret {name} holds no user name and password",
            hint='Let it be a JSON document {"username": …, "password": …}.',
        ) from error
    host = settings.host or known.get("host")
    if not host:
        return Login(*_endpoint(settings), user, password)
    port = settings.port if settings.host else int(known.get("port", settings.port))
    return Login(str(host), port, user, password)


def _from_workgroup(settings: ConnectorSettings, workgroup: str) -> Login:
    given = _serverless(settings).get_credentials(workgroupName=workgroup, dbName=settings.database)
    return Login(*_endpoint(settings), given["dbUser"], Secret(given["dbPassword"]))


def _from_cluster(settings: ConnectorSettings, cluster: str) -> Login:
    client = _provisioned(settings)
    if settings.user is None:
        mapped = client.get_cluster_credentials_with_iam(ClusterIdentifier=cluster, DbName=settings.database)
        return Login(*_endpoint(settings), mapped["DbUser"], Secret(mapped["DbPassword"]))
    given = client.get_cluster_credentials(
        ClusterIdentifier=cluster, DbUser=settings.user, DbName=settings.database, AutoCreate=False
    )
    return Login(*_endpoint(settings), given["DbUser"], Secret(given["DbPassword"]))


def _endpoint(settings: ConnectorSettings) -> tuple[str, int]:
    """Host and port: as the settings say, else as AWS knows them."""
    if settings.host is not None:
        return settings.host, settings.port
    if settings.workgroup is not None:
        workgroup = _serverless(settings).get_workgroup(workgroupName=settings.workgroup)["workgroup"]
        found = workgroup.get("endpoint", {})
        address, port = found.get("address"), found.get("port")
    elif settings.cluster is None:
        return _host(settings), settings.port
    else:
        cluster = _provisioned(settings).describe_clusters(ClusterIdentifier=settings.cluster)["Clusters"][0]
        place = cluster.get("Endpoint", {})
        address, port = place.get("Address"), place.get("Port")
    if not address:
        raise WarehouseUnreachable(
            f"{settings.address} has no address yet", hint="Wait until it is available, or resume it."
        )
    return address, port or settings.port


def _serverless(settings: ConnectorSettings) -> "RedshiftServerlessClient":
    return _session(settings).client("redshift-serverless", endpoint_url=settings.aws.endpoint)


def _provisioned(settings: ConnectorSettings) -> "RedshiftClient":
    return _session(settings).client("redshift", endpoint_url=settings.aws.endpoint)


def _host(settings: ConnectorSettings) -> str:
    if settings.host is None:
        raise ConfigError("the address of Redshift has no host", hint="Write the host in [warehouse] url.")
    return settings.host


def _user(settings: ConnectorSettings) -> str:
    if settings.user is None:
        raise ConfigError(f"there is no user for {settings.address}", hint="Name the user in [warehouse] url.")
    return settings.user


def _aws_failure(settings: ConnectorSettings, error: ClientError | BotoCoreError) -> TidegateError:
    code = str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""
    message = f"no login for {settings.address}: {' '.join(str(error).split())}"
    if code in _REFUSED:
        return ConfigError(message, hint="Give this AWS identity the right to do that, or name another profile.")
    if isinstance(error, ClientError) and "NotFound" in code:
        return ConfigError(message, hint="Check the names of cluster, workgroup and secret, and the region.")
    return WarehouseUnreachable(message, hint="Check the AWS credentials, the region and the network.")
