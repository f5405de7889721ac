"""Redshift, S3 and PostgreSQL in tidegate.toml."""

from pathlib import Path

import pytest
from tests.unit.config.conftest import Load

from tidegate.config.secret import Secret
from tidegate.config.settings import (
    Aws,
    ConnectorSettings,
    DataApiSettings,
    EmbeddedSettings,
    PostgresSettings,
    S3Settings,
)
from tidegate.errors import ConfigError

S3 = '[lake]\nurl = "s3://cold/prod"\n'


def test_a_serverless_workgroup_goes_by_the_data_api(settings: Load) -> None:
    found = settings(f'[warehouse]\nurl = "redshift-serverless://wgp/dev?region=eu-west-1"\n{S3}', base="")
    assert found.warehouse == DataApiSettings(database="dev", workgroup="wgp", aws=Aws(region="eu-west-1"))
    assert found.lake == S3Settings("cold", "prod/")


def test_a_cluster_with_every_key_of_the_data_api(settings: Load) -> None:
    text = """
        [warehouse]
        url = "redshift://Main/sales?region=us-east-1&user=etl&profile=prod&endpoint=https://vpce.example.com"
        secret = "redshift/etl"
        query_group = "nightly"
        statement_timeout = "2h"
    """
    assert settings(text + S3, base="").warehouse == DataApiSettings(
        database="sales",
        cluster="Main",
        db_user="etl",
        secret="redshift/etl",
        aws=Aws("us-east-1", "prod", "https://vpce.example.com"),
        query_group="nightly",
        statement_timeout=7200.0,
    )


def test_a_host_goes_by_the_connector(settings: Load, tmp_path: Path) -> None:
    text = """
        [warehouse]
        url = "redshift://etl@c1.abc.eu-west-1.redshift.amazonaws.com:5440/sales"
        password = "hunter2"
        ca_file = "certs/ca.pem"
    """
    assert settings(text + S3, base="").warehouse == ConnectorSettings(
        database="sales",
        host="c1.abc.eu-west-1.redshift.amazonaws.com",
        port=5440,
        user="etl",
        password=Secret("hunter2"),
        cluster="c1",
        ca_file=tmp_path / "certs/ca.pem",
    )


def test_a_workgroup_by_the_connector_takes_iam(settings: Load) -> None:
    text = '[warehouse]\nurl = "redshift-serverless://wgp/dev"\ndriver = "connector"\n'
    assert settings(text + S3, base="").warehouse == ConnectorSettings(database="dev", workgroup="wgp")


def test_a_local_redshift_may_use_a_local_lake(settings: Load, tmp_path: Path) -> None:
    text = '[warehouse]\nurl = "redshift://tidegate:pw@127.0.0.1:5439/dev"\n[lake]\nurl = "lake"'
    found = settings(text, base="")
    assert found.lake == tmp_path / "lake"
    assert found.warehouse == ConnectorSettings(
        database="dev", host="127.0.0.1", user="tidegate", password=Secret("pw")
    )


def test_a_lake_on_s3_with_every_key_under_the_embedded_warehouse(settings: Load, tmp_path: Path) -> None:
    text = """
        [warehouse]
        url = "duckdb:///w.duckdb"
        [lake]
        url = "s3://cold"
        region = "eu-west-1"
        profile = "prod"
        endpoint = "http://127.0.0.1:9000/"
        kms_key = "alias/cold"
    """
    found = settings(text, base="")
    aws = Aws("eu-west-1", "prod", "http://127.0.0.1:9000")
    assert found.lake == S3Settings("cold", "", aws, "alias/cold")
    assert found.warehouse == EmbeddedSettings(path=tmp_path / "w.duckdb", base=tmp_path, s3=aws)


def test_a_ledger_on_postgresql(settings: Load, tmp_path: Path) -> None:
    found = settings('[ledger]\nurl = "postgresql+psycopg://gate@db.example.com/ledger"\npassword = "hunter2"')
    assert found.ledger == PostgresSettings("db.example.com", "ledger", "gate", password=Secret("hunter2"))
    found = settings(
        '[ledger]\nurl = "postgresql://gate:p%40ss@db:6432/l?sslmode=verify-full&sslrootcert=ca.pem&region=eu-west-1"'
    )
    assert found.ledger == PostgresSettings(
        "db",
        "l",
        "gate",
        6432,
        Secret("p@ss"),
        sslmode="verify-full",
        ca_file=tmp_path / "ca.pem",
        aws=Aws(region="eu-west-1"),
    )


