import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from tests.servers.emulator import Emulator
from tests.servers.proxy import Answer, Cut, Hold, LoseAnswer, Proxy, Request, Truncate
from tests.unit.warehouse.embedded.loading import refused
from tests.unit.warehouse.embedded.objects.remote import ORDERS, Remote

from tidegate.config.settings import Aws, EmbeddedSettings
from tidegate.errors import ConfigError, StatementCancelled, StatementError, TidegateError, WarehouseUnreachable
from tidegate.warehouse.embedded.driver import EmbeddedWarehouse
from tidegate.warehouse.embedded.objects.clients import client
from tidegate.warehouse.embedded.objects.failures import object_failure
from tidegate.warehouse.embedded.objects.upload import PART_BYTES, Upload, Uploader
from tidegate.warehouse.embedded.session import EmbeddedSession


@pytest.fixture
def proxied(
    tmp_path: Path, aws_environment: Emulator, s3_proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Remote]:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
    made = Remote(tmp_path, aws_environment, s3_proxy.endpoint)
    made.run(*ORDERS)
    yield made
    made.warehouse.close()


def answer(code: str, status: int) -> Answer:
    return Answer(status, f"<Error><Code>{code}</Code><Message>told to</Message></Error>".encode())


def of(method: str, ending: str) -> "dict[str, object]":
    return {"when": lambda request: request.method == method and request.path.endswith(ending)}


def test_an_upload_that_fails_midway_leaves_no_manifest_and_another_prefix_works(
    proxied: Remote, s3_proxy: Proxy
) -> None:
    unload = "UNLOAD ('SELECT id, day FROM orders') TO '{}' PARQUET PARTITION BY (day) MANIFEST"
    second = "day=2020-01-02/0000_part_00.parquet"
    s3_proxy.fault(answer("SlowDown", 503), times=9, **of("PUT", second))  # type: ignore[arg-type]
    with refused(
        WarehouseUnreachable,
        f"cannot reach '{proxied.root}/a/{second}': S3 answered SlowDown",
    ):
        proxied.run(unload.format(f"{proxied.root}/a/"))
    assert proxied.keys() in (["a/day=2020-01-01/0000_part_00.parquet"], [])

    s3_proxy.clear()
    assert proxied.run(unload.format(f"{proxied.root}/b/")) == 3
    assert len(proxied.keys("b/")) == 3
    assert proxied.files() == []


@pytest.mark.parametrize(
    ("size", "fault"), [(10, LoseAnswer()), (PART_BYTES + 1, LoseAnswer(answer("NoSuchUpload", 404)))]
)
def test_a_write_whose_answer_is_lost_is_done_once(
    proxied: Remote, s3_proxy: Proxy, size: int, fault: LoseAnswer
) -> None:
    """The second try meets the object that the first one made."""
    file = proxied.write("a", b"x" * size)
    lost: list[Request] = []

    def makes_it(request: Request) -> bool:
        if request.headers.get("if-none-match") == "*":
            lost.append(request)
        return bool(lost) and lost[-1] is request

    s3_proxy.fault(fault, when=makes_it)
    Uploader(proxied.aws, overwrite=False).put([Upload(str(file), f"{proxied.root}/a", size)])

    assert len(lost) >= 1
    assert proxied.emulator.s3.head_object(Bucket=proxied.bucket, Key="a")["ContentLength"] == size


def test_uploads_end_when_their_statement_is_called_off(proxied: Remote, s3_proxy: Proxy) -> None:
    files = [Upload(str(proxied.write(f"f{n}", b"x")), f"{proxied.root}/f{n}", 1) for n in range(200)]
    hold = Hold()
    s3_proxy.fault(hold, times=len(files))

    def check() -> None:
        if hold.arrived.is_set():
            hold.gate.set()
            raise StatementCancelled("called off")

    with pytest.raises(StatementCancelled):
        Uploader(proxied.aws, overwrite=False).put(files, check)
    assert len(proxied.keys()) < 100


