"""Several processes on one warehouse, a person at a terminal, and Ctrl-C."""

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.cli.conftest import Cli
from tests.cli.shop import AS_OF, edit, error_text, parquet, rows, snapshot
from tests.masking import mask

TIDEGATE = (sys.executable, "-m", "tidegate")
HOLDER = """
import sys, tidegate
with tidegate.open() as app, app.warehouse.session() as session:
    session.execute("SELECT 1")
    if "{job}":
        from tidegate.model.names import TableName
        clock = app.context.clock
        app.ledger.claim("{job}", TableName.parse("public.orders"), app.context.worker, clock(), 60, lambda _: False)
    print("held", flush=True)
    sys.stdin.read()
"""
INTERRUPTED = """
import signal, sys
from tidegate.flows import batch_run
from tidegate.cli.main import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background of a shell inherits none
check = batch_run.check_identities
def interrupt(*arguments, **options):
    signal.raise_signal(signal.SIGINT)
    check(*arguments, **options)
batch_run.check_identities = interrupt
sys.exit(main(["archive", "--as-of", "2020-06-20", "--yes"]))
"""

AT_TERMINAL = """
import fcntl, os, signal, sys, termios
signal.signal(signal.SIGINT, signal.SIG_DFL)
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "tidegate", *sys.argv[1:]])
"""
"""Stdin becomes the terminal of the session, so that Ctrl-C typed there is a signal."""


@contextmanager
def another_process(job: str = "") -> Iterator[int]:
    """A process that holds the warehouse file until the block ends; its PID."""
    script = HOLDER.replace("{job}", job)
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        yield child.pid
        child.communicate()


@pytest.fixture
def hurried(shop: Cli) -> Cli:
    edit(shop, "[lake]", "lock_timeout = 0.2\n[lake]")
    return shop


def test_a_warehouse_that_another_process_holds(hurried: Cli) -> None:
    commands = [
        ("init",),
        ("plan", *AS_OF),
        ("archive", *AS_OF, "--yes"),
        ("restore", "public.orders"),
        ("verify",),
        ("gc",),
        ("status",),
        ("hold", "list"),
        ("ledger", "rebuild"),
        ("query", "SELECT 1"),
    ]
    before = snapshot(hurried.folder / "lake")
    with another_process() as pid:
        for command in commands:
            told = hurried(*command)
            message, hint = error_text(told.stderr)
            assert (told.exit_code, told.stdout) == (7, "")
            assert message.startswith(f'"{hurried.folder / "warehouse.duckdb"}" is held by process {pid} (')
            assert message.endswith("(waited 0.2 s)")
            assert hint.startswith("Wait until that process is done")
        document = hurried("status", "--json").document
    assert (document["message_type"], document["code"]) == ("error", "unreachable.locked")
    assert snapshot(hurried.folder / "lake") == before
    assert hurried.ok("archive", *AS_OF, "--yes", "--json").document["batches"][0]["rows"] == 4


def test_the_job_that_holds_the_warehouse_is_named(hurried: Cli) -> None:
    with another_process("archive") as pid:
        told = hurried("archive", *AS_OF, "--yes")
    message, _ = error_text(told.stderr)
    assert told.exit_code == 7
    assert f"is held by process {pid} (" in message
    assert "; job archive-" in message
    assert message.endswith(" is running")


def test_a_process_that_comes_second_waits_for_the_first(shop: Cli) -> None:
    command = [*TIDEGATE, "archive", *AS_OF, "--yes", "--json"]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    told = [process.communicate() for process in both]
    codes = [process.returncode for process in both]
    assert sorted(codes) in ([0, 0], [0, 7]), told
    for code, (out, _) in zip(codes, told, strict=True):
        if code == 7:
            assert '"code": "unreachable.lease"' in out
    assert rows(shop, "SELECT (SELECT COUNT(*) FROM public.orders), (SELECT COUNT(*) FROM public.orders_all)") == [
        [8, 12]
    ]
    assert rows(shop, "SELECT COUNT(*) FROM tidegate.published") == [[2]]
    shop.ok("verify", "--deep")


