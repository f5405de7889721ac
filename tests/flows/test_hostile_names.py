"""Tables, schemas and columns of any name: quoted everywhere, safe as a folder, and never mistaken for another."""

import re
from dataclasses import replace

import pytest
from tests.flows.tables import archive, columns_of, create, periods, policy, rows_of
from tests.world import World

from tidegate.flows.versions import external_name
from tidegate.model.names import TableName
from tidegate.model.policy import Policy

HOSTILE = [
    ("public", 'x"; DROP TABLE public.orders; --'),
    ("public", "it's /* not */ -- a comment"),
    ("public", "../../etc"),
    ("public", "a/b\\c\nd"),
    ("public", "100%_{0}*?[a]=1"),
    ("public", "_hidden"),
    ("public", "Äpfel & 漢字 😀"),
    ("table", "select"),
    ("My \"Schema'", "Order Table"),
]
COLUMNS = ["id", "the day", "select", 'quo"te', "it's", "Größe", "%s {0}", "semi;--", "a.b", "Capital"]


def named(schema: str, name: str) -> str:
    return f"{columns_of([schema])}.{columns_of([name])}"


def odd_table(world: World, schema: str, name: str) -> Policy:
    """A table with odd columns, a row due in January, one in February, and one that stays."""
    if schema != "public":
        world.sql(f"CREATE SCHEMA IF NOT EXISTS {columns_of([schema])}")
    day, *others = COLUMNS[1:]
    columns = f"id INTEGER, {columns_of([day])} DATE, " + ", ".join(f"{columns_of([c])} VARCHAR(40)" for c in others)
    texts = ", ".join(["'x''y'"] * len(others))
    rows = (f"{n}, '2020-{month}-10', {texts}" for n, month in enumerate(("01", "02", "06")))
    create(world, named(schema, name), columns, *rows)
    return Policy(TableName(schema, name), day, max_delete_fraction=1.0)


def archived_and_restored(world: World, chosen: Policy) -> None:
    table = chosen.table
    relation = named(table.schema, table.name)
    view = named(chosen.view_name.schema, chosen.view_name.name)
    before = rows_of(world, relation)
    assert periods(archive(world, "2020-06-20", tables=(table,))) == [("2020-01-01", 1), ("2020-02-01", 1)]
    assert [row[0] for row in rows_of(world, relation)] == [2]
    assert rows_of(world, view) == before
    assert rows_of(world, f"{view} WHERE {columns_of([COLUMNS[1]])} < '2020-02-01'", columns_of(COLUMNS[:2]))[0][0] == 0
    world.restore(table=table, into='public."again "" and"" again"')
    assert [row[0] for row in rows_of(world, 'public."again "" and"" again"')] == [0, 1]
    world.sql('DROP TABLE public."again "" and"" again"')
    world.restore(table=table)
    assert rows_of(world, relation) == before


@pytest.mark.parametrize(("schema", "name"), HOSTILE, ids=[repr(name) for _, name in HOSTILE])
def test_any_name(world: World, schema: str, name: str) -> None:
    chosen = odd_table(world, schema, name)
    world.policies = (chosen,)
    archived_and_restored(world, chosen)
    assert world.verify().differences == ()
    assert world.value("SELECT COUNT(*) FROM public.orders") == 60
    assert sorted(p.name for p in world.folder.iterdir()) == ["lake", "tidegate.sqlite", "warehouse.duckdb"]


def test_a_name_as_long_as_a_name_may_be_needs_a_name_for_its_view(empty: World) -> None:
    name = "é" * 63 + "x"
    chosen = odd_table(empty, "public", name)
    empty.policies = (chosen,)
    (failure,) = empty.archive().failures
    assert (failure.exit_code, failure.message) == (3, f"public.{name}: the name of its view would be too long")
    assert failure.hint == "Set [[archive]] view to a name of at most 127 bytes."
    empty.policies = (replace(chosen, view="short"),)
    archived_and_restored(empty, empty.policies[0])
    assert empty.verify().differences == ()


def test_letters_beyond_ascii_keep_their_case(empty: World) -> None:
    """Redshift folds ASCII only: Éa and éa are two tables, and two columns."""
    names = ["Éa", "éa"]
    for number, name in enumerate(names):
        create(empty, named("public", name), "d DATE, Éb INTEGER, éb INTEGER", f"'2020-01-10', {number}, 7")
    empty.policies = tuple(policy(named("public", name), "d") for name in names)
    archive(empty, "2020-06-20")
    for number, name in enumerate(names):
        assert rows_of(empty, named("public", f"{name}_all"), '"Éb", "éb"') == [(number, 7)]


COLLIDING = [
    ("a", "b__c"),
    ("a__b", "c"),
    ("a_", "b"),
    ("a", "_b"),
    ("a", "_b_"),
    ("public", "order s"),
    ("public", "order-s"),
    ("public", "orders__v2"),
    ("t_public", "orders"),
    ("public", "x" * 95),
    ("public", "x" * 96),
]


def test_no_two_tables_share_an_external_table() -> None:
    names = [external_name(TableName(*pair), version) for pair in COLLIDING for version in (1, 2, 3)]
    names += [external_name(TableName("public", "orders"), version) for version in (1, 2, 3)]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]{0,126}", name) for name in names)


def test_a_name_made_to_look_like_a_hashed_one_is_hashed_itself() -> None:
    hashed = external_name(TableName("public", "order s"), 1)
    schema, _, name = hashed.partition("__")
    assert external_name(TableName(schema, name), 1) != hashed


def test_tables_with_names_that_could_collide_keep_their_rows_apart(empty: World) -> None:
    pairs = [("a_", "b"), ("a", "_b")]
    for number, (schema, name) in enumerate(pairs):
        empty.sql(f"CREATE SCHEMA {schema}")
        create(empty, f"{schema}.{name}", "d DATE, n INTEGER", f"'2020-01-10', {number}")
    empty.policies = tuple(policy(f"{schema}.{name}", "d") for schema, name in pairs)
    archive(empty, "2020-06-20")
    for number, (schema, name) in enumerate(pairs):
        assert rows_of(empty, f"{schema}.{name}_all", "n") == [(number,)]


def test_the_view_never_takes_the_place_of_a_table(world: World) -> None:
    create(world, "public.orders_all", "n INTEGER", "1")
    (failure,) = world.archive().failures
    assert (failure.exit_code, failure.message) == (3, "public.orders_all is a table")
    assert failure.hint == "Set [[archive]] view to another name."
    assert not list((world.folder / "lake").glob("w*"))
    assert rows_of(world, "public.orders_all") == [(1,)]


def test_the_view_never_takes_the_place_of_a_view_of_somebody_else(world: World) -> None:
    world.sql("CREATE VIEW public.orders_all AS SELECT 1 AS n")
    (failure,) = world.archive().failures
    assert (failure.exit_code, failure.message) == (3, "the view public.orders_all exists already")
    assert world.with_policy(view="orders_both").archive().failures == ()
    assert rows_of(world, "public.orders_all") == [(1,)]
    assert world.value("SELECT COUNT(*) FROM public.orders_both") == 60


def test_a_name_made_to_look_like_a_cut_one_has_a_folder_of_its_own() -> None:
    cut = TableName("public", "é" * 60).path.partition("/")[2]
    assert len(cut) == 120
    assert TableName("public", cut).path != f"public/{cut}"
