"""Transactions, LOCK and sessions."""

from threading import Event

from live.assumption import Assumption, Violated, expect
from live.site import Site, failing
from live.waiting import beside, outcome, waits
from tidegate.errors import SerializationConflict, StatementError
from tidegate.model.names import TableName
from tidegate.model.tables import Column, SqlType, TypeKind
from tidegate.redshift.load import StagedColumn
from tidegate.redshift.load_history import HistoryStage
from tidegate.redshift.load_widen import retype_column
from tidegate.warehouse.base import Session

_MOVES = 8


def _counted(session: Session, table: TableName, where: str = "TRUE") -> int:
    ((found,),) = session.execute(f"SELECT COUNT(*) FROM {table} WHERE {where}").rows
    return int(str(found))


def _second_holder(site: Site) -> tuple[bool, object]:
    """Whether the second of two that LOCK the same table waited, and how many of the first one's rows it then saw."""
    locked, table = site.table("lock", "nothing SMALLINT"), site.table("rows", "a INTEGER")
    other = site.opened()
    with beside() as start, site.opened().session() as first:
        first.execute("BEGIN")
        first.execute(f"LOCK {locked}")
        second = start(lambda: other.transaction([f"LOCK {locked}", f"SELECT COUNT(*) FROM {table}"])[1].rows[0][0])
        waited = waits(second)
        first.execute(f"INSERT INTO {table} VALUES (1)")
        first.execute("COMMIT")
        return waited, outcome(second, "LOCK")


def lock_waits(site: Site) -> str:
    waited, _ = _second_holder(site)
    expect(waited, "a second LOCK of the same table did not wait")
    return "the second LOCK waited until the first transaction had ended"


def lock_takes_no_snapshot(site: Site) -> str:
    _, seen = _second_holder(site)
    expect(seen == 1, f"the second holder saw {seen} of the 1 row that the first had committed")
    return "the second holder saw what the first had committed"


def lock_of_several(site: Site) -> str:
    one, two = site.table("lock", "nothing SMALLINT"), site.table("lock", "nothing SMALLINT")
    other = site.opened()
    with beside() as start, site.opened().session() as holder:
        holder.execute("BEGIN")
        holder.execute(f"LOCK {one}, {two}")
        second = start(lambda: other.transaction([f"LOCK {two}", "SELECT 1"])[1].rows)
        expect(waits(second), "the second table of a LOCK was not locked")
        holder.execute("COMMIT")
        expect(outcome(second, "LOCK") == ((1,),), "LOCK was not granted after the holder had ended")
    return "both tables were held"


def changed_row_conflicts(site: Site) -> str:
    """The row that a publish is about to delete is updated after its snapshot."""
    table = site.table("rows", "a INTEGER, b INTEGER", ["(1, 1)"])
    with site.opened().session() as session:
        session.execute("BEGIN")
        _counted(session, table)
        site.warehouse.execute(f"UPDATE {table} SET b = 2 WHERE a = 1")
        try:
            session.execute(f"DELETE FROM {table} WHERE a = 1")
            session.execute("COMMIT")
        except SerializationConflict as error:
            expect(site.count(table, "b = 2") == 1, "the conflict left no row")
            return f"the DELETE failed: {error.message[:80]}"
        except StatementError as error:
            raise Violated(f"the DELETE failed, but not as a conflict that is retried: {error.message}") from error
    left = site.count(table)
    raise Violated(f"a row that was updated after the snapshot was deleted without a conflict; {left} left")


def update_and_delete_lose_nothing(site: Site) -> str:
    """An UPDATE that has not ended yet, and a DELETE of the same row beside it."""
    table = site.table("rows", "a INTEGER, b INTEGER", ["(1, 1)"])
    other = site.opened()

    def delete() -> str:
        try:
            other.execute(f"DELETE FROM {table} WHERE a = 1")
        except StatementError as error:
            return error.code
        return "done"

    with beside() as start, site.opened().session() as first:
        first.execute("BEGIN")
        first.execute(f"UPDATE {table} SET b = 2 WHERE a = 1")
        second = start(delete)
        waited = waits(second)
        first.execute("COMMIT")
        became = outcome(second, "DELETE")
    left = site.count(table)
    expect(left == (0 if became == "done" else 1), f"the DELETE was {became}, but {left} rows are left")
    return f"the DELETE {'waited and ' if waited else ''}was {became}"


def unseen_row_stays(site: Site) -> str:
    """A row that arrives between the snapshot of a publish and its DELETE."""
    table = site.table("rows", "a INTEGER", ["(1)", "(1)"])
    with site.opened().session() as session:
        session.execute("BEGIN")
        _counted(session, table)
        site.warehouse.execute(f"INSERT INTO {table} VALUES (1)")
        try:
            session.execute(f"DELETE FROM {table} WHERE a = 1")
            session.execute("COMMIT")
        except SerializationConflict:
            expect(site.count(table) == 3, "a conflict changed rows")
            return "the DELETE failed as a conflict"
    left = site.count(table)
    expect(left == 1, f"{left} rows are left, not the one that the DELETE could not see")
    return "the DELETE left the row that it could not see"


