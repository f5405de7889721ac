"""External tables: their DDL, their partitions, and the view that reads them beside the hot table."""

from datetime import date

from live.archived import BATCH, DAYS, Archived, archive, partition_statements
from live.assumption import Assumption, Violated, expect
from live.site import Site
from tidegate.errors import StatementError
from tidegate.model.batch import PeriodProof, written_at
from tidegate.model.names import TableName
from tidegate.model.tables import SqlType, TypeKind
from tidegate.redshift.catalog import select_external_partitions, select_external_table, select_relations
from tidegate.redshift.control import Control, CountedProof
from tidegate.redshift.ddl import create_table
from tidegate.redshift.external import (
    add_partitions,
    create_external_schema,
    create_external_table,
    drop_partition,
    set_location,
)
from tidegate.redshift.rows import delete_rows
from tidegate.redshift.view import all_view


def _numbers(site: Site) -> Archived:
    """Two rows, one a day."""
    return archive(site, "a INTEGER", [f"{n}, '{day}'" for n, day in enumerate(DAYS)])


def ddl_is_idempotent(site: Site) -> str:
    archived = _numbers(site)
    run = site.warehouse.execute
    run(create_external_schema(site.external_schema, site.settings.glue_database, site.role))
    for statement in partition_statements(archived):
        run(statement)
    partitions = run(select_external_partitions(archived.external)).rows
    expect(len(partitions) == len(DAYS), f"two partitions that were added twice are {len(partitions)}")
    return "a schema and partitions that are there are left alone"


def ddl_is_refused_in_a_transaction(site: Site) -> str:
    name = site.external_name("refused")
    statement = create_external_table(name, [("a", SqlType(TypeKind.INTEGER))], [], site.lake.uri(site.folder("empty")))
    try:
        site.warehouse.transaction(["SELECT 1", statement])
    except StatementError:
        expect(not site.warehouse.execute(select_external_table(name)).rows, "the refused table is there")
        return "refused, and not done"
    raise Violated("external DDL ran inside of a transaction")


def catalog_shows_the_table(site: Site) -> str:
    archived = site.once("numbers", _numbers)
    run = site.warehouse.execute
    there = run(select_external_table(archived.external)).rows
    gone = run(select_external_table(TableName(site.external_schema, "never_made"))).rows
    expect((len(there), gone) == (1, ()), f"SVV_EXTERNAL_TABLES shows {there} and {gone}")
    return "SVV_EXTERNAL_TABLES shows it at once"


def partition_values(site: Site) -> str:
    archived = site.once("numbers", _numbers)
    values = sorted(str(row[0]) for row in site.warehouse.execute(select_external_partitions(archived.external)).rows)
    expect(values == [f'["{BATCH}","{day}"]' for day in DAYS], f"the values are {values}")
    return f"e.g. {values[0]}"


def dropped_partition_is_gone(site: Site) -> str:
    archived = _numbers(site)
    run = site.warehouse.execute
    run(drop_partition(archived.external, {"tg_batch": BATCH, "tg_period": DAYS[0]}))
    rows = run(f"SELECT a FROM {archived.external}").rows
    expect(rows == ((1,),), f"after a partition was dropped {rows} are read")
    return "its rows are no longer read, its files stay"


def partition_moves(site: Site) -> str:
    """To a folder with the same file, as copies of thawed files are."""
    archived = _numbers(site)
    folder, copies, run = (
        archived.period_folder(DAYS[0]),
        f"{archived.folder}tg_thaw=2020-01-31/",
        site.warehouse.execute,
    )
    for info in list(site.lake.list(folder)):
        site.lake.copy(info.key, copies + info.key.removeprefix(archived.folder))
        site.lake.delete([info.key])
    values = {"tg_batch": BATCH, "tg_period": DAYS[0]}
    run(set_location(archived.external, values, site.lake.uri(f"{copies}tg_period={DAYS[0]}/")))
    rows = run(f"SELECT a FROM {archived.external} ORDER BY a").rows
    expect(rows == ((0,), (1,)), f"after a partition moved {rows} are read")
    return "its rows are read from the other folder, at once"


