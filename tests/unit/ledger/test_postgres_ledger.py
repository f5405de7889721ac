"""What only the PostgreSQL ledger has: its session, its statements, schemas of others, processes that fork."""

import os
import sys
import traceback
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event
from tests.servers.postgres import PASSWORD, Postgres

from tidegate.config.secret import Secret
from tidegate.config.settings import PostgresSettings
from tidegate.errors import ConfigError, LedgerUnreachable
from tidegate.ledger.base import BatchRow
from tidegate.ledger.sql import SqlLedger, postgres
from tidegate.ledger.sql.migrations import MIGRATIONS
from tidegate.model.batch import BatchState, FileEntry
from tidegate.model.names import TableName
from tidegate.model.queue import Claimant, Work

NOW = datetime(2026, 1, 2, tzinfo=UTC)
ORDERS = TableName("public", "orders")
BATCH = BatchRow("b1", ORDERS, "j", BatchState.PLANNED, "archive", "p/", 1, 1, NOW, NOW)


@pytest.fixture
def ledger(postgres_database: PostgresSettings) -> Iterator[SqlLedger]:
    ledger = SqlLedger(postgres_database)
    yield ledger
    ledger.close()


def refused(settings: PostgresSettings) -> LedgerUnreachable:
    with pytest.raises(LedgerUnreachable) as caught:
        SqlLedger(settings)
    return caught.value


