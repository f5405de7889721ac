"""`manifest.json` and its checksum."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.inventories import HandMade, Row, md5

from tidegate.errors import CorruptRecord
from tidegate.formats.inventory.fields import columns_of
from tidegate.formats.inventory.manifest import Report, ReportFile, parse_report, render_report
from tidegate.model.inventory import ReportFormat

HINT = "Take another report: S3 makes a new one every day or week."


def document(**changes: object) -> dict[str, Any]:
    objects = HandMade([[Row("k")]]).objects()
    return json.loads(next(data for key, data in objects.items() if key.endswith("json"))) | changes


def parse(data: bytes) -> Report:
    return parse_report(data, md5(data).encode(), "s3://b/m")


def test_a_manifest_as_s3_writes_it() -> None:
    data = json.dumps(document(creationTimestamp="1514944800123", files=[])).encode()
    report = parse_report(data, f"{md5(data).upper()}\r\n".encode(), "s3://b/m")
    assert (report.source_bucket, report.destination_bucket, report.files) == ("stock", "reports", ())
    assert report.created == datetime(2018, 1, 3, 2, 0, 0, 123000, tzinfo=UTC)
    assert (report.format, report.md5) == (ReportFormat.CSV, md5(data))


def test_what_is_rendered_is_read_back() -> None:
    created = datetime(2020, 6, 21, 1, 2, 3, 4000, tzinfo=UTC)
    report = Report("a", "b", ReportFormat.ORC, "struct<key:string>", created, (ReportFile("k", 3, "ff"),), "")
    data = render_report(report)
    assert parse(data) == Report(*[*vars(report).values()][:-1], md5(data))


def test_a_manifest_that_was_changed_is_refused() -> None:
    data = json.dumps(document()).encode()
    with pytest.raises(CorruptRecord) as caught:
        parse_report(data, b"0123456789abcdef", "s3://b/m")
    expected = f"s3://b/m has the MD5 {md5(data)}, its checksum file says 0123456789abcdef"
    assert (caught.value.message, caught.value.hint) == (expected, HINT)
    with pytest.raises(CorruptRecord, match=r"its checksum file says nothing$"):
        parse_report(data, b"", "s3://b/m")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"version": "2030-01-01"}, "its version is '2030-01-01', not '2016-11-30'"),
        ({"fileFormat": "AVRO"}, "'AVRO' is not a valid ReportFormat"),
        ({"creationTimestamp": "soon"}, "invalid literal for int() with base 10: 'soon'"),
        ({"files": [{"key": "k", "size": 1}]}, "'MD5checksum' is missing"),
        ({"files": None}, "its files are no list"),
        ({"files": [{"key": "k", "size": 1, "MD5checksum": "ff"}] * 2}, "it lists k twice"),
    ],
    ids=["version", "format", "time", "file", "files", "twice"],
)
def test_a_manifest_of_another_kind_is_refused(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(CorruptRecord) as caught:
        parse(json.dumps(document(**changes)).encode())
    assert caught.value.message == f"s3://b/m is not the manifest of an inventory: {reason}"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"{", "Expecting property name"),
        (b"[]", "it is no JSON object$"),
        (b"null", "it is no JSON object$"),
        (b"\xff", ""),
        (b"{}", "'version' is missing$"),
    ],
)
def test_what_is_no_manifest_at_all_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(CorruptRecord, match=rf"^s3://b/m is not the manifest of an inventory: {reason}"):
        parse(data)


@pytest.mark.parametrize(
    ("form", "schema"),
    [
        (ReportFormat.CSV, "Bucket, Key,Size , ETag"),
        (ReportFormat.ORC, "struct<bucket:string,key:string,size:bigint,e_tag:string>"),
        (
            ReportFormat.PARQUET,
            "message s3.inventory {  required binary bucket (STRING);  required binary key (STRING); "
            "optional int64 size;  optional binary e_tag (UTF8);}",
        ),
    ],
)
def test_the_columns_of_each_schema(form: ReportFormat, schema: str) -> None:
    found = columns_of(schema, form)
    assert [name.replace("_", "").lower() for name in found.names] == ["bucket", "key", "size", "etag"]
    assert sorted(found.places) == ["etag", "key", "size"]
