"""ALTER TABLE, COMMENT ON, and the views that depend on what changes."""

import pytest

from tidegate.errors import StatementError, StatementRefused
from tidegate.model.names import TableName
from tidegate.model.tables import Column, ForeignKey, SqlType, TypeKind
from tidegate.warehouse.base import Session
from tidegate.warehouse.embedded.driver import EmbeddedWarehouse

T = TableName("public", "t")


@pytest.fixture
def table(warehouse: EmbeddedWarehouse, session: Session) -> Session:
    session.execute("CREATE TABLE t (a INTEGER DISTKEY, b VARCHAR(5), c INTEGER SORTKEY, UNIQUE (c))")
    session.execute("INSERT INTO t VALUES (1, 'xx', 2)")
    return session


def test_adding_columns(warehouse: EmbeddedWarehouse, table: Session) -> None:
    table.execute("ALTER TABLE t ADD COLUMN d VARCHAR(3) NOT NULL DEFAULT 'ab' ENCODE zstd")
    table.execute("ALTER TABLE public.t ADD e DATE")
    assert table.execute("SELECT * FROM t").rows == ((1, "xx", 2, "ab", None),)
    assert warehouse.tables([T])[T].columns[3:] == (
        Column("d", SqlType(TypeKind.VARCHAR, length=3), nullable=False, default="'ab'", encoding="zstd"),
        Column("e", SqlType(TypeKind.DATE)),
    )
    table.execute("INSERT INTO t (a) VALUES (2)")
    assert table.execute("SELECT d FROM t WHERE a = 2").rows == (("ab",),)
    with pytest.raises(StatementError, match="cannot insert a NULL value"):
        table.execute("INSERT INTO t (a, d) VALUES (3, NULL)")
    with pytest.raises(StatementError, match="value too long"):
        table.execute("INSERT INTO t (a, d) VALUES (3, 'abcd')")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("ADD COLUMN a INTEGER", 'column "a" of public.t already exists'),
        ("ADD COLUMN d INTEGER NOT NULL", 'column "d" is NOT NULL and has no default'),
        ("ADD COLUMN d INTEGER IDENTITY(1,1)", "ADD COLUMN cannot add an IDENTITY column"),
        ("ADD COLUMN d INTEGER PRIMARY KEY", 'column "d" is added with a key'),
        ("DROP COLUMN nope", 'column "nope" of relation "public.t" does not exist'),
        ("DROP COLUMN a", 'column "a" of public.t is part of a key'),
        ("DROP COLUMN c", 'column "c" of public.t is part of a key'),
        ("RENAME COLUMN a TO b", 'column "b" of public.t already exists'),
        ("ALTER COLUMN b TYPE VARCHAR(1)", 'column "b" holds values of 2 bytes, more than VARCHAR(1)'),
        ("ALTER COLUMN a TYPE BIGINT", 'ALTER COLUMN "a" TYPE: only the length of a VARCHAR can change'),
        ("ALTER COLUMN b TYPE INTEGER", 'ALTER COLUMN "b" TYPE: only the length of a VARCHAR can change'),
        ("OWNER TO x", "ALTER TABLE … OWNER is not supported by the embedded warehouse"),
        ("APPEND FROM u", "ALTER TABLE … APPEND is not supported by the embedded warehouse"),
        ("SET SCHEMA x", "ALTER TABLE … SET is not supported by the embedded warehouse"),
        ("DROP CONSTRAINT x", "ALTER TABLE … CONSTRAINT is not supported by the embedded warehouse"),
        ("ALTER DISTKEY nope", 'column "nope" of relation "public.t" does not exist'),
        ("ADD PRIMARY KEY (nope)", 'column "nope" of relation "public.t" does not exist'),
    ],
)
def test_changes_that_are_refused(warehouse: EmbeddedWarehouse, table: Session, change: str, message: str) -> None:
    before = warehouse.tables([T])
    with pytest.raises(StatementError) as error:
        table.execute(f"ALTER TABLE t {change}")
    assert error.value.message == message
    assert error.value.hint
    assert warehouse.tables([T]) == before


def test_dropping_and_renaming(warehouse: EmbeddedWarehouse, table: Session) -> None:
    table.execute("ALTER TABLE t DROP COLUMN b")
    table.execute("ALTER TABLE t RENAME COLUMN c TO z")
    table.execute("ALTER TABLE t RENAME TO u")
    renamed = warehouse.tables([T, TableName("public", "u")])
    assert list(renamed) == [TableName("public", "u")]
    changed = renamed[TableName("public", "u")]
    assert [c.name for c in changed.columns] == ["a", "z"]
    assert (changed.sort_keys, changed.unique_keys) == (("z",), (("z",),))
    assert table.execute("SELECT * FROM u").rows == ((1, 2),)
    table.execute("CREATE TABLE t (a INTEGER)")
    with pytest.raises(StatementError, match=r'relation "public.u" already exists'):
        table.execute("ALTER TABLE t RENAME TO u")


