"""`tidegate plan --enqueue`, `jobs`, `work` and `run`."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.conftest import Cli
from tests.cli.shop import AS_OF, edit, error_text, rows, snapshot
from tests.cli.test_cli_processes import TIDEGATE, at_a_terminal

STOPPED = """
import signal, sys
from tidegate.cli import stopping
from tidegate.cli.main import main
from tidegate.flows import batch_run
listen, check, bell = stopping._listen, batch_run.check_identities, []
def listening(arrived, stop):
    bell.append(stop)
    listen(arrived, stop)
def stop(*arguments, **options):
    if not bell[0].is_set():
        signal.raise_signal(signal.SIGTERM)
        bell[0].wait()
    check(*arguments, **options)
stopping._listen, batch_run.check_identities = listening, stop
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def monthly(shop: Cli) -> Cli:
    """Each month is a batch."""
    edit(shop, "retention = 3", "retention = 3\nbatch_periods = 1")
    return shop


def states(cli: Cli) -> list[tuple[int, str, int]]:
    return [(j["job"], j["state"], j["attempts"]) for j in cli.ok("jobs", "--json").document["jobs"]]


def test_plan_enqueue_puts_each_batch_in_once(monthly: Cli) -> None:
    told = monthly.ok("plan", "--enqueue", *AS_OF, "--yes")
    assert told.stdout.splitlines()[-3:] == [
        "  1  archive  public.orders  2020-01  queued      0",
        "  2  archive  public.orders  2020-02  queued      0",
        "2 new jobs",
    ]
    assert monthly.ok("plan", "--enqueue", *AS_OF).stdout.splitlines()[-1] == "2 jobs were in the queue already"
    plan, result = monthly.ok("plan", "--enqueue", *AS_OF, "--json").documents
    assert (plan["message_type"], len(plan["tables"][0]["batches"])) == ("plan", 2)
    assert result == {"message_type": "result", "new": [], "known": 2}


def test_nobody_is_there_to_confirm(monthly: Cli) -> None:
    before = snapshot(monthly.folder / "lake")
    for command in (("plan", "--enqueue", *AS_OF), ("jobs", "add", "archive", "public.orders", "--to", "2020-02")):
        told = monthly(*command)
        message, hint = error_text(told.stderr)
        assert told.exit_code == 4
        assert message.endswith("rows would leave the warehouse and nobody is there to confirm it")
        assert hint == "Run it with --yes, or look at it first with `tidegate plan`."
    assert states(monthly) == []
    assert snapshot(monthly.folder / "lake") == before
    told = monthly("plan", "--yes")
    assert (told.exit_code, error_text(told.stderr)) == (
        2,
        ("--yes was given without --enqueue", "A plan changes nothing: leave --yes out."),
    )


def test_a_person_confirms_what_is_put_in(monthly: Cli) -> None:
    code, out, shown = at_a_terminal(monthly.folder, "plan", "--enqueue", *AS_OF, answer=b"y\n")
    assert (code, out.splitlines()[-1]) == (0, "2 new jobs")
    assert "Enqueue the archive of 4 rows? [y/N]: y\n" in shown


def test_work_empties_the_queue_but_begins_nothing_after_the_window(monthly: Cli) -> None:
    monthly.ok("plan", "--enqueue", *AS_OF, "--yes")
    assert monthly.ok("work", "--until", "2020-01-01T00:00").stdout.startswith("0 jobs done, 2 wait, the next from ")
    assert states(monthly) == [(2, "queued", 0), (1, "queued", 0)]
    result = monthly.ok("work", "--workers", "2", "--json").document
    assert [(j["job"], j["state"], j["attempts"]) for j in result["jobs"]] == [(1, "done", 1), (2, "done", 1)]
    assert (result["waiting"], result["next_at"], result["stopped"]) == (0, None, False)
    assert result["jobs"][0]["outcome"].startswith("archived 2 rows in batch ")
    assert rows(monthly, "SELECT COUNT(*) FROM public.orders") == [[8]]
    assert monthly.ok("work").stdout == "nothing to do\n"
    shown = monthly.ok("jobs", "show", "2")
    assert "periods: 2020-02-01\n" in shown.stdout
    assert monthly.ok("jobs", "show", "2", "--json").document["job"] == result["jobs"][1]


