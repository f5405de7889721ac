"""`erase` over values of every type, exports, partition folders, thawed files and versions of a table."""

from dataclasses import replace
from datetime import date

from tests.flows.parking import park
from tests.flows.rewriting import batches, compact, erase, found, in_files, planned_erase
from tests.flows.sample_rules import create_loads, under
from tests.flows.tables import archive, create, lake_of, policy, rows_of
from tests.unit.config.lifecycle_csv import row
from tests.world import ORDERS, World

from tidegate.flows.restore import run_restore
from tidegate.flows.restore_plan import RestoreRequest, plan_restore

COLUMNS = (
    "id INTEGER, d DATE, code CHAR(8), words VARCHAR(40), zoned TIMESTAMPTZ, clock TIME, doc SUPER, bytes VARBYTE(8), "
    "amount DECIMAL(12,4), yes BOOLEAN, dbl DOUBLE PRECISION"
)
ROWS = (
    "1, '2020-01-15', 'ab', 'it''s \\\\ %', '2020-03-29 02:30:00+01', '00:00:00', JSON_PARSE('{\"a\": {\"b\": 1}}'), "
    "FROM_HEX('00ff'), 1.5, TRUE, 0.1",
    "2, '2020-01-16', 'ab      ', '', '2020-03-29 01:30:00+00', '12:00:00.5', JSON_PARSE('[1, null]'), FROM_HEX(''), "
    "-1.5, FALSE, -0.0",
    "3, '2020-02-01', 'abc', 'É x ', '2020-12-31 23:59:59.999999+00', '23:59:59', JSON_PARSE('\"x\"'), "
    "FROM_HEX('61'), 0, NULL, 1e300",
    "4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL",
    "5, '2020-02-02', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL",
)
CONDITIONS = (
    "code = 'ab'",
    "code || '|' = 'ab      |' or code like 'ab%' and id > 2",
    "words = 'it''s \\\\ %'",
    "words is null",
    "lower(trim(words)) = 'é x' and len(words) = 4",
    "zoned = '2020-03-29 01:30:00+00'",
    "zoned > '2020-03-29 01:30:00+00' or clock < '12:00:00'",
    "json_extract_path_text(json_serialize(doc), 'a', 'b') = '1'",
    "amount * 2 = 3 or -amount = 1.5",
    "not yes",
    "yes is not true and id % 2 = 1",
    "case when dbl > 1 then id = 3 else id = 2 end",
    "d between '2020-01-01' and date '2020-01-15'",
    "substring(words, 1, 1) in ('i', 'É') and coalesce(amount, 7) <> 7",
    "nullif(id, 1) is null or words ~ '^x'",
)


def test_a_condition_means_the_same_in_the_archive_as_in_the_table(empty: World) -> None:
    create(empty, "public.typed", COLUMNS, *ROWS)
    empty.policies = (policy("public.typed", "d"),)
    hot = {c: {i for (i,) in empty.sql(f"SELECT id FROM public.typed WHERE {c}")} for c in CONDITIONS}
    archive(empty, "2020-06-20")
    assert rows_of(empty, "public.typed", "id") == [(4,)]
    for condition, ids in hot.items():
        plan = planned_erase(empty, condition, "public.typed")
        assert plan.rows(*set(item.place for item in plan.found)) == len(ids), condition
    assert 0 < len(set.union(*hot.values())) == 5
    chosen = (CONDITIONS[2], CONDITIONS[5], CONDITIONS[12])
    before, gone = rows_of(empty, "public.typed_all"), set().union(*(hot[c] for c in chosen))
    erase(empty, " or ".join(f"({c})" for c in chosen), "public.typed", now=True)
    assert gone == {1, 2}
    assert [repr(r) for r in rows_of(empty, "public.typed_all")] == [repr(r) for r in before if r[0] not in gone]
    assert sorted(r["id"] for r in in_files(empty, table="typed")) == [3, 5]
    assert empty.verify().differences == ()


LOADS = "public.loads"
RULE = {"schema_name": "public", "table_name": "loads", "s3_path": ""}


def _exports(world: World) -> list[str]:
    return [key for key in lake_of(world) if "/_export/" in key]


def test_an_export_beside_the_batch_goes_too(empty: World) -> None:
    world = under(empty, row(**RULE, file_format="CSV", header="1", parallel="0"))
    create_loads(world, LOADS, "2020-03-01", "2020-03-02", "2020-06-20")
    archive(world, "2020-06-20")
    assert len(_exports(world)) == 3
    world.clock.advance(days=1)
    assert compact(world).merged == ()
    outcome = erase(world, "id = 2", LOADS)
    assert (found(outcome), outcome.objects) == ([("archive", "2020-03-02", 1)], 3)
    assert _exports(world) == []
    assert rows_of(world, f"{LOADS}_all", "id") == [(1,), (3,)]
    assert world.verify().differences == ()


def test_a_copy_that_is_an_export_alone_goes_whole_and_is_written_anew(empty: World) -> None:
    world = under(empty, row(**RULE, file_format="CSV", update_delete_flag="0", partition_column="", parallel="0"))
    create_loads(world, LOADS, "2020-03-01", "2020-03-02")
    archive(world, "2020-06-20")
    world.clock.advance(days=1)
    outcome = erase(world, "note = 'loaded on 2020-03-02'", LOADS, hot=True, now=True)
    assert found(outcome) == [
        ("copy", "2020-03-01", None),
        ("copy", "2020-03-02", None),
        ("hot", "2020-03-02", 1),
    ]
    assert (_exports(world), batches(world, "copies")) == ([], {})
    assert world.verify().differences == ()
    archive(world, "2020-06-20")
    written = b"".join(data for key, data in lake_of(world).items() if "/_export/" in key)
    assert b"2020-03-01" in written
    assert b"2020-03-02" not in written


def test_thawed_periods_are_written_anew_and_their_parked_files_go(archived: World) -> None:
    archived = replace(archived)
    park(archived, date(2020, 1, 1))
    archived.clock.advance(days=2)
    with archived.context() as ctx:
        request = RestoreRequest(ORDERS, date(2020, 1, 1), date(2020, 1, 31), days=5)
        run_restore(ctx, plan_restore(ctx, request))
    assert archived.value("SELECT thawed_until FROM tidegate.published WHERE period = '2020-01-01'") is not None
    old = [key for key in lake_of(archived) if "tg_period=2020-01-01" in key]
    (new,) = erase(archived, "order_id = 1", now=True).batches
    assert [key for key in lake_of(archived) if key in old] == []
    assert archived.sql(f"SELECT row_count, tier, thawed_until FROM tidegate.published WHERE batch = '{new}'") == [
        (9, None, None)
    ]
    assert archived.value("SELECT COUNT(*) FROM public.orders_all") == 59
    assert archived.verify().differences == ()
