"""What clients of a Redshift ask about it: catalog tables, metadata views, the session's own functions, the history."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tidegate.config.settings import EmbeddedSettings
from tidegate.errors import StatementError, StatementRefused
from tidegate.warehouse.base import Row
from tidegate.warehouse.embedded.driver import EmbeddedWarehouse
from tidegate.warehouse.embedded.session import EmbeddedSession


@pytest.fixture
def connection(settings: EmbeddedSettings) -> Iterator[EmbeddedSession]:
    session = EmbeddedWarehouse(replace(settings, lake_root=settings.base / "lake")).connect("ada", "shop")
    for sql in (
        "CREATE SCHEMA sales",
        'CREATE TABLE sales.kinds (x INT, "Y y" DECIMAL(9,3), PRIMARY KEY (x))',
        "CREATE TABLE orders (id BIGINT IDENTITY(3,2), name VARCHAR(9) DEFAULT 'q' ENCODE zstd, kind INT NOT NULL, "
        "PRIMARY KEY (name, id), UNIQUE (kind), FOREIGN KEY (kind) REFERENCES sales.kinds (x)) "
        "DISTKEY (name) INTERLEAVED SORTKEY (kind, id)",
        "CREATE VIEW names AS SELECT name FROM orders",
        "COMMENT ON TABLE orders IS 'what was sold'",
        "COMMENT ON COLUMN orders.name IS 'who'",
    ):
        session.execute(sql)
    yield session
    session.close()


def _rows(session: EmbeddedSession, sql: str) -> tuple[Row, ...]:
    return session.execute(sql).rows


_LISTED = """SELECT n.nspname as "Schema", c.relname as "Name",
  CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'i' THEN 'index' END as "Type",
  pg_catalog.pg_get_userbyid(c.relowner) as "Owner"
FROM pg_catalog.pg_class c
     LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r','p','v','m','S','f','')
      AND n.nspname <> 'pg_catalog'
      AND n.nspname !~ '^pg_toast'
      AND n.nspname <> 'information_schema'
  AND pg_catalog.pg_table_is_visible(c.oid)
ORDER BY 1,2;"""
_FOUND = """SELECT c.oid, n.nspname, c.relname FROM pg_catalog.pg_class c
     LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname OPERATOR(pg_catalog.~) '^(orders)$'
  AND pg_catalog.pg_table_is_visible(c.oid)
ORDER BY 2, 3;"""
_ABOUT = """SELECT c.relchecks, c.relkind, c.relhasindex, c.relhasrules, c.relhastriggers, false, false, c.relhasoids,
 false as relispartition, '', c.reltablespace,
 CASE WHEN c.reloftype = 0 THEN '' ELSE c.reloftype::pg_catalog.regtype::pg_catalog.text END, c.relpersistence
FROM pg_catalog.pg_class c
 LEFT JOIN pg_catalog.pg_class tc ON (c.reltoastrelid = tc.oid)
WHERE c.oid = '{oid}';"""
_DESCRIBED = """SELECT a.attname,
  pg_catalog.format_type(a.atttypid, a.atttypmod),
  (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid, true)
   FROM pg_catalog.pg_attrdef d
   WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.atthasdef),
  a.attnotnull,
  (SELECT c.collname FROM pg_catalog.pg_collation c, pg_catalog.pg_type t
   WHERE c.oid = a.attcollation AND t.oid = a.atttypid AND a.attcollation <> t.typcollation) AS attcollation,
  ''::pg_catalog.char AS attidentity
