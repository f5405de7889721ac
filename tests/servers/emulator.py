"""AWS on this machine: ministack as a child process."""

import os
import signal
import socket
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_PYTHON = Path(__file__).parents[2] / ".venv-emulator/bin/python"
_LAUNCHER = Path(__file__).with_name("emulator_child.py")
_START_SECONDS = 60
_STOP_SECONDS = 10


@dataclass(frozen=True)
class Emulator:
    """A running emulator. Its pair of keys is the account's root, whose signature it does not check.

    Access keys that it does not know are refused. Those of users made by its IAM service are checked as AWS does:
    signature and policies.

    `endpoint` is `http://127.0.0.1:<port>`, for every service.
    """

    port: int
    access_key: str = "AKIATIDEGATETESTROOT"
    secret_key: str = field(default_factory=lambda: uuid.uuid4().hex)
    region: str = "eu-central-1"

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> Mapping[str, str]:
        """What makes a process find these keys and nothing else, without the endpoint."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    @cached_property
    def s3(self) -> "S3Client":
        """A client for set-up and inspection."""
        return self.client("s3")

    def client(self, service: str) -> Any:
        """A boto3 client of one service of this emulator."""
        import boto3

        return boto3.session.Session().client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.endpoint,
            region_name=self.region,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
        )

    def new_bucket(self) -> str:
        """Make an empty bucket; returns its name."""
        name = f"lake-{uuid.uuid4().hex[:16]}"
        self.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": self.region})  # type: ignore[typeddict-item]
        return name

    def keys(self, bucket: str) -> list[str]:
        """All keys of a bucket."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return [item["Key"] for page in pages for item in page.get("Contents", ())]

    def empty(self, bucket: str) -> None:
        """Delete every object of a bucket."""
        keys = self.keys(bucket)
        plain = [key for key in keys if key.isprintable()]
        for start in range(0, len(plain), 1000):
            batch = [{"Key": key} for key in plain[start : start + 1000]]
            self.s3.delete_objects(Bucket=bucket, Delete={"Objects": batch})  # type: ignore[typeddict-item]
        for key in set(keys).difference(plain):
            self.s3.delete_object(Bucket=bucket, Key=key)


@contextmanager
def running_emulator(folder: Path) -> Iterator[Emulator]:
    """Start an emulator that lives as long as the context, or this process if that ends first.

    It serves on a socket that is bound here, so no other program can take its port. Its log is `folder/emulator.log`.
    """
    if not _PYTHON.exists():
        raise RuntimeError("the tests need the AWS emulator in .venv-emulator: run `make test` or `make emulator`")
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        emulator = Emulator(listener.getsockname()[1])
        child = _start(emulator, listener, folder)
    try:
        _await_health(emulator, folder)
        yield emulator
    finally:
        _stop(child)


def _start(emulator: Emulator, listener: socket.socket, folder: Path) -> "subprocess.Popen[bytes]":
    environment = {
        **emulator.environment,
        "AUTH": "true",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(emulator.port),
        "HOME": str(folder),
        "IOT_MTLS_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
        "MINISTACK_REGION": emulator.region,
        "PATH": os.environ["PATH"],
        "SFTP_ENABLED": "0",
        "TMPDIR": str(folder),
    }
    with (folder / "emulator.log").open("wb") as log:
        return subprocess.Popen(
            [_PYTHON, _LAUNCHER, str(listener.fileno())],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            env=environment,
            cwd=folder,
            pass_fds=[listener.fileno()],
            start_new_session=True,
        )


def _await_health(emulator: Emulator, folder: Path) -> None:
    """The socket takes the request before the emulator is up, and answers it when it is."""
    connection = HTTPConnection("127.0.0.1", emulator.port, timeout=_START_SECONDS)
    try:
        connection.request("GET", "/_ministack/health")
        status = connection.getresponse().status
    except OSError as error:
        log = (folder / "emulator.log").read_text(errors="replace")
        raise RuntimeError(f"the AWS emulator did not start; its log:\n{log}") from error
    finally:
        connection.close()
    if status != 200:
        raise RuntimeError(f"the AWS emulator answered its health check with {status}")


def _stop(child: "subprocess.Popen[bytes]") -> None:
    assert child.stdin is not None
    child.stdin.close()
    try:
        child.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
