"""What only a folder on a disk has: plain paths, power loss, full disks, dead writers, links."""

import hashlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from tidegate.errors import ConfigError, LakeUnreachable, ObjectNotFound, UsageError
from tidegate.lake.base import LakeCapabilities
from tidegate.lake.local import LocalLake

ROOT_HINT = "Mount or create the folder, or correct url under [lake] in tidegate.toml."


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "k=v 100%20 #1" / "lake"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def lake(root: Path) -> LocalLake:
    return LocalLake(root)


def files(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if not path.is_dir())


def test_identity_is_a_checksum(lake: LocalLake) -> None:
    assert lake.capabilities == LakeCapabilities(scheme="file", checksums=True)


def test_every_version_and_every_copy_has_an_etag_of_its_own(lake: LocalLake) -> None:
    etags = [lake.put("k", data).etag for data in (b"aa", b"bb", b"aa", b"bb", b"cc", b"aa", b"dd", b"ee")]
    etags.append(lake.copy("k", "copy").etag)
    assert len(set(etags)) == 9


@pytest.mark.parametrize("key", ["a b/100%25.csv", 'k=v/it\'s "odd".csv', "é/日本#1.csv", "a!2fb/x.csv"])
def test_the_warehouse_reads_and_writes_the_same_plain_path(lake: LocalLake, root: Path, key: str) -> None:
    lake.put(key, b"n\n41\n")
    assert files(root) == [key]
    with duckdb.connect() as connection:
        assert connection.execute("SELECT n + 1 FROM read_csv(?)", [lake.uri(key)]).fetchall() == [(42,)]
        target = lake.uri(f"{key}.out").replace("'", "''")
        connection.execute(f"COPY (SELECT 7 AS n) TO '{target}' (FORMAT csv)")
    assert lake.get(f"{key}.out") == b"n\n7\n"
    assert [info.key for info in lake.list("")] == [key, f"{key}.out"]


def test_addresses_are_absolute_paths(lake: LocalLake, root: Path) -> None:
    assert lake.uri("a/b c") == f"{root}/a/b c"
    assert lake.uri("a/") == f"{root}/a/"
    assert lake.key(str(root)) == ""
    assert lake.key(f"{root}/a/") == "a/"


def test_file_urls_are_decoded(lake: LocalLake, root: Path) -> None:
    assert lake.key((root / "a b" / "é%.csv").as_uri()) == "a b/é%.csv"
    assert lake.key(f"file://localhost{(root / 'x').as_uri().removeprefix('file://')}") == "x"
    with pytest.raises(ConfigError, match="is outside of the lake"):
        lake.key(f"file://elsewhere{(root / 'x').as_uri().removeprefix('file://')}")


def test_a_relative_root_is_made_absolute(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root.parent)
    lake = LocalLake(Path("lake"))
    monkeypatch.chdir(root.parent.parent)
    lake.put("a", b"1")
    assert files(root) == ["a"]
    assert lake.uri("a") == f"{root}/a"


def every_call(lake: LocalLake) -> list[Callable[[], object]]:
    return [
        lambda: lake.put("a/b", b"1"),
        lambda: lake.put("a", b"1", if_absent=True),
        lambda: lake.get("a"),
        lambda: list(lake.stream("a")),
        lambda: lake.writer("a").__enter__(),
        lambda: lake.head("a"),
        lambda: list(lake.list("")),
        lambda: list(lake.folders("")),
        lambda: lake.delete(["a"]),
        lambda: lake.copy("a", "b"),
        lambda: lake.sha256("a"),
        lambda: lake.sync(["a"]),
    ]


def test_a_missing_root_is_an_error_and_never_made(tmp_path: Path) -> None:
    lake = LocalLake(tmp_path / "unmounted")
    for call in every_call(lake):
        with pytest.raises(LakeUnreachable, match=r"the lake folder '.*/unmounted' does not exist") as caught:
            call()
        assert not isinstance(caught.value, ObjectNotFound)
        assert caught.value.hint == ROOT_HINT
    assert not (tmp_path / "unmounted").exists()


def test_a_root_that_is_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "lake").write_bytes(b"not a folder")
    for call in every_call(LocalLake(tmp_path / "lake")):
        with pytest.raises(LakeUnreachable, match=r"/lake'") as caught:
            call()
        assert not isinstance(caught.value, ObjectNotFound)
    assert (tmp_path / "lake").read_bytes() == b"not a folder"


@pytest.fixture
def denied() -> Iterator[Path]:
    """A folder in a lake of its own, with an object in it, that this process may neither enter nor change."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "denied")
        folder.mkdir()
        (folder / "x").write_bytes(b"1")
        Path(place).chmod(0o755)
        folder.chmod(0)
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)
        yield folder
        os.seteuid(user)
        folder.chmod(0o700)


def test_denied_access_names_the_object(denied: Path) -> None:
    lake = LocalLake(denied.parent)
    calls: list[tuple[str, Callable[[], object]]] = [
        ("read 'denied/x' in", lambda: lake.get("denied/x")),
        ("read 'denied/x' in", lambda: lake.head("denied/x")),
        ("write 'denied/y' to", lambda: lake.put("denied/y", b"")),
        ("delete 'denied/x' in", lambda: lake.delete(["denied/x"])),
        ("list 'denied/' in", lambda: list(lake.list("denied/"))),
        ("list 'denied/' in", lambda: list(lake.list(""))),
    ]
    for action, call in calls:
        with pytest.raises(LakeUnreachable) as caught:
            call()
        assert caught.value.message == f"cannot {action} the lake '{denied.parent}': permission denied"
        assert caught.value.hint == "Give the user of this process the right to read and write the lake's folder."
        assert isinstance(caught.value.__cause__, PermissionError)


FULL = """
import resource, sys
from pathlib import Path
from tidegate.errors import LakeUnreachable
from tidegate.lake.local import LocalLake

