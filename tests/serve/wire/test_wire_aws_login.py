"""Logins that AWS gives: cluster, workgroup, secret; what it refuses."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from tests.serve.wire.endpoint import DATABASE, PASSWORD, USER, Endpoint

from tidegate.config.settings import Aws, ConnectorSettings
from tidegate.errors import ConfigError, TidegateError, WarehouseUnreachable
from tidegate.warehouse.connector.driver import ConnectorWarehouse
from tidegate.warehouse.connector.login import login

EXPIRES = datetime(2030, 1, 1, tzinfo=UTC)


class Cloud:
    """AWS as far as the test tells it: each expected call with its answer, in order."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._stubs: dict[str, Stubber] = {}

    def service(self, name: str) -> Stubber:
        if name not in self._stubs:
            client = boto3.session.Session().client(
                name, region_name="us-east-1", aws_access_key_id="k", aws_secret_access_key="s"
            )
            self._stubs[name] = self._stack.enter_context(Stubber(client))
        return self._stubs[name]

    def done(self) -> None:
        for stub in self._stubs.values():
            stub.assert_no_pending_responses()


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    with ExitStack() as stack:
        known = Cloud(stack)

        class Session:
            def __init__(self, **_: Any) -> None: ...

            def client(self, name: str, **_: Any) -> Any:
                return known.service(name).client

        monkeypatch.setattr("tidegate.warehouse.connector.login.boto3.Session", Session)
        yield known
        known.done()


def iam(endpoint: Endpoint, **settings: Any) -> ConnectorSettings:
    return ConnectorSettings(DATABASE, ca_file=endpoint.ca_file, aws=Aws(region="us-east-1"), **settings)


def test_a_cluster_with_a_database_user(endpoint: Endpoint, cloud: Cloud) -> None:
    given = {"DbUser": USER, "DbPassword": PASSWORD, "Expiration": EXPIRES}
    asked = {"ClusterIdentifier": "prod", "DbUser": USER, "DbName": DATABASE, "AutoCreate": False}
    place = {"Clusters": [{"Endpoint": {"Address": endpoint.host, "Port": endpoint.port}}]}
    cloud.service("redshift").add_response("get_cluster_credentials", given, asked)
    cloud.service("redshift").add_response("describe_clusters", place, {"ClusterIdentifier": "prod"})
    warehouse = ConnectorWarehouse(iam(endpoint, cluster="prod", user=USER))
    assert warehouse.execute("SELECT current_user").rows == ((USER,),)
    assert warehouse.execute("SELECT 1").rows == ((1,),)
    warehouse.close()


def test_a_cluster_as_the_identity_that_asks(endpoint: Endpoint, cloud: Cloud) -> None:
    given = {"DbUser": "IAM:me", "DbPassword": "x", "Expiration": EXPIRES}
    asked = {"ClusterIdentifier": "prod", "DbName": DATABASE}
    cloud.service("redshift").add_response("get_cluster_credentials_with_iam", given, asked)
    found = login(iam(endpoint, cluster="prod", host="db.example.com", port=1234))
    assert (found.host, found.port, found.user, found.password.reveal()) == ("db.example.com", 1234, "IAM:me", "x")
    assert "'x'" not in repr(found)


def test_a_workgroup(endpoint: Endpoint, cloud: Cloud) -> None:
    given = {"dbUser": USER, "dbPassword": PASSWORD, "expiration": EXPIRES}
    place = {"workgroup": {"endpoint": {"address": endpoint.host, "port": endpoint.port}}}
    serverless = cloud.service("redshift-serverless")
    serverless.add_response("get_credentials", given, {"workgroupName": "reports", "dbName": DATABASE})
    serverless.add_response("get_workgroup", place, {"workgroupName": "reports"})
    warehouse = ConnectorWarehouse(iam(endpoint, workgroup="reports"))
    assert warehouse.execute("SELECT 1").rows == ((1,),)
    warehouse.close()


@pytest.mark.parametrize(
    ("text", "settings", "place"),
    [
        ('{"username": "u", "password": "p", "host": "h", "port": 99}', {}, ("h", 99)),
        ('{"username": "u", "password": "p", "host": "h"}', {}, ("h", 5439)),
        ('{"username": "u", "password": "p", "host": "h", "port": 99}', {"host": "mine", "port": 1}, ("mine", 1)),
    ],
)
def test_a_secret(
    endpoint: Endpoint, cloud: Cloud, text: str, settings: dict[str, Any], place: tuple[str, int]
) -> None:
    manager = cloud.service("secretsmanager")
    manager.add_response("get_secret_value", {"SecretString": text}, {"SecretId": "prod/redshift"})
    found = login(iam(endpoint, secret="prod/redshift", **settings))
    assert (found.host, found.port) == place
    assert (found.user, found.password.reveal()) == ("u", "p")


@pytest.mark.parametrize("text", ["word", "[]", '{"username": "u"}'])
def test_a_secret_without_a_login(endpoint: Endpoint, cloud: Cloud, text: str) -> None:
    cloud.service("secretsmanager").add_response("get_secret_value", {"SecretString": text})
    with pytest.raises(ConfigError, match=r"^the secret s holds no user name and password$"):
        login(iam(endpoint, secret="s"))


@pytest.mark.parametrize(
    ("code", "kind", "hint"),
    [
        ("AccessDeniedException", ConfigError, "Give this AWS identity the right"),
        ("ResourceNotFoundException", ConfigError, "Check the names"),
        ("ThrottlingException", WarehouseUnreachable, "Check the AWS credentials"),
    ],
)
def test_what_aws_refuses(endpoint: Endpoint, cloud: Cloud, code: str, kind: type[TidegateError], hint: str) -> None:
    cloud.service("redshift-serverless").add_client_error("get_credentials", code, "because")
    with pytest.raises(kind, match=f"^no login for reports/{DATABASE}: .*because") as refused:
        login(iam(endpoint, workgroup="reports"))
    assert refused.value.hint.startswith(hint)


def test_a_secret_that_names_no_host(endpoint: Endpoint, cloud: Cloud) -> None:
    login_alone = {"SecretString": '{"username": "u", "password": "p"}'}
    cloud.service("secretsmanager").add_response("get_secret_value", login_alone)
    with pytest.raises(ConfigError, match=r"^the address of Redshift has no host$"):
        login(iam(endpoint, secret="s"))


def test_a_cluster_that_is_being_made(endpoint: Endpoint, cloud: Cloud) -> None:
    given = {"DbUser": USER, "DbPassword": PASSWORD, "Expiration": EXPIRES}
    cloud.service("redshift").add_response("get_cluster_credentials", given)
    cloud.service("redshift").add_response("describe_clusters", {"Clusters": [{}]})
    with pytest.raises(WarehouseUnreachable, match=f"^prod/{DATABASE} has no address yet"):
        login(replace(iam(endpoint, cluster="prod"), user=USER))
