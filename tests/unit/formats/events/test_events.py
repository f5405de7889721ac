"""Every shape in which a landed file is told of."""

import json
import random
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.formats.events import shapes

from tidegate.errors import UsageError
from tidegate.formats.events.landed import Delivery, Landed
from tidegate.formats.events.parse import parse_event, parse_message
from tidegate.model.landing import FileVersion

HINT = "Send one of the shapes that docs/events.md shows."


def only(event: object) -> Landed:
    (landed,) = parse_event(event).landed
    return landed


@pytest.mark.parametrize("shape", shapes.ENVELOPES)
@pytest.mark.parametrize("key", ["orders/1.parquet", "a b+c/ü%2B&=é.csv", "year=2026/month=01/x.json"])
def test_a_file_is_the_same_in_every_envelope(shape: str, key: str) -> None:
    told = shapes.obj(key, version="v7")
    landed = only(shapes.ENVELOPES[shape](told))
    assert (landed.uri, landed.size, landed.etag, landed.version, landed.sequencer) == (
        f"s3://landing/{key}",
        1024,
        "d41d8cd9",
        "v7",
        "0055AED6DCD90281E5",
    )
    assert landed.landed_at is not None
    assert landed.landed_at.replace(microsecond=0) == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_a_plus_in_a_notification_is_a_space_and_in_eventbridge_a_plus() -> None:
    notification = shapes.s3(shapes.obj("x"))
    notification["Records"][0]["s3"]["object"]["key"] = "a+b%2Bc.csv"
    assert only(notification).key == "a b+c.csv"
    assert only(shapes.bridge(shapes.obj("a+b%2Bc.csv"))).key == "a+b%2Bc.csv"


def test_the_version_of_a_file_that_an_event_names_needs_no_look_at_the_store() -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
    expected = FileVersion("s3://landing/orders/1.parquet", 1024, "d41d8cd9", "v7", "0055AED6DCD90281E5", at)
    assert only(shapes.s3(shapes.obj(version="v7"))).file == expected
    assert only("s3://landing/orders/1.parquet").file is None


def test_all_records_of_one_notification_count() -> None:
    first, second = shapes.obj("a.csv"), shapes.obj("b.csv")
    assert [one.key for one in parse_event(shapes.s3(first, second)).landed] == ["a.csv", "b.csv"]


@pytest.mark.parametrize("name", ["Put", "Post", "Copy", "CompleteMultipartUpload"])
@pytest.mark.parametrize("before", ["", "s3:"])
def test_every_way_of_creating_an_object_counts(name: str, before: str) -> None:
    event = {"Records": [shapes.record(shapes.obj(), f"{before}ObjectCreated:{name}")]}
    assert only(event).key == "orders/1.parquet"


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (
            {"Records": [shapes.record(shapes.obj(), "ObjectRemoved:Delete")]},
            "s3://landing/orders/1.parquet: ObjectRemoved:Delete does not land a file",
        ),
        (
            shapes.bridge(shapes.obj(), "Object Deleted"),
            "s3://landing/orders/1.parquet: Object Deleted does not land a file",
        ),
        (shapes.s3(shapes.obj("orders/", size=0)), "s3://landing/orders/ is a folder marker"),
        (shapes.bridge(shapes.obj("orders/", size=0)), "s3://landing/orders/ is a folder marker"),
    ],
)
def test_what_is_no_landed_file_is_told_and_left_alone(event: dict[str, Any], told: str) -> None:
    (message,) = parse_event(event).messages
    assert (message.landed, message.told, message.error) == ((), (told,), None)


@pytest.mark.parametrize(
    "event",
    [
        shapes.test_event(),
        shapes.sqs(shapes.test_event()),
        shapes.sqs(shapes.sns_envelope(shapes.test_event())),
        shapes.sns(shapes.test_event()),
    ],
)
def test_the_test_event_of_s3_is_acknowledged_silently(event: dict[str, Any]) -> None:
    delivery = parse_event(event)
    assert [(m.landed, m.told, m.error) for m in delivery.messages] == [((), (), None)]
    assert delivery.answer() == {"batchItemFailures": []}


