"""Every field that is printed is on the page, and every field of the page is printed."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from tests.cli.conftest import Cli, load_shop
from tests.cli.shop import AS_OF
from tests.docs.agings import printed_of_agings
from tests.docs.inventories import printed_of_inventories
from tests.docs.landings import printed_of_routes, printed_of_watching
from tests.docs.loadings import printed_of_loads
from tests.docs.pages import read, rows, sections, word
from tests.docs.restores import parked_restores
from tests.docs.rewrites import printed_of_rewrites
from tests.unit.config.lifecycle_csv import file, row

MORE = """
[[archive]]
table = "public.small"
column = "order_date"
retention = 1
min_batch_bytes = "1GB"
max_wait = "900d"
[[archive]]
table = "public.gone"
column = "order_date"
retention = 1
"""
Printed = dict[str, list[Any]]


def stop(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Printed:
    """The documents of every command, by the heading of the page."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        cli = load_shop(tmp_path_factory.mktemp("shop"), monkeypatch)
        return {**_without_archives(cli), **_with_archives(cli, monkeypatch), **_afterwards(cli, monkeypatch)}


def _without_archives(cli: Cli) -> Printed:
    return {
        "tidegate --version": cli.ok("--version", "--json").documents,
        "tidegate init": cli.ok("init", "--json").documents,
        **printed_of_routes(cli),
        **printed_of_watching(cli),
        "tidegate doctor": [*cli.ok("doctor", "--json").documents, *_rules(cli, "doctor", "--policies")],
        "tidegate policies import": [
            *_rules(cli, "policies", "import"),
            cli.ok("policies", "import", _one_rule(cli, "rules.csv"), "--json").document,
        ],
        "tidegate policies list": cli.ok("policies", "list", "--json").documents,
        "tidegate policies export": _exported(cli),
        "tidegate serve": [_first_line(cli, "serve", "--port", "0", "--data-api-port", "0")],
        "tidegate query": cli.ok("query", "SELECT 1 AS one, NULL AS nothing", "--json").documents,
        "tidegate demo orders": cli.ok("demo", "orders", "sample", "--rows", "3", "--json").documents,
        "tidegate demo": cli.ok("demo", "--dir", "demo", "--rows", "30", "--json").documents,
        "tidegate convert": _converted(cli),
        "Errors": cli("frobnicate", "--json").documents,
        **printed_of_loads(cli),
        **_queue(cli),
    }


def _converted(cli: Cli) -> list[Any]:
    """A file that can be converted, and one that cannot."""
    for name, text in {"good": '{"a": 1}', "bad": "5 "}.items():
        (cli.folder / "landed").mkdir(exist_ok=True)
        (cli.folder / "landed" / f"{name}.json").write_text(text, encoding="utf-8")
    documents = cli("convert", "landed", "converted", "--json").documents
    return [document for document in documents if document["message_type"] != "error"]


def _queue(cli: Cli) -> Printed:
    """The commands of the queue; in the end nothing is in it, and nothing was archived."""
    span = ("--to", "2020-01", "--yes", "--json")
    printed = {"tidegate jobs add": cli.ok("jobs", "add", "archive", "public.orders", *span).documents}
    printed["tidegate jobs cancel"] = cli.ok("jobs", "cancel", "1", "--json").documents
    printed["tidegate plan --enqueue"] = cli.ok("plan", "--enqueue", *AS_OF, "--yes", "--json").documents[1:]
    for name in ("jobs", "jobs list", "jobs show"):
        number = ("2",) if name == "jobs show" else ()
        printed[f"tidegate {name}"] = cli.ok(*name.split(), *number, "--json").documents
    cli.ok("query", "ALTER TABLE public.orders RENAME TO moved")
    printed["tidegate work"] = cli("work", "--json").documents[-1:]
    cli.ok("query", "ALTER TABLE public.moved RENAME TO orders")
    printed["tidegate jobs retry"] = cli.ok("jobs", "retry", "2", "--json").documents
    cli.ok("jobs", "cancel", "2")
    printed["tidegate run"] = [_first_line(cli, "run", "--every", "1d")]
    return printed


def _rules(cli: Cli, *command: str) -> list[Any]:
    """What a command says of a file with rules, where it does not refuse it."""
    (cli.folder / "rules.csv").write_bytes(file(row(), row(table_name="b", header="1")))
    (cli.folder / "wrong.csv").write_bytes(file(row(priority="x"), "1,2"))
    documents = [cli(*command, name, "--json").document for name in ("rules.csv", "wrong.csv")]
    return [document for document in documents if document["message_type"] == "result"]


def _one_rule(cli: Cli, name: str) -> str:
    """One rule less, and nothing that is due."""
    (cli.folder / name).write_bytes(file(row(update_delete_flag="0")))
    return name


def _exported(cli: Cli) -> Any:
    """All policies; then those that were imported are forgotten."""
    cli.configure("batch_periods = 900\n")
    documents = cli.ok("policies", "export", "all.csv", "--json").documents
    (cli.folder / "rules.csv").write_bytes(file())
    cli.ok("policies", "import", "rules.csv")
    return documents


