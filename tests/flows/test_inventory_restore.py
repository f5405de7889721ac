"""Manifests of S3 Batch Operations, byte for byte."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from tests.flows.test_inventory import JANUARY, is_data, normalized, on_this_machine, rows_of
from tests.inventories import CURRENT, HandMade, Row
from tests.world import ORDERS, World

from tidegate.errors import ConfigError, ObjectMissing, UsageError
from tidegate.flows.inventory.plan_restore import RestoreFilesRequest, plan_restore_files
from tidegate.model.inventory import RestoreManifests
from tidegate.model.names import TableName
from tidegate.model.records import BatchPeriods
from tidegate.model.tiers import Retrieval, Tier

FEBRUARY = date(2020, 2, 1)


def encoded(row: Row) -> str:
    return row.key.replace("=", "%3D")


def planned(world: World, request: RestoreFilesRequest) -> RestoreManifests:
    with world.context() as ctx:
        return plan_restore_files(ctx, request)


def request(folder: Path, **options: object) -> RestoreFilesRequest:
    return replace(RestoreFilesRequest(ORDERS, on_this_machine(str(folder)).below("restore.csv")), **options)


def cold(world: World, *changes: dict[str, object], versions: bool = True) -> list[Row]:
    """A normalized inventory in which the two data files are as `changes` say; the rows of these files."""
    rows = rows_of(world)
    data = [replace(row, **change) for row, change in zip(filter(is_data, rows), changes, strict=True)]
    others = [row for row in rows if not is_data(row)]
    made = HandMade([others, data]) if versions else HandMade([others, data], names=CURRENT)
    normalized(world, made)
    return data


def test_parked_files_with_versions(archived: World, tmp_path: Path) -> None:
    january, february = cold(archived, {"storage": "GLACIER", "version": "v.1_x"}, {"storage": "DEEP_ARCHIVE"})
    outcome = planned(archived, request(tmp_path))
    (made,) = outcome.manifests
    expected = f"lake,{encoded(january)},v.1_x\nlake,{encoded(february)},null\n"
    assert (tmp_path / "restore.csv").read_text(encoding="ascii") == expected
    assert (made.storage, made.objects, made.bytes) == ("GLACIER", 2, (january.size or 0) + (february.size or 0))
    assert made.create_job == {
        "Operation": {"S3InitiateRestoreObject": {"GlacierJobTier": "BULK", "ExpirationInDays": 7}},
        "Manifest": {
            "Spec": {"Format": "S3BatchOperations_CSV_20180820", "Fields": ["Bucket", "Key", "VersionId"]},
        },
    }
    assert (outcome.readable, outcome.absent) == (0, 0)


@pytest.mark.parametrize("versions", [True, False])
def test_files_without_a_version_have_no_column_for_it(archived: World, tmp_path: Path, versions: bool) -> None:
    january, _ = cold(archived, {"storage": "GLACIER"}, {}, versions=versions)
    outcome = planned(archived, request(tmp_path, days=30, retrieval=Retrieval.STANDARD))
    assert (tmp_path / "restore.csv").read_text(encoding="ascii") == f"lake,{encoded(january)}\n"
    assert outcome.manifests[0].create_job == {
        "Operation": {"S3InitiateRestoreObject": {"GlacierJobTier": "STANDARD", "ExpirationInDays": 30}},
        "Manifest": {"Spec": {"Format": "S3BatchOperations_CSV_20180820", "Fields": ["Bucket", "Key"]}},
    }
    assert outcome.readable == 1


def test_intelligent_tiering_has_a_manifest_of_its_own(archived: World, tmp_path: Path) -> None:
    asleep = {"storage": "INTELLIGENT_TIERING", "access": "DEEP_ARCHIVE"}
    january, february = cold(archived, {"storage": "GLACIER"}, asleep)
    first, second = planned(archived, request(tmp_path)).manifests
    assert (first.storage, second.storage) == ("GLACIER", "INTELLIGENT_TIERING")
    assert second.address == str(tmp_path / "restore-intelligent-tiering.csv")
    assert (tmp_path / "restore.csv").read_text(encoding="ascii") == f"lake,{encoded(january)}\n"
    assert Path(second.address).read_text(encoding="ascii") == f"lake,{encoded(february)}\n"
    assert second.create_job["Operation"] == {"S3InitiateRestoreObject": {"GlacierJobTier": "BULK"}}


def test_only_the_periods_asked_for(archived: World, tmp_path: Path) -> None:
    _, february = cold(archived, {"storage": "GLACIER"}, {"storage": "GLACIER"})
    outcome = planned(archived, request(tmp_path, first=date(2020, 2, 20), last=date(2020, 3, 31)))
    assert outcome.manifests[0].objects == 1
    assert (tmp_path / "restore.csv").read_text(encoding="ascii") == f"lake,{encoded(february)}\n"


def test_a_thawed_period_is_left_out(archived: World, tmp_path: Path) -> None:
    january, february = cold(archived, {"storage": "GLACIER"}, {"storage": "GLACIER"})
    batch = january.key.partition("tg_batch=")[2].partition("/")[0]
    with archived.context() as ctx:
        part = BatchPeriods(batch, "", (JANUARY,))
        control = ctx.control
        ctx.warehouse.transaction([*control.park([part], Tier.GLACIER, ctx.stamp()), *control.thaw([part], FEBRUARY)])
    assert planned(archived, request(tmp_path)).manifests[0].objects == 1
    assert (tmp_path / "restore.csv").read_text(encoding="ascii") == f"lake,{encoded(february)}\n"


def test_odd_keys_are_encoded(archived: World, tmp_path: Path) -> None:
    from tidegate.formats.inventory.engine import open_engine
    from tidegate.formats.inventory.restoring import find, want, write_manifest

    odd = Row("a b/c+d%é你\n,\"'~", storage="GLACIER")
    stored = normalized(archived, HandMade([[odd, Row("plain")]])).inventory
    with open_engine(tmp_path) as engine:
        want(engine, [[odd.key], ["plain", "gone"]])
        found = find(engine, Path(stored))
        assert (found.parked, found.readable, found.absent) == ({"GLACIER": (1, 1)}, 1, 1)
        assert not write_manifest(engine, "GLACIER", "stock", tmp_path / "m.csv")
    expected = "stock,a%20b/c%2Bd%25%C3%A9%E4%BD%A0%0A%2C%22%27~\n"
    assert (tmp_path / "m.csv").read_text(encoding="ascii") == expected


def test_nothing_is_parked(archived: World, tmp_path: Path) -> None:
    cold(archived, {}, {})
    outcome = planned(archived, request(tmp_path))
    assert (outcome.manifests, outcome.readable, list(tmp_path.glob("*.csv"))) == ((), 2, [])


def test_a_table_that_is_not_archived(archived: World, tmp_path: Path) -> None:
    cold(archived, {}, {})
    with pytest.raises(ObjectMissing) as caught:
        planned(archived, request(tmp_path, table=TableName("public", "nothing"), last=JANUARY))
    expected = "public.nothing has no archived files from the first to 2020-01-01 period"
    assert (caught.value.message, caught.value.hint) == (expected, "`tidegate status` lists what is archived.")


def test_without_an_inventory(archived: World, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        planned(archived, request(tmp_path))
    assert caught.value.message.startswith(f"there is no inventory below {archived.folder}/lake/_tidegate/")
    assert caught.value.hint == "Run `tidegate inventory normalize` first."


@pytest.mark.parametrize("name", ["restore.csv", "restore-intelligent-tiering.csv"])
def test_a_manifest_takes_the_place_of_nothing(archived: World, tmp_path: Path, name: str) -> None:
    """Such as the file of the warehouse, or an archived one."""
    cold(archived, {"storage": "GLACIER"}, {"storage": "INTELLIGENT_TIERING", "access": "DEEP_ARCHIVE"})
    (tmp_path / name).write_text("precious", encoding="ascii")
    with pytest.raises(UsageError) as caught:
        planned(archived, request(tmp_path))
    expected = (f"the file {tmp_path / name} exists already", "Name another file, or remove this one.")
    assert (caught.value.message, caught.value.hint) == expected
    assert [path.read_text() for path in tmp_path.glob("restore*")] == ["precious"]
