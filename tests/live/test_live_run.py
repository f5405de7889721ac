"""`python -m live` on a local Redshift: the checks work, what they make is removed, foreign things are left alone."""

import re
import signal
import subprocess
import sys

import pytest
from live.__main__ import main
from live.assumption import Assumption, Finding, Unchecked, Verdict, Violated, examine
from live.assumptions import ROOMS
from live.contract import ROOT
from live.costs import ASSUMPTIONS
from live.site import Site, of_run, running_site
from tests.live.conftest import Target

from tidegate.errors import LakeUnreachable, PartialFailure, Refused, StatementError, TidegateError

NOT_CHECKED, FALSE = Verdict.NOT_CHECKED, Verdict.DOES_NOT_HOLD
RESTORED = {
    "place-after-restore": NOT_CHECKED,
    "tier-parked-copy": NOT_CHECKED,
    "tier-thaw-listed": NOT_CHECKED,
    "tier-rules-run": NOT_CHECKED,
}
"""They need a second cluster, Amazon's own S3, or days."""
TOKENS = {"same-token-same-statement": NOT_CHECKED, "same-token-same-transaction": NOT_CHECKED}
"""Tokens are the Data API's."""
GAPS = {"data_api": RESTORED, "connector": RESTORED | TOKENS}

LINE = re.compile(r"^  ([\w-]+): (holds|does not hold|could not be checked): (.+)$", re.MULTILINE)


@pytest.mark.parametrize("protocol", GAPS)
def test_every_assumption_that_a_local_redshift_can_show_holds(target: Target, protocol: str) -> None:
    before = int(str(target.rows("SELECT MAX(query_id) FROM sys_query_history")[0][0]))
    done = target.live(protocol, "--yes", "--only", "assumptions")
    used = int(str(target.rows("SELECT MAX(query_id) FROM sys_query_history")[0][0])) - before
    found = {id: Verdict(verdict) for id, verdict, _ in LINE.findall(done.stdout)}
    assert list(found) == [each.id for checks in ROOMS.values() for each in checks], done.stdout + done.stderr
    assert {id: verdict for id, verdict in found.items() if verdict is not Verdict.HOLDS} == GAPS[protocol]
    assert done.returncode == 0
    assert "this is a local Redshift" in done.stdout
    assert f"at most:\n  {ASSUMPTIONS.statements} statements" in done.stdout
    assert ASSUMPTIONS.statements / 2 < used <= ASSUMPTIONS.statements


def test_the_contract_suites_run_in_a_database_without_tables_alone(target: Target) -> None:
    some = ("--yes", "--only", "contract", "-k", "guard_says_why or exactly_one_wins or list_of_statements")
    done = target.live("connector", *some)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "works in the database dev, which holds no tables" in done.stdout
    assert "3 passed" in done.stdout
    target.rows("CREATE TABLE public.foreign_rows AS SELECT 1 AS a")
    done = target.live("connector", *some)
    assert done.returncode == 4
    assert "the database dev holds 1 tables and views" in done.stderr
    assert "passed" not in done.stdout
    assert target.rows("SELECT a FROM public.foreign_rows") == ((1,),)
    target.rows("DROP TABLE public.foreign_rows")