def _first_line(cli: Cli, *arguments: str) -> Any:
    """What a command that does not end by itself prints first."""
    command = [sys.executable, "-m", "tidegate", *arguments, "--json"]
    with subprocess.Popen(
        command, cwd=cli.folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as told:
        assert told.stdout is not None
        line = told.stdout.readline()
        told.terminate()
    return json.loads(line)


def _with_archives(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Printed:
    cli.ok("query", "CREATE TABLE public.small AS SELECT * FROM public.orders")
    shutil.copy(cli.folder / "warehouse.duckdb", cli.folder / "backup")
    printed = {"tidegate archive": cli.ok("archive", *AS_OF, "--yes", "--json").documents}
    printed["tidegate verify"] = [_damaged(cli)]
    printed.update(printed_of_inventories(cli, monkeypatch))
    printed.update(printed_of_rewrites(cli))
    aged, handed = printed_of_agings(cli)
    printed.update(aged)
    printed["tidegate hold add"] = cli.ok("hold", "add", "public.orders", "--reason", "audit", "--json").documents
    printed["tidegate hold list"] = cli.ok("hold", "list", "--json").documents
    hold = printed["tidegate hold add"][0]["hold"]["id"]
    printed["tidegate plan"] = cli.ok("plan", "--as-of", "2020-07-20", "--json").documents
    printed["tidegate hold release"] = cli.ok("hold", "release", hold, "--json").documents
    first = ("--to", "2020-01", "--json")
    drill, parked_plan, in_place = parked_restores(cli)
    planned = cli.ok("restore", "public.orders", "--dry-run", *first).document
    printed["tidegate restore --drill"] = [drill]
    printed["tidegate restore --dry-run"] = [planned, parked_plan]
    printed["tidegate restore"] = [cli.ok("restore", "public.orders", *first).document, in_place]
    waiting = cli.ok("gc", "--json").documents
    printed["tidegate audit"] = cli.ok("audit", "--json").documents
    printed["tidegate gc"] = [*waiting, *handed, *cli.ok("gc", "--older-than", "0s", "--dry-run", "--json").documents]
    return printed


def _damaged(cli: Cli) -> Any:
    extra = next((cli.folder / "lake").rglob("*.parquet")).with_name("extra.parquet")
    extra.write_bytes(b"x")
    document = cli("verify", "--json").document
    extra.unlink()
    return document


def _afterwards(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Printed:
    original = next((cli.folder / "lake").rglob("_tidegate/batch.json")).parents[1]
    stray = original.with_name(f"{original.name[:-8]}00000000")
    shutil.copytree(original, stray)
    descriptor = stray / "_tidegate/batch.json"
    descriptor.write_text(descriptor.read_text().replace(original.name[9:], stray.name[9:]))
    stranger = next((cli.folder / "lake").rglob("0000000001.json")).with_name("readme.txt")
    stranger.touch()
    rebuilt = cli("ledger", "rebuild", "--json").documents
    stranger.unlink()
    cli.configure(MORE)
    failures = cli("archive", *AS_OF, "--yes", "--json").documents[:1]
    with monkeypatch.context() as patched:
        patched.setattr("tidegate.flows.batch_run.check_identities", stop)
        assert cli("archive", "--as-of", "2020-07-20", "--yes").exit_code == 130
    cli.ok(
        "query",
        "CREATE VIEW public.recent AS SELECT order_id FROM public.orders; GRANT SELECT (amount) ON public.small TO ann",
    )
    planned = [cli("plan", "--as-of", day, "--json").document for day in ("2020-06-20", "2022-06-20")]
    with monkeypatch.context() as patched:
        patched.setattr("tidegate.flows.impact.select_views", lambda: "SELECT * FROM pg_rules")
        planned.append(cli("plan", "--as-of", "2020-06-20", "--json").document)
    status = cli.ok("status", "--json").documents
    shutil.copy(cli.folder / "backup", cli.folder / "warehouse.duckdb")
    return {
        "Errors of single tables": failures,
        "plans afterwards": planned,
        "tidegate ledger rebuild": rebuilt,
        "tidegate status": status,
        "tidegate adopt": cli.ok("adopt", "--take-over", "--json").documents,
    }


def paths(value: Any, path: str = "") -> Iterator[str]:
    """`a.b`, `a[].b`, `a[]` of every leaf; an empty list has none, and a null stands for itself."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from paths(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for inner in value:
            yield from paths(inner, f"{path}[]")
    else:
        yield path


FIELDS = {
    heading: {word(row[0]) for row in rows(text)} for heading, text in sections(read("json")).items() if rows(text)
}


@pytest.mark.parametrize("heading", FIELDS)
def test_the_fields_of_the_page_are_those_that_are_printed(heading: str, printed: Printed) -> None:
    documents = printed[heading] + (printed["plans afterwards"] if heading == "tidegate plan" else [])
    found = {path for document in documents for path in paths(document)}
    objects = {field.rpartition(".")[0] for field in FIELDS[heading]}
    assert found - objects == FIELDS[heading]


def test_every_document_says_what_it_is(printed: Printed) -> None:
    kinds = {heading: {d.get("message_type") for d in documents} for heading, documents in printed.items()}
    plain = {heading for heading, found in kinds.items() if found == {None}}
    assert plain == {"tidegate --version", "tidegate query"}
    assert {kind for heading, found in kinds.items() if heading not in plain for kind in found} == {
        "result",
        "plan",
        "cycle",
        "ready",
        "error",
        "difference",
        "route",
        "batch",
        "file",
    }


def test_every_heading_of_the_page_is_tested(printed: Printed) -> None:
    assert set(printed) - {"plans afterwards"} == set(FIELDS)
