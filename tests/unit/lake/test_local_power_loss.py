"""The order in which bytes and names reach the disk, seen at the calls of the operating system."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tidegate.errors import ObjectNotFound
from tidegate.lake.local import LocalLake


class Disk:
    """Records what is flushed, by the path that it has at the end, and when names change."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._root = root
        self._calls: list[tuple[str, int]] = []
        self._record(monkeypatch, "fsync", lambda handle: os.fstat(handle).st_ino)
        self._record(monkeypatch, "link", lambda source, _: os.stat(source).st_ino)
        self._record(monkeypatch, "replace", lambda source, _: os.stat(source).st_ino)

    def _record(self, monkeypatch: pytest.MonkeyPatch, name: str, identify: Callable[..., int]) -> None:
        real = getattr(os, name)

        def record(*args: Any) -> None:
            self._calls.append((name, identify(*args)))
            real(*args)

        monkeypatch.setattr(os, name, record)

    def calls(self) -> list[tuple[str, str]]:
        paths = {path.stat().st_ino: path.relative_to(self._root).as_posix() for path in self._root.rglob("*")}
        paths[self._root.stat().st_ino] = "."
        calls = [(name, paths[inode]) for name, inode in self._calls]
        self._calls.clear()
        return calls


@pytest.fixture
def lake(tmp_path: Path) -> LocalLake:
    return LocalLake(tmp_path)


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(tmp_path, monkeypatch)


FOLDERS = [("fsync", "a/b"), ("fsync", "a"), ("fsync", ".")]


def test_put_flushes_the_bytes_before_the_name_and_every_folder_after(lake: LocalLake, disk: Disk) -> None:
    lake.put("a/b/c", b"1")
    assert disk.calls() == [("fsync", "a/b/c"), ("replace", "a/b/c"), *FOLDERS]
    lake.put("a/b/d", b"1", if_absent=True)
    assert disk.calls() == [("fsync", "a/b/d"), ("link", "a/b/d"), *FOLDERS]


def test_writer_and_copy_flush_as_put_does(lake: LocalLake, disk: Disk) -> None:
    with lake.writer("a/b/c") as out:
        out.write(b"1")
        assert disk.calls() == []
    assert disk.calls() == [("fsync", "a/b/c"), ("replace", "a/b/c"), *FOLDERS]
    lake.copy("a/b/c", "a/b/d")
    assert disk.calls() == [("fsync", "a/b/d"), ("replace", "a/b/d"), *FOLDERS]


def test_sync_flushes_each_file_and_then_each_folder_once(lake: LocalLake, disk: Disk, tmp_path: Path) -> None:
    keys = ["a/b/1", "a/b/2", "a/c/1", "top"]
    for key in keys:
        (tmp_path / key).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / key).write_bytes(b"1")
    lake.sync(iter(keys))
    calls = disk.calls()
    assert calls[:4] == [("fsync", key) for key in keys]
    assert calls[4:] == [("fsync", folder) for folder in ("a/c", "a/b", "a", ".")]


def test_sync_of_a_missing_object_is_an_error(lake: LocalLake) -> None:
    lake.put("a", b"1")
    with pytest.raises(ObjectNotFound, match="the object 'b' is not in the lake"):
        lake.sync(["a", "b"])


def test_delete_flushes_the_folders_that_stay_once(lake: LocalLake, disk: Disk) -> None:
    for key in ("a/b/c/1", "a/b/c/2", "a/d/1", "a/d/2", "e/1", "top"):
        lake.put(key, b"1")
    disk.calls()
    lake.delete(["a/b/c/1", "a/b/c/2", "a/d/1", "e/1", "top"])
    assert sorted(disk.calls()) == [("fsync", "."), ("fsync", "a"), ("fsync", "a/d")]


def test_put_survives_the_removal_of_its_folder_right_after_the_name(
    lake: LocalLake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.replace

    def replace(source: str, target: str) -> None:
        real(source, target)
        LocalLake(tmp_path).delete(["a/b/c"])

    monkeypatch.setattr(os, "replace", replace)
    assert lake.put("a/b/c", b"1").size == 1
    assert list(tmp_path.iterdir()) == []
