"""The file: who may open it, for how long, and what happens when it cannot be opened."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from tidegate.config.settings import EmbeddedSettings
from tidegate.errors import ConfigError, WarehouseLocked, WarehouseUnreachable
from tidegate.warehouse.embedded.driver import EmbeddedWarehouse

OTHER_PROCESS = """
    import sys
    from pathlib import Path
    from tidegate.config.settings import EmbeddedSettings
    from tidegate.warehouse.embedded.driver import EmbeddedWarehouse
    path = Path(sys.argv[1])
    warehouse = EmbeddedWarehouse(EmbeddedSettings(path=path, base=path.parent, lock_timeout=float(sys.argv[2])))
"""


def other_process(path: Path, timeout: float, body: str) -> subprocess.Popen[str]:
    """Another process with `warehouse` on the same file."""
    script = textwrap.dedent(OTHER_PROCESS) + textwrap.dedent(body)
    return subprocess.Popen(
        [sys.executable, "-c", script, str(path), str(timeout)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def holder(settings: EmbeddedSettings) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the file in a session until its input ends."""
    with other_process(
        settings.path,
        5,
        """
        with warehouse.session() as session:
            session.execute("CREATE TABLE t (a INTEGER)")
            print("ready", flush=True)
            sys.stdin.readline()
            session.execute("INSERT INTO t VALUES (1)")
        """,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", process.stderr and process.stderr.read()
        yield process
        process.kill()


def test_a_file_that_another_process_holds(
    warehouse: EmbeddedWarehouse, holder: subprocess.Popen[str], settings: EmbeddedSettings
) -> None:
    with pytest.raises(WarehouseLocked) as locked:
        warehouse.execute("SELECT 1")
    assert locked.value.exit_code == 7
    assert locked.value.message.startswith(f'"{settings.path}" is held by process {holder.pid} (')
    assert "python" in locked.value.message
    assert locked.value.message.endswith("(waited 0.2 s)")
    assert "lock_timeout" in locked.value.hint


def test_waiting_until_the_other_process_is_done(settings: EmbeddedSettings, holder: subprocess.Popen[str]) -> None:
    patient = EmbeddedWarehouse(replace(settings, lock_timeout=60))
    assert holder.stdin is not None
    holder.stdin.write("\n")
    holder.stdin.flush()
    assert patient.execute("SELECT a FROM t").rows == ((1,),)


def test_the_file_is_open_only_while_it_is_used(settings: EmbeddedSettings, warehouse: EmbeddedWarehouse) -> None:
    body = """
        print(warehouse.execute("SELECT COUNT(*) FROM t").rows[0][0])
    """
    warehouse.execute("CREATE TABLE t (a INTEGER)")
    with other_process(settings.path, 0.2, body) as process:
        assert process.communicate() == ("0\n", "")
    with warehouse.session() as one, warehouse.session() as two:
        one.execute("INSERT INTO t VALUES (1)")
        two.execute("INSERT INTO t VALUES (2)")
        with other_process(settings.path, 0.2, body) as process:
            output, errors = process.communicate()
    assert output == ""
    assert f"is held by process {os.getpid()}" in errors
    with other_process(settings.path, 0.2, body) as process:
        assert process.communicate() == ("2\n", "")


def test_a_session_that_runs_nothing_opens_nothing(settings: EmbeddedSettings, warehouse: EmbeddedWarehouse) -> None:
    with warehouse.session():
        assert not settings.path.exists()


def test_what_another_process_changed_is_seen(settings: EmbeddedSettings, warehouse: EmbeddedWarehouse) -> None:
    warehouse.execute("CREATE TABLE t (a INTEGER)")
    warehouse.execute("CREATE VIEW v AS SELECT 1 AS a")
    assert warehouse.execute("SELECT * FROM v").rows == ((1,),)
    with other_process(settings.path, 0.2, 'warehouse.execute("CREATE OR REPLACE VIEW v AS SELECT 2 AS a")') as process:
        assert process.communicate() == ("", "")
    assert warehouse.execute("SELECT * FROM v").rows == ((2,),)


def test_two_warehouses_on_one_path_share_the_file(settings: EmbeddedSettings, tmp_path: Path) -> None:
    link = tmp_path / "link.duckdb"
    one = EmbeddedWarehouse(settings)
    one.execute("CREATE TABLE t (a INTEGER)")
    link.symlink_to(settings.path)
    two = EmbeddedWarehouse(replace(settings, path=link))
    with one.session() as first, two.session() as second:
        first.execute("INSERT INTO t VALUES (1)")
        assert second.execute("SELECT a FROM t").rows == ((1,),)


def test_a_fork_of_a_process_that_holds_the_file_must_not_use_it(warehouse: EmbeddedWarehouse, tmp_path: Path) -> None:
    report = tmp_path / "report"
    with warehouse.session() as session:
        session.execute("CREATE TABLE t (a INTEGER)")
        child = os.fork()
        if child == 0:
            try:
                warehouse.execute("SELECT 1")
            except WarehouseUnreachable as error:
                report.write_text(error.message)
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        session.execute("INSERT INTO t VALUES (1)")
    assert report.read_text() == (
        f'this process was forked from process {os.getpid()} while that held "{tmp_path / "warehouse.duckdb"}" open'
    )
    assert warehouse.execute("SELECT a FROM t").rows == ((1,),)


def test_a_fork_of_a_process_that_does_not_hold_the_file_may_use_it(
    warehouse: EmbeddedWarehouse, tmp_path: Path
) -> None:
    warehouse.execute("CREATE TABLE t (a INTEGER)")
    child = os.fork()
    if child == 0:
        try:
            warehouse.execute("INSERT INTO t VALUES (1)")
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert warehouse.execute("SELECT a FROM t").rows == ((1,),)


def test_a_missing_folder(settings: EmbeddedSettings, tmp_path: Path) -> None:
    path = tmp_path / "missing" / "w.duckdb"
    with pytest.raises(WarehouseUnreachable) as error:
        EmbeddedWarehouse(replace(settings, path=path)).execute("SELECT 1")
    assert error.value.message == f'cannot open "{path}": Cannot open file "{path}": No such file or directory'
    assert error.value.hint == "Create the folder, or correct warehouse.url."


def test_a_file_that_is_no_database(settings: EmbeddedSettings) -> None:
    settings.path.write_text("not a database, but long enough to be read as one" * 500)
    with pytest.raises(WarehouseUnreachable, match="not a valid DuckDB database file") as error:
        EmbeddedWarehouse(settings).execute("SELECT 1")
    assert error.value.hint == "The file is not a DuckDB database: let warehouse.url name another file."
    assert settings.path.read_text().startswith("not a database")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(settings: EmbeddedSettings, tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    with pytest.raises(WarehouseUnreachable) as error:
        EmbeddedWarehouse(replace(settings, path=folder / "w.duckdb")).execute("SELECT 1")
    assert error.value.hint == "Give this user write permission on the file and its folder."


def test_a_path_that_is_a_folder(settings: EmbeddedSettings, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a folder"):
        EmbeddedWarehouse(replace(settings, path=tmp_path))


@pytest.mark.parametrize("change", [{"memory_limit": "much"}, {"threads": 0}])
def test_settings_that_duckdb_does_not_take(settings: EmbeddedSettings, change: dict[str, object]) -> None:
    with pytest.raises(WarehouseUnreachable) as error:
        EmbeddedWarehouse(replace(settings, **change)).execute("SELECT 1")  # type: ignore[arg-type]
    assert error.value.hint == "Check warehouse.memory_limit and warehouse.threads."
    assert not settings.path.exists()


def test_a_file_of_a_newer_version(settings: EmbeddedSettings, warehouse: EmbeddedWarehouse) -> None:
    warehouse.execute("SELECT 1")
    with duckdb.connect(str(settings.path)) as connection:
        connection.execute("UPDATE tidegate_engine.layout SET version = 99")
    with pytest.raises(WarehouseUnreachable, match="has layout 99"):
        warehouse.execute("SELECT 1")


def test_what_was_committed_outlives_a_killed_process(settings: EmbeddedSettings, warehouse: EmbeddedWarehouse) -> None:
    with other_process(
        settings.path,
        5,
        """
        import os, signal
        with warehouse.session() as session:
            session.execute("CREATE TABLE t (a INTEGER IDENTITY(1,1), b VARCHAR(3))")
            session.execute("INSERT INTO t (b) VALUES ('x'), ('y')")
            session.execute("BEGIN")
            session.execute("INSERT INTO t (b) VALUES ('z')")
            os.kill(os.getpid(), signal.SIGKILL)
        """,
    ) as process:
        process.communicate()
    assert warehouse.execute("SELECT a, b FROM t ORDER BY a").rows == ((1, "x"), (2, "y"))
    warehouse.execute("INSERT INTO t (b) VALUES ('w')")
    ids = [row[0] for row in warehouse.execute("SELECT a FROM t").rows]
    assert len(set(ids)) == 3


def test_what_does_not_fit_into_memory_spills_beside_the_file(
    settings: EmbeddedSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    small = EmbeddedWarehouse(replace(settings, memory_limit="60MB"))
    digits = "(SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4)"
    joins = ", ".join(f"{digits} AS d{n}" for n in range(8))
    with small.session() as session:
        session.execute(
            "CREATE TEMP TABLE t AS SELECT ROW_NUMBER() OVER () AS a, MD5(d0.d || d1.d) || MD5(d2.d || d3.d) "
            f"|| MD5(d4.d || d5.d || d6.d || d7.d) AS b FROM {joins}"
        )
        assert session.execute("SELECT COUNT(DISTINCT b || a) FROM t").rows == ((390_625,),)
        assert (tmp_path / "warehouse.duckdb.tmp").is_dir()
    assert sorted(p.name for p in settings.path.parent.iterdir()) == ["elsewhere", "warehouse.duckdb"]
    assert list(elsewhere.iterdir()) == []
