import re
from pathlib import Path

import pytest
from tests.unit.config.conftest import Load

from tidegate.config.addresses import lake_path, ledger_path, warehouse_path
from tidegate.errors import ConfigError

FOLDER = Path("/srv/gate")
WAREHOUSE_FORM = (
    "must be written as duckdb:///relative/file, duckdb:////absolute/file, redshift-serverless://… or redshift://…"
)
LEDGER_FORM = "must be written as sqlite:///relative/file, sqlite:////absolute/file, postgresql://…"


def test_relative_and_absolute_files() -> None:
    assert warehouse_path("duckdb:///w.duckdb", FOLDER) == Path("/srv/gate/w.duckdb")
    assert warehouse_path("duckdb:///../w.duckdb", FOLDER) == Path("/srv/w.duckdb")
    assert warehouse_path("duckdb:////data/w.duckdb", FOLDER) == Path("/data/w.duckdb")
    assert ledger_path("sqlite:///a b.sqlite", FOLDER) == Path("/srv/gate/a b.sqlite")
    assert lake_path("lake/", FOLDER) == Path("/srv/gate/lake")
    assert lake_path("/data/lake", FOLDER) == Path("/data/lake")
    assert lake_path("file://localhost/data/l%C3%A4ke", FOLDER) == Path("/data/läke")


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("warehouse.duckdb", WAREHOUSE_FORM),
        ("duckdb://w.duckdb", WAREHOUSE_FORM),
        ("postgresql://u:hunter2@h/d", WAREHOUSE_FORM),
        ("duckdb:///", "is empty"),
        ("duckdb:///:memory:", "must name a file, since data in memory would not outlive the command"),
        ("duckdb:///w.duckdb?a=b", "has options after a question mark, which this version does not know"),
        ("duckdb:///folder/", "must name a file, not a folder"),
        ("duckdb:////", "must name a file, not a folder"),
        ("duckdb:///~/w.duckdb", 'begins with "~", which is not expanded: write "${HOME}" instead'),
        ("duckdb:///a\x00b", "holds a NUL character"),
    ],
)
def test_a_warehouse_address_that_cannot_be_used(url: str, text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        warehouse_path(url, FOLDER)


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("mysql://u:hunter2@h/d", LEDGER_FORM),
    ],
)
def test_a_ledger_address_that_cannot_be_used(url: str, text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        ledger_path(url, FOLDER)


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("gs://bucket", "has the scheme gs://, must be a folder, file:// or s3://"),
        ("file://lake", "must be written as file:///absolute/folder"),
        ("file:///lake#1", "must be written as file:///absolute/folder"),
        (" ", "is empty"),
    ],
)
def test_a_lake_address_that_cannot_be_used(url: str, text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        lake_path(url, FOLDER)


def test_the_message_names_the_section_and_no_password(settings: Load, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        settings('[ledger]\nurl = "mysql://u:hunter2@h/d"')
    assert caught.value.message == f"{tmp_path}/tidegate.toml: [ledger] url {LEDGER_FORM}"


def test_databases_stay_out_of_the_lake_and_apart(settings: Load, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        settings('[warehouse]\nurl = "duckdb:///w"\n[lake]\nurl = "."\n[ledger]\nurl = "sqlite:///w"', base="")
    assert caught.value.message == (
        f"{tmp_path}/tidegate.toml has 3 problems\n"
        f"  [warehouse] url is the file {tmp_path}/w, which lies inside the lake {tmp_path}\n"
        f"  [ledger] url is the file {tmp_path}/w, which lies inside the lake {tmp_path}\n"
        "  [warehouse] url and [ledger] url are the same file"
    )


WAREHOUSE = '[warehouse]\nurl = "duckdb:///warehouse.duckdb"\n'


def test_the_cold_folder_lies_beside_the_lake_or_where_it_is_said_to(settings: Load, tmp_path: Path) -> None:
    def cold(lake: str) -> Path | None:
        return settings(f"{WAREHOUSE}[lake]\n{lake}", base="").cold

    assert cold('url = "a/lake"') == tmp_path / "a/lake.cold"
    assert cold('url = "a/lake"\ncold = "b/c"') == tmp_path / "b/c"
    assert cold('url = "s3://lake/a"') is None


@pytest.mark.parametrize(
    ("cold", "problem"),
    [
        ("a/lake/c", "[lake] cold is the folder {0}/a/lake/c, which lies inside the lake {0}/a/lake"),
        ("a/lake", "[lake] cold is the folder {0}/a/lake, which lies inside the lake {0}/a/lake"),
        ("a", "[lake] cold is the folder {0}/a, in which the lake {0}/a/lake lies"),
        ("~/c", '[lake] cold begins with "~", which is not expanded: write "${{HOME}}" instead'),
        ("b", "[ledger] url is the file {0}/b/w, which lies inside the cold folder {0}/b"),
    ],
)
def test_a_cold_folder_that_cannot_be_used(settings: Load, tmp_path: Path, cold: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings(f'{WAREHOUSE}[lake]\nurl = "a/lake"\ncold = "{cold}"\n[ledger]\nurl = "sqlite:///b/w"', base="")
    assert caught.value.message == f"{tmp_path}/tidegate.toml: {problem.format(tmp_path)}"
