"""Flattened JSON: objects are columns, lists are tables, and elements come and go with their record."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.flows.landing import TABLE, Land, appending, names, upserting
from tests.world import World

from tidegate.errors import Refused, UsageError
from tidegate.flows.load.element_stage import ElementStaging
from tidegate.flows.load.run import run_load
from tidegate.model.names import TableName
from tidegate.model.route import CheckKind, CheckRule, FormatOptions, LoadMode, OnArchived, Route, Severity

FLAT = FormatOptions(flatten=True)
ITEMS, TAGS = f"{TABLE}_items", f"{TABLE}_items_tags"


@pytest.fixture
def land(empty: World) -> Land:
    return Land(empty)


def write(land: Land, name: str, *records: object, minute: int = 0) -> str:
    return str(land.put(name, "".join(json.dumps(record) + "\n" for record in records), minute))


def flat(*key: str, **options: Any) -> Route:
    return upserting(*(key or ("id",)), options=FLAT, **options)


def order(id: int | None, *skus: str, **more: object) -> dict[str, object]:
    return {"id": id, "items": [{"sku": sku} for sku in skus], **more}


def test_objects_become_columns_and_lists_tables(land: Land) -> None:
    write(
        land,
        "a.json",
        {
            "id": 1,
            "who": {"name": "Ada", "at": {"zip": "01"}},
            "items": [{"id": 7, "n": 1, "tags": ["a", None]}, None, {"id": 8, "tags": []}],
            "codes": [[1], [2]],
        },
        {"id": 2, "who": None, "items": None, "empty": []},
    )
    outcome = land.load(route=flat())
    assert (outcome.quarantined, outcome.rows) == ((), 2)
    assert land.rows("id, who_name, who_at_zip, JSON_SERIALIZE(codes)") == [
        (1, "Ada", "01", "[[1],[2]]"),
        (2, None, None, None),
    ]
    assert land.rows("id, items_id, n, tg_position", ITEMS) == [(1, 7, 1, 1), (1, 8, None, 3), (1, None, None, 2)]
    assert land.rows("id, value, tg_position_1, tg_position", TAGS) == [(1, "a", 1, 1), (1, None, 1, 2)]
    assert land.rows("*", f"{TABLE}_empty") == []
    columns = land.world.sql(
        "SELECT column_name FROM svv_columns WHERE table_name LIKE 'sales%' AND column_name LIKE 'tg_%'"
    )
    assert {name for (name,) in columns} == {"tg_position", "tg_position_1"}, "what links rows is staged alone"
    assert len(land.load(route=flat()).already) == 1
    assert list((land.world.folder / "lake").rglob("*.parquet")) == []


def test_elements_are_those_of_the_record_that_counts(land: Land) -> None:
    route = flat(version="at")
    write(land, "a.json", order(1, "old", at=1), order(1, "new", "newer", at=3), order(2, "two", at=1), order(3, at=1))
    land.load(route=route)
    assert land.rows("id, sku, tg_position", ITEMS) == [(1, "new", 1), (1, "newer", 2), (2, "two", 1)]
    write(land, "b.json", order(1, "late", at=2), order(2, at=2), order(3, "three", at=2), minute=1)
    outcome = land.load(route=route)
    assert [batch.changed for batch in outcome.batches] == [2]
    assert land.rows("id, at") == [(1, 3), (2, 2), (3, 2)]
    assert land.rows("id, sku", ITEMS) == [(1, "new"), (1, "newer"), (3, "three")]


def test_files_without_the_list_replace_elements_too(land: Land) -> None:
    write(land, "a.json", order(1, "a"), order(2, "b"))
    land.load(route=flat())
    write(land, "b.json", {"id": 1, "note": "no items"}, minute=1)
    land.load(route=flat())
    assert land.rows("id, sku", ITEMS) == [(2, "b")]


def test_the_last_of_several_files_has_the_elements(land: Land) -> None:
    write(land, "a.json", order(1, "a"), order(2, "x"))
    write(land, "b.json", order(1, "b"), minute=1)
    outcome = land.load(route=flat())
    assert [len(batch.files) for batch in outcome.batches] == [2]
    assert land.rows("id, sku", ITEMS) == [(1, "b"), (2, "x")]
    assert land.loaded() == [("a.json", 2), ("a.json", 2), ("b.json", 1), ("b.json", 1)]


def test_a_replaced_table_has_the_elements_of_its_file(land: Land) -> None:
    route = replace(appending(), mode=LoadMode.REPLACE, key=("id",), options=FLAT)
    write(land, "a.json", order(1, "a"), order(2, "b"))
    land.load(route=route)
    write(land, "b.json", order(3, "c", "d"), minute=1)
    land.load(route=route)
    assert (land.rows("id"), land.rows("id, sku", ITEMS)) == ([(3,)], [(3, "c"), (3, "d")])


def test_tables_of_elements_grow_as_others_do(land: Land) -> None:
    write(land, "a.json", {"id": 1, "items": [{"sku": "a", "price": 1}]})
    land.load(route=flat())
    write(land, "b.json", {"id": 2, "items": [{"sku": "b" * 40, "price": 2, "more": True}]}, minute=1)
    (batch,) = land.load(route=flat()).batches
    assert batch.statements == (
        'ALTER TABLE "public"."sales_items" ALTER COLUMN "sku" TYPE VARCHAR(60)',
        'ALTER TABLE "public"."sales_items" ADD COLUMN "more" BOOLEAN',
    )
    assert land.rows("id, sku, price, more", ITEMS) == [(1, "a", 1, None), (2, "b" * 40, 2, True)]


def test_the_table_of_elements_says_what_their_values_are(land: Land) -> None:
    write(land, "a.json", {"id": 1, "items": [{"id": 1, "zip": "01"}]})
    land.load(route=flat())
    write(land, "b.json", {"id": 2, "items": [{"id": "2", "zip": 99}]}, minute=1)
    path = write(land, "c.json", {"id": 3, "items": [{"id": 3}, {"id": "x"}]}, minute=2)
    (told,) = land.load(route=flat()).quarantined
    assert told.reason == f"{path}: record 1: items[1].id: 'x' does not fit INTEGER"
    assert land.rows("id, items_id, zip", ITEMS) == [(1, 1, "01"), (2, 2, "99")]


@pytest.mark.parametrize(
    ("route", "records", "reason"),
    [
        (
            replace(appending(), options=FLAT),
            [order(1, "a")],
            "{} has the list items, and flatten of lists needs a key",
        ),
        (flat(), [order(None, "a"), order(2, "b")], "1 of its 2 rows have no id"),
        (flat("nr"), [order(1, "a")], '{} has no column "nr", which is part of the key'),
        (
            flat(),
            [order(1, "a"), order(1, "b")],
            "1 values of id come more than once and with different rows: nothing says which is newer",
        ),
        (
            flat(),
            [{"id": 1, "items": [{"id": 1, "items_id": 2}]}],
            "{}: items: the columns 'items_id' and 'items_id' are one name on Redshift",
        ),
        (
            flat(),
            [{"id": 1, **{f"l{n}": [n] for n in range(9)}}],
            "public.sales would have 9 tables of lists, and one transaction takes 8",
        ),
        (flat(), [order(1, "a", tg_record=1)], "{} has a key tg_record, a name that Tidegate keeps for itself"),
        (
            flat(checks=(CheckRule(CheckKind.RANGE, ("id",), most="1", severity=Severity.QUARANTINE),)),
            [order(1, "a"), order(2, "b")],
            "1 of its 2 rows have a id that is not at most 1",
        ),
    ],
)
def test_a_file_goes_aside_whole(land: Land, route: Route, records: list[object], reason: str) -> None:
    path = write(land, "a.json", *records)
    write(land, "b.json", {"id": 9}, minute=1)
    land.load(route=route)
    rows = land.world.sql("SELECT reason, row_count, place FROM tidegate.quarantined_files WHERE uri LIKE '%a.json'")
    assert rows == [(reason.format(path), None, None)]
    assert land.world.sql("SELECT table_name FROM svv_tables WHERE table_name = 'sales_items'") in (
        [],
        [("sales_items",)],
    )
    assert [name for name, _ in land.loaded()] in (["b.json"], [])


def test_a_plan_tells_of_the_tables_of_elements(land: Land) -> None:
    write(land, "a.json", {"id": 1, "items": [{"sku": "a", "tags": ["x"]}, {"sku": "b"}]})
    with land.world.context() as ctx:
        (batch,) = land.plan(land.context(ctx), flat()).batches
    changes = {
        str(fitted.table.name): [(c.column, c.type) for c in fitted.changes if c.column] for fitted in batch.elements
    }
    assert changes == {
        ITEMS: [("id", "INTEGER"), ("sku", "VARCHAR(16)"), ("tg_position", "BIGINT")],
        TAGS: [("id", "INTEGER"), ("value", "VARCHAR(16)"), ("tg_position_1", "BIGINT"), ("tg_position", "BIGINT")],
    }
    planned = land.sql(flat())
    assert [step for step, sql in planned if " COPY " in sql] == ["stage"] * 3
    loads = [sql.partition("*/ ")[2] for step, sql in planned if step == "load"]
    assert (loads[0][:5], loads[0].count('"tidegate"."lock_')) == ("LOCK ", 3)
    assert [sql.split('"')[3] for sql in loads if sql.startswith("INSERT")] == [
        "sales",
        "sales_items",
        "sales_items_tags",
        "loaded_files",
        "loaded_files",
        "loaded_files",
    ]
    assert any(f"'{ITEMS}'" in sql and ", 2, " in sql for sql in loads), "as many as there are elements"
    assert land.world.sql("SELECT table_name FROM svv_tables WHERE table_name LIKE 'sales%'") == []


def test_nothing_is_flattened_into_a_table_of_elements(land: Land) -> None:
    write(land, "a.json", {"id": 1, "items": [{"tags": ["a"]}]})
    land.load(route=flat())
    path = write(land, "b.json", {"id": 1, "tags": ["b"]}, minute=1)
    with pytest.raises(UsageError, match=r"^public\.sales_items holds elements of lists$"):
        land.load(Path(path), route=replace(flat(), table=TableName("public", "sales_items")))
    assert (land.rows("id"), land.rows("id, value", TAGS)) == ([(1,)], [(1, "a")])


def test_archived_elements_stop_the_load(land: Land) -> None:
    write(land, "a.json", {"id": 1, "items": [{"day": "2020-01-02"}]})
    land.load(route=flat())
    stamp = "TIMESTAMP '2020-06-01 00:00:00'"
    land.world.sql(
        "INSERT INTO tidegate.published (table_name, batch, period, row_count, fingerprint, hash, archived_at) "
        f"VALUES ('{ITEMS}', '20200601-000000-00000001', DATE '2020-01-01', 1, 'f', 'h', {stamp})"
    )
    write(land, "b.json", {"id": 1}, minute=1)
    with pytest.raises(Refused, match=r"^public\.sales_items has archived periods, and elements of records"):
        land.load(route=flat())
    assert land.load(route=flat(on_archived=OnArchived.ALLOW)).rows == 1
    assert land.rows("id", ITEMS) == []


def test_a_table_of_elements_that_appears_meanwhile_is_minded(land: Land) -> None:
    write(land, "a.json", order(1, "a"))
    land.load(route=flat())
    path = write(land, "b.json", {"id": 1}, minute=1)
    other = write(land, "c.json", {"id": 1, "more": ["x"]}, minute=2)
    with land.world.context() as ctx:
        ctx = land.context(ctx)
        plan = land.plan(ctx, flat(), [Path(path)])
        again = land.plan(ctx, flat(), [Path(other)])
        stage = ElementStaging.run
        loads = [again]

        def late(self: ElementStaging) -> list[str]:
            done = stage(self)
            if loads:
                run_load(ctx, loads.pop())
            return done

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ElementStaging, "run", late)
            assert run_load(ctx, plan).rows == 1
    assert land.rows("id, value", f"{TABLE}_more") == []


def test_a_table_that_is_none_of_elements_is_left_alone(land: Land) -> None:
    land.world.sql(f"CREATE TABLE {ITEMS} (id BIGINT, sku VARCHAR(9))")
    land.world.sql(f"INSERT INTO {ITEMS} VALUES (1, 'mine')")
    write(land, "a.json", order(1, "a"))
    (told,) = land.load(route=flat()).quarantined
    assert told.reason == (
        "public.sales_items is there, and is no table of the list items: it has no column tg_position"
    )
    assert land.rows("*", ITEMS) == [(1, "mine")]
    assert names(land.load(route=appending()).batches[0].files) == ["a.json"], "SUPER needs no table"
