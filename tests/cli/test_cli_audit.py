"""`tidegate audit`: who changed what counts, and when."""

import getpass
import socket

import pytest
from tests.cli.conftest import Cli
from tests.masking import mask

AS_OF = ("--as-of", "2020-06-20")


@pytest.fixture
def busy(archived: Cli) -> Cli:
    archived.ok("hold", "add", "public.orders", "--from", "2020-02", "--reason", "a court asks")
    archived.ok("restore", "public.orders", "--to", "2020-01")
    return archived


def told(cli: Cli, *arguments: str) -> list[str]:
    return [mask(line) for line in cli.ok("audit", *arguments).stdout.splitlines()[2:]]


def test_every_change_is_told_the_newest_last(busy: Cli) -> None:
    changes = busy.ok("audit", "--json").document["changes"]
    assert [(c["number"], c["kind"], mask(c["what"])) for c in changes] == [
        (1, "policy", changes[0]["what"]),
        (2, "publish", "archived: 2 periods 2020-01-01 to 2020-02-01 of batch <id>"),
        (3, "hold", "hold <id> on 2020-02-01 to the last day: a court asks"),
        (4, "restore", "restored: 2020-01-01 of batch <id>"),
        (5, "hold", "hold <id> on 2020-01-01 to 2020-01-31: restored <date>"),
    ]
    assert changes[0]["what"].startswith("policy: column = order_date, granularity = monthly, retention = 3")
    assert {c["by"] for c in changes} == {f"{getpass.getuser()}@{socket.gethostname()}"}
    assert changes[1]["batches"] == [
        {"batch": changes[3]["batches"][0]["batch"], "role": "counts", "periods": ["2020-01-01", "2020-02-01"]}
    ]
    assert [c["at"] for c in changes] == sorted(c["at"] for c in changes)


def test_changes_are_searched(busy: Cli) -> None:
    times = [change["at"] for change in busy.ok("audit", "--json").document["changes"]]
    assert [line.split()[4] for line in told(busy, "--kind", "publish", "--kind", "restore")] == ["publish", "restore"]
    assert [line.split()[3] for line in told(busy, "--limit", "2")] == ["4", "5"]
    assert [line.split()[3] for line in told(busy, "--since", times[2], "--until", times[3])] == ["3"]
    assert told(busy, "--by", "nobody@nowhere") == []
    assert len(told(busy, "--by", getpass.getuser(), "public.orders")) == 5
    assert busy.ok("audit", "public.items").stdout == "no change was found\n"


def test_a_time_that_is_none_is_refused(archived: Cli) -> None:
    outcome = archived("audit", "--since", "yesterday")
    assert (outcome.exit_code, outcome.stderr.splitlines()[0]) == (2, "error: --since: 'yesterday' is not a time")