def test_ctrl_c_in_the_middle_and_the_same_command_again(shop: Cli) -> None:
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (130, "")
    assert error_text(done.stderr) == ("interrupted", "Run the same command again: it goes on where it stopped.")
    assert rows(shop, "SELECT COUNT(*) FROM public.orders") == [[12]]
    (unfinished,) = shop.ok("status", "--json").document["tables"][0]["unfinished"]
    assert (unfinished["state"], unfinished["rows"]) == ("cataloged", 4)
    assert shop.ok("status").stdout.splitlines()[-1] == "public.orders: 1 unfinished batch"
    plan = shop.ok("plan", *AS_OF)
    assert "public.orders: an earlier run left 1 batch that will be finished\n" in plan.stdout
    (batch,) = shop.ok("archive", *AS_OF, "--yes", "--json").document["batches"]
    assert (batch["batch"], batch["state"], batch["rows"]) == (unfinished["batch"], "reclaimed", 4)
    assert (rows(shop, "SELECT COUNT(*) FROM public.orders"), len(parquet(shop))) == ([[8]], 2)


def at_a_terminal(folder: Path, *arguments: str, answer: bytes = b"") -> tuple[int, str, str]:
    """Run a command whose stdin and stderr are a terminal and whose stdout is not.

    `answer` is typed as soon as a question is asked. Returns the exit code, stdout, and what the terminal showed.
    """
    master, slave = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "200"}
    with subprocess.Popen(
        [sys.executable, "-c", AT_TERMINAL, *arguments],
        cwd=folder,
        stdin=slave,
        stderr=slave,
        stdout=subprocess.PIPE,
        env=environment,
        start_new_session=True,
    ) as child:
        os.close(slave)
        shown = b""
        while piece := _read(master):
            shown += piece
            if answer and b"[y/N]" in shown:
                os.write(master, answer)
                answer = b""
        out, _ = child.communicate()
    os.close(master)
    return child.returncode, out.decode(), shown.decode().replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""


def test_a_person_confirms(shop: Cli) -> None:
    code, out, shown = at_a_terminal(shop.folder, "archive", *AS_OF, answer=b"y\n")
    assert code == 0
    assert "public.orders  archive  2020-03-01    12         4        2        1  208 B\n" in shown
    assert "Archive 4 rows? [y/N]: y\n" in shown
    assert out.splitlines()[-1] == "4 rows in 1 batch"
    assert rows(shop, "SELECT COUNT(*) FROM public.orders") == [[8]]


@pytest.mark.parametrize("answer", [b"n\n", b"\n", b"\x04"])
def test_a_person_says_no(shop: Cli, answer: bytes) -> None:
    before = snapshot(shop.folder)
    code, out, shown = at_a_terminal(shop.folder, "archive", *AS_OF, answer=answer)
    assert (code, out) == (4, "")
    assert shown.endswith("error: not confirmed\nhint: Nothing was changed.\n")
    assert snapshot(shop.folder) == before


def test_ctrl_c_at_the_question(shop: Cli) -> None:
    before = snapshot(shop.folder)
    code, out, shown = at_a_terminal(shop.folder, "archive", *AS_OF, answer=b"\x03")
    assert (code, out) == (130, "")
    assert "error: interrupted\n" in shown
    assert snapshot(shop.folder) == before


def test_at_a_terminal_the_result_goes_to_stdout(archived: Cli) -> None:
    code, out, _ = at_a_terminal(archived.folder, "query", "SELECT COUNT(*) AS n FROM public.orders_all")
    assert (code, out) == (0, "n\n--\n12\n(1 row)\n")
    code, out, _ = at_a_terminal(archived.folder, "verify", "--deep")
    assert (code, mask(out)) == (0, "1 table, 1 batch, 2 files, 4 rows: no difference\n")
