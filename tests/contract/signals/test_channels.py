"""What a channel is given, what it says when it cannot take it, and that no secret is in what it says."""

import json
import logging
import threading
import uuid
from typing import Any

import pytest
from tests.servers.emulator import Emulator
from tests.servers.inbox import Inbox

from tidegate.config.secret import Secret
from tidegate.config.settings import Aws, SnsTopic
from tidegate.errors import ConfigError, NotifyError
from tidegate.model.notification import Notification, NotificationKind, Problem, Share
from tidegate.signals.apprise_channel import AppriseChannel, without
from tidegate.signals.sns import SnsChannel, subject

LOADED = Notification(NotificationKind.SUCCESS, (Share("public.orders", "upsert", 2, 30, 4000, "s3://b/1.csv"),))
FAILED = Notification(
    NotificationKind.ERROR,
    (Share("public.orders", "append", 1), Share("public.items", "append", 1)),
    (Problem("s3://b/é.csv", "no column order_id", "Write it again."),),
    2,
)


def test_a_webhook_is_given_title_body_and_type(inbox: Inbox) -> None:
    channel = AppriseChannel(Secret(inbox.url))
    channel.send(LOADED)
    channel.send(FAILED)
    assert channel.address == "json://***"
    assert [(post["title"], post["type"]) for post in inbox.posts] == [
        ("SUCCESS: 30 rows of 2 files loaded into public.orders", "success"),
        ("ERROR: 2 files failed to load into 2 tables", "failure"),
    ]
    assert inbox.posts[0]["message"].splitlines() == [
        "table: public.orders",
        "operation: upsert",
        "files: 2",
        "rows: 30",
        "bytes: 4,000",
        "status: loaded",
    ]
    assert inbox.posts[1]["message"].splitlines()[-4:] == [
        "status: failed",
        "s3://b/é.csv: no column order_id",
        "  Write it again.",
        "and 1 more",
    ]


def test_a_mail_arrives(inbox: Inbox) -> None:
    AppriseChannel(Secret(inbox.mail_url)).send(FAILED)
    (mail,) = inbox.mails
    body = mail.get_body(("plain",))
    assert (mail["to"], mail["subject"]) == ("data@shop.example", "ERROR: 2 files failed to load into 2 tables")
    assert body is not None
    assert "s3://b/é.csv: no column order_id" in body.get_content()


def test_a_channel_that_refuses_is_told_with_the_reason_and_without_the_url(
    inbox: Inbox, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    inbox.status = 401
    with pytest.raises(NotifyError) as caught:
        AppriseChannel(Secret(inbox.url)).send(LOADED)
    assert str(caught.value) == (
        "cannot send a message to json://***: Failed to send JSON POST notification: Verification Failed., error=401"
    )
    with pytest.raises(NotifyError) as gone:
        AppriseChannel(Secret("json://user:password1@127.0.0.1:9/token77")).send(LOADED)
    said = f"{gone.value} {gone.value.hint} {caplog.text} {capfd.readouterr()}"
    assert "cannot send a message to json://***: A Connection error occurred" in said
    assert "password1" not in said
    assert "token77" not in said
    assert logging.getLogger("apprise").handlers != []


def test_a_channel_that_does_not_answer_is_not_waited_for(inbox: Inbox) -> None:
    inbox.hold = threading.Event()
    try:
        with pytest.raises(NotifyError, match=r"no answer within 0\.1 seconds"):
            AppriseChannel(Secret(inbox.url), seconds=0.1).send(LOADED)
    finally:
        inbox.hold.set()


@pytest.mark.parametrize("url", ["slak://tokenA/tokenB", "slack://tokenA"])
def test_a_url_that_no_service_has_is_a_mistake(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        AppriseChannel(Secret(url))
    assert str(caught.value) == f"apprise does not understand the URL {url.partition(':')[0]}://*** of [notify]"


def test_each_part_of_a_url_is_hidden() -> None:
    told = "cannot reach hooks.example as bot with s3cr3t: /T00/B11?key=abc"
    url = "https://bot:s3cr3t@hooks.example/T00/B11?key=abc"
    assert without(url, told) == "cannot reach *** as *** with ***: /***/***?***=***"
    encoded = "rocket://b%40t:s3%20r%2Ft%3F@chat.example/%23room"
    assert without(encoded, "b@t may not enter #room with s3 r/t? nor s3%20r%2Ft%3F") == (
        "*** may not enter *** with *** nor ***"
    )


class Topic:
    """A topic of its own on the emulator, and the queue that is subscribed to it."""

    def __init__(self, emulator: Emulator) -> None:
        sns, self.sqs = emulator.client("sns"), emulator.client("sqs")
        name = f"loads-{uuid.uuid4().hex[:12]}"
        self.queue = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self.topic = sns.create_topic(Name=name)["TopicArn"]
        principal = {"Service": "sns.amazonaws.com"}
        allowed = {"Effect": "Allow", "Principal": principal, "Action": "sqs:SendMessage", "Resource": arn}
        policy = {"Version": "2012-10-17", "Statement": [allowed]}
        self.sqs.set_queue_attributes(QueueUrl=self.queue, Attributes={"Policy": json.dumps(policy)})
        sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn)
        self.settings = SnsTopic(self.topic, Aws(emulator.region, None, emulator.endpoint))

    def received(self) -> list[Any]:
        answer = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in answer.get("Messages", ())]


def test_a_topic_is_given_subject_body_and_attributes(aws_environment: Emulator) -> None:
    topic = Topic(aws_environment)
    channel = SnsChannel(topic.settings)
    channel.send(LOADED)
    (loaded,) = topic.received()
    assert (channel.address, loaded["Subject"]) == (topic.topic, LOADED.title)
    assert loaded["Message"].splitlines() == [LOADED.title, *LOADED.lines]
    assert {name: value["Value"] for name, value in loaded["MessageAttributes"].items()} == {
        "kind": "success",
        "status": "loaded",
        "table": "public.orders",
    }
    channel.send(FAILED)
    (failed,) = topic.received()
    assert failed["MessageAttributes"]["table"] == {
        "Type": "String.Array",
        "Value": '["public.orders", "public.items"]',
    }


def test_a_topic_that_is_not_there_is_told(aws_environment: Emulator) -> None:
    arn = f"arn:aws:sns:{aws_environment.region}:000000000000:nowhere"
    channel = SnsChannel(SnsTopic(arn, Aws(aws_environment.region, None, aws_environment.endpoint)))
    with pytest.raises(NotifyError) as caught:
        channel.send(LOADED)
    assert str(caught.value) == f"cannot send a message to {arn}: there is no such topic"


def test_a_topic_that_cannot_be_reached_is_told(aws_environment: Emulator) -> None:
    arn = "arn:aws:sns:eu-west-1:123456789012:loads"
    with pytest.raises(NotifyError, match=f"^cannot send a message to {arn}: EndpointConnectionError$"):
        SnsChannel(SnsTopic(arn, Aws("eu-west-1", None, "http://127.0.0.1:9"))).send(LOADED)


def test_a_subject_is_short_ascii_in_one_line() -> None:
    assert subject("ERROR: é\nnot\tloaded \x7f") == "ERROR: ? not loaded ?"
    assert (len(subject("x" * 101)), subject("x" * 101)[-4:], subject("x" * 100)) == (100, "x...", "x" * 100)
