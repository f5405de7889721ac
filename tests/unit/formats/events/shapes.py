"""Events as the services write them, made for an object. Every maker gives what JSON would hold."""

import json
from typing import Any
from urllib.parse import quote_plus

from tidegate.formats.events.landed import Landed

Event = dict[str, Any]


def obj(key: str = "orders/1.parquet", sequencer: str = "0055AED6DCD90281E5", **other: Any) -> Landed:
    """An object of the bucket `landing`."""
    return Landed("landing", key, **{"size": 1024, "etag": "d41d8cd9", "sequencer": sequencer, **other})


def record(landed: Landed, name: str = "ObjectCreated:Put", version: str = "2.1") -> Event:
    """One record of an S3 notification (S3 User Guide, Event message structure)."""
    item = {"key": quote_plus(landed.key), "size": landed.size, "eTag": landed.etag, "sequencer": landed.sequencer}
    if landed.version is not None:
        item["versionId"] = landed.version
    return {
        "eventVersion": version,
        "eventSource": "aws:s3",
        "awsRegion": "eu-west-1",
        "eventTime": "2026-01-02T03:04:05.678Z",
        "eventName": name,
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "tidegate",
            "bucket": {"name": landed.bucket, "arn": f"arn:aws:s3:::{landed.bucket}"},
            "object": item,
        },
    }


def s3(*landed: Landed) -> Event:
    return {"Records": [record(one) for one in landed]}


def test_event() -> Event:
    return {"Service": "Amazon S3", "Event": "s3:TestEvent", "Time": "2026-01-02T03:04:05.678Z", "Bucket": "landing"}


def sns_envelope(event: Event) -> Event:
    """What SNS puts into a queue without raw delivery."""
    return {"Type": "Notification", "TopicArn": "arn:aws:sns:eu-west-1:1:landed", "Message": json.dumps(event)}


def sns(event: Event) -> Event:
    """What SNS calls Lambda with."""
    return {"Records": [{"EventVersion": "1.0", "EventSource": "aws:sns", "Sns": sns_envelope(event)}]}


def sqs(*bodies: Event | str, fifo: bool = False) -> Event:
    """What SQS calls Lambda with; the messages are m0, m1, …"""
    return {
        "Records": [
            {
                "messageId": f"m{number}",
                "receiptHandle": "AQEB",
                "body": body if isinstance(body, str) else json.dumps(body),
                "attributes": {"ApproximateReceiveCount": "1"},
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:eu-west-1:1:landing{'.fifo' if fifo else ''}",
            }
            for number, body in enumerate(bodies)
        ]
    }


def bridge(landed: Landed, name: str = "Object Created") -> Event:
    """An event of EventBridge (S3 User Guide, EventBridge event message structure): the key is as it is."""
    item = {"key": landed.key, "size": landed.size, "etag": landed.etag, "sequencer": landed.sequencer}
    if landed.version is not None:
        item["version-id"] = landed.version
    return {
        "version": "0",
        "id": "17793124-05d4-b198-2fde-7ededc63b103",
        "detail-type": name,
        "source": "aws.s3",
        "time": "2026-01-02T03:04:05Z",
        "detail": {"version": "0", "bucket": {"name": landed.bucket}, "object": item, "reason": "PutObject"},
    }


ENVELOPES = {
    "s3": lambda one: s3(one),
    "s3 in sqs": lambda one: sqs(s3(one)),
    "s3 in sns in sqs": lambda one: sqs(sns_envelope(s3(one))),
    "s3 in sns": lambda one: sns(s3(one)),
    "eventbridge": lambda one: bridge(one),
    "eventbridge in sqs": lambda one: sqs(bridge(one)),
    "eventbridge in sns in sqs": lambda one: sqs(sns_envelope(bridge(one))),
}