def test_a_session_has_a_name_and_ends_what_takes_too_long(ledger: SqlLedger) -> None:
    names = ("application_name", "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    wanted = (*names, "transaction_isolation", "transaction_read_only")
    found: list[list[str]] = []

    def look(connection: Connection) -> None:
        raw: Any = connection.connection.driver_connection
        found.append([raw.execute(f"SHOW {name}").fetchone()[0] for name in wanted])

    event.listen(Engine, "begin", look)
    try:
        ledger.batches()
        ledger.clear()
    finally:
        event.remove(Engine, "begin", look)
    session = ["tidegate", "2min", "30s", "2min", "read committed"]
    assert found == [[*session, "on"], [*session, "off"]]


def test_each_method_is_a_few_statements_however_many_rows_there_are(ledger: SqlLedger) -> None:
    statements: list[tuple[str, bool]] = []

    def record(_c: object, _cursor: object, statement: str, _p: object, _x: object, executemany: bool) -> None:
        statements.append((" ".join(statement.split()[:1] + statement.split()[-4:]), executemany))

    ledger.save_batch(BATCH)
    files = [FileEntry(f"f{n:04}", date(2020, 1, 1), n, n, "e") for n in range(2000)]
    event.listen(Engine, "before_cursor_execute", record)
    try:
        ledger.save_files("b1", files)
        assert ledger.files("b1") == tuple(files)
        ledger.claim("archive", ORDERS, "o", NOW, 60, lambda _: False)
        ledger.batches(ORDERS, [BatchState.PLANNED])
    finally:
        event.remove(Engine, "before_cursor_execute", record)
    verbs = [(statement.split()[0], many) for statement, many in statements]
    replaced = [("SELECT", False), ("DELETE", False), ("INSERT", True)]
    assert verbs == [*replaced, ("SELECT", False), ("SELECT", False), ("INSERT", False), ("SELECT", False)]
    assert statements[0][0].endswith("FOR NO KEY UPDATE")


def test_escaped_text_comes_back(ledger: SqlLedger) -> None:
    odd = replace(BATCH, detail="\x1a0\x00\x1a1\x00\x1a", prefix="\\x00\U0001f600")
    ledger.save_batch(odd)
    assert ledger.batch("b1") == odd


def test_the_password_shows_nowhere(postgres_database: PostgresSettings) -> None:
    error = refused(replace(postgres_database, password=Secret("wrong-Passw0rd")))
    assert error.message == (
        f'the ledger {postgres_database.address!r} cannot be used: password authentication failed for user "ledger"'
    )
    assert error.hint == "Check the user in url under [ledger] and its password."
    ledger = SqlLedger(postgres_database)
    text = "".join(traceback.format_exception(error)) + repr(vars(ledger)) + repr(ledger._database.reader.url)
    ledger.close()
    assert "wrong-Passw0rd" not in text
    assert PASSWORD not in text


def test_the_password_may_come_from_libpqs_environment(
    postgres_database: PostgresSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(postgres_database, password=None)
    assert refused(settings).message.endswith("cannot be used: fe_sendauth: no password supplied")
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    SqlLedger(settings).close()


def test_a_server_or_database_that_is_not_there_is_named(postgres_database: PostgresSettings) -> None:
    error = refused(replace(postgres_database, port=1))
    address = f"127.0.0.1:1/{postgres_database.database}"
    assert error.message == f"the ledger '{address}' cannot be used: connection refused"
    assert error.hint == (
        "Check host and port in url under [ledger], that the server runs, and that the network lets this machine in."
    )
    error = refused(replace(postgres_database, database="gone"))
    assert error.message.endswith('/gone\' cannot be used: database "gone" does not exist')
    assert error.hint == "Create the database, or correct its name in url under [ledger]."


def test_a_database_that_takes_no_more_connections_says_so(
    postgres: Postgres, postgres_database: PostgresSettings
) -> None:
    postgres.execute(f"ALTER DATABASE {postgres_database.database} CONNECTION LIMIT 0")
    error = refused(postgres_database)
    assert error.message.endswith(f'too many connections for database "{postgres_database.database}"')
    assert error.hint == "Let fewer processes share the server, or raise its max_connections."


def test_a_role_without_rights_is_told_which(postgres: Postgres, postgres_database: PostgresSettings) -> None:
    postgres.execute("REVOKE ALL ON SCHEMA public FROM pg_database_owner", postgres_database.database)
    error = refused(postgres_database)
    assert error.message.endswith("cannot be used: permission denied for schema public")
    assert error.hint == "Grant the role USAGE and CREATE on its schema, and all rights on the ledger's tables."


def test_a_role_with_rights_on_the_rows_alone_can_work(
    postgres: Postgres, postgres_database: PostgresSettings, ledger: SqlLedger
) -> None:
    name = postgres_database.database
    postgres.execute("REASSIGN OWNED BY ledger TO postgres", name)
    postgres.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ledger", name)
    second = SqlLedger(postgres_database)
    second.save_batch(BATCH)
    second.begin_step("b1", "unloaded", NOW)
    second.replace_holds([])
    (job,) = second.enqueue([Work("archive", BATCH.table)], NOW)
    assert second.take(Claimant("host/1", 60, lambda _: False, 1), NOW)
    assert second.cancel(job.id, NOW).state == "cancelled"
    second.clear()
    assert second.batches() == ()
    second.close()


@pytest.mark.parametrize(
    ("table", "reason", "hint"),
    [
        (
            "jobs (mine int)",
            'relation "jobs" already exists',
            "The tables belong to another program: give the ledger a database, or a role with a search_path, of its "
            "own.",
        ),
        (
            "schema_version AS SELECT '1.0' AS version",
            "its table schema_version holds '1.0' as a version",
            "The table belongs to another program: point url under [ledger] to a database of its own.",
        ),
        (
            "schema_version AS SELECT 1 AS number",
            "column schema_version.version does not exist",
            "The tables belong to another program, or were changed by hand: point url under [ledger] to another "
            "database.",
        ),
    ],
)
def test_another_programs_tables_are_left_alone(
    postgres: Postgres, postgres_database: PostgresSettings, table: str, reason: str, hint: str
) -> None:
    name = postgres_database.database
    postgres.execute(f"CREATE TABLE {table}", name)
    postgres.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO ledger", name)
    error = refused(postgres_database)
    assert (error.message, error.hint) == (
        f"the ledger {postgres_database.address!r} cannot be used: {reason}",
        hint,
    )
    tables = postgres.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", name)
    assert tables == [(table.split()[0],)]


def test_a_newer_schema_is_refused(postgres: Postgres, ledger: SqlLedger, postgres_database: PostgresSettings) -> None:
    postgres.execute("INSERT INTO schema_version VALUES (700, 'later')", postgres_database.database)
    assert refused(postgres_database).message == (
        f"the ledger {postgres_database.address!r} has schema version 700, "
        f"this Tidegate knows versions up to {len(MIGRATIONS)}"
    )


def test_a_process_may_fork_between_two_calls(ledger: SqlLedger) -> None:
    ledger.save_batch(BATCH)
    child = os.fork()
    if child == 0:
        try:
            ledger.save_batch(replace(BATCH, id="child"))
            kept = ledger.batch("child")
            ledger.close()
            os._exit(1 if kept is None else 0)
        finally:
            os._exit(2)
    for n in range(20):
        ledger.save_batch(replace(BATCH, id=f"parent{n}"))
    assert os.waitpid(child, 0)[1] == 0
    assert len(ledger.batches()) == 22


@pytest.mark.parametrize(
    ("package", "iam", "message"),
    [
        ("psycopg", False, "needs the package psycopg: import of psycopg halted; None in sys.modules"),
        ("boto3", True, "with iam needs the package boto3: import of boto3 halted; None in sys.modules"),
    ],
)
def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, package: str, iam: bool, message: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules, "tidegate.ledger.sql.rds_token", raising=False)
    settings = PostgresSettings("db.example", "d", "u", iam=iam, sslmode="verify-full")
    with pytest.raises(ConfigError) as caught:
        SqlLedger(settings)
    assert caught.value.message == f"the ledger 'db.example:5432/d' {message}"
    assert caught.value.hint == f'Run: pip install "tidegate[{"aws" if iam else "postgres"}]".'


def test_connecting_opens_nothing() -> None:
    database = postgres.connect(PostgresSettings("127.0.0.1", "d", "u", port=1))
    assert database.name == "'127.0.0.1:1/d'"
    database.close()


def test_the_page_sets_up_a_role_that_can_work(postgres: Postgres, postgres_database: PostgresSettings) -> None:
    page = (Path(__file__).parents[3] / "docs/ledger.md").read_text(encoding="utf-8")
    shared = page.partition("### A schema in a shared database")[2].partition("```sql\n")[2].partition("```")[0]
    postgres.execute("CREATE TABLE jobs (of_others int)", postgres_database.database)
    try:
        postgres.execute(shared, postgres_database.database)
        ledger = SqlLedger(replace(postgres_database, user="tidegate", password=Secret("…")))
        ledger.save_batch(BATCH)
        ledger.close()
        kept = postgres.execute("SELECT id FROM tidegate.batches", postgres_database.database)
    finally:
        postgres.execute("DROP OWNED BY tidegate; DROP ROLE tidegate", postgres_database.database)
    assert kept == [("b1",)]
