"""The lake on S3 when requests fail, answers get lost, and connections break."""

import hashlib
import threading
from collections.abc import Callable

import pytest
from tests.servers.emulator import Emulator
from tests.servers.proxy import Answer, Cut, Hold, LoseAnswer, Proxy, Request, Truncate

from tidegate.config.settings import S3Settings
from tidegate.errors import LakeUnreachable, ObjectExists
from tidegate.lake.s3 import S3Lake, uploads

MIB = 1 << 20
DATA = hashlib.shake_256(b"data").digest(12 * MIB)


@pytest.fixture
def lake(settings: S3Settings, monkeypatch: pytest.MonkeyPatch) -> S3Lake:
    monkeypatch.setattr(uploads, "PART_BYTES", 5 * MIB)
    return S3Lake(settings)


def refusal(code: str, status: int) -> Answer:
    return Answer(status, f"<Error><Code>{code}</Code><Message>As asked.</Message></Error>".encode())


def of(method: str, **query: str) -> Callable[[Request], bool]:
    return lambda request: (
        request.method == method and all(request.query.get(name) == [value] for name, value in query.items())
    )


def uploads_left(emulator: Emulator, settings: S3Settings) -> list[str]:
    return [upload["Key"] for upload in emulator.s3.list_multipart_uploads(Bucket=settings.bucket).get("Uploads", [])]


@pytest.mark.parametrize("fault", [refusal("SlowDown", 503), refusal("InternalError", 500), Cut()])
def test_a_request_that_fails_for_now_is_repeated(lake: S3Lake, s3_proxy: Proxy, fault: Answer | Cut) -> None:
    s3_proxy.fault(fault, when=of("PUT"))
    assert lake.put("k", b"1").size == 1
    assert s3_proxy.counts() == {"HEAD": 1, "PUT": 2}


def test_a_conditional_put_whose_answer_is_lost_has_won(lake: S3Lake, s3_proxy: Proxy) -> None:
    s3_proxy.fault(LoseAnswer(), when=of("PUT"))
    put = lake.put("claim", b"mine", if_absent=True)
    assert s3_proxy.counts()["PUT"] == 2
    assert put == lake.head("claim")
    assert lake.get("claim") == b"mine"


def test_a_conditional_put_whose_answer_is_an_error_may_have_won(lake: S3Lake, s3_proxy: Proxy) -> None:
    s3_proxy.fault(LoseAnswer(refusal("InternalError", 500)), when=of("PUT"))
    assert lake.put("claim", b"mine", if_absent=True).size == 4


def test_a_conditional_put_that_failed_has_lost_against_equal_bytes_of_another(
    lake: S3Lake, settings: S3Settings, s3_proxy: Proxy
) -> None:
    s3_proxy.fault(Cut(), when=of("PUT"))
    gate = Hold()
    s3_proxy.fault(gate, when=of("PUT"))
    outcome: list[type] = []
    thread = threading.Thread(target=lambda: outcome.append(outcome_of(lake)))
    thread.start()
    assert gate.arrived.wait(60)
    S3Lake(settings).put("claim", b"same", if_absent=True)
    gate.gate.set()
    thread.join()
    assert outcome == [ObjectExists]


def outcome_of(lake: S3Lake) -> type:
    try:
        return type(lake.put("claim", b"same", if_absent=True))
    except ObjectExists as error:
        return type(error)


def test_a_conditional_put_beside_another_under_way_asks_again(lake: S3Lake, s3_proxy: Proxy) -> None:
    s3_proxy.fault(refusal("ConditionalRequestConflict", 409), times=2, when=of("PUT"))
    assert lake.put("claim", b"mine", if_absent=True).size == 4
    assert s3_proxy.counts()["PUT"] == 3


def test_a_cut_download_goes_on_where_it_was_cut(lake: S3Lake, s3_proxy: Proxy) -> None:
    etag = lake.put("big", DATA).etag
    s3_proxy.clear()
    s3_proxy.fault(Truncate(1_500_000))
    s3_proxy.fault(Truncate(MIB))
    assert lake.sha256("big") == hashlib.sha256(DATA).hexdigest()
    ranges = [request.headers.get("range") for request in s3_proxy.requests]
    assert ranges[0] is None
    assert len(ranges) == 3
    assert all(text is not None and text.endswith("-") for text in ranges[1:])
    assert {request.headers.get("if-match") for request in s3_proxy.requests[1:]} == {f'"{etag}"'}


def test_a_download_that_is_cut_without_end_is_an_error(lake: S3Lake, settings: S3Settings, s3_proxy: Proxy) -> None:
    lake.put("big", DATA)
    s3_proxy.clear()
    s3_proxy.fault(Truncate(0), times=100)
    with pytest.raises(LakeUnreachable) as caught:
        lake.get("big")
    assert caught.value.message.startswith(f"cannot read 'big' in the lake '{settings.uri}': no answer from http://127")
    assert s3_proxy.counts() == {"GET": 6}