def test_a_refused_table_is_told_and_gets_no_job(monthly: Cli) -> None:
    edit(monthly, "retention = 3", "retention = 3\nmax_delete_fraction = 0.1")
    told = monthly("plan", "--enqueue", *AS_OF, "--yes")
    assert told.exit_code == 4
    assert "refused: public.orders: 33% of the table is due, more than 10%\n" in told.stdout
    assert states(monthly) == []
    monthly.ok("plan", "--enqueue", *AS_OF, "--yes", "--max-delete-fraction", "0.5")
    monthly.ok("work")
    assert states(monthly) == [(2, "done", 1), (1, "done", 1)]


def test_a_job_that_fails_is_listed_tried_again_and_cancelled(monthly: Cli) -> None:
    monthly.ok("plan", "--enqueue", *AS_OF, "--yes")
    monthly.ok("query", "ALTER TABLE public.orders RENAME TO moved")
    told = monthly("work", "--json")
    assert told.exit_code == 3
    first, second, result = told.documents
    assert (first["object"], first["code"], first["message"]) == (
        "job 1",
        "object.missing",
        "table public.orders does not exist",
    )
    assert second["object"] == "job 2"
    assert [j["state"] for j in result["jobs"]] == ["failed", "failed"]
    assert "object.missing: table public.orders does not exist" in monthly.ok("jobs", "--state", "failed").stdout
    monthly.ok("query", "ALTER TABLE public.moved RENAME TO orders")
    assert monthly.ok("jobs", "retry", "1").stdout == "job 1 is queued\n"
    assert monthly.ok("jobs", "retry", "2", "--json").document["job"]["state"] == "queued"
    assert monthly.ok("jobs", "cancel", "2").stdout == "job 2 was cancelled\n"
    monthly.ok("work")
    assert states(monthly) == [(2, "cancelled", 0), (1, "done", 1)]
    told = monthly("jobs", "cancel", "2")
    assert (told.exit_code, error_text(told.stderr)) == (
        4,
        ("job 2 is cancelled", "Only a job that waits or runs can be cancelled."),
    )
    told = monthly("jobs", "show", "7")
    assert (told.exit_code, error_text(told.stderr)) == (
        3,
        ("there is no job 7", "`tidegate jobs list` shows what is in the queue."),
    )


def test_some_failed_and_some_were_done(monthly: Cli) -> None:
    edit(monthly, "[[archive]]", '[[archive]]\ntable = "public.gone"\ncolumn = "d"\nretention = 1\n[[archive]]')
    monthly.ok(
        "query", "CREATE TABLE public.gone (d DATE, n INT); INSERT INTO public.gone VALUES (DATE '2020-01-01', 1)"
    )
    monthly.ok("plan", "--enqueue", *AS_OF, "--yes", "--max-delete-fraction", "1")
    monthly.ok("query", "DROP TABLE public.gone")
    told = monthly("work")
    assert told.exit_code == 5
    assert error_text(told.stderr)[0] == "job 1: table public.gone does not exist"
    assert told.stdout.splitlines()[-1] == "2 jobs done"
    assert len(monthly.ok("jobs", "list", "--table", "public.gone", "--json").document["jobs"]) == 1
    assert len(monthly.ok("jobs", "list", "--limit", "2", "--json").document["jobs"]) == 2


