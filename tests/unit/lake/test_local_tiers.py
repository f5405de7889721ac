"""A folder that behaves as S3's tiers do: parked files are compressed elsewhere, and thawed for a while."""

import lzma
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import duckdb
import pytest

from tidegate.errors import CorruptRecord, LakeUnreachable, ObjectNotFound, ObjectParked
from tidegate.lake.local import LocalLake
from tidegate.lake.local.cold import ColdFolder
from tidegate.model.tiers import Retrieval, Thaw, ThawState, Tier

DATA = b"n\n41\n" * 100_000
BULK = Retrieval.BULK
PARKED = Thaw(ThawState.PARKED)
BACKUP = "Restore the file from a backup of the cold folder."


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "lake").mkdir()
    return tmp_path / "lake"


@pytest.fixture
def lake(root: Path, clock: Clock) -> LocalLake:
    return LocalLake(root, clock=clock)


def files(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def until(day: int, month: int = 3) -> Thaw:
    return Thaw(ThawState.THAWED, datetime(2026, month, day, tzinfo=UTC))


def test_parking_compresses_the_file_into_the_cold_folder_and_keeps_its_identity(lake: LocalLake, root: Path) -> None:
    before, digest = lake.put("a/b.csv", DATA), lake.sha256("a/b.csv")
    lake.transition(["a/b.csv"], Tier.GLACIER)
    info = lake.head("a/b.csv")
    assert (info.size, info.etag, info.modified) == (before.size, before.etag, before.modified)
    assert (info.tier, info.thaw) == (Tier.GLACIER, PARKED)
    assert files(root) == [".tidegate-put-cold"]
    assert files(root.with_name("lake.cold")) == ["parked/a/b.csv", "tiers/a/b.csv"]
    packed = (root.with_name("lake.cold") / "parked/a/b.csv").read_bytes()
    assert lzma.decompress(packed) == DATA
    assert len(packed) < len(DATA) / 100
    assert lake.sha256("a/b.csv") == digest


def test_an_engine_finds_no_file_while_it_is_parked_and_reads_it_while_it_is_thawed(
    lake: LocalLake, clock: Clock
) -> None:
    lake.put("a/b.csv", DATA)
    lake.transition(["a/b.csv"], Tier.DEEP_ARCHIVE)
    with duckdb.connect() as connection:
        with pytest.raises(duckdb.IOException, match="No files found"):
            connection.execute("FROM read_csv(?)", [lake.uri("a/b.csv")])
        list(lake.thaw(["a/b.csv"], 1, BULK))
        found = connection.execute("SELECT COUNT(*) FROM read_csv(?, header = false)", [lake.uri("a/b.csv")])
        assert found.fetchall() == [(200_000,)]
    clock.now += timedelta(days=2)
    assert not lake.head("a/b.csv").readable
    assert not Path(lake.uri("a/b.csv")).exists()


def test_a_thaw_ends_at_the_midnight_after_its_days_and_can_be_asked_for_again(lake: LocalLake, clock: Clock) -> None:
    put = lake.put("k", DATA)
    lake.transition(["k"], Tier.GLACIER)
    (info,) = lake.thaw(["k"], 2, BULK)
    assert info.thaw == until(4)
    assert (info.size, info.etag, info.modified) == (put.size, put.etag, put.modified)
    assert list(lake.list("")) == [info] == [lake.head("k")]
    clock.now = datetime(2026, 3, 3, 23, 59, 59, tzinfo=UTC)
    assert lake.get("k") == DATA
    assert lake.copy("k", "copy").tier is Tier.STANDARD
    clock.now = datetime(2026, 3, 4, tzinfo=UTC)
    assert [info.thaw for info in lake.list("")] == [None, PARKED]
    assert not Path(lake.uri("k")).exists()
    with pytest.raises(ObjectParked, match=r"^the object 'k' in the lake .* is parked$"):
        lake.get("k")
    assert [info.thaw for info in lake.thaw(["k"], 1, BULK)] == [until(6)]
    assert lake.get("k") == lake.get("copy") == DATA


def test_a_longer_thaw_lasts_longer_and_a_shorter_one_changes_nothing(lake: LocalLake, clock: Clock) -> None:
    lake.put("k", DATA)
    lake.transition(["k"], Tier.GLACIER)
    assert [info.thaw for info in lake.thaw(["k"], 5, BULK)] == [until(7)]
    copy = Path(lake.uri("k")).stat().st_ino
    assert [info.thaw for info in lake.thaw(["k"], 1, BULK)] == [until(7)]
    clock.now += timedelta(days=3)
    assert [info.thaw for info in lake.thaw(["k"], 30, BULK)] == [until(4, month=4)]
    assert Path(lake.uri("k")).stat().st_ino == copy


def test_tiers_go_one_way(lake: LocalLake) -> None:
    lake.put("k", DATA)
    lake.transition(["k"], Tier.STANDARD_IA)
    assert (lake.head("k").tier, lake.get("k")) == (Tier.STANDARD_IA, DATA)
    lake.transition(["k"], Tier.GLACIER)
    for tier, found in ((Tier.STANDARD_IA, Tier.GLACIER), (Tier.GLACIER, Tier.GLACIER)):
        lake.transition(["k"], tier)
        assert lake.head("k").tier is found
    list(lake.thaw(["k"], 1, BULK))
    lake.transition(["k"], Tier.DEEP_ARCHIVE)
    assert (lake.head("k").tier, lake.head("k").thaw, lake.get("k")) == (Tier.DEEP_ARCHIVE, until(3), DATA)


def test_a_file_put_in_the_place_of_a_parked_one_from_outside_is_the_object(lake: LocalLake, root: Path) -> None:
    lake.put("a/k", DATA)
    lake.transition(["a/k"], Tier.GLACIER)
    (root / "a").mkdir()
    (root / "a/k").write_bytes(b"other")
    assert (lake.head("a/k").size, lake.head("a/k").tier, lake.get("a/k")) == (5, Tier.STANDARD, b"other")
    assert [info.size for info in lake.list("")] == [5]


def test_a_file_that_somebody_else_removed_from_a_readable_tier_is_gone(lake: LocalLake, root: Path) -> None:
    lake.put("a/k", DATA)
    lake.transition(["a/k"], Tier.GLACIER_IR)
    (root / "a/k").unlink()
    with pytest.raises(ObjectNotFound):
        lake.head("a/k")
    assert list(lake.list("")) == []
    assert list(lake.folders("")) == []


def test_the_cold_folder_may_be_elsewhere_and_is_made_below_one_that_exists(root: Path, tmp_path: Path) -> None:
    lake = LocalLake(root, tmp_path / "disk/cold")
    lake.put("k", DATA)
    with pytest.raises(LakeUnreachable, match=r"^cannot make the cold folder '.*/disk/cold': no such file or dir"):
        lake.transition(["k"], Tier.GLACIER)
    assert lake.get("k") == DATA
    (tmp_path / "disk").mkdir()
    lake.prepare_tiers([Tier.GLACIER])
    lake.prepare_tiers([Tier.GLACIER])
    lake.transition(["k"], Tier.GLACIER)
    assert files(tmp_path / "disk") == ["cold/parked/k", "cold/tiers/k"]
    assert lake.foreign_rules() == ()


def test_a_cold_folder_that_is_not_mounted_is_no_empty_one(lake: LocalLake, root: Path, tmp_path: Path) -> None:
    lake.put("k", DATA)
    lake.transition(["k"], Tier.GLACIER)
    (tmp_path / "lake.cold").rename(tmp_path / "away")
    asks = (lake.head, lake.get, lambda _: list(lake.list("")), lambda k: lake.delete([k]), lambda k: lake.put(k, b""))
    for ask in asks:
        with pytest.raises(
            LakeUnreachable, match=r"^the cold folder '.*/lake\.cold' of the lake '.*/lake' is not"
        ) as caught:
            ask("k")
        assert caught.value.hint == "Mount it or move it back, or correct cold under [lake] in tidegate.toml."
    assert LocalLake(root, tmp_path / "away").head("k").thaw == PARKED


def test_damaged_bytes_are_told_and_never_thawed(lake: LocalLake, tmp_path: Path) -> None:
    for key in ("cut", "other", "gone"):
        lake.put(key, DATA)
        lake.transition([key], Tier.GLACIER)
    parked = tmp_path / "lake.cold/parked"
    (parked / "cut").write_bytes((parked / "cut").read_bytes()[:-20])
    (parked / "other").write_bytes(lzma.compress(b"other"))
    (parked / "gone").unlink()
    messages = {
        "cut": "the parked bytes '.*/parked/cut' are damaged: .*",
        "other": "the parked bytes of 'other' in the lake '.*' are not those that were parked",
        "gone": "cannot read the parked bytes '.*/parked/gone': no such file or directory",
    }
    for key, message in messages.items():
        with pytest.raises(LakeUnreachable, match=f"^{message}$"):
            list(lake.thaw([key], 1, BULK))
        assert lake.head(key).thaw == PARKED


def test_a_note_that_cannot_be_read_is_named(lake: LocalLake, tmp_path: Path) -> None:
    lake.put("k", DATA)
    lake.transition(["k"], Tier.GLACIER)
    (tmp_path / "lake.cold/tiers/k").write_text('{"format": 2}')
    with pytest.raises(CorruptRecord, match=r"^the note '.*/tiers/k' of an object's tier cannot be read: ") as caught:
        lake.head("k")
    assert caught.value.hint == BACKUP


def test_a_disk_that_gives_back_other_bytes_keeps_the_object(lake: LocalLake, monkeypatch: pytest.MonkeyPatch) -> None:
    lake.put("k", DATA)
    monkeypatch.setattr(lzma, "open", lambda _: BytesIO(b"other"))
    with pytest.raises(LakeUnreachable, match=r"^the cold folder '.*' does not give back what was written for 'k'$"):
        lake.transition(["k"], Tier.GLACIER)
    assert (lake.head("k").tier, lake.get("k")) == (Tier.STANDARD, DATA)


def test_an_object_that_is_replaced_while_it_is_parked_stays(lake: LocalLake, monkeypatch: pytest.MonkeyPatch) -> None:
    real = ColdFolder.pack

    def pack(self: ColdFolder, key: str, chunks: Iterable[bytes]) -> str:
        digest = real(self, key, chunks)
        lake.put(key, b"new")
        return digest

    lake.put("k", DATA)
    monkeypatch.setattr(ColdFolder, "pack", pack)
    lake.transition(["k"], Tier.GLACIER)
    assert (lake.head("k").tier, lake.get("k")) == (Tier.STANDARD, b"new")
    assert [info.size for info in lake.list("")] == [3]
