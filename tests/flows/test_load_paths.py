"""What the paths of a load stand for: files, folders, and patterns of them."""

import os

import pytest
from tests.flows.landing import Land
from tests.world import World

from tidegate.errors import UsageError
from tidegate.flows.load.landing import Landing

FILES = (
    "a.parquet",
    "b.csv",
    "b*.csv",
    "sub/c.parquet",
    "sub/deep/d.parquet",
    "_hidden/e.parquet",
    "notes.txt",
    "f.dat",
)


@pytest.fixture
def land(empty: World) -> Land:
    land = Land(empty)
    for name in FILES:
        path = land.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("id\n1\n")
    return land


def found(land: Land, pattern: str) -> list[str]:
    with land.world.context() as ctx:
        files = Landing(land.context(ctx)).find([pattern])
    return sorted(os.path.relpath(file.uri, land.folder) for file in files)


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("*.parquet", ["a.parquet"]),
        ("*", ["a.parquet", "b*.csv", "b.csv"]),
        ("b*.csv", ["b*.csv"]),
        ("b*", ["b*.csv", "b.csv"]),
        ("*.dat", ["f.dat"]),
        ("**/*.parquet", ["a.parquet", "sub/c.parquet", "sub/deep/d.parquet"]),
        ("sub/*/*.parquet", ["sub/deep/d.parquet"]),
        ("_hidden/*.parquet", ["_hidden/e.parquet"]),
        ("*/../*.parquet", None),
        ("*.orc", None),
        ("**.parquet", None),
    ],
)
def test_a_pattern_stands_for_the_files_that_match(land: Land, pattern: str, names: list[str] | None) -> None:
    if names is not None:
        assert found(land, f"{land.folder}/{pattern}") == names
        return
    with pytest.raises(UsageError):
        found(land, f"{land.folder}/{pattern}")


def test_a_pattern_starts_from_where_one_is(land: Land, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(land.folder / "sub")
    assert found(land, "*.parquet") == ["sub/c.parquet"]
    assert found(land, "../*.parquet") == ["a.parquet"]


def test_a_pattern_in_s3_names_its_bucket(land: Land) -> None:
    with pytest.raises(UsageError, match=r"^s3://\*/a names no bucket$"):
        found(land, "s3://*/a")
