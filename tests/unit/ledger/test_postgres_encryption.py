"""A ledger behind TLS, and tokens of IAM in place of a password."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import botocore.auth
import pytest
from tests.servers.postgres import PASSWORD, PLAIN_OWNER, Postgres
from tests.servers.postgres_gateway import Gateway, running_gateway

from tidegate.config.settings import Aws, PostgresSettings
from tidegate.errors import ConfigError, LedgerUnreachable
from tidegate.ledger.sql import SqlLedger


@pytest.fixture
def gateway(postgres: Postgres, tmp_path: Path) -> Iterator[Gateway]:
    with running_gateway(postgres.port, PASSWORD, tmp_path) as running:
        yield running


@pytest.fixture
def settings(postgres: Postgres, gateway: Gateway) -> Iterator[PostgresSettings]:
    """Of a database behind the gateway, whose user has no password but tokens."""
    with postgres.database(PLAIN_OWNER) as direct:
        yield replace(
            direct,
            port=gateway.port,
            password=None,
            iam=True,
            sslmode="verify-full",
            ca_file=gateway.ca_file,
            aws=Aws(region="eu-west-1"),
        )


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-shown")


def refused(settings: PostgresSettings) -> LedgerUnreachable:
    with pytest.raises(LedgerUnreachable) as caught:
        SqlLedger(settings)
    return caught.value


def test_every_connection_gets_a_token_of_its_own(
    postgres: Postgres, gateway: Gateway, settings: PostgresSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = [datetime(2026, 1, 2, tzinfo=UTC) + timedelta(minutes=n) for n in range(2)]
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: times[len(gateway.passwords)])
    ledger = SqlLedger(settings)
    assert ledger.batches() == ()
    postgres.disconnect(settings.database)
    assert ledger.batches() == ()
    ledger.close()
    tokens = [urlsplit(f"//{password}") for password in gateway.passwords]
    assert [token.netloc for token in tokens] == [f"127.0.0.1:{gateway.port}"] * 2
    queries = [parse_qs(token.query) for token in tokens]
    assert [query["X-Amz-Date"] for query in queries] == [["20260102T000000Z"], ["20260102T000100Z"]]
    assert {(*query["Action"], *query["DBUser"], *query["X-Amz-Expires"]) for query in queries} == {
        ("connect", PLAIN_OWNER, "900")
    }
    assert queries[0]["X-Amz-Credential"] == ["AKIATEST/20260102/eu-west-1/rds-db/aws4_request"]
    assert len({*queries[0]["X-Amz-Signature"], *queries[1]["X-Amz-Signature"]}) == 2


def test_a_token_goes_to_no_stranger(gateway: Gateway, settings: PostgresSettings, tmp_path: Path) -> None:
    error = refused(replace(settings, host="localhost"))
    assert error.message.endswith('does not match host name "localhost"')
    assert error.hint == "Check host and sslrootcert in url under [ledger]: this may be another server."
    error = refused(replace(settings, ca_file=tmp_path / "gone.pem"))
    assert error.message.endswith(f'cannot be used: root certificate file "{tmp_path}/gone.pem" does not exist')
    assert error.hint.endswith("or name their file as sslrootcert in url under [ledger].")
    with pytest.raises(ConfigError, match="has iam with sslmode prefer, which may not encrypt") as caught:
        SqlLedger(replace(settings, sslmode="prefer"))
    assert caught.value.hint == "Use sslmode=verify-full in url under [ledger]."
    assert gateway.passwords == []


def test_a_server_without_encryption_is_refused_where_it_is_asked_for(postgres: Postgres) -> None:
    with postgres.database() as plain:
        error = refused(replace(plain, sslmode="require"))
    assert error.message.endswith("cannot be used: server does not support ssl, but ssl was required")
    assert error.hint == "Switch on encryption at the server, or change sslmode in url under [ledger]."


def test_missing_credentials_are_named(settings: PostgresSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    error = refused(settings)
    assert error.message == (
        f"the ledger {settings.address!r} cannot be used: no token was made: unable to locate credentials"
    )
    assert error.hint.startswith("Give this process AWS credentials")


@pytest.mark.parametrize(
    ("access", "reason", "hint"),
    [
        (Aws(), "iam without a region", "Add region=… to url under [ledger], or set AWS_DEFAULT_REGION."),
        (
            Aws("eu-west-1", "gone"),
            "iam with an AWS profile 'gone' that is not there",
            "Correct profile in url under [ledger], or add the profile to ~/.aws/config.",
        ),
    ],
)
def test_settings_of_iam_that_cannot_be_used_are_named(access: Aws, reason: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        SqlLedger(PostgresSettings("db.example", "d", "u", iam=True, sslmode="require", aws=access))
    assert caught.value.message == f"the ledger 'db.example:5432/d' has {reason}"
    assert caught.value.hint == hint
