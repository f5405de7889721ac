import pytest
from tests.servers.emulator import Emulator
from tests.servers.proxy import Proxy

from tidegate.config.settings import Aws, S3Settings


@pytest.fixture
def settings(aws_environment: Emulator, s3_proxy: Proxy) -> S3Settings:
    """A lake in a bucket of its own, reached through the proxy."""
    bucket = aws_environment.new_bucket()
    return S3Settings(bucket, "pre fix/", Aws(region=aws_environment.region, endpoint=s3_proxy.endpoint))