def test_an_interrupted_run_removes_what_it_made(target: Target) -> None:
    command = [sys.executable, "-m", "live", "--yes", "--only", "assumptions"]
    with subprocess.Popen(
        command, cwd=ROOT, env=target.environment("data_api"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        for line in child.stdout:
            if line.startswith("Transactions:"):
                child.send_signal(signal.SIGINT)
                break
        assert "interrupted" in child.stderr.read()
        assert child.wait(60) == 130


@pytest.mark.parametrize("failure", [KeyboardInterrupt(), StatementError("a check's own")])
def test_a_site_is_removed_after_a_failure(target: Target, failure: BaseException) -> None:
    def fail() -> None:
        with running_site(of_run(target.settings(), "failing")) as site:
            site.table("rows", "a INTEGER", ["(1)"])
            site.lake.put("left/behind", b"1")
            raise failure

    with pytest.raises(type(failure)):
        fail()
    assert target.left() == []


def test_what_exists_already_is_refused_and_left_alone(target: Target) -> None:
    target.rows("CREATE SCHEMA tidegate_live_taken")
    target.rows("CREATE TABLE tidegate_live_taken.kept AS SELECT 1 AS a")
    with pytest.raises(Refused) as refused, running_site(of_run(target.settings(), "taken")):
        pass
    assert refused.value.message == "the schema tidegate_live_taken would be made for this run, but exists already"
    assert target.rows("SELECT a FROM tidegate_live_taken.kept") == ((1,),)
    target.rows("DROP SCHEMA tidegate_live_taken CASCADE")


def test_what_cannot_be_removed_is_named(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(keys: object) -> None:
        raise LakeUnreachable("access denied", hint="")

    def run() -> None:
        with running_site(settings) as site:
            site.lake.put("stuck", b"1")
            monkeypatch.setattr(site.lake, "delete", denied)

    settings = of_run(target.settings(), "stuck")
    with pytest.raises(PartialFailure, match=r"^not removed: s3://.*/tidegate-live-stuck/ \(access denied\)$"):
        run()
    Site(settings).lake.delete(["stuck"])


def _violated(site: Site) -> str:
    raise Violated("another fact")


def _unchecked(site: Site) -> str:
    raise Unchecked("nobody knows")


def _failing(error: TidegateError) -> Assumption:
    def check(site: Site) -> str:
        raise error

    return Assumption("some-fact", check)


@pytest.mark.parametrize(
    ("assumption", "verdict", "detail"),
    [
        (Assumption("some-fact", lambda site: "seen"), Verdict.HOLDS, "seen"),
        (Assumption("some-fact", _violated), FALSE, "another fact"),
        (Assumption("some-fact", _unchecked), NOT_CHECKED, "nobody knows"),
        (_failing(StatementError("syntax error")), FALSE, "sql.failed: syntax error"),
        (_failing(StatementError("permission denied for relation t")), NOT_CHECKED, "sql.failed: permission denied"),
        (_failing(LakeUnreachable("no network")), NOT_CHECKED, "unreachable.lake: no network"),
    ],
)
def test_what_becomes_of_a_check(target: Target, assumption: Assumption, verdict: Verdict, detail: str) -> None:
    found = examine(assumption, Site(of_run(target.settings(), "unused")))
    assert (found.id, found.verdict) == ("some-fact", verdict)
    assert isinstance(found, Finding)
    assert found.detail.startswith(detail)


def test_one_that_does_not_hold_is_exit_6(
    target: Target, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("live.assumptions.ROOMS", {"Room": [Assumption("some-fact", _violated)]})
    assert main(["--yes", "--only", "assumptions"]) == 6
    said = capsys.readouterr().out
    assert "  some-fact: does not hold: another fact\n" in said
    assert said.endswith("0 holds, 1 does not hold, 0 could not be checked\n")


def test_nothing_is_made_unless_somebody_agrees(target: Target, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 4
    said = capsys.readouterr()
    assert "USD on a serverless workgroup" in said.out
    assert said.err == "error: this costs money, and nobody is there to ask\nhint: Run it with --yes.\n"


def test_a_target_must_be_named_and_be_on_aws(
    target: Target, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    embedded = target.folder / "embedded.toml"
    embedded.write_text('[warehouse]\nurl = "duckdb:///w.duckdb"\n[lake]\nurl = "lake"\n', encoding="utf-8")
    monkeypatch.setenv("TIDEGATE_LIVE_CONFIG", str(embedded))
    assert main(["--yes"]) == 3
    assert "is the embedded warehouse, of which the tests show all" in capsys.readouterr().err
    local = target.config("connector").read_text(encoding="utf-8").partition("[lake]")[0] + '[lake]\nurl = "lake"\n'
    embedded.write_text(local, encoding="utf-8")
    assert main(["--yes"]) == 3
    assert "is a folder, of which the tests show all" in capsys.readouterr().err
    monkeypatch.delenv("TIDEGATE_LIVE_CONFIG")
    assert main(["--yes"]) == 3
    assert "TIDEGATE_LIVE_CONFIG is not set" in capsys.readouterr().err