def test_jobs_are_added_by_hand(monthly: Cli) -> None:
    span = ("--from", "2020-02", "--to", "2020-02-10", "--priority", "3")
    added = monthly.ok("jobs", "add", "archive", "public.orders", *span, "--yes", "--json").document
    assert [(j["periods"], j["priority"], j["granularity"]) for j in added["new"]] == [(["2020-02-01"], 3, "monthly")]
    told = monthly("jobs", "add", "dance", "public.orders")
    assert (told.exit_code, error_text(told.stderr)) == (2, ("'dance' is not a kind of job", "Kinds: archive."))
    told = monthly("jobs", "add", "archive", "public.orders", "--from", "2020-03", "--to", "2020-01")
    assert told.exit_code == 2
    assert monthly("jobs", "add", "archive", "public.nothing", "--yes").exit_code == 3
    told = monthly("jobs", "add", "archive", "public.orders", "--to", "2020-01", "--priority", str(2**31), "--yes")
    assert error_text(told.stderr) == ("the priority 2147483648 is out of range", "Give at most 2147483647.")
    assert monthly("jobs", "show", str(2**63)).exit_code == 2


def test_what_work_and_run_do_not_take(monthly: Cli) -> None:
    for command, message in (
        (("run",), "neither --every nor --cron was given"),
        (("run", "--every", "1h", "--cron", "0 2 * * *"), "both --every and --cron were given"),
        (("run", "--every", "0s"), "--every is '0s', must be 1 second or more"),
        (("run", "--cron", "0 2 * *"), "--cron '0 2 * *' has not five fields"),
        (("run", "--every", "1h", "--until", "soon"), "--until: 'soon' is not a time"),
        (("work", "--until", "soon"), "--until: 'soon' is not a time"),
    ):
        told = monthly(*command)
        assert (told.exit_code, error_text(told.stderr)[0]) == (2, message)


def test_sigterm_ends_work_after_the_current_step_and_the_job_is_queued_again(shop: Cli) -> None:
    shop.ok("plan", "--enqueue", *AS_OF, "--yes")
    done = subprocess.run(
        [sys.executable, "-c", STOPPED, "work", "--json"], capture_output=True, text=True, check=False
    )
    result, error = (line for line in done.stdout.splitlines())
    assert (done.returncode, done.stderr) == (130, "stopping after the current step; once more ends it at once\n")
    assert '"code": "interrupted"' in error
    assert '"stopped": true' in result
    (job,) = shop.ok("jobs", "--json").document["jobs"]
    assert (job["state"], job["attempts"], job["outcome"]) == ("queued", 0, "interrupted")
    (unfinished,) = shop.ok("status", "--json").document["tables"][0]["unfinished"]
    assert unfinished["state"] == "verified"
    shop.ok("work")
    assert shop.ok("jobs", "show", "1", "--json").document["job"]["outcome"] == (
        f"archived 4 rows in batch {unfinished['batch']}"
    )


def test_run_goes_through_cycles_until_it_is_told_to_end(shop: Cli) -> None:
    edit(shop, "retention = 3", "retention = 3\nmax_delete_fraction = 1.0")
    command = [*TIDEGATE, "run", "--every", "1d", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        line = child.stdout.readline()
        child.send_signal(signal.SIGTERM)
        out, err = child.communicate()
    assert (child.returncode, out, err) == (0, "", "stopping after the current step; once more ends it at once\n")
    assert '"message_type": "cycle", "cycle": 1' in line
    assert '"step": "plan", "new": 1, "known": 0' in line
    assert '"step": "work", "done": 1, "failed": 0, "waiting": 0' in line


def test_a_second_wish_to_stop_ends_the_program_at_once(tmp_path: Path) -> None:
    script = (
        "import signal, threading\nfrom tidegate.cli.stopping import stopping\n"
        "with stopping() as stop:\n"
        "    signal.raise_signal(signal.SIGTERM); stop.wait(); signal.raise_signal(signal.SIGTERM)\n"
        "    threading.Event().wait()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False, cwd=tmp_path)
    assert done.returncode == 128 + signal.SIGTERM