def partitions_prune(site: Site) -> str:
    """A file that is no Parquet lies in the other partition: who reads it fails."""
    archived = _numbers(site)
    site.lake.put(f"{archived.period_folder(DAYS[1])}damaged.parquet", b"no Parquet" * 100)
    rows = site.warehouse.execute(f"SELECT a FROM {archived.external} AS e WHERE {archived.where(DAYS[:1])}").rows
    expect(rows == ((0,),), f"the partition of {DAYS[0]} gave {rows}")
    return "a query of one batch and period reads no file of another"


def files_beside_are_not_read(site: Site) -> str:
    """UNLOAD's manifest and the descriptor lie beside the folders of the periods, inside the table's location."""
    archived = _numbers(site)
    site.lake.put(f"{archived.folder}_tidegate/batch.json", b"{}")
    rows = site.warehouse.execute(f"SELECT a FROM {archived.external} ORDER BY a").rows
    expect(rows == ((0,), (1,)), f"with a manifest and a descriptor beside the partitions {rows} are read")
    return "only the folders of partitions are read"


def subfolders_are_read(site: Site) -> str:
    """A partition at a folder whose files lie one level below it."""
    folder, external, run = site.folder("parts"), site.external_name("parts"), site.warehouse.execute
    rows = site.table("parts", "a INTEGER, day DATE", [f"({n}, '{DAYS[n % 2]}')" for n in range(4)])
    select = f"SELECT a, day AS tg_period, a AS tg_part FROM {rows}"
    run(site.unload(select, folder, by=("tg_period", "tg_part")))
    uri, period = site.lake.uri(folder), ("tg_period", SqlType(TypeKind.DATE))
    run(create_external_table(external, [("a", SqlType(TypeKind.INTEGER))], [period], uri))
    for statement in add_partitions(external, [({"tg_period": DAYS[0]}, f"{uri}tg_period={DAYS[0]}/")]):
        run(statement)
    found = sorted(int(str(row[0])) for row in run(f"SELECT a FROM {external}").rows)
    expect(found == [0, 2], f"of the rows 0 and 2 below the partition {found} are read")
    return "files in the folders below a partition's are read"


def view_joins_published(site: Site) -> str:
    """From before a publish until after it, by the statements of a publish."""
    archived = _numbers(site)
    hot, control = archived.hot.name, Control(site.schema)
    published = next(table for table in control.tables() if table.name == control.published)
    view = TableName(site.schema, f"{hot.name}_all")
    run = site.warehouse.execute
    run(create_table(published, if_not_exists=True))
    run(all_view(view, archived.hot, [archived.version], control.published))
    select = f"SELECT a, day FROM {view} ORDER BY a"
    whole = tuple((n, date.fromisoformat(day)) for n, day in enumerate(DAYS))
    before = run(select).rows
    proof = PeriodProof(date.fromisoformat(DAYS[0]), 1, "0")
    counted = [CountedProof(BATCH, "live", written_at(BATCH), proof)]
    site.warehouse.transaction([delete_rows(hot, f"day = '{DAYS[0]}'"), *control.insert_published(hot, counted)])
    after = run(select).rows
    run(all_view(view, archived.hot, [archived.version], control.published))
    expect(before == whole == after, f"the view showed {before}, and after the publish {after}")
    kinds = {str(row[2]) for row in run(select_relations()).rows if row[:2] == (view.schema, view.name)}
    expect(kinds == {"VIEW"}, f"SVV_TABLES shows the view as {kinds or 'nothing'}")
    return "every row once, before and after, and the view can be replaced"


CHECKS = (
    Assumption("external-ddl-idempotent", ddl_is_idempotent),
    Assumption("external-ddl-no-transaction", ddl_is_refused_in_a_transaction),
    Assumption("external-table-shown", catalog_shows_the_table),
    Assumption("external-partition-values", partition_values),
    Assumption("external-partition-dropped", dropped_partition_is_gone),
    Assumption("external-partition-moves", partition_moves),
    Assumption("external-partitions-prune", partitions_prune),
    Assumption("external-files-beside", files_beside_are_not_read),
    Assumption("external-subfolders", subfolders_are_read),
    Assumption("view-joins-published", view_joins_published),
)
