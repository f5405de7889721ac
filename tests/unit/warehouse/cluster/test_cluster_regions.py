"""Where a Redshift is, as each driver knows it: outside of that region it does not read S3."""

import pytest

from tidegate.config.settings import Aws, ConnectorSettings, DataApiSettings
from tidegate.warehouse.base import Result
from tidegate.warehouse.connector.driver import ConnectorWarehouse
from tidegate.warehouse.data_api.driver import DataApiWarehouse

_HOST = "shop.abc123def456.{}.redshift.amazonaws.com"
_SERVERLESS = "shop.123456789012.{}.redshift-serverless.amazonaws.com"


class Cluster:
    """Answers for a Redshift that is not there."""

    def execute(self, sql: str) -> Result:
        if "VERSION()" in sql:
            return Result(rows=(("ada", "dev", "PostgreSQL 8.0.2 on i686-pc-linux-gnu, Redshift 1.0.12103"),))
        return Result(rows=(("Snapshot Isolation",),))


class ByConnector(Cluster, ConnectorWarehouse):
    pass


class ByDataApi(Cluster, DataApiWarehouse):
    pass


@pytest.mark.parametrize(
    ("settings", "region"),
    [
        (ConnectorSettings("dev", host=_HOST.format("eu-west-1"), aws=Aws(region="us-east-2")), "eu-west-1"),
        (ConnectorSettings("dev", host=_SERVERLESS.format("ap-southeast-2")), "ap-southeast-2"),
        (ConnectorSettings("dev", host=_HOST.format("us-gov-west-1")), "us-gov-west-1"),
        (ConnectorSettings("dev", host=_HOST.format("cn-north-1") + ".cn"), "cn-north-1"),
        (ConnectorSettings("dev", host="redshift.internal", aws=Aws(region="us-east-2")), "us-east-2"),
        (ConnectorSettings("dev", host="redshift.internal"), None),
        (ConnectorSettings("dev", workgroup="shop", aws=Aws(region="eu-north-1")), "eu-north-1"),
        (ConnectorSettings("dev", cluster="shop"), "eu-south-1"),
    ],
)
def test_the_sql_endpoint_is_where_its_name_says(
    settings: ConnectorSettings, region: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-south-1")
    assert ByConnector(settings).capabilities.external_region == region


def test_the_data_api_is_where_it_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-south-1")
    for aws, region in ((Aws(), "eu-south-1"), (Aws(region="us-west-2"), "us-west-2")):
        warehouse = ByDataApi(DataApiSettings("dev", workgroup="shop", aws=aws))
        assert warehouse.capabilities.external_region == region
        warehouse.close()