def test_a_cut_download_never_goes_on_with_another_version(lake: S3Lake, settings: S3Settings, s3_proxy: Proxy) -> None:
    lake.put("big", DATA)
    s3_proxy.fault(Truncate(5 * MIB), when=of("GET"))
    pieces = lake.stream("big")
    next(pieces)
    lake.put("big", DATA[::-1])
    with pytest.raises(LakeUnreachable) as caught:
        list(pieces)
    assert caught.value.message == f"cannot read 'big' in the lake '{settings.uri}': it was replaced meanwhile"


def fail_while_writing(lake: S3Lake, look: Callable[[], None]) -> None:
    with lake.writer("big") as out:
        out.write(DATA)
        look()
        raise ZeroDivisionError


def test_a_failed_writer_leaves_no_parts(
    lake: S3Lake, settings: S3Settings, aws_environment: Emulator, s3_proxy: Proxy
) -> None:
    seen: list[str] = []

    def look() -> None:
        seen.extend(uploads_left(aws_environment, settings))

    with pytest.raises(ZeroDivisionError):
        fail_while_writing(lake, look)
    assert seen == ["pre fix/big"]
    assert uploads_left(aws_environment, settings) == []
    assert aws_environment.keys(settings.bucket) == []
    assert s3_proxy.counts() == {"DELETE": 1, "POST": 1, "PUT": 2}


def test_a_refused_part_ends_the_writer_and_leaves_no_parts(
    lake: S3Lake, settings: S3Settings, aws_environment: Emulator, s3_proxy: Proxy
) -> None:
    s3_proxy.fault(refusal("AccessDenied", 403), when=of("PUT", partNumber="2"))
    with pytest.raises(LakeUnreachable) as caught, lake.writer("big") as out:
        out.write(DATA)
    assert caught.value.message == f"cannot write 'big' in the lake '{settings.uri}': access is denied"
    assert uploads_left(aws_environment, settings) == []
    assert aws_environment.keys(settings.bucket) == []


def test_parts_that_cannot_be_removed_are_told(lake: S3Lake, settings: S3Settings, s3_proxy: Proxy) -> None:
    s3_proxy.fault(refusal("AccessDenied", 403), when=of("DELETE"))
    with pytest.raises(ZeroDivisionError) as caught:
        fail_while_writing(lake, lambda: None)
    assert caught.value.__notes__ == [
        f"cannot remove the parts of 'big' in the lake '{settings.uri}': access is denied; "
        "a lifecycle rule with AbortIncompleteMultipartUpload removes them"
    ]


def test_the_lost_answer_to_the_end_of_an_upload_is_recognised(lake: S3Lake, s3_proxy: Proxy) -> None:
    s3_proxy.fault(
        LoseAnswer(refusal("NoSuchUpload", 404)),
        when=lambda request: "uploadId" in request.query and request.method == "POST",
    )
    with lake.writer("big") as out:
        out.write(DATA)
    assert lake.get("big") == DATA


def test_an_upload_that_somebody_ended_is_an_error(lake: S3Lake, settings: S3Settings, s3_proxy: Proxy) -> None:
    lake.put("big", b"former")
    s3_proxy.fault(
        refusal("NoSuchUpload", 404), when=lambda request: "uploadId" in request.query and request.method == "POST"
    )
    with pytest.raises(LakeUnreachable) as caught, lake.writer("big") as out:
        out.write(DATA)
    assert caught.value.message == f"cannot write 'big' in the lake '{settings.uri}': NoSuchUpload: As asked"
    assert lake.get("big") == b"former"


def failed_deletion(code: str) -> Answer:
    error = f"<Error><Key>pre fix/a</Key><Code>{code}</Code><Message>No.</Message></Error>"
    return Answer(200, f"<DeleteResult>{error}</DeleteResult>".encode())


def test_objects_that_s3_was_too_busy_for_are_deleted_again(lake: S3Lake, s3_proxy: Proxy) -> None:
    lake.put("a", b"1")
    s3_proxy.fault(failed_deletion("InternalError"), when=of("POST"))
    lake.delete(["a", "b"])
    assert list(lake.list("")) == []


def test_an_object_that_may_not_be_deleted_is_named(lake: S3Lake, settings: S3Settings, s3_proxy: Proxy) -> None:
    s3_proxy.fault(failed_deletion("AccessDenied"), when=of("POST"))
    with pytest.raises(LakeUnreachable) as caught:
        lake.delete(["b", "a"])
    assert caught.value.message == f"cannot delete 'a' in the lake '{settings.uri}': access is denied"