def test_widening(warehouse: EmbeddedWarehouse, table: Session) -> None:
    table.execute("ALTER TABLE t ALTER COLUMN b TYPE VARCHAR(20)")
    table.execute("INSERT INTO t VALUES (2, 'abcdefghij', 3)")
    assert warehouse.tables([T])[T].columns[1].type == SqlType(TypeKind.VARCHAR, length=20)
    table.execute("BEGIN")
    with pytest.raises(StatementRefused, match="cannot run inside a transaction block"):
        table.execute("ALTER TABLE t ALTER COLUMN b TYPE VARCHAR(30)")
    table.execute("ROLLBACK")


def test_keys_and_layout(warehouse: EmbeddedWarehouse, table: Session) -> None:
    for change in (
        "ADD CONSTRAINT pk PRIMARY KEY (a, c)",
        "ADD UNIQUE (b)",
        "ADD FOREIGN KEY (b) REFERENCES s.x (y)",
        "ALTER DISTSTYLE ALL",
        "ALTER COMPOUND SORTKEY (b, a)",
        "ALTER COLUMN b ENCODE lzo",
    ):
        table.execute(f"ALTER TABLE t {change}")
    changed = warehouse.tables([T])[T]
    assert changed.primary_key == ("a", "c")
    assert changed.unique_keys == (("c",), ("b",))
    assert changed.foreign_keys == (ForeignKey(("b",), TableName("s", "x"), ("y",)),)
    assert (changed.dist_style, changed.dist_key, changed.sort_keys) == ("ALL", None, ("b", "a"))
    assert changed.columns[1].encoding == "lzo"
    table.execute("ALTER TABLE t ALTER DISTKEY c")
    table.execute("ALTER TABLE t ALTER SORTKEY NONE")
    changed = warehouse.tables([T])[T]
    assert (changed.dist_style, changed.dist_key, changed.sort_keys) == ("KEY", "c", ())


def test_a_rolled_back_change_is_forgotten(warehouse: EmbeddedWarehouse, table: Session) -> None:
    before = warehouse.tables([T])
    table.execute("BEGIN")
    table.execute("ALTER TABLE t ADD COLUMN d INTEGER")
    assert table.execute("SELECT d FROM t").rows == ((None,),)
    table.execute("ROLLBACK")
    with pytest.raises(StatementError, match='column "d" does not exist'):
        table.execute("SELECT d FROM t")
    assert warehouse.tables([T]) == before


def test_bound_views_hold_what_they_read(table: Session) -> None:
    table.execute("CREATE VIEW v AS SELECT a, b FROM t")
    for change in ("DROP COLUMN b", "RENAME COLUMN b TO d", "RENAME TO u"):
        with pytest.raises(StatementError, match=r"view public.v depends on it"):
            table.execute(f"ALTER TABLE t {change}")
    table.execute("ALTER TABLE t ADD COLUMN d INTEGER")
    table.execute("ALTER TABLE t DROP COLUMN d")
    assert table.execute("SELECT * FROM v").rows == ((1, "xx"),)


def test_comments(table: Session) -> None:
    table.execute("COMMENT ON TABLE t IS 'the table'")
    table.execute("COMMENT ON COLUMN t.b IS 'the column'")
    table.execute("COMMENT ON COLUMN public.t.b IS 'another'")
    remarks = "SELECT column_name, remarks FROM svv_columns WHERE table_name = 't' ORDER BY 1"
    assert table.execute(remarks).rows == (("a", None), ("b", "another"), ("c", None))
    assert table.execute("SELECT remarks FROM svv_tables WHERE table_name = 't'").rows == (("the table",),)
    table.execute("COMMENT ON TABLE t IS NULL")
    assert table.execute("SELECT remarks FROM svv_tables WHERE table_name = 't'").rows == ((None,),)
    with pytest.raises(StatementError, match='column "nope"'):
        table.execute("COMMENT ON COLUMN t.nope IS 'x'")
    with pytest.raises(StatementError, match=r'relation "public.nope" does not exist'):
        table.execute("COMMENT ON TABLE nope IS 'x'")
