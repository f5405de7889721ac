"""GRANT and REVOKE are remembered and shown; they bind nobody."""

from pathlib import Path

import duckdb
import pytest

from tidegate.config.settings import EmbeddedSettings
from tidegate.errors import StatementError, StatementRefused
from tidegate.warehouse.base import Session
from tidegate.warehouse.embedded.driver import EmbeddedWarehouse

RELATIONS = (
    "SELECT relation_name, privilege_type, identity_type, identity_name, admin_option FROM svv_relation_privileges"
)
COLUMNS = "SELECT relation_name, column_name, privilege_type, identity_type, identity_name FROM svv_column_privileges"


@pytest.fixture
def session(session: Session) -> Session:
    """With a table and a view over it."""
    session.execute("CREATE TABLE public.orders (id BIGINT, day DATE)")
    session.execute("CREATE VIEW public.recent AS SELECT id FROM public.orders")
    return session


def shown(session: Session, query: str) -> list[tuple[object, ...]]:
    return sorted(session.execute(query).rows, key=repr)


def test_privileges_of_users_groups_roles_and_all(session: Session) -> None:
    granted = session.execute(
        "GRANT SELECT, INSERT ON TABLE orders, public.recent TO ann WITH GRANT OPTION, GROUP g, PUBLIC"
    )
    assert granted.command == "GRANT"
    session.execute("REVOKE INSERT ON orders, recent FROM ann, GROUP g, PUBLIC CASCADE")
    session.execute('GRANT ALL PRIVILEGES ON orders TO ROLE "My Role"')
    session.execute("GRANT SELECT ON orders TO ann")
    assert shown(session, f"{RELATIONS} WHERE identity_type <> 'role'") == [
        ("orders", "SELECT", "group", "g", False),
        ("orders", "SELECT", "public", "public", False),
        ("orders", "SELECT", "user", "ann", True),
        ("recent", "SELECT", "group", "g", False),
        ("recent", "SELECT", "public", "public", False),
        ("recent", "SELECT", "user", "ann", True),
    ]
    assert shown(session, f"{RELATIONS} WHERE identity_type = 'role'") == [
        ("orders", privilege, "role", "my role", False) for privilege in ("DELETE", "INSERT", "SELECT", "UPDATE")
    ]
    assert shown(session, COLUMNS) == []


def test_privileges_of_columns(session: Session) -> None:
    session.execute("GRANT SELECT (id, day), UPDATE (day) ON orders TO ann")
    session.execute("GRANT ALL (id) ON recent TO ROLE r")
    session.execute("REVOKE SELECT (id) ON orders FROM ann")
    assert shown(session, COLUMNS) == [
        ("orders", "day", "SELECT", "user", "ann"),
        ("orders", "day", "UPDATE", "user", "ann"),
        ("recent", "id", "SELECT", "role", "r"),
        ("recent", "id", "UPDATE", "role", "r"),
    ]
    assert shown(session, RELATIONS) == []
    session.execute("DROP VIEW recent")
    session.execute("ALTER TABLE orders DROP COLUMN day")
    assert shown(session, COLUMNS) == []


def test_they_follow_their_relation(session: Session) -> None:
    session.execute("GRANT SELECT ON orders, recent TO ann")
    session.execute("CREATE OR REPLACE VIEW public.recent AS SELECT id, day FROM public.orders")
    assert shown(session, f"{RELATIONS} WHERE relation_name = 'recent'") == [("recent", "SELECT", "user", "ann", False)]
    session.execute("DROP VIEW recent")
    session.execute("ALTER TABLE orders RENAME TO renamed")
    session.execute("CREATE VIEW recent AS SELECT id FROM renamed")
    assert shown(session, RELATIONS) == [("renamed", "SELECT", "user", "ann", False)]


def test_they_are_rolled_back_with_their_transaction(session: Session) -> None:
    for statement in ("BEGIN", "GRANT SELECT ON orders TO ann", "ROLLBACK"):
        session.execute(statement)
    assert shown(session, RELATIONS) == []


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("GRANT SELECT ON gone TO ann", 'relation "public.gone" does not exist'),
        ("GRANT SELECT (gone) ON orders TO ann", 'column "gone" of relation "public.orders" does not exist'),
        ("GRANT INSERT (id) ON orders TO ann", "INSERT cannot be granted on columns"),
        ("GRANT SELECT ON orders FROM ann", r'syntax error in GRANT at or near "FROM" \(position 24\)'),
        ("REVOKE SELECT ON orders TO ann", r'syntax error in REVOKE at or near "TO" \(position 25\)'),
        ("GRANT SELECT ON orders TO ROLE r WITH GRANT OPTION", r'at or near "WITH" \(position 34\)'),
    ],
)
def test_mistakes_name_what_is_wrong(session: Session, statement: str, message: str) -> None:
    with pytest.raises(StatementError, match=message):
        session.execute(statement)
    assert shown(session, RELATIONS) == []


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("GRANT USAGE ON SCHEMA public TO ann", "the privilege USAGE"),
        ("GRANT ROLE r TO ann", "the privilege ROLE"),
        ("GRANT SELECT ON ALL TABLES IN SCHEMA public TO ann", "privileges on ALL"),
        ("REVOKE GRANT OPTION FOR SELECT ON orders FROM ann", "REVOKE GRANT OPTION FOR"),
        ("CREATE MATERIALIZED VIEW mv AS SELECT 1", "CREATE MATERIALIZED"),
        ("CREATE RLS POLICY p USING (true)", "CREATE RLS"),
        ("CREATE MASKING POLICY p WITH (a INT) USING (1)", "CREATE MASKING"),
        ("ATTACH MASKING POLICY p ON orders (id) TO PUBLIC", "ATTACH MASKING"),
    ],
)
def test_what_is_not_taken_is_refused_by_name(session: Session, statement: str, named: str) -> None:
    with pytest.raises(StatementRefused, match=f"^{named} is not supported by the embedded warehouse$"):
        session.execute(statement)


def test_views_with_their_definitions(session: Session) -> None:
    session.execute('CREATE VIEW public."Late one" AS SELECT id FROM public.orders WITH NO SCHEMA BINDING')
    assert shown(session, "SELECT schemaname, viewname, viewowner, definition FROM pg_views") == [
        (
            "public",
            "late one",
            "tidegate",
            'create view public."late one" as SELECT id FROM public.orders with no schema binding',
        ),
        ("public", "recent", "tidegate", "SELECT id FROM public.orders;"),
    ]


def test_a_file_of_the_first_layout_gets_what_it_lacks(settings: EmbeddedSettings, tmp_path: Path) -> None:
    with EmbeddedWarehouse(settings).session() as session:
        session.execute("CREATE TABLE orders (id BIGINT)")
    with duckdb.connect(str(settings.path)) as connection:
        for later in ("privileges", "external_bounds"):
            connection.execute(f"DROP TABLE tidegate_engine.{later}")
        connection.execute("UPDATE tidegate_engine.layout SET version = 1")
    for _ in range(2):
        with EmbeddedWarehouse(settings).session() as session:
            session.execute("GRANT SELECT ON orders TO ann")
            assert shown(session, RELATIONS) == [("orders", "SELECT", "user", "ann", False)]
