"""`tidegate serve` as a process: how it starts, what stops it from starting, and how it ends."""

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from tests.cli.conftest import CONFIG

ENDLESS = "SELECT SUM(SQRT(a.n + b.n + c.n + d.n)) FROM n AS a, n AS b, n AS c, n AS d"
BLOCKED = "import sys; sys.modules[sys.argv.pop(1)] = None; from tidegate.cli.main import main; sys.exit(main())"


def configured(folder: Path, extra: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    text = CONFIG.replace("[lake]", f"{extra}[lake]")
    (folder / "tidegate.toml").write_text(text, encoding="utf-8")
    return folder


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "tidegate", "serve", *arguments]


def refused(folder: Path, arguments: Sequence[str]) -> tuple[int, str]:
    """Exit code and stderr of a command that prints nothing on stdout."""
    run = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert run.stdout == ""
    return run.returncode, run.stderr


@contextmanager
def serving(folder: Path) -> Iterator[tuple["subprocess.Popen[str]", dict[str, Any]]]:
    """A server on ports of its own, and what it says of itself."""
    child = subprocess.Popen(
        command("--port", "0", "--data-api-port", "0", "--json"),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with child:
        try:
            assert child.stdout is not None
            yield child, json.loads(child.stdout.readline())
        finally:
            child.kill()


def ended(child: "subprocess.Popen[str]", number: signal.Signals) -> tuple[int, str]:
    """Exit code and stderr after a signal, at most three seconds later."""
    began = time.monotonic()
    child.send_signal(number)
    _, told = child.communicate(timeout=30)
    assert time.monotonic() - began < 3
    return child.returncode, told


def connect(ready: dict[str, Any]) -> "psycopg.Connection[tuple[Any, ...]]":
    sql = ready["sql"]
    return psycopg.connect(
        host=sql["host"],
        port=sql["port"],
        user=sql["user"],
        password=sql["password"],
        dbname=sql["database"],
        sslmode="verify-full",
        sslrootcert=sql["ca_file"],
        autocommit=True,
    )


def data_api(ready: dict[str, Any]) -> Any:
    api = ready["data_api"]
    return boto3.client(
        "redshift-data",
        endpoint_url=api["endpoint"],
        region_name="us-east-1",
        aws_access_key_id=api["access_key_id"],
        aws_secret_access_key=api["secret_access_key"],
        config=Config(retries={"total_max_attempts": 1}),
    )


def test_sigterm_ends_what_runs_and_those_who_wait(tmp_path: Path) -> None:
    with serving(configured(tmp_path)) as (child, ready):
        with connect(ready) as idle:
            idle.execute("CREATE TABLE n AS SELECT 1 AS n")
            for step in range(10):
                idle.execute(f"INSERT INTO n SELECT n + {2**step} FROM n")
            waiting = threading.Thread(target=_wait_for_statement, args=(ready,))
            running = threading.Thread(target=_run_endless, args=(ready,))
            threads = (waiting, running)
            for thread in threads:
                thread.start()
            _wait_until_running(idle, 2)
            with socket.create_connection((ready["sql"]["host"], ready["sql"]["port"])):
                assert ended(child, signal.SIGTERM) == (0, "")
            for thread in threads:
                thread.join(10)
                assert not thread.is_alive()
        assert ready["sql"]["ca_file"] == str(tmp_path.resolve() / "warehouse.duckdb.serve-cert.pem")


def _wait_until_running(connection: "psycopg.Connection[tuple[Any, ...]]", number: int) -> None:
    last = time.monotonic() + 20
    while time.monotonic() < last:
        running = connection.execute("SELECT COUNT(*) FROM sys_query_history WHERE status = 'running'").fetchone()
        if running == (number + 1,):
            return
    raise AssertionError(f"{number} statements do not run after 20 s")


def _run_endless(ready: dict[str, Any]) -> None:
    with suppress(psycopg.Error), connect(ready) as connection:
        connection.execute(ENDLESS)


def _wait_for_statement(ready: dict[str, Any]) -> None:
    api = data_api(ready)
    with suppress(BotoCoreError, ClientError):
        sent = api.execute_statement(Sql=ENDLESS, Database="dev", WorkgroupName=ready["data_api"]["workgroup"])
        api.describe_statement(Id=sent["Id"], WaitTimeSeconds=30)
    api.close()


def test_a_second_server_is_told_who_is_there(tmp_path: Path) -> None:
    folder, other = configured(tmp_path / "one", "lock_timeout = 0.1\n"), configured(tmp_path / "two")
    with serving(folder) as (child, ready):
        code, told = refused(folder, command("--port", "0", "--data-api-port", "0"))
        assert code == 7
        assert f"process {child.pid} " in told.splitlines()[0]

        port = ready["sql"]["port"]
        assert refused(other, command("--port", str(port), "--data-api-port", "0")) == (
            7,
            f"error: the SQL endpoint cannot listen on 127.0.0.1:{port}: address already in use\n"
            "hint: Choose another --port, or 0 for any that is free.\n",
        )
        port = int(ready["data_api"]["endpoint"].rpartition(":")[2])
        assert refused(other, command("--port", "0", "--data-api-port", str(port))) == (
            7,
            f"error: the Data API cannot listen on 127.0.0.1:{port}: address already in use\n"
            "hint: Choose another --data-api-port, or 0 for any that is free.\n",
        )
        assert ended(child, signal.SIGINT) == (0, "")


@pytest.mark.parametrize("package", ["uvicorn", "starlette", "cryptography", "botocore"])
def test_a_missing_package_is_named(tmp_path: Path, package: str) -> None:
    blocked = [sys.executable, "-c", BLOCKED, package, "serve"]
    assert refused(configured(tmp_path), blocked) == (
        3,
        f"error: tidegate serve needs the packages of tidegate[serve], and '{package}' is missing\n"
        'hint: Run: pip install "tidegate[serve]".\n',
    )


EXTRAS = """
import sys
from pathlib import Path

for package in ("boto3", "botocore", "redshift_connector", "psycopg"):
    sys.modules[package] = None
from tidegate.app import App
from tidegate.config.settings import ConnectorSettings, DataApiSettings, PostgresSettings, S3Settings, Settings
from tidegate.errors import ConfigError
from tidegate.signals.base import Silent

ledger = PostgresSettings("db", "d", "u")
for warehouse in (DataApiSettings("dev", workgroup="w"), ConnectorSettings("dev", host="h")):
    app = App(Settings(Path("t.toml"), "UTC", warehouse, S3Settings("b"), ledger), Silent())
    for port in ("warehouse", "lake", "ledger"):
        try:
            getattr(app, port)
        except ConfigError as error:
            print(error, error.hint, sep="|")
"""


def test_missing_packages_of_aws_and_postgres_are_named(tmp_path: Path) -> None:
    run = subprocess.run([sys.executable, "-c", EXTRAS], capture_output=True, text=True, timeout=60, check=False)
    assert run.stderr == ""
    aws = 'Run: pip install "tidegate[aws]".'
    lake = f"the lake 's3://b/' needs the packages of tidegate[aws], and 'botocore' is missing|{aws}"
    ledger = "the ledger 'db:5432/d' needs the package psycopg: import of psycopg halted; None in sys.modules"
    ledger = f'{ledger}|Run: pip install "tidegate[postgres]".'
    assert run.stdout.splitlines() == [
        f"the warehouse 'w/dev' needs the packages of tidegate[aws], and 'boto3' is missing|{aws}",
        lake,
        ledger,
        f"the warehouse 'h/dev' needs the packages of tidegate[aws], and 'redshift_connector' is missing|{aws}",
        lake,
        ledger,
    ]
