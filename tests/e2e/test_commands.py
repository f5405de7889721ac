"""The command line on the local Redshift, S3 and PostgreSQL; nothing that it leaves behind holds a secret."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from tests.cli.conftest import Cli, Outcome
from tests.e2e.stack import PROTOCOLS, Stack
from tests.servers.emulator import Emulator

from tidegate.config.settings import PostgresSettings

CONFIG = """\
[warehouse]
url = "{warehouse}"
{keys}
[lake]
url = "{lake}"
region = "{region}"
endpoint = "{endpoint}"
[ledger]
url = "postgresql+psycopg://{user}@{host}:{port}/{database}?sslmode=disable"
password = "${{LEDGER_PASSWORD}}"
[[archive]]
table = "public.orders"
column = "order_date"
retention = 3
"""
ORDERS = """
CREATE TABLE public.orders (order_id BIGINT NOT NULL, order_date DATE, amount DECIMAL(12,2)) SORTKEY (order_date);
INSERT INTO public.orders VALUES (1, DATE '2020-01-15', 1.25), (2, DATE '2020-02-15', 2.25), (3, DATE '2020-06-15', 3);
"""


def _config(stack: Stack, protocol: str, emulator: Emulator) -> str:
    sql, api = stack.ready["sql"], stack.ready["data_api"]
    warehouse = f"redshift-serverless://{api['workgroup']}/{sql['database']}?region={emulator.region}"
    warehouse += f"&endpoint={api['endpoint']}"
    keys = ""
    if protocol == "connector":
        warehouse = f"redshift://{sql['user']}@{sql['host']}:{sql['port']}/{sql['database']}"
        keys = f'password = "${{REDSHIFT_PASSWORD}}"\nca_file = "{sql["ca_file"]}"'
    ledger = stack.ledger
    return CONFIG.format(
        warehouse=warehouse,
        keys=keys,
        lake=stack.lake.uri,
        region=emulator.region,
        endpoint=emulator.endpoint,
        user=ledger.user,
        host=ledger.host,
        port=ledger.port,
        database=ledger.database,
    )


@pytest.fixture(params=PROTOCOLS)
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def cli(protocol: str, stack: Stack, aws_environment: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    folder = tmp_path / "client"
    folder.mkdir()
    (folder / "tidegate.toml").write_text(_config(stack, protocol, aws_environment), encoding="utf-8")
    monkeypatch.chdir(folder)
    monkeypatch.delenv("TIDEGATE_CONFIG", raising=False)
    monkeypatch.setenv("TIDEGATE_DEBUG", "1")
    monkeypatch.setenv("REDSHIFT_PASSWORD", stack.ready["sql"]["password"])
    assert stack.ledger.password is not None
    monkeypatch.setenv("LEDGER_PASSWORD", stack.ledger.password.reveal())
    return Cli(folder, monkeypatch)


def _work(cli: Cli) -> Iterator[Outcome]:
    """A whole run, dry runs and mistakes included."""
    yield cli.ok("init")
    yield cli.ok("config", "check", "--json")
    yield cli.ok("query", ORDERS)
    yield cli.ok("doctor", "--json")
    yield cli.ok("archive", "--as-of", "2020-06-20", "--dry-run", "--json")
    archived = cli.ok("archive", "--as-of", "2020-06-20", "--yes", "--json")
    assert [b["rows"] for b in archived.documents[-1]["batches"]] == [2]
    yield archived
    assert cli.ok("query", "SELECT COUNT(*) AS n FROM public.orders_all", "--json").document["rows"] == [[3]]
    assert cli.ok("verify", "--deep", "--json").document["differences"] == []
    yield cli.ok("status")
    yield cli.ok("restore", "public.orders", "--from", "2020-01", "--to", "2020-01")
    yield cli.ok("gc", "--older-than", "0s", "--json")
    yield cli("query", "SELECT nothing FROM nowhere")
    yield cli("archive", "public.nothing", "--yes")


def _mistakes(cli: Cli, protocol: str) -> Iterator[Outcome]:
    """Each secret is wrong or expired once."""
    with pytest.MonkeyPatch.context() as wrong:
        wrong.setenv("LEDGER_PASSWORD", "no-ledger-password")
        yield cli("status")
    with pytest.MonkeyPatch.context() as wrong:
        wrong.setenv("AWS_ACCESS_KEY_ID", "AKIANOBODYKNOWSTHIS1")
        yield cli("doctor")
    if protocol == "connector":
        with pytest.MonkeyPatch.context() as wrong:
            wrong.setenv("REDSHIFT_PASSWORD", "no-redshift-password")
            yield cli("query", "SELECT 1")


def _ledger(settings: PostgresSettings) -> str:
    """Everything that the ledger holds, as text."""
    assert settings.password is not None
    address = {"host": settings.host, "port": settings.port, "user": settings.user, "dbname": settings.database}
    with closing(psycopg.connect(**address, password=settings.password.reveal())) as connection:  # type: ignore[arg-type]
        names = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        ).fetchall()
        return repr([connection.execute(f'TABLE "{name}"'.encode()).fetchall() for (name,) in names])


def test_a_whole_run_leaves_no_secret_behind(cli: Cli, protocol: str, stack: Stack, aws_environment: Emulator) -> None:
    outcomes = [*_work(cli), *(mistakes := list(_mistakes(cli, protocol)))]
    assert [outcome.exit_code for outcome in mistakes] == ([7, 7, 3] if protocol == "connector" else [7, 7])
    told = "".join(outcome.stdout + outcome.stderr for outcome in outcomes) + _ledger(stack.ledger)
    for key in aws_environment.keys(stack.lake.bucket):
        told += repr(aws_environment.s3.get_object(Bucket=stack.lake.bucket, Key=key)["Body"].read())
    assert stack.ledger.password is not None
    secrets = {
        aws_environment.secret_key,
        stack.ready["sql"]["password"],
        stack.ledger.password.reveal(),
        "no-ledger-password",
        "no-redshift-password",
    }
    assert [secret for secret in secrets if secret in told] == []