def test_a_cancelled_unload_writes_no_manifest(proxied: Remote, s3_proxy: Proxy) -> None:
    hold = Hold()
    s3_proxy.fault(hold, when=lambda request: request.method == "PUT")
    with proxied.warehouse.session() as session, ThreadPoolExecutor(2) as pool:
        assert isinstance(session, EmbeddedSession)
        unload = f"UNLOAD ('SELECT id FROM orders') TO '{proxied.root}/x_' PARQUET MANIFEST"
        running = pool.submit(session.execute, unload)
        assert hold.arrived.wait(30)
        cancelling = pool.submit(session.cancel)
        while not session._watch.called_off():
            assert not cancelling.done()
        hold.gate.set()
        with pytest.raises(StatementCancelled):
            running.result()
        cancelling.result()
    assert proxied.keys() == ["x_0000_part_00.parquet"]


def test_a_read_that_is_cut_is_tried_again(proxied: Remote, s3_proxy: Proxy) -> None:
    proxied.run("CREATE TABLE t (a INTEGER, b VARCHAR(9))")
    proxied.put("in", "1,x\n" * 50_000)
    s3_proxy.fault(Cut(), when=lambda request: request.headers.get("range") == "bytes=-65536")
    s3_proxy.fault(Truncate(100), when=lambda request: request.headers.get("range") == "bytes=0-199999")
    assert proxied.run(f"COPY t FROM '{proxied.root}/in' CSV") == 50_000


def test_a_read_that_is_denied_is_named(proxied: Remote, s3_proxy: Proxy) -> None:
    proxied.run("CREATE TABLE t (a INTEGER, b VARCHAR(9))")
    proxied.put("in", "1,x\n" * 50_000)
    s3_proxy.fault(answer("AccessDenied", 403), when=lambda request: "range" in request.headers)
    with refused(WarehouseUnreachable, f"access to '{proxied.root}/in' is denied (AccessDenied)"):
        proxied.run(f"COPY t FROM '{proxied.root}/in' CSV")


def test_an_object_that_changes_while_it_is_read_is_an_error(proxied: Remote, s3_proxy: Proxy) -> None:
    """The end tells what was opened; every later range must be of that."""
    proxied.run("CREATE TABLE t (a INTEGER, b VARCHAR(9))")
    proxied.put("in", "1,x\n" * 50_000)

    def changed(request: Request) -> bool:
        if request.headers.get("range", "").startswith("bytes=0-"):
            proxied.put("in", "2,y\n" * 50_000)
        return False

    s3_proxy.fault(Cut(), when=changed)
    with refused(StatementError, f"'{proxied.root}/in' was changed while it was read"):
        proxied.run(f"COPY t FROM '{proxied.root}/in' CSV")
    assert proxied.rows("SELECT COUNT(*) FROM t") == [(0,)]


def test_a_listing_that_is_denied_is_named(proxied: Remote, s3_proxy: Proxy) -> None:
    s3_proxy.fault(answer("AccessDenied", 403))
    with refused(WarehouseUnreachable, f"access to '{proxied.root}/x' is denied (AccessDenied)"):
        proxied.run(f"UNLOAD ('SELECT id FROM orders') TO '{proxied.root}/x' PARQUET")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("301", "the bucket 's3://b' is in another region than the one that is asked (301)"),
        ("403", "access to 's3://b/k' is denied (403)"),
        ("404", "'s3://b/k' does not exist"),
        ("503", "cannot reach 's3://b/k': S3 answered 503"),
    ],
)
def test_each_answer_has_its_error(code: str, message: str) -> None:
    error = object_failure("s3://b/k", code)
    assert str(error) == message
    assert error.hint.endswith(".")


