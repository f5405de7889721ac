"""When a batch of landed files is closed."""

from datetime import UTC, datetime, timedelta

from tidegate.flows.landing.batches import Batches
from tidegate.model.landing import FileVersion
from tidegate.model.names import TableName
from tidegate.model.route import Route

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ROUTE = Route("in/*", TableName("public", "t"), batch_files=3, batch_bytes=100, batch_seconds=60)


def file(name: str, size: int = 1, sequencer: str | None = None, etag: str = "e") -> FileVersion:
    return FileVersion(f"s3://b/{name}", size, etag, sequencer=sequencer)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_a_batch_is_closed_by_its_number_of_files() -> None:
    batches = Batches()
    assert batches.add(ROUTE, file("a"), ["1"], NOW) == batches.add(ROUTE, file("b"), ["2"], NOW) == []
    (closed,) = batches.add(ROUTE, file("c"), ["3"], NOW)
    assert (sorted(closed.files), closed.receipts) == (["s3://b/a", "s3://b/b", "s3://b/c"], ["1", "2", "3"])
    assert batches.rest() == []


def test_a_batch_is_closed_before_the_file_that_would_make_it_too_large() -> None:
    batches = Batches()
    batches.add(ROUTE, file("a", 60), ["1"], NOW)
    (closed,) = batches.add(ROUTE, file("b", 41), ["2"], NOW)
    assert list(closed.files) == ["s3://b/a"]
    assert [list(batch.files) for batch in batches.rest()] == [["s3://b/b"]]


def test_a_file_that_is_a_batch_of_its_own_is_closed_at_once() -> None:
    (closed,) = Batches().add(ROUTE, file("a", 100), ["1"], NOW)
    assert closed.bytes == 100


def test_a_batch_is_closed_by_its_age_without_another_event() -> None:
    batches = Batches()
    batches.add(ROUTE, file("a"), ["1"], NOW)
    batches.add(ROUTE, file("b"), ["2"], later(59))
    assert (batches.next_at(), batches.due(later(59.9))) == (later(60), [])
    (closed,) = batches.due(later(60))
    assert closed.receipts == ["1", "2"]
    assert (batches.next_at(), batches.due(later(90))) == (None, [])


def test_what_arrives_after_the_closing_is_in_the_next_batch() -> None:
    batches = Batches()
    batches.add(ROUTE, file("a"), ["1"], NOW)
    (closed,) = batches.due(later(60))
    batches.add(ROUTE, file("b"), ["2"], later(60))
    assert list(closed.files) == ["s3://b/a"]
    assert batches.next_at() == later(120)


def test_a_version_told_twice_is_one_file_of_two_messages() -> None:
    batches = Batches()
    batches.add(ROUTE, file("a"), ["1"], NOW)
    batches.add(ROUTE, file("a"), ["2"], NOW)
    (batch,) = batches.rest()
    assert (list(batch.files.values()), batch.receipts) == ([file("a")], ["1", "2"])


def test_of_two_versions_the_newer_is_kept_whatever_came_first() -> None:
    old, new = file("a", sequencer="01", etag="old"), file("a", sequencer="0F", etag="new")
    for order in ([old, new], [new, old]):
        batches = Batches()
        for one in order:
            batches.add(ROUTE, one, ["m"], NOW)
        assert [list(batch.files.values()) for batch in batches.rest()] == [[new]]


def test_each_table_has_a_batch_of_its_own() -> None:
    other = Route("in/*", TableName("public", "u"))
    batches = Batches()
    batches.add(ROUTE, file("a"), ["1"], NOW)
    batches.add(other, file("b"), ["2"], later(1))
    assert [batch.route.table for batch in batches.rest()] == [ROUTE.table, other.table]
