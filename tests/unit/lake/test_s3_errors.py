"""Refusals of S3 in plain words, and never a secret in them."""

import json
import socket
from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.servers.emulator import Emulator
from tests.servers.proxy import Answer, Proxy

from tidegate.config.settings import S3Settings
from tidegate.errors import ConfigError, LakeMissing, LakeUnreachable, ObjectNotFound, TidegateError
from tidegate.lake.s3 import S3Lake

TOKEN = "session-token-that-is-a-secret"
WRONG = "wrong-secret-key"
CREDENTIALS = "Check the credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or profile under [lake]."
SIGN_IN = "Sign in again (aws sso login), or renew the session token, and run the command again."
GRANT = (
    "Grant the credentials s3:ListBucket on the bucket and s3:GetObject, s3:PutObject, s3:DeleteObject and "
    "s3:AbortMultipartUpload on its objects, and the use of their KMS key."
)
CALLS: dict[str, tuple[str, Callable[[S3Lake], object]]] = {
    "put": ("write 'k'", lambda lake: lake.put("k", b"1")),
    "put if absent": ("write 'k'", lambda lake: lake.put("k", b"1", if_absent=True)),
    "get": ("read 'k'", lambda lake: lake.get("k")),
    "head": ("read 'k'", lambda lake: lake.head("k")),
    "list": ("list 'p'", lambda lake: list(lake.list("p"))),
    "folders": ("list ''", lambda lake: list(lake.folders(""))),
    "delete": ("delete 'k' and others", lambda lake: lake.delete(["k", "l"])),
    "copy": ("copy 'k'", lambda lake: lake.copy("k", "l")),
    "writer": ("write 'k'", lambda lake: lake.writer("k").__enter__().write(b"1" * (17 << 20))),
}


