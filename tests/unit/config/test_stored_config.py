"""Configurations in S3 and in Systems Manager, on the AWS emulator."""

from pathlib import Path

import pytest
from tests.servers.emulator import Emulator

from tidegate.app.configuration import load_settings
from tidegate.errors import ConfigError, ConfigNotFound, Unreachable

TEXT = """
[warehouse]
url = "duckdb:///warehouse.duckdb"
[lake]
url = "lake"
"""


@pytest.fixture
def on_aws(aws_environment: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws_environment.endpoint)
    monkeypatch.chdir(tmp_path)
    return aws_environment


def test_an_object_and_a_parameter_are_read_as_files_are(on_aws: Emulator, tmp_path: Path) -> None:
    bucket = on_aws.new_bucket()
    on_aws.s3.put_object(Bucket=bucket, Key="conf/a b.toml", Body=b"\xef\xbb\xbf" + TEXT.encode())
    on_aws.client("ssm").put_parameter(Name="/prod/tidegate.toml", Type="SecureString", Value=TEXT)
    for address in (f"s3://{bucket}/conf/a b.toml", "ssm:///prod/tidegate.toml"):
        assert load_settings(Path(address)).lake == tmp_path / "lake"


def test_what_is_not_there_or_no_configuration_is_told(on_aws: Emulator) -> None:
    bucket = on_aws.new_bucket()
    on_aws.s3.put_object(Bucket=bucket, Key="picture", Body=b"\xff\xd8")
    on_aws.s3.put_object(Bucket=bucket, Key="huge", Body=b"#" * 1_000_001)
    on_aws.s3.put_object(Bucket=bucket, Key="typo", Body=TEXT.replace("[lake]", "[lakes]").encode())
    for key, kind, message in (
        ("gone.toml", ConfigNotFound, f"there is no configuration s3://{bucket}/gone.toml"),
        ("picture", ConfigError, f"s3://{bucket}/picture is not UTF-8 text at byte 0"),
        ("huge", ConfigError, f"s3://{bucket}/huge has 1000001 bytes"),
        ("typo", ConfigError, f"s3://{bucket}/typo has 2 problems"),
    ):
        with pytest.raises(kind) as told:
            load_settings(Path(f"s3://{bucket}/{key}"))
        assert told.value.message.startswith(message)
    with pytest.raises(ConfigNotFound, match=r"^there is no configuration ssm://nothing$"):
        load_settings(Path("ssm://nothing"))


def test_without_credentials_it_cannot_be_read(on_aws: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(Unreachable, match=r"^cannot read the configuration s3://b/c: NoCredentialsError$"):
        load_settings(Path("s3://b/c"))