def test_iam_means_a_verified_connection(settings: Load) -> None:
    found = settings('[ledger]\nurl = "postgresql://gate@db/l?iam=true&region=eu-west-1"')
    assert found.ledger == PostgresSettings(
        "db", "l", "gate", iam=True, sslmode="verify-full", aws=Aws(region="eu-west-1")
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            '[warehouse]\nurl = "redshift-serverless://wgp"',
            "[warehouse] url must name a database: redshift-serverless://WORKGROUP/DATABASE?region=…",
        ),
        (
            '[warehouse]\nurl = "redshift:///dev"',
            "[warehouse] url must be written as redshift://CLUSTER/DATABASE?region=…&user=…",
        ),
        (
            '[warehouse]\nurl = "redshift://c/dev?regoin=x"',
            "[warehouse] url has the unknown option regoin, did you mean region?",
        ),
        ('[warehouse]\nurl = "redshift://u@h:99999/d"', "[warehouse] url has a port that is not 1 to 65535"),
        ('[warehouse]\nurl = "redshift://u@h:0/d"', "[warehouse] url has a port that is not 1 to 65535"),
        ('[warehouse]\nurl = "redshift://c/dev?region="', "[warehouse] url has the option region without a value"),
        ('[warehouse]\nurl = "redshift://c/dev?user=a&user=b"', "[warehouse] url has the option user twice"),
        ('[warehouse]\nurl = "redshift://u@c/dev?user=a"', "[warehouse] url names the user twice"),
        (
            '[warehouse]\nurl = "redshift://u:hunter2@c/dev"',
            '[warehouse] url goes by the Data API, which takes no password: set secret, or driver = "connector"',
        ),
        (
            '[warehouse]\nurl = "redshift://c.example.com/dev"\ndriver = "data_api"',
            "[warehouse] url names a host, but the Data API takes a name: redshift://CLUSTER/DATABASE?region=…&user=…",
        ),
        (
            '[warehouse]\nurl = "redshift://h.example.com/dev"\npassword = "hunter2"',
            "[warehouse] url has a password, but no user",
        ),
        (
            '[warehouse]\nurl = "redshift://c/dev"\nmemory_limit = "2GB"',
            "[warehouse] memory_limit is only for duckdb://",
        ),
        ('[warehouse]\nurl = "duckdb:///w.duckdb"\nsecret = "s"', "[warehouse] secret is only for Redshift"),
        (
            '[warehouse]\nurl = "duckdb:///w.duckdb"\npassword = 5',
            "[warehouse] password is ***, must be text in quotes",
        ),
    ],
)
def test_a_warehouse_that_cannot_be_used(settings: Load, tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings(f"{text}\n{S3}", base="")
    assert caught.value.message == f"{tmp_path}/tidegate.toml: {problem}"


def test_a_cluster_cannot_write_into_a_folder(settings: Load, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        settings('[warehouse]\nurl = "redshift://c/dev"\n[lake]\nurl = "lake"', base="")
    assert caught.value.message == (
        f"{tmp_path}/tidegate.toml: [warehouse] url is a Redshift elsewhere, which cannot write into the folder "
        f"{tmp_path}/lake: use a lake on s3://"
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[lake]\nurl = "s3://Bucket/x"', "[lake] url must be written as s3://bucket or s3://bucket/prefix"),
        ('[lake]\nurl = "s3://"', "[lake] url must be written as s3://bucket or s3://bucket/prefix"),
        (
            '[lake]\nurl = "s3://cold/a//b"',
            '[lake] url has a prefix with an empty part, or one that begins with "_" or "."',
        ),
        (
            '[lake]\nurl = "s3://cold/_hidden"',
            '[lake] url has a prefix with an empty part, or one that begins with "_" or "."',
        ),
        ('[lake]\nurl = "lake"\nkms_key = "k"', "[lake] kms_key is only for s3://"),
        ('[lake]\nurl = "s3://cold"\ncold = "c"', "[lake] cold is only for a folder"),
        (
            '[lake]\nurl = "s3://cold"\nendpoint = "http://u:hunter2@h"',
            '[lake] endpoint is ***, must be an address such as "https://s3.example.com"',
        ),
        (
            '[lake]\nurl = "s3://cold"\nendpoint = "127.0.0.1"',
            '[lake] endpoint is "127.0.0.1", must be an address such as "https://s3.example.com"',
        ),
    ],
)
def test_a_lake_that_cannot_be_used(settings: Load, tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings(f'[warehouse]\nurl = "duckdb:///w.duckdb"\n{text}', base="")
    assert caught.value.message == f"{tmp_path}/tidegate.toml: {problem}"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("postgresql://db/l", "url must name a user and a database: postgresql+psycopg://user@host:5432/database"),
        ("postgresql+asyncpg://u@db/l", "url must be written as postgresql+psycopg://user@host:5432/database"),
        ("postgresql://u:hunter2@db:port/l", "url must be written as postgresql+psycopg://user@host:5432/database"),
        ("postgresql://u:hunter2@db/l?iam=true", "url has iam=true, which takes no password"),
        ("postgresql://u@db/l?iam=yes", "url has the option iam, which must be true or false"),
        (
            "postgresql://u@db/l?iam=true&sslmode=prefer",
            "url has iam=true, which needs an encrypted connection: sslmode=verify-full",
        ),
        (
            "postgresql://u@db/l?sslmode=on",
            "url has the option sslmode, which must be one of disable, prefer, require, verify-ca, verify-full",
        ),
    ],
)
def test_a_ledger_that_cannot_be_used(settings: Load, tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings(f'[ledger]\nurl = "{text}"')
    assert caught.value.message == f"{tmp_path}/tidegate.toml: [ledger] {problem}"


def test_a_secret_does_not_show() -> None:
    shown = repr(PostgresSettings("db", "l", "u", password=Secret("hunter2"))) + str(Secret("hunter2"))
    assert "hunter2" not in shown
    assert Secret("hunter2").reveal() == "hunter2"


def test_a_wrong_key_does_not_show_its_value_in_the_cause_either(settings: Load) -> None:
    with pytest.raises(ConfigError) as caught:
        settings('[ledger]\npasword = "hunter2"')
    assert "hunter2" not in f"{caught.value}{caught.value.__cause__}"
