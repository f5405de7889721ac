"""`tidegate inventory configure|report|normalize|plan-restore`."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from tests.cli.conftest import CONFIG, ORDERS, Cli
from tests.cli.shop import error_text, parquet, snapshot
from tests.inventories import CREATED, HandMade, Row
from tests.servers.emulator import Emulator

from tidegate.lake.s3.inventory import S3Configurations


@pytest.mark.parametrize("form", ["parquet", "csv", "orc"])
def test_a_report_on_a_local_lake_agrees_with_it(archived: Cli, form: str) -> None:
    objects = len([path for path in (archived.folder / "lake").rglob("*") if path.is_file()])
    told = archived.ok("inventory", "report", "--format", form, "--json").document
    assert told["message_type"] == "result"
    assert (told["objects"], told["files"], told["format"].lower()) == (objects, 1, form)
    document = archived.ok("inventory", "normalize", "--json").document
    assert (document["manifest"], document["rows"], document["written"]) == (told["manifest"], objects, True)
    assert document["differences"] == dict.fromkeys(("missing", "extra", "size", "replaced", "tier"), 0)
    lines = archived.ok("inventory", "normalize").stdout.splitlines()
    assert lines[0].startswith(f"{objects} rows of 1 file, ")
    assert lines[1:] == ["no differences"]


def test_differences_are_told_and_end_with_6(archived: Cli) -> None:
    january, february = parquet(archived)
    january.unlink()
    february.with_name("stray.parquet").write_bytes(b"x")
    archived.ok("inventory", "report")
    told = archived("inventory", "normalize")
    assert (told.exit_code, told.stderr) == (6, "")
    lake = archived.folder / "lake"
    stray = february.with_name("stray.parquet").relative_to(lake)
    assert told.stdout.splitlines()[1:] == [
        f"extra {stray}: nothing that is known put it there",
        f"missing {january.relative_to(lake)}: the inventory lacks it",
        "2 differences: 1 missing, 1 extra",
    ]
    documents = archived("inventory", "normalize", "--json").documents
    assert [document["message_type"] for document in documents] == ["difference", "difference", "result"]
    assert documents[0] == {
        "message_type": "difference",
        "kind": "extra",
        "key": str(stray),
        "table": "public.orders",
        "batch": stray.parts[3].removeprefix("tg_batch="),
        "detail": "nothing that is known put it there",
    }


def test_a_person_is_shown_the_first_differences(archived: Cli) -> None:
    root = parquet(archived)[0].relative_to(archived.folder / "lake").parts[0]
    for number in range(25):
        (archived.folder / "lake" / root / f"{number:02d}").touch()
    archived.ok("inventory", "report")
    lines = archived("inventory", "normalize").stdout.splitlines()
    assert lines[20].startswith(f"extra {root}/19: ")
    assert lines[21:] == ["… and 5 more; --json prints all", "25 differences: 25 extra"]


def test_a_report_and_an_inventory_anywhere(archived: Cli) -> None:
    manifest = HandMade([[Row("k")]], names=("Key", "Size", "LastModifiedDate", "StorageClass", "Mood")).write(
        archived.folder / "copied"
    )
    before = snapshot(archived.folder / "lake")
    told = archived("inventory", "normalize", manifest.relative_to(archived.folder), "--to", "out/deep")
    stored = archived.folder / "out/deep/dt=2020-06-21/inventory.parquet"
    assert told.stdout.splitlines() == [
        f"1 row of 1 file, {manifest.parent.parent.joinpath('data/0.csv.gz').stat().st_size} B: {stored}",
        "columns that are not known were left out: Mood",
        "no differences",
    ]
    assert stored.exists()
    assert snapshot(archived.folder / "lake") == before
    newer = archived.folder / "out/deep/dt=2020-06-21/report.json"
    newer.write_text(newer.read_text().replace("2020-06-21T01", "2020-06-21T02"))
    again = archived.ok("inventory", "normalize", manifest, "--to", "out/deep").stdout
    assert f"not stored, {stored} is of a newer report" in again


@pytest.mark.parametrize(
    ("arguments", "code", "message", "hint"),
    [
        (["configure"], 3, "the lake {lake}/ is local: there is no bucket to configure", "Run `tidegate inventory rep"),
        (["normalize"], 3, "there is no report below {lake}/_tidegate/", "Run `tidegate inventory report`: of a local"),
        (["normalize", "x/manifest.json"], 2, "the report 'x/manifest.json' is no file", "Name its manifest.json,"),
        (["plan-restore", "orders", "--out", "m.csv"], 3, "there is no inventory below {lake}/", "Run `tidegate inv"),
        (
            ["plan-restore", "orders", "--out", "m.csv", "--days", "0"],
            2,
            "S3 Batch Operations do not restore",
            "",
        ),
        (["plan-restore", "orders", "--out", "s3://x"], 2, "'s3://x' is no address of an object", "Write it as s3://b"),
    ],
)
def test_mistakes(archived: Cli, arguments: list[str], code: int, message: str, hint: str) -> None:
    told = archived("inventory", *arguments)
    text, advice = error_text(told.stderr)
    lake = archived.folder / "lake"
    assert told.exit_code == code
    assert text.startswith(message.format(lake=lake, folder=archived.folder))
    assert advice.startswith(hint)


def test_parked_files_become_a_manifest(archived: Cli) -> None:
    lake = archived.folder / "lake"
    january = parquet(archived)[0]
    rows = [
        Row(str(path.relative_to(lake)), path.stat().st_size, storage="GLACIER" if path.suffix == ".parquet" else None)
        for path in sorted(lake.rglob("*"))
        if path.is_file()
    ]
    manifest = HandMade([rows], created=_tomorrow()).write(archived.folder / "copied")
    assert archived("inventory", "normalize", manifest).exit_code == 6
    arguments = ("inventory", "plan-restore", "orders", "--out", "m.csv")
    document = archived.ok(*arguments, "--to", "2020-01", "--json").document
    key = str(january.relative_to(lake)).replace("=", "%3D")
    assert (archived.folder / "m.csv").read_text() == f"lake,{key}\n"
    assert document["manifests"] == [
        {
            "manifest": str(archived.folder / "m.csv"),
            "storage": "GLACIER",
            "objects": 1,
            "bytes": january.stat().st_size,
            "create_job": {
                "Operation": {"S3InitiateRestoreObject": {"GlacierJobTier": "BULK", "ExpirationInDays": 7}},
                "Manifest": {"Spec": {"Format": "S3BatchOperations_CSV_20180820", "Fields": ["Bucket", "Key"]}},
            },
        }
    ]
    (archived.folder / "m.csv").unlink()
    told = archived.ok(*arguments, "--retrieval", "standard").stdout
    assert told.startswith("GLACIER: 2 objects, ")
    assert '"GlacierJobTier": "STANDARD"' in told


def _tomorrow() -> datetime:
    return datetime.now(UTC) + timedelta(days=1)


def on_s3(cli: Cli, emulator: Emulator, bucket: str) -> Cli:
    lake = f'url = "s3://{bucket}/cold"\nregion = "{emulator.region}"\nendpoint = "{emulator.endpoint}"'
    (cli.folder / "tidegate.toml").write_text(CONFIG.replace('url = "lake"', lake), encoding="utf-8")
    return cli


def test_a_report_in_another_bucket(cli: Cli, aws_environment: Emulator) -> None:
    bucket, reports = aws_environment.new_bucket(), aws_environment.new_bucket()
    on_s3(cli, aws_environment, bucket).ok("init")
    s3 = boto3.client("s3", endpoint_url=aws_environment.endpoint)
    made = HandMade([[Row("cold/x y")], [Row("elsewhere")]], bucket=bucket)
    for key, data in made.objects().items():
        s3.put_object(Bucket=reports, Key=key, Body=data)
    manifest = f"s3://{reports}/{made.root}2020-06-21T01-00Z/manifest.json"
    document = cli.ok("inventory", "normalize", manifest, "--json").document
    assert (document["rows"], document["files"], document["manifest"]) == (2, 2, manifest)
    stored = s3.get_object(Bucket=bucket, Key=document["inventory"].removeprefix(f"s3://{bucket}/"))["Body"].read()
    cli.ok("inventory", "normalize", manifest, "--to", f"s3://{reports}/made")
    again = s3.get_object(Bucket=reports, Key="made/dt=2020-06-21/inventory.parquet")["Body"].read()
    assert (stored[:4], again) == (b"PAR1", stored)
    other = HandMade([], bucket="another", root="other/")
    for key, data in other.objects().items():
        s3.put_object(Bucket=reports, Key=key, Body=data)
    told = cli("inventory", "normalize", f"s3://{reports}/other/2020-06-21T01-00Z/manifest.json")
    text, hint = error_text(told.stderr)
    assert (told.exit_code, hint) == (3, "Name a manifest of this lake's bucket, or leave it out.")
    assert text.endswith(f" is of the bucket another, the lake is in {bucket}")


@pytest.fixture
def configurations(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, object]]:
    """The configurations of the bucket, by id: the emulator keeps none."""
    kept: dict[str, dict[str, object]] = {"theirs": {"Id": "theirs"}}
    monkeypatch.setattr(S3Configurations, "read", lambda self, name: kept.get(name))
    monkeypatch.setattr(S3Configurations, "write", lambda self, each: kept.update({str(each["Id"]): each}))
    return kept


def test_a_configuration_is_printed_and_put(
    cli: Cli, aws_environment: Emulator, configurations: dict[str, dict[str, object]]
) -> None:
    bucket = aws_environment.new_bucket()
    name = f"tidegate-{on_s3(cli, aws_environment, bucket).ok('init', '--json').document['warehouse']}"
    arguments = ("inventory", "configure", "--destination", "s3://elsewhere/reports/", "--format", "csv", "--weekly")
    wanted = {
        "Id": name,
        "IsEnabled": True,
        "IncludedObjectVersions": "All",
        "Schedule": {"Frequency": "Weekly"},
        "OptionalFields": ["Size", "LastModifiedDate", "StorageClass", "ETag", "IntelligentTieringAccessTier"],
        "Destination": {
            "S3BucketDestination": {"Bucket": "arn:aws:s3:::elsewhere", "Format": "CSV", "Prefix": "reports"}
        },
        "Filter": {"Prefix": "cold/"},
    }
    document = {"bucket": bucket, "changed": True, "configuration": wanted}
    assert cli.ok(*arguments, "--dry-run", "--json").document == {"message_type": "plan", **document}
    assert set(configurations) == {"theirs"}
    assert cli.ok(*arguments, "--json").document == {"message_type": "result", **document}
    assert configurations == {"theirs": {"Id": "theirs"}, name: wanted}
    head, *lines = cli.ok(*arguments).stdout.splitlines()
    assert head == f"inventory configuration {name} of {bucket} was there already"
    assert json.loads("\n".join(lines)) == wanted
    told = cli.ok("inventory", "configure", "--dry-run").stdout
    assert told.startswith(f"inventory configuration {name} of {bucket} would be put\n")
    wrong = cli("inventory", "configure", "--destination", "/folder")
    assert (wrong.exit_code, error_text(wrong.stderr)[1]) == (2, "Write it as s3://bucket/prefix.")
    assert error_text(cli("inventory", "report").stderr)[1] == "Run `tidegate inventory configure`."


def test_the_newest_complete_report_is_taken(
    cli: Cli, aws_environment: Emulator, configurations: dict[str, dict[str, object]]
) -> None:
    bucket, reports = aws_environment.new_bucket(), aws_environment.new_bucket()
    name = f"tidegate-{on_s3(cli, aws_environment, bucket).ok('init', '--json').document['warehouse']}"
    text, hint = error_text(cli("inventory", "normalize").stderr)
    assert text == f"the bucket {bucket} has no inventory configuration {name}"
    assert hint == "Run `tidegate inventory configure`, or name a manifest."
    cli.ok("inventory", "configure", "--destination", f"s3://{reports}/all")
    text, hint = error_text(cli("inventory", "normalize").stderr)
    assert text == f"there is no report below s3://{reports}/all/{bucket}/{name}/"
    assert hint.startswith("S3 delivers the first one within 48 hours")
    s3 = boto3.client("s3", endpoint_url=aws_environment.endpoint)
    first = HandMade([[Row("cold/x")]], "Parquet", bucket=bucket, root=f"all/{bucket}/{name}/", part="a")
    second = replace(first, files=[[Row("cold/x"), Row("y")]], created=CREATED + timedelta(days=1), part="b")
    unfinished = replace(first, created=CREATED + timedelta(days=2), part="c")
    for made in (first, second, unfinished):
        for key, data in made.objects().items():
            if not (made is unfinished and key.endswith("checksum")):
                s3.put_object(Bucket=reports, Key=key, Body=data)
    document = cli.ok("inventory", "normalize", "--json").document
    assert document["manifest"] == f"s3://{reports}/all/{bucket}/{name}/2020-06-22T01-00Z/manifest.json"
    assert (document["rows"], document["format"]) == (2, "Parquet")


def test_parked_files_on_s3_become_a_manifest_there(cli: Cli, aws_environment: Emulator) -> None:
    bucket = aws_environment.new_bucket()
    on_s3(cli, aws_environment, bucket).configure(ORDERS)
    cli.ok("init")
    cli.ok("query", "CREATE TABLE public.orders AS SELECT 1 AS id, DATE '2020-01-05' AS order_date")
    cli.ok("archive", "--as-of", "2020-06-20", "--max-delete-fraction", "1", "--yes")
    s3 = boto3.client("s3", endpoint_url=aws_environment.endpoint)
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="cold/w")["Contents"]
    rows = [Row(each["Key"], each["Size"], each["ETag"].strip('"'), "GLACIER", "v1") for each in listed]
    (key,) = (row.key for row in rows if row.key.endswith(".parquet"))
    rows = [replace(row, etag="other") if row.key == key else row for row in rows]
    manifest = HandMade([rows], bucket=bucket, created=_tomorrow()).write(cli.folder)
    told = cli("inventory", "normalize", manifest, "--json").documents
    descriptor = f"{key.partition('tg_period=')[0]}_tidegate/batch.json"
    assert [(each["kind"], each["key"]) for each in told[:-1]] == [
        ("replaced", key),
        ("tier", descriptor),
        ("tier", key),
    ]
    assert told[0]["detail"].startswith("its ETag is other, ")
    out = f"s3://{bucket}/jobs/m.csv"
    (made,) = cli.ok("inventory", "plan-restore", "orders", "--out", out, "--json").document["manifests"]
    stored = s3.get_object(Bucket=bucket, Key="jobs/m.csv")
    assert stored["Body"].read().decode() == f"{bucket},{key.replace('=', '%3D')},v1\n"
    assert made["create_job"]["Manifest"]["Location"] == {
        "ObjectArn": f"arn:aws:s3:::{bucket}/jobs/m.csv",
        "ETag": stored["ETag"].strip('"'),
    }
