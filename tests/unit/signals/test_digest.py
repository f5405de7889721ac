"""When messages that are held back are sent, by a clock that the test sets."""

from datetime import UTC, datetime, timedelta

import pytest

from tidegate.errors import ConfigError, NotifyError
from tidegate.model.metrics import Measures
from tidegate.model.notification import Delivered, Notification, NotificationKind, Problem, Share
from tidegate.signals.base import Silent
from tidegate.signals.channels import Channels, Named
from tidegate.signals.digest import Digest

NOON = datetime(2020, 6, 20, 12, tzinfo=UTC)
SUCCESS, ERROR = NotificationKind.SUCCESS, NotificationKind.ERROR


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


class Box:
    """A channel that keeps what it is sent, with the second at which that was."""

    address = "box://***"

    def __init__(self, clock: Clock) -> None:
        self.sent: list[tuple[int, str]] = []
        self._clock = clock

    def send(self, notification: Notification) -> None:
        self.sent.append((int((self._clock.now - NOON).total_seconds()), notification.title))


class Numbers:
    wanted = True

    def __init__(self) -> None:
        self.put_values: list[Measures] = []

    def put(self, measures: Measures) -> None:
        self.put_values.append(measures)


class Told(Silent):
    def __init__(self) -> None:
        self.notices: list[str] = []

    def notice(self, message: str) -> None:
        self.notices.append(message)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def box(clock: Clock) -> Box:
    return Box(clock)


@pytest.fixture
def digest(clock: Clock, box: Box) -> Digest:
    return Digest(Channels([Named(box.address, lambda: box)], {SUCCESS, ERROR}, clock), 60)


def loaded(rows: int) -> Notification:
    return Notification(SUCCESS, (Share("public.orders", "append", 1, rows),))


def failed(reason: str) -> Notification:
    return Notification(ERROR, (Share("public.orders", "append", 1),), (Problem("public.orders", reason),), 1)


def at(clock: Clock, digest: Digest, second: int) -> None:
    clock.now = NOON + timedelta(seconds=second)
    digest.due()


def test_what_comes_within_the_time_is_one_message_of_each_kind(clock: Clock, box: Box, digest: Digest) -> None:
    assert digest.next_at() is None
    digest.send(loaded(1))
    at(clock, digest, 30)
    digest.send(loaded(2))
    digest.send(failed("bad"))
    at(clock, digest, 59)
    assert (box.sent, digest.next_at()) == ([], NOON + timedelta(seconds=60))
    at(clock, digest, 60)
    assert box.sent == [(60, "SUCCESS: 3 rows of 2 files loaded into public.orders")]
    at(clock, digest, 90)
    assert box.sent[1:] == [(90, "ERROR: 1 file failed to load into public.orders")]
    assert (digest.next_at(), digest.delivered) == (None, Delivered(2, 0))


def test_what_is_left_is_sent_at_the_end(box: Box, digest: Digest) -> None:
    digest.send(failed("bad"))
    digest.send(loaded(1))
    digest.close()
    digest.close()
    assert [title[:7] for _, title in box.sent] == ["SUCCESS", "ERROR: "]


def test_a_kind_that_nobody_asked_for_is_not_kept(box: Box, digest: Digest) -> None:
    digest.send(Notification(NotificationKind.UPLOAD, (Share("public.orders", "append", 1),)))
    assert digest.next_at() is None


def test_an_error_that_only_repeats_itself_is_told_less_and_less_often(clock: Clock, box: Box, digest: Digest) -> None:
    for second in range(0, 1000, 10):
        at(clock, digest, second)
        digest.send(failed("the warehouse is away"))
    assert [second for second, _ in box.sent] == [60, 180, 420, 900]


def test_another_error_and_one_after_a_load_are_told_in_time(clock: Clock, box: Box, digest: Digest) -> None:
    for second, sent in ((0, failed("away")), (100, failed("full")), (200, failed("full")), (210, loaded(1))):
        at(clock, digest, second)
        digest.send(sent)
    at(clock, digest, 260)
    assert [(second, title[:7]) for second, title in box.sent] == [(100, "ERROR: "), (200, "ERROR: "), (260, "ERROR: ")]


def test_a_channel_that_fails_is_a_notice_a_count_and_a_number_and_the_others_are_sent_to(
    clock: Clock, box: Box
) -> None:
    def missing() -> Box:
        raise ConfigError("[notify] urls needs the packages of tidegate[notify]", hint="Install them.")

    class Broken(Box):
        def send(self, notification: Notification) -> None:
            raise NotifyError("cannot send a message to broken://***: gone", hint="Check it.")

    told, numbers = Told(), Numbers()
    named = [Named("a", missing), Named("b", lambda: Broken(clock)), Named("c", lambda: box)]
    channels = Channels(named, {SUCCESS}, clock, told, numbers)
    channels.send(loaded(1))
    channels.send(failed("not asked for"))
    assert len(box.sent) == 1
    assert told.notices == [
        "[notify] urls needs the packages of tidegate[notify]",
        "cannot send a message to broken://***: gone",
    ]
    assert channels.delivered == Delivered(1, 2)
    assert [dict(put.values) for put in numbers.put_values] == [{"NotificationsFailed": 2}]