@pytest.fixture(autouse=True)
def one_try(aws_environment: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")


@pytest.fixture
def secrets(aws_environment: Emulator) -> list[str]:
    return [aws_environment.secret_key, TOKEN, WRONG]


def refused(call: Callable[[], object], secrets: list[str]) -> TidegateError:
    with pytest.raises(TidegateError) as caught:
        call()
    error: BaseException | None = caught.value
    while error is not None:
        assert not any(secret in f"{error!s} {error!r} {vars(error)!r}" for secret in secrets)
        error = error.__cause__
    return caught.value


def all_refused(
    lake: S3Lake,
    settings: S3Settings,
    secrets: list[str],
    reason: str,
    hint: str,
    kind: type[LakeUnreachable] = LakeUnreachable,
) -> None:
    """Every call is refused alike."""
    for action, call in CALLS.values():
        error = refused(lambda call=call: call(lake), secrets)
        assert type(error) is kind
        assert error.message == f"cannot {action} in the lake '{settings.uri}': {reason}"
        assert error.hint == hint
    assert not any(secret in repr(lake) for secret in secrets)


def test_a_bucket_that_does_not_exist(settings: S3Settings, secrets: list[str]) -> None:
    nowhere = replace(settings, bucket="no-such-bucket")
    hint = "Create the bucket, or correct url under [lake] in tidegate.toml."
    all_refused(S3Lake(nowhere), nowhere, secrets, "the bucket 'no-such-bucket' does not exist", hint, LakeMissing)


def test_an_unknown_access_key(settings: S3Settings, secrets: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIANOBODYNOBODYNOBO")
    all_refused(S3Lake(settings), settings, secrets, "the access key is refused", CREDENTIALS)


@pytest.fixture
def user(aws_environment: Emulator, settings: S3Settings, monkeypatch: pytest.MonkeyPatch) -> str:
    """A user of the emulator's IAM without any right, whose keys are the environment's; returns the name."""
    iam = aws_environment.client("iam")
    name = f"user-{settings.bucket}"
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    return name


def test_a_wrong_secret_key(
    user: str, settings: S3Settings, secrets: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", WRONG)
    all_refused(S3Lake(settings), settings, secrets, "the secret key is refused", CREDENTIALS)


def test_a_user_without_rights(user: str, settings: S3Settings, secrets: list[str]) -> None:
    all_refused(S3Lake(settings), settings, secrets, "access is denied", GRANT)


def test_the_rights_that_the_hint_names_are_enough(user: str, settings: S3Settings, aws_environment: Emulator) -> None:
    actions = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
    bucket = f"arn:aws:s3:::{settings.bucket}"
    statements = [
        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": bucket},
        {"Effect": "Allow", "Action": actions, "Resource": f"{bucket}/*"},
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    aws_environment.client("iam").put_user_policy(UserName=user, PolicyName="lake", PolicyDocument=policy)
    lake = S3Lake(settings)
    with lake.writer("k") as out:
        out.write(b"1" * (17 << 20))
    lake.put("l", b"", if_absent=True)
    lake.copy("k", "m")
    assert lake.head("m").size == len(lake.get("k"))
    assert list(lake.folders("")) == []
    lake.delete(info.key for info in lake.list(""))
    with pytest.raises(ObjectNotFound):
        lake.head("k")


def test_credentials_that_have_expired(
    settings: S3Settings, secrets: list[str], s3_proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)
    body = f"<Error><Code>ExpiredToken</Code><Message>It expired.</Message><Token-0>{TOKEN}</Token-0></Error>"
    s3_proxy.fault(Answer(400, body.encode()), times=100)
    all_refused(S3Lake(settings), settings, [WRONG], "the credentials have expired", SIGN_IN)


def test_no_credentials(settings: S3Settings, secrets: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    all_refused(S3Lake(settings), settings, secrets, "there are no AWS credentials", CREDENTIALS)


def test_an_endpoint_where_nobody_answers(settings: S3Settings, secrets: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        endpoint = f"http://127.0.0.1:{server.getsockname()[1]}"
    down = replace(settings, aws=replace(settings.aws, endpoint=endpoint))
    hint = "Check the network, and endpoint under [lake] in tidegate.toml; then run the command again."
    all_refused(S3Lake(down), down, secrets, f"no answer from {endpoint} (EndpointConnectionError)", hint)


REFUSALS = [
    (503, "SlowDown", "S3 asks for fewer requests", "Run the command again later: it goes on where it stopped."),
    (500, "InternalError", "S3 fails inside", "Run the command again later: it goes on where it stopped."),
    (403, "RequestTimeTooSkewed", "the clock of this machine is wrong", "Set the clock of this machine."),
    (
        400,
        "KMS.DisabledException",
        "the KMS key cannot be used (KMS.DisabledException)",
        "Check kms_key under [lake], its state and its policy.",
    ),
    (
        400,
        "IllegalLocationConstraintException",
        "the bucket is in another region",
        "Set region under [lake] in tidegate.toml to the bucket's region, or leave it out.",
    ),
    (
        418,
        "Teapot",
        "Teapot: Short and stout",
        "Look the code up in the error responses of the Amazon S3 API reference.",
    ),
]


def test_other_refusals(settings: S3Settings, s3_proxy: Proxy) -> None:
    lake = S3Lake(settings)
    for status, code, reason, hint in REFUSALS:
        body = f"<Error><Code>{code}</Code><Message>Short and stout.</Message></Error>"
        s3_proxy.fault(Answer(status, body.encode()), times=100)
        error = refused(lambda: lake.get("k"), [WRONG])
        assert (error.message, error.hint) == (f"cannot read 'k' in the lake '{settings.uri}': {reason}", hint)
        s3_proxy.clear()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"profile": "nobody"}, "the profile 'nobody' of the lake {uri!r} is not in the AWS configuration"),
        ({"endpoint": "nonsense"}, "the endpoint 'nonsense' of the lake {uri!r} is no address"),
    ],
)
def test_settings_of_which_there_is_nothing(settings: S3Settings, change: dict[str, str], message: str) -> None:
    wrong = replace(settings, aws=replace(settings.aws, **change))
    with pytest.raises(ConfigError) as caught:
        S3Lake(wrong).get("k")
    assert caught.value.message == message.format(uri=settings.uri)
    assert "[lake] in tidegate.toml" in caught.value.hint


def test_a_bucket_of_no_valid_name(settings: S3Settings) -> None:
    wrong = replace(settings, bucket="a_/b")
    with pytest.raises(ConfigError) as caught:
        S3Lake(wrong).get("k")
    assert caught.value.message == f"the bucket 'a_/b' of the lake '{wrong.uri}' has no valid name"
    assert caught.value.hint == "Correct url under [lake] in tidegate.toml: s3://bucket/prefix."