def one_snapshot(site: Site) -> str:
    table = site.table("rows", "a INTEGER", ["(1)"])
    with site.opened().session() as session:
        session.execute("BEGIN")
        before = _counted(session, table)
        site.warehouse.execute(f"INSERT INTO {table} VALUES (2)")
        after = _counted(session, table)
        session.execute("COMMIT")
    expect((before, after) == (1, 1), f"two statements of a transaction saw {before} and {after} rows")
    return "both statements saw the same rows"


def reader_sees_one_side(site: Site) -> str:
    """Rows move from one table into another while a reader counts both, as the view does."""
    hot, cold = site.table("hot", "a INTEGER", ["(0)"]), site.table("cold", "a INTEGER")
    mover, moved = site.opened(), Event()

    def move() -> None:
        source, target = hot, cold
        try:
            for _ in range(_MOVES):
                statements = [f"INSERT INTO {target} SELECT a FROM {source}", f"DELETE FROM {source}"]
                mover.transaction(statements)
                source, target = target, source
        finally:
            moved.set()

    sums = set()
    both = f"SELECT COUNT(*) FROM (SELECT a FROM {hot} UNION ALL SELECT a FROM {cold}) AS every_row"
    with beside() as start:
        moves = start(move)
        while True:
            last = moved.is_set()
            sums.add(site.warehouse.execute(both).rows[0][0])
            if last:
                break
        outcome(moves, "the moves")
    expect(sums == {1}, f"a reader counted {sorted(map(str, sums))} rows instead of 1")
    return f"the row was counted once at every time of {_MOVES} moves"


def writers_lose_nothing(site: Site) -> str:
    table = site.table("rows", "a INTEGER")
    other = site.opened()
    with beside() as start, site.opened().session() as first:
        first.execute("BEGIN")
        first.execute(f"INSERT INTO {table} VALUES (1)")
        second = start(lambda: other.execute(f"INSERT INTO {table} VALUES (2)"))
        waited = waits(second)
        first.execute("COMMIT")
        outcome(second, "INSERT")
    left = site.count(table)
    expect(left == 2, f"{left} rows of two INSERTs are there")
    return f"the second INSERT {'waited' if waited else 'did not wait'}, and both rows are there"


def batch_is_one_transaction(site: Site) -> str:
    table = site.table("rows", "a INTEGER", ["(1)"])
    try:
        site.warehouse.transaction(
            [f"INSERT INTO {table} VALUES (2)", f"DELETE FROM {table} WHERE a = 1", failing(table)]
        )
    except StatementError:
        left = site.warehouse.execute(f"SELECT a FROM {table}").rows
        expect(left == ((1,),), f"a failed transaction left {left}")
        return "nothing of a failed transaction is left"
    raise Violated("a failing statement did not fail the transaction")


def batch_stops(site: Site) -> str:
    """TRUNCATE commits at once, so it would show that it was run."""
    table = site.table("rows", "a INTEGER", ["(1)"])
    try:
        site.warehouse.transaction([failing(table), f"TRUNCATE {table}"])
    except StatementError:
        expect(site.count(table) == 1, "the statement after the failed one was run")
        return "the statement after the failed one was not run"
    raise Violated("a failing statement did not fail the transaction")


def ddl_rolls_back(site: Site) -> str:
    source, table = site.table("rows", "a INTEGER", ["(1)"]), site.name("made")
    try:
        site.warehouse.transaction([f"CREATE TABLE {table} (a INTEGER)", failing(source)])
    except StatementError:
        expect(site.warehouse.tables([table]) == {}, "a table of a failed transaction is there")
        return "a table that a failed transaction had made is gone"
    raise Violated("a failing statement did not fail the transaction")


def column_is_made_anew(site: Site) -> str:
    """Once in a transaction that fails at its end, once in one that does not."""
    source, table = site.table("rows", "a INTEGER", ["(1)"]), site.table("rows", "a INTEGER, b INTEGER", ["(1, 7)"])
    steps = retype_column(table, Column("a", SqlType(TypeKind.INTEGER)), SqlType(TypeKind.BIGINT))
    try:
        site.warehouse.transaction([*steps, failing(source)])
        raise Violated("a failing statement did not fail the transaction")
    except StatementError:
        kept = [column.name for column in site.warehouse.tables([table])[table].columns]
        expect(kept == ["a", "b"], f"after a failed transaction the table has the columns {', '.join(kept)}")
    site.warehouse.transaction(steps)
    column = site.warehouse.tables([table])[table].columns[-1]
    expect((column.name, column.type.kind) == ("a", TypeKind.BIGINT), f"the last column is {column.name}")
    expect(site.count(table, "a = 1 AND b = 7") == 1, "the values are others")
    return "the column was there with its values, after a transaction that failed and after one that did not"