@pytest.mark.parametrize(
    ("aws", "kind", "message"),
    [
        (Aws(endpoint="http://127.0.0.1:9"), WarehouseUnreachable, "cannot reach 's3://b/x': could not connect to"),
        (Aws(profile="nobody"), ConfigError, "cannot make a client of S3: The config profile (nobody) could not be"),
        (Aws(endpoint="nowhere"), ConfigError, "cannot make a client of S3: Invalid endpoint: nowhere"),
    ],
)
def test_settings_that_lead_nowhere_are_named(
    remote: Remote, monkeypatch: pytest.MonkeyPatch, aws: Aws, kind: type[TidegateError], message: str
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    warehouse = EmbeddedWarehouse(EmbeddedSettings(remote.base / "o.duckdb", remote.base, s3=aws))
    warehouse.execute("CREATE TABLE t (a INTEGER)")
    with pytest.raises(kind) as caught:
        warehouse.execute("COPY t FROM 's3://b/x' PARQUET")
    assert str(caught.value).startswith(message)
    assert caught.value.hint.endswith(".")


def test_without_credentials_it_says_so(remote: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with refused(ConfigError, "no AWS credentials were found"):
        client(replace(remote.aws, region="eu-west-3"))


def test_the_endpoint_and_the_region_of_a_bucket_may_be_left_to_the_environment(
    orders: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", orders.emulator.endpoint)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    other = EmbeddedWarehouse(EmbeddedSettings(orders.base / "o.duckdb", orders.base, s3=Aws()))
    orders.run(f"UNLOAD ('SELECT id FROM orders') TO '{orders.root}/x_' PARQUET")
    other.execute("CREATE TABLE t (a INTEGER)")

    assert other.execute(f"COPY t FROM '{orders.root}/x_' PARQUET").rowcount == 3


LOCAL_ONLY = """
import sys
from pathlib import Path
sys.modules["fsspec"] = None
from tidegate.config.settings import EmbeddedSettings
from tidegate.warehouse.embedded.driver import EmbeddedWarehouse
base = Path(sys.argv[1])
warehouse = EmbeddedWarehouse(EmbeddedSettings(base / "w.duckdb", base))
warehouse.execute("CREATE TABLE t (a INTEGER)")
warehouse.execute("UNLOAD ('SELECT a FROM t') TO 'out/' PARQUET")
assert not {"boto3", "botocore", "s3transfer"} & set(sys.modules)
try:
    warehouse.execute("COPY t FROM 's3://b/k' CSV IGNOREBLANKLINES")
except Exception as error:
    print(type(error).__name__, error, error.hint, sep="|")
"""


def test_local_use_needs_no_package_of_aws_and_s3_names_what_is_missing(tmp_path: Path) -> None:
    run = subprocess.run([sys.executable, "-c", LOCAL_ONLY, tmp_path], capture_output=True, text=True, check=True)

    assert run.stderr == ""
    assert run.stdout == (
        "ConfigError|s3:// needs the packages of tidegate[aws], and 'fsspec' is missing|"
        'Run: pip install "tidegate[aws]".\n'
    )


def test_a_forked_child_reads_and_writes_with_clients_of_its_own(orders: Remote) -> None:
    orders.run(
        f"UNLOAD ('SELECT id FROM orders') TO '{orders.root}/a_' PARQUET",
        "CREATE TABLE t (a INTEGER)",
        f"COPY t FROM '{orders.root}/a_' PARQUET",
    )
    child = os.fork()
    if child == 0:
        code = 1
        try:
            loaded = orders.run(f"COPY t FROM '{orders.root}/a_' PARQUET")
            orders.run(f"UNLOAD ('SELECT a FROM t') TO '{orders.root}/b_' PARQUET")
            code = 0 if loaded == 3 else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

    assert orders.run(f"COPY t FROM '{orders.root}/b_' PARQUET") == 6


def test_threads_read_one_file_each_at_its_own_position(remote: Remote) -> None:
    from tidegate.warehouse.embedded.objects.filesystem import ObjectFiles

    content = os.urandom(400_000)
    remote.put("a", content)
    file = ObjectFiles(remote.aws).open(f"{remote.root}/a")
    wrong: list[int] = []
    together = threading.Barrier(4)

    def read(start: int) -> None:
        for at in range(start, len(content), 40_000):
            file.seek(at)
            together.wait(10)
            if file.read(20_000) != content[at : at + 20_000]:
                wrong.append(at)

    threads = [threading.Thread(target=read, args=(n * 10_000,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