@pytest.mark.parametrize(
    ("event", "uri"),
    [
        ("s3://landing/a b+c.csv", "s3://landing/a b+c.csv"),
        ("/data/in/a b.csv", "/data/in/a b.csv"),
        ('"s3://landing/a.csv"', "s3://landing/a.csv"),
        ({"bucket": "landing", "key": "a+b.csv"}, "s3://landing/a+b.csv"),
        ({"s3_uri": "s3://landing/a+b.csv"}, "s3://landing/a+b.csv"),
        ('{"s3_uri": "s3://landing/a+b.csv"}', "s3://landing/a+b.csv"),
    ],
)
def test_a_plain_address_names_a_file(event: object, uri: str) -> None:
    assert only(event).uri == uri


def test_a_person_may_name_the_version() -> None:
    landed = only({"bucket": "b", "key": "k", "size": 3, "etag": '"abc"', "version_id": "v1"})
    assert landed.file == FileVersion("s3://b/k", 3, "abc", "v1")


def test_items_of_a_distributed_map_are_files_of_its_bucket() -> None:
    item = {"Key": "a+b.csv", "Size": 3, "Etag": '"abc"', "LastModified": 1767323045}
    expected = FileVersion("s3://b/a+b.csv", 3, "abc", landed_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    assert only({"BatchInput": {"bucket": "b"}, "Items": [item]}).file == expected
    assert only({"bucket": "b", "Items": [item]}).file == expected


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (17, "the event is 17, must be an object"),
        ("orders", "the event is 'orders', which is neither JSON nor an address"),
        ("[" * 100_000, f"the event is '{'[' * 78}…, which is neither JSON nor an address"),
        ("s3://landing", "the address 's3://landing' is not s3://bucket/key"),
        ({}, "the event has the fields none"),
        ({"bucket": "b", "key": "k", "versionId": "1"}, "the event has the fields bucket, key, versionId"),
        ({"bucket": "b", "key": 5}, "key of the event is 5, must be text"),
        ({"bucket": "b", "key": "\ud800"}, "key of the event is '\\ud800', which is not Unicode"),
        ({"Records": {}}, "Records is {}, must be a list"),
        ({"Records": ["x"]}, "an entry of Records is 'x', must be an object"),
        (
            {"Records": [{"eventSource": "aws:dynamodb"}]},
            "the event has a record of 'aws:dynamodb', which tells of no files",
        ),
        (
            {"Records": [shapes.record(shapes.obj(), version="3.0")]},
            "a record of an S3 notification has the version 3.0, known is 2.x",
        ),
        ({"Records": [{"s3": {}}]}, "a record of an S3 notification has no eventName"),
        (
            {"Records": [{"eventName": "ObjectCreated:Put", "s3": {}}]},
            "a record of an S3 notification has no bucket",
        ),
        (
            {"detail-type": "Object Created", "source": "aws.ec2"},
            "an EventBridge event comes from aws.ec2, must come from aws.s3",
        ),
        ({"Items": [{"Key": "k"}]}, "a batch of items has no bucket"),
        (
            {"bucket": "b", "key": "k", "size": -1},
            "size of the event is -1, must be a number of bytes",
        ),
        (
            {"Records": [*shapes.sqs("x")["Records"], *shapes.s3(shapes.obj())["Records"]]},
            "the event holds records of SQS inside of another envelope, or among others",
        ),
    ],
)
def test_what_cannot_be_read_is_one_error_that_says_what_it_was(event: object, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_event(event)
    assert (caught.value.message, caught.value.hint) == (message, HINT)


def test_a_key_that_is_no_text_after_decoding_is_refused() -> None:
    event = shapes.s3(shapes.obj())
    event["Records"][0]["s3"]["object"]["key"] = "a%FF"
    with pytest.raises(UsageError, match="the key 'a%FF' of a record of an S3 notification is not UTF-8"):
        parse_event(event)


def test_envelopes_without_end_are_refused() -> None:
    event = shapes.s3(shapes.obj())
    for _ in range(6):
        event = shapes.sns_envelope(event)
    with pytest.raises(UsageError, match="has more than 4 envelopes around one another"):
        parse_event(event)


def test_a_bad_message_of_a_queue_does_not_hide_the_good_ones() -> None:
    delivery = parse_event(shapes.sqs(shapes.s3(shapes.obj("a.csv")), "nonsense", shapes.s3(shapes.obj("b.csv"))))
    assert [one.key for one in delivery.landed] == ["a.csv", "b.csv"]
    assert str(delivery.messages[1].error) == (
        "message m1: the event is 'nonsense', which is neither JSON nor an address"
    )
    assert delivery.answer() == {"batchItemFailures": [{"itemIdentifier": "m1"}]}


def test_a_message_with_one_bad_record_loads_none_of_its_files() -> None:
    body = shapes.s3(shapes.obj("a.csv"), shapes.obj("b.csv"))
    del body["Records"][1]["s3"]
    message = parse_message("m", json.dumps(body))
    assert (message.landed, str(message.error)) == ((), "message m: a record of an S3 notification has no s3")


def test_only_messages_that_failed_come_again() -> None:
    delivery = _three(fifo=False)
    assert delivery.answer({"m1"}) == {"batchItemFailures": [{"itemIdentifier": "m1"}]}
    assert delivery.answer() == {"batchItemFailures": []}


def test_of_a_fifo_queue_all_come_again_from_the_first_failure_on() -> None:
    delivery = _three(fifo=True)
    assert delivery.failed({"m1"}) == ["m1", "m2"]
    assert delivery.failed(set()) == []


def _three(*, fifo: bool) -> Delivery:
    return parse_event(shapes.sqs(*(shapes.s3(shapes.obj(f"{n}.csv")) for n in range(3)), fifo=fifo))


def test_an_event_a_thousand_times_in_any_order_is_one_file() -> None:
    events = [shape(shapes.obj()) for shape in shapes.ENVELOPES.values()]
    many = [events[number % len(events)] for number in range(1000)]
    random.Random(7).shuffle(many)
    files = [only(event).file for event in many]
    assert {(file.uri, file.identity) for file in files if file} == {("s3://landing/orders/1.parquet", "d41d8cd9:1024")}


def test_messages_that_a_person_took_out_of_a_queue() -> None:
    bodies = [shapes.s3(shapes.obj()), "{"]
    taken = [{"MessageId": f"m{n}", "ReceiptHandle": "AQEB", "Body": json.dumps(body)} for n, body in enumerate(bodies)]
    delivery = parse_event({"Messages": taken})
    assert [landed.key for landed in delivery.landed] == ["orders/1.parquet"]
    assert delivery.failed(()) == ["m1"]
    with pytest.raises(UsageError, match=r"^a message of SQS has no MessageId$"):
        parse_event({"Messages": [{"Body": "/1"}]})


@pytest.mark.parametrize("body", [{"a": 1}, "\ud800", 7])
def test_a_body_that_is_no_text_is_an_error_of_its_message_alone(body: object) -> None:
    event = shapes.sqs(shapes.s3(shapes.obj()), "", shapes.s3(shapes.obj()))
    event["Records"][1]["body"] = body
    taken = {"Messages": [{"MessageId": r["messageId"], "Body": r["body"]} for r in event["Records"]]}
    for delivery, name in ((parse_event(event), "body"), (parse_event(taken), "Body")):
        assert (len(delivery.landed), delivery.failed([])) == (2, ["m1"])
        assert str(delivery.messages[1].error).startswith(f"{name} of message m1 is {body!r}, ")


@pytest.mark.parametrize("event", [shapes.s3(shapes.obj()), shapes.bridge(shapes.obj()), {"bucket": "b", "key": "k"}])
def test_files_beside_what_a_test_event_has_are_not_lost(event: dict[str, Any]) -> None:
    event = {**event, "Event": "s3:TestEvent"}
    if "key" not in event:
        assert len(parse_event(event).landed) == 1
        return
    with pytest.raises(UsageError, match=r"^the event has the fields Event, bucket, key$"):
        parse_event(event)


@pytest.mark.parametrize(
    ("event", "what"), [({"Records": []}, "records"), ({"Items": [], "bucket": "b"}, "items")], ids=["records", "items"]
)
def test_an_event_of_nothing_is_told(event: dict[str, Any], what: str) -> None:
    assert parse_event(event).messages[0].told == (f"the event has no {what}, and tells of no file",)


def test_a_bucket_that_can_be_none_is_an_error_of_its_message_alone() -> None:
    bad = shapes.s3(shapes.obj())
    bad["Records"][0]["s3"]["bucket"]["name"] = "a b/c"
    delivery = parse_event(shapes.sqs(shapes.s3(shapes.obj()), bad, "s3://a b/k"))
    assert (len(delivery.landed), delivery.failed([])) == (1, ["m1", "m2"])
    assert str(delivery.messages[1].error) == ("message m1: the event has the bucket 'a b/c', which is no name of one")