def changes_are_counted(site: Site) -> str:
    table = site.table("rows", "a INTEGER", ["(1)", "(2)", "(3)"])
    statements = [f"DELETE FROM {table} WHERE a < 3", f"INSERT INTO {table} VALUES (4)", f"UPDATE {table} SET a = 9"]
    counts = [result.rowcount for result in site.warehouse.transaction(statements)]
    expect(counts == [2, 1, 2], f"DELETE, INSERT and UPDATE of 2, 1 and 2 rows told {counts}")
    return "DELETE, INSERT and UPDATE tell how many rows they changed"


def session_keeps_temporary_tables(site: Site) -> str:
    with site.opened().session() as session:
        session.execute("CREATE TEMP TABLE tidegate_live_stage (a INTEGER)")
        session.transaction(["INSERT INTO tidegate_live_stage VALUES (1)"])
        seen = session.execute("SELECT a FROM tidegate_live_stage").rows
    expect(seen == ((1,),), f"the temporary table held {seen} in the next transaction of its session")
    try:
        site.warehouse.execute("SELECT a FROM tidegate_live_stage")
    except StatementError:
        return "a temporary table lives as long as its session, for it alone"
    raise Violated("another session read a temporary table")


def session_keeps_settings(site: Site) -> str:
    with site.opened().session() as session:
        session.execute("SET query_group TO 'tidegate live'")
        seen = session.execute("SELECT CURRENT_SETTING('query_group')").rows[0][0]
    expect(seen == "tidegate live", f"the next statement of the session saw {seen!r}")
    return "SET reaches the next statement of the session"


def blocks_of_a_session(site: Site) -> str:
    """Most checks above hold a transaction open in this way."""
    table = site.table("rows", "a INTEGER")
    with site.opened().session() as session:
        session.execute("BEGIN")
        session.execute(f"INSERT INTO {table} VALUES (1)")
        seen = _counted(session, table), site.count(table)
        session.execute("ROLLBACK")
    expect(seen == (1, 0), f"inside and outside of the open transaction {seen} rows were seen")
    expect(site.count(table) == 0, "a row is left after ROLLBACK")
    return "BEGIN, a statement and ROLLBACK, each sent alone, are one transaction"


def history_settles(site: Site) -> str:
    """The one statement of a load that changes a table by what a query over the same table finds."""
    columns = "id INTEGER, at INTEGER, valid_from INTEGER, valid_to INTEGER"
    table = site.table("versions", columns, ["(1, 1, 1, 5)", "(1, 5, 5, NULL)", "(2, 9, 9, NULL)"])
    kind = SqlType(TypeKind.INTEGER)
    staged = tuple(StagedColumn(name, kind, Column(name, kind)) for name in ("id", "at"))
    stage = HistoryStage("live", table, staged, ("id", "at"))
    with site.opened().session() as session:
        session.execute(stage.create())
        session.execute(f"INSERT INTO {stage.name.name} VALUES (1, 3)")
        settled = session.transaction([stage.insert(), stage.settle()])[1].rowcount
        seen = session.execute(f"SELECT id, valid_from, valid_to FROM {table} ORDER BY 1, 2").rows
    expect(seen == ((1, 1, 3), (1, 3, 5), (1, 5, None), (2, 9, None)), f"after a late version the table holds {seen}")
    expect(settled == 2, f"{settled} rows were changed instead of 2")
    return "a late version ends the one before it, and is ended by the one after it"


CHECKS = (
    Assumption("session-blocks", blocks_of_a_session),
    Assumption("lock-takes-no-snapshot", lock_takes_no_snapshot),
    Assumption("lock-waits", lock_waits),
    Assumption("lock-of-several", lock_of_several),
    Assumption("changed-row-conflicts", changed_row_conflicts),
    Assumption("update-and-delete", update_and_delete_lose_nothing),
    Assumption("unseen-row-stays", unseen_row_stays),
    Assumption("one-snapshot", one_snapshot),
    Assumption("reader-sees-one-side", reader_sees_one_side),
    Assumption("writers-lose-nothing", writers_lose_nothing),
    Assumption("batch-is-one-transaction", batch_is_one_transaction),
    Assumption("batch-stops", batch_stops),
    Assumption("ddl-rolls-back", ddl_rolls_back),
    Assumption("column-is-made-anew", column_is_made_anew),
    Assumption("changes-are-counted", changes_are_counted),
    Assumption("history-settles", history_settles),
    Assumption("session-temporary-tables", session_keeps_temporary_tables),
    Assumption("session-settings", session_keeps_settings),
)