lake = LocalLake(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

def write():
    with lake.writer("a/written") as out:
        for _ in range(100):
            out.write(b"x" * 4096)

for call in (lambda: lake.put("a/put", b"x" * 200_000), write, lambda: lake.copy("big", "a/copied")):
    try:
        call()
    except LakeUnreachable as error:
        print(error.message, "|", error.hint)
"""


def test_a_full_disk_is_named_and_leaves_nothing(lake: LocalLake, root: Path) -> None:
    lake.put("big", b"x" * 200_000)
    done = subprocess.run([sys.executable, "-c", FULL, str(root)], capture_output=True, text=True, check=True)
    hint = "Raise the process's limit on the size of a file (ulimit -f), or write smaller files."
    assert done.stdout.splitlines() == [
        f"cannot write 'a/{name}' to the lake {str(root)!r}: file too large | {hint}"
        for name in ("put", "written", "copied")
    ]
    assert files(root) == ["big"]


KILLED = """
import os, signal, sys
from pathlib import Path
from tidegate.lake.local import LocalLake

with LocalLake(Path(sys.argv[1])).writer("a/b/victim") as out:
    out.write(b"x" * 3_000_000)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_writer_leaves_nothing_to_see(lake: LocalLake, root: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(root)], check=False)
    assert done.returncode == -signal.SIGKILL
    (left,) = files(root)
    assert left.startswith("a/b/.tidegate-put-")
    assert list(lake.list("")) == []
    assert list(lake.list("a/b/")) == []
    assert list(lake.folders("")) == []
    with pytest.raises(ObjectNotFound):
        lake.head("a/b/victim")
    with pytest.raises(UsageError, match="which marks files being written"):
        lake.get(left)
    lake.put("a/b/victim", b"again")
    assert lake.get("a/b/victim") == b"again"


def test_what_a_dead_writer_left_goes_with_the_folder_after_a_day(lake: LocalLake, root: Path) -> None:
    lake.put("a/b/object", b"1")
    stale, fresh = (root / "a" / "b" / f".tidegate-put-{n}" for n in (1, 2))
    for path in (stale, fresh):
        path.write_bytes(b"half")
    lake.delete(["a/b/object"])
    assert stale.exists()
    assert fresh.exists()
    for path in (stale, fresh):
        status = path.stat()
        os.utime(path, (status.st_atime, status.st_mtime - 90_000))
    lake.delete(["a/b/object"])
    assert list(root.iterdir()) == []


FORKED = """
import os, sys
from pathlib import Path
from tidegate.lake.local import LocalLake

lake = LocalLake(Path(sys.argv[1]))
lake.put("a/before", b"1")
child = os.fork()
with lake.writer(f"a/{'child' if child == 0 else 'parent'}") as out:
    out.write(lake.get("a/before"))
if child == 0:
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
print([info.key for info in lake.list("")])
"""


def test_a_process_may_fork_between_two_calls(root: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FORKED, str(root)], capture_output=True, text=True, check=True)
    assert done.stdout == "['a/before', 'a/child', 'a/parent']\n"


def test_a_byte_flipped_in_place_with_the_time_set_back_shows_only_in_the_checksum(lake: LocalLake, root: Path) -> None:
    info = lake.put("k", b"abcd")
    with (root / "k").open("r+b") as file:
        file.write(b"X")
    assert lake.head("k").etag != info.etag
    nanoseconds = int(info.etag.split("-")[1], 16)
    os.utime(root / "k", ns=(nanoseconds, nanoseconds))
    assert lake.head("k").etag == info.etag
    assert lake.sha256("k") == hashlib.sha256(b"Xbcd").hexdigest()


def test_an_object_and_a_folder_cannot_share_a_name(lake: LocalLake, root: Path) -> None:
    lake.put("a/b", b"1")
    for if_absent in (False, True):
        with pytest.raises(UsageError, match=r"the key 'a' cannot be stored in the lake .*: a folder has that name"):
            lake.put("a", b"2", if_absent=if_absent)
        with pytest.raises(UsageError, match=r"the key 'a/b/c/d' .*: an object stands where it needs a folder"):
            lake.put("a/b/c/d", b"2", if_absent=if_absent)
    assert files(root) == ["a/b"]


def test_a_file_whose_name_is_not_utf8_is_named(lake: LocalLake, root: Path) -> None:
    (root / "a").mkdir()
    Path(os.fsdecode(os.fsencode(root) + b"/a/\xff.csv")).write_bytes(b"1")
    with pytest.raises(LakeUnreachable, match=r"holds the file b'.*/a/\\xff\.csv', whose name is not UTF-8") as caught:
        list(lake.list(""))
    assert caught.value.hint == "Rename the file or move it out of the lake."


def test_links_are_followed_but_not_in_circles(lake: LocalLake, root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other disk"
    other.mkdir()
    (root / "linked").symlink_to(other)
    (root / "dangling").symlink_to(other / "nothing")
    os.mkfifo(root / "pipe")
    lake.put("linked/x", b"1")
    assert (other / "x").read_bytes() == b"1"
    assert [info.key for info in lake.list("")] == ["linked/x"]
    with pytest.raises(ObjectNotFound):
        lake.get("pipe")
    lake.delete(["linked/x"])
    assert (root / "linked").is_symlink()
    (other / "around").symlink_to(root)
    with pytest.raises(
        LakeUnreachable, match=r"the folder 'linked/around/' in the lake .* is a symbolic link to a folder"
    ):
        list(lake.list(""))
