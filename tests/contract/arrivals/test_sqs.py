"""Messages of a queue on the AWS emulator: hidden while in hand, gone when done, back when failed."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from tests.servers.emulator import Emulator
from tests.unit.formats.events import shapes

from tidegate.arrivals.sqs import SqsArrivals
from tidegate.config.queue_url import parse_queue
from tidegate.errors import ConfigError, Unreachable


class Queue:
    """A queue of its own on the emulator."""

    def __init__(self, emulator: Emulator) -> None:
        self.client: Any = emulator.client("sqs")
        self.name = f"landed-{uuid.uuid4().hex[:12]}"
        self.url = self.client.create_queue(QueueName=self.name)["QueueUrl"]
        self.address = f"sqs://{self.name}?region={emulator.region}&endpoint={emulator.endpoint}"

    def send(self, event: object) -> None:
        self.client.send_message(QueueUrl=self.url, MessageBody=json.dumps(event))

    def counts(self) -> tuple[int, int]:
        """Messages that can be received, and those that are hidden."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        return int(found[names[0]]), int(found[names[1]])


@pytest.fixture
def queue(aws_environment: Emulator) -> Queue:
    return Queue(aws_environment)


@pytest.fixture
def arrivals(queue: Queue) -> Iterator[SqsArrivals]:
    opened = SqsArrivals(parse_queue(queue.address))
    yield opened
    opened.close()


def test_messages_are_hidden_in_hand_and_gone_when_done(queue: Queue, arrivals: SqsArrivals) -> None:
    for number in range(12):
        queue.send(shapes.s3(shapes.obj(f"{number}.csv")))
    received = [*arrivals.receive(0), *arrivals.receive(0)]
    assert sorted(one.message.landed[0].key for one in received) == sorted(f"{n}.csv" for n in range(12))
    assert (arrivals.receive(0), queue.counts()) == ([], (0, 12))
    arrivals.done([one.receipt for one in received])
    arrivals.done([one.receipt for one in received])
    assert queue.counts() == (0, 0)


def test_a_message_that_cannot_be_read_is_one_with_an_error(queue: Queue, arrivals: SqsArrivals) -> None:
    queue.client.send_message(QueueUrl=queue.url, MessageBody="nonsense")
    (received,) = arrivals.receive(0)
    assert "is 'nonsense', which is neither JSON nor an address" in str(received.message.error)


def test_only_messages_in_hand_are_hidden_for_longer(queue: Queue) -> None:
    queue.send(shapes.s3(shapes.obj("a.csv")))
    queue.send(shapes.s3(shapes.obj("b.csv")))
    queue.send(shapes.s3(shapes.obj("c.csv")))
    first = SqsArrivals(parse_queue(queue.address), hidden_seconds=300)
    received = {one.message.landed[0].key: one.receipt for one in first.receive(0)}
    first.failed([received["a.csv"]])
    first.done([received["b.csv"]])
    first._hidden = 0
    first.extend()
    assert queue.counts() == (1, 1)
    first.close()


def test_a_queue_that_is_not_there_is_a_mistake(aws_environment: Emulator) -> None:
    missing = SqsArrivals(parse_queue(f"sqs://nowhere?region=eu-west-1&endpoint={aws_environment.endpoint}"))
    with pytest.raises(ConfigError) as caught:
        missing.receive(0)
    assert caught.value.message == "cannot use the queue sqs://nowhere: there is no such queue"


def test_a_queue_that_cannot_be_reached_is_told(aws_environment: Emulator) -> None:
    away = SqsArrivals(parse_queue("sqs://landed?region=eu-west-1&endpoint=http://127.0.0.1:1"))
    with pytest.raises(Unreachable, match="cannot use the queue sqs://landed: EndpointConnectionError"):
        away.receive(0)