FROM pg_catalog.pg_attribute a
WHERE a.attrelid = '{oid}' AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum;"""
_PARENTS = """SELECT c.oid::pg_catalog.regclass, c.relkind, false AS inhdetachpending, NULL
FROM pg_catalog.pg_class c, pg_catalog.pg_inherits i
WHERE c.oid = i.inhrelid AND i.inhparent = '{oid}'
ORDER BY c.oid::pg_catalog.regclass::pg_catalog.text;"""


def test_the_queries_of_psql_are_answered(connection: EmbeddedSession) -> None:
    assert _rows(connection, _LISTED) == (
        ("public", "names", "view", "ada"),
        ("public", "orders", "table", "ada"),
    )
    ((oid, schema, name),) = _rows(connection, _FOUND)
    assert (schema, name) == ("public", "orders")
    about = _rows(connection, _ABOUT.format(oid=oid))
    assert about == ((0, "r", False, False, False, False, False, False, False, "", 0, "", "p"),)
    assert _rows(connection, _DESCRIBED.format(oid=oid)) == (
        ("id", "bigint", f"\"identity\"({oid}, 0, '3,2'::text)", True, None, ""),
        ("name", "character varying(9)", "'q'", True, None, ""),
        ("kind", "integer", None, True, None, ""),
    )
    assert _rows(connection, _PARENTS.format(oid=oid)) == ()
    databases = (
        "SELECT d.datname, pg_catalog.pg_get_userbyid(d.datdba), pg_catalog.pg_encoding_to_char(d.encoding), "
        "pg_catalog.array_to_string(d.datacl, E'\\n') FROM pg_catalog.pg_database d ORDER BY 1"
    )
    assert _rows(connection, databases) == (("shop", "ada", "UTF8", None),)
    schemas = "SELECT n.nspname FROM pg_catalog.pg_namespace n WHERE n.nspname !~ '^pg_' ORDER BY 1"
    assert _rows(connection, schemas) == (("information_schema",), ("public",), ("sales",))


def test_keys_are_found_as_redshift_connector_looks_for_them(connection: EmbeddedSession) -> None:
    sql = (
        "SELECT current_database() AS TABLE_CAT, n.nspname AS TABLE_SCHEM, ct.relname AS TABLE_NAME, "
        "a.attname AS COLUMN_NAME, a.attnum AS KEY_SEQ, ci.relname AS PK_NAME FROM pg_catalog.pg_namespace n, "
        "pg_catalog.pg_class ct, pg_catalog.pg_class ci, pg_catalog.pg_attribute a, pg_catalog.pg_index i "
        "WHERE ct.oid=i.indrelid AND ci.oid=i.indexrelid AND a.attrelid=ci.oid AND i.indisprimary AND "
        "ct.relnamespace = n.oid AND ct.relname = 'orders' ORDER BY table_name, pk_name, key_seq"
    )
    assert _rows(connection, sql) == (
        ("shop", "public", "orders", "name", 1, "orders_pkey"),
        ("shop", "public", "orders", "id", 2, "orders_pkey"),
    )
    assert _rows(connection, "SELECT 1 FROM pg_catalog.svv_all_tables WHERE table_name = 'orders'") == ((1,),)
    keys = "SELECT conname, contype, conkey, pg_get_constraintdef(oid) FROM pg_constraint ORDER BY conrelid, oid"
    assert _rows(connection, keys) == (
        ("kinds_pkey", "p", "{1}", "PRIMARY KEY (x)"),
        ("orders_pkey", "p", "{2,1}", "PRIMARY KEY (name, id)"),
        ("orders_kind_key", "u", "{3}", "UNIQUE (kind)"),
        ("orders_kind_fkey", "f", "{3}", "FOREIGN KEY (kind) REFERENCES sales.kinds(x)"),
    )


def test_schemas_and_catalogs_are_found_as_redshift_connector_looks_for_them(connection: EmbeddedSession) -> None:
    schemas = (
        "SELECT nspname AS TABLE_SCHEM, current_database() AS TABLE_CATALOG FROM pg_catalog.pg_namespace "
        "WHERE (nspname !~ '^pg_' OR nspname = (pg_catalog.current_schemas(true))[1]) ORDER BY TABLE_SCHEM"
    )
    found = [name for name, _ in _rows(connection, schemas)]
    assert found == ["information_schema", "pg_catalog", "public", "sales"]
    assert _rows(connection, "select current_database as TABLE_CAT FROM current_database()") == (("shop",),)
    measures = "SELECT (atttypmod - 4) >> 16, (atttypmod - 4) & 65535 FROM pg_attribute WHERE attname = 'y y'"
    assert _rows(connection, measures) == ((9, 3),)
    options = (
        "SELECT pg_catalog.array_to_string(c.reloptions || array(select 'x' || 'y'), ', ') FROM pg_class c LIMIT 1"
    )
    assert _rows(connection, options) == ((None,),)
    with pytest.raises(StatementRefused, match=r"id & '1' is not supported"):
        connection.execute("SELECT id & '1' FROM orders")


def test_metadata_views(connection: EmbeddedSession) -> None:
    assert _rows(connection, "SELECT * FROM svv_all_tables ORDER BY table_name") == (
        ("shop", "sales", "kinds", None, "TABLE", None),
        ("shop", "public", "names", None, "VIEW", None),
        ("shop", "public", "orders", None, "TABLE", "what was sold"),
    )
    columns = (
        "SELECT column_name, data_type, column_default, is_nullable, encoding, distkey, sortkey, remarks "
        "FROM svv_redshift_columns WHERE table_name = 'orders' ORDER BY ordinal_position"
    )
    assert _rows(connection, columns) == (
        ("id", "bigint", "\"identity\"(2, 0, '3,2'::text)", "NO", "az64", False, -2, None),
        ("name", "character varying(9)", "'q'", "NO", "zstd", True, 0, "who"),
        ("kind", "integer", None, "NO", "az64", False, 1, None),
    )
    everywhere = (
        "SELECT data_type, numeric_precision, numeric_scale, character_maximum_length FROM {} "
        "WHERE table_name IN ('kinds', 'names') ORDER BY table_name, ordinal_position"
    )
    shown = (("integer", 32, 0, None), ("numeric", 9, 3, None), ("character varying", None, None, 9))
    assert _rows(connection, everywhere.format("svv_all_columns")) == shown
    assert _rows(connection, everywhere.format("information_schema.columns")) == shown
    assert _rows(connection, "SELECT schema_name FROM svv_all_schemas ORDER BY 1") == (("public",), ("sales",))
    isolation = "SELECT database_name, database_isolation_level FROM svv_redshift_databases"
    assert _rows(connection, isolation) == (("shop", "Snapshot Isolation"),)
    used = (
        "SELECT t.constraint_type, k.column_name, k.ordinal_position FROM information_schema.table_constraints AS t "
        "JOIN information_schema.key_column_usage AS k ON k.constraint_name = t.constraint_name "
        "WHERE t.table_name = 'orders' AND t.constraint_type = 'PRIMARY KEY' ORDER BY 3"
    )
    assert _rows(connection, used) == (("PRIMARY KEY", "name", 1), ("PRIMARY KEY", "id", 2))
    with pytest.raises(StatementRefused, match=r"information_schema\.triggers is not supported"):
        connection.execute("SELECT * FROM information_schema.triggers")


def test_a_session_knows_itself(connection: EmbeddedSession, settings: EmbeddedSettings) -> None:
    result = connection.execute(
        "SELECT CURRENT_USER, USER, SESSION_USER, CURRENT_NAMESPACE, CURRENT_DATABASE(), CURRENT_SCHEMA(), "
        "PG_BACKEND_PID(), HAS_TABLE_PRIVILEGE('orders', 'SELECT') AS may, 1 AS current_namespace"
    )
    known = ("ada", "ada", "ada", str(settings.path.resolve()), "shop", "public", connection.facts.id, True, 1)
    assert result.rows == (known,)
    assert [c.name for c in result.columns][:6] == [
        *("current_user", "current_user", "session_user", "current_namespace", "current_database", "current_schema")
    ]
    ((version,),) = _rows(connection, "SELECT version()")
    assert str(version).startswith("PostgreSQL 8.0.2 on ")
    assert "Redshift 1.0.0 (tidegate 0.1.0, duckdb 2." in str(version)


def test_a_session_counts_what_it_moved(connection: EmbeddedSession, settings: EmbeddedSettings) -> None:
    counts = "SELECT pg_last_unload_count(), pg_last_copy_count(), pg_last_unload_id() > 0, pg_last_copy_id() > 0"
    assert _rows(connection, counts) == ((0, 0, False, False),)
    for number in (1, 2, 3):
        connection.execute(f"INSERT INTO sales.kinds VALUES ({number}, 1)")
    target = settings.base / "out"
    target.mkdir()
    role = "IAM_ROLE default"
    connection.execute(f"UNLOAD ('SELECT * FROM sales.kinds WHERE x > 1') TO '{target}/k_' {role} FORMAT PARQUET")
    assert _rows(connection, counts) == ((2, 0, True, False),)
    connection.execute(f"COPY sales.kinds FROM '{target}/k_' {role} FORMAT PARQUET")
    assert _rows(connection, counts) == ((2, 2, True, True),)


def test_statements_are_found_in_the_history_by_their_text(
    connection: EmbeddedSession, settings: EmbeddedSettings
) -> None:
    connection.execute("SET query_group TO 'tidegate'")
    connection.execute("/* tidegate j1 unload */ SELECT x FROM sales.kinds")
    with pytest.raises(StatementError):
        connection.execute("/* tidegate j1 delete */ SELECT nothing FROM orders")
    other = EmbeddedWarehouse(settings)
    other.transaction(["/* tidegate j2 all */ INSERT INTO sales.kinds VALUES (1, 2)", "SELECT 1"])
    found = _rows(
        connection,
        "SELECT query_label, query_type, status, error_message, returned_rows, database_name, "
        "end_time >= start_time AND elapsed_time >= 0 FROM sys_query_history "
        "WHERE query_text LIKE '/* tidegate %' ORDER BY query_id",
    )
    assert found == (
        ("tidegate", "SELECT", "success", "", 0, "shop", True),
        ("tidegate", "SELECT", "failed", 'column "nothing" does not exist', 0, "shop", True),
        ("default", "INSERT", "success", "", 1, "shop", True),
    )
    running = "SELECT session_id, query_text FROM sys_query_history WHERE status = 'running'"
    assert _rows(connection, running) == ((connection.facts.id, running),)


def test_the_history_is_bounded(connection: EmbeddedSession) -> None:
    for _ in range(1001):
        connection.execute("SHOW query_group")
    counted = "SELECT COUNT(*), COUNT(DISTINCT query_text) FROM sys_query_history"
    assert _rows(connection, counted) == ((1000, 2),)
