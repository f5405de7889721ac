"""The migrations end where the tables that the queries use begin."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import MetaData, create_engine, inspect
from sqlalchemy.engine import Inspector
from tests.servers.postgres import Postgres

from tidegate.errors import LedgerUnreachable
from tidegate.ledger.sql import SqlLedger, migrations
from tidegate.ledger.sql.postgres import connect
from tidegate.ledger.sql.tables import METADATA


def described(inspector: Inspector) -> dict[str, object]:
    return {
        table: (
            [(c["name"], repr(c["type"]), c["nullable"]) for c in inspector.get_columns(table)],
            inspector.get_pk_constraint(table)["constrained_columns"],
            [(f["constrained_columns"], f["referred_table"]) for f in inspector.get_foreign_keys(table)],
            sorted(
                (str(i["name"]), i["column_names"], bool(i["unique"]), _condition(i["dialect_options"]))
                for i in inspector.get_indexes(table)
            ),
        )
        for table in inspector.get_table_names()
    }


def _condition(options: Mapping[str, object]) -> str:
    return str(options.get("sqlite_where", options.get("postgresql_where")))


def test_migrated_and_declared_tables_are_the_same(tmp_path: Path) -> None:
    SqlLedger(tmp_path / "migrated").close()
    declared, migrated = (create_engine(f"sqlite:///{tmp_path / name}") for name in ("declared", "migrated"))
    METADATA.create_all(declared)
    assert described(inspect(migrated)) == described(inspect(declared))
    declared.dispose()
    migrated.dispose()


def test_migrated_and_declared_tables_are_the_same_in_postgresql(postgres: Postgres) -> None:
    with postgres.database() as first, postgres.database() as second:
        SqlLedger(first).close()
        declared, migrated = connect(second), connect(first)
        declared.write(METADATA.create_all)
        tables, wanted = (described(inspect(database.reader)) for database in (migrated, declared))
        declared.close()
        migrated.close()
    assert tables == wanted
    assert "TEXT(collation='C')" in str(tables["files"])
    assert "VARCHAR" not in str(tables)
    assert "True, \"(state = 'running'::text)\"" in str(tables["jobs"])


def test_a_migration_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ledger"

    def broken(connection: object) -> None:
        migrations.MIGRATIONS[0](connection)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, broken))
        with pytest.raises(LedgerUnreachable, match="table schema_version already exists"):
            SqlLedger(path)
    ledger = SqlLedger(path)
    assert ledger.batches() == ()
    ledger.close()


def test_a_later_migration_is_applied_once_to_an_old_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    SqlLedger(tmp_path / "ledger").close()
    applied: list[MetaData] = []

    def second(connection: object) -> None:
        applied.append(MetaData())

    with monkeypatch.context() as patched:
        patched.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, second))
        SqlLedger(tmp_path / "ledger").close()
        SqlLedger(tmp_path / "ledger").close()
    assert len(applied) == 1
    known = len(migrations.MIGRATIONS)
    message = f"has schema version {known + 1}, this Tidegate knows versions up to {known}$"
    with pytest.raises(LedgerUnreachable, match=message):
        SqlLedger(tmp_path / "ledger")
