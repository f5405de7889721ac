"""`tidegate adopt`: a warehouse that was copied, or set back to an older state."""

import shutil

import pytest
from tests.cli.conftest import Cli
from tests.cli.shop import AS_OF, edit, error_text, parquet, rows, snapshot
from tests.masking import mask

HINT = (
    "This warehouse is a copy or was set back. Run `tidegate adopt --take-over` to go on with it, "
    "or `tidegate adopt --as-copy` to give it a folder of its own."
)


@pytest.fixture
def copied(archived: Cli) -> Cli:
    """The configuration names a copy of the warehouse file."""
    shutil.copy(archived.folder / "warehouse.duckdb", archived.folder / "copy.duckdb")
    edit(archived, "warehouse.duckdb", "copy.duckdb")
    return archived


@pytest.fixture
def set_back(shop: Cli) -> Cli:
    """The warehouse file is the one from before the archive."""
    shutil.copy(shop.folder / "warehouse.duckdb", shop.folder / "backup")
    shop.ok("archive", *AS_OF, "--yes")
    shutil.copy(shop.folder / "backup", shop.folder / "warehouse.duckdb")
    return shop


def test_a_copy_touches_nothing_before_it_is_adopted(copied: Cli) -> None:
    before = snapshot(copied.folder)
    for command in (("plan",), ("archive", "--yes"), ("restore", "public.orders"), ("gc",), ("init",), ("verify",)):
        told = copied(*command)
        assert told.exit_code == 4
        assert error_text(told.stderr) == (
            "the warehouse at ../copy.duckdb says that it lives at ../warehouse.duckdb: it is a copy",
            HINT,
        )
    assert snapshot(copied.folder) == before


def test_a_copy_gets_a_folder_of_its_own(copied: Cli) -> None:
    files = parquet(copied)
    document = copied.ok("adopt", "--as-copy", "--json").document
    assert document["warehouse"] != document["copy_of"]
    assert document | {key: mask(document[key]) for key in ("warehouse", "copy_of")} == {
        "message_type": "result",
        "warehouse": "<warehouse>",
        "place": "../copy.duckdb",
        "copy_of": "<warehouse>",
        "differences": [],
    }
    copied.ok("archive", "--as-of", "2020-07-20", "--yes")
    own = [path for path in parquet(copied) if path not in files]
    assert [path.relative_to(copied.folder / "lake").parts[0] for path in own] == [document["warehouse"]]
    copied.ok("restore", "public.orders")
    copied.ok("gc", "--older-than", "0s")
    assert parquet(copied) == files


def test_people_are_told_which_of_the_two_it_is(copied: Cli) -> None:
    told = copied.ok("adopt", "--as-copy").stdout
    assert mask(told) == "warehouse <warehouse> at ../copy.duckdb is a copy\n"
    moved = copied.ok("adopt", "--take-over").stdout
    assert mask(moved) == "warehouse <warehouse> at ../copy.duckdb goes on\n"


def test_a_moved_warehouse_goes_on(copied: Cli) -> None:
    copied.ok("adopt", "--take-over")
    copied.ok("verify", "--deep")
    edit(copied, "copy.duckdb", "warehouse.duckdb")
    told = copied("plan", *AS_OF)
    assert told.exit_code == 4
    assert mask(error_text(told.stderr)[0]) == (
        "the lake says that warehouse <warehouse> lives at ../copy.duckdb, not at ../warehouse.duckdb"
    )


def test_a_set_back_warehouse_changes_nothing_before_it_is_adopted(set_back: Cli) -> None:
    before = snapshot(set_back.folder / "lake")
    for command in (
        ("archive", *AS_OF, "--yes"),
        ("gc", "--older-than", "0s"),
        ("ledger", "rebuild"),
        ("hold", "add", "public.orders", "--reason", "audit"),
    ):
        told = set_back(*command)
        assert told.exit_code == 4
        assert error_text(told.stderr) == ("the lake's record of public.orders is at 2, this warehouse is at 0", HINT)
    assert snapshot(set_back.folder / "lake") == before
    assert rows(set_back, "SELECT COUNT(*) FROM public.orders") == [[12]]


def test_a_set_back_warehouse_goes_on_and_the_differences_are_listed(set_back: Cli) -> None:
    files = parquet(set_back)
    document = set_back.ok("adopt", "--take-over", "--json").document
    assert (document["copy_of"], document["place"]) == (None, "../warehouse.duckdb")
    assert [{key: mask(text) for key, text in d.items()} for d in document["differences"]] == [
        {
            "table": "public.orders",
            "kind": "adopt.kept",
            "object": "<id>",
            "detail": f"2020-0{month}-01 counts in the record, but not here; its files are kept",
        }
        for month in (1, 2)
    ]
    (batch,) = set_back.ok("archive", *AS_OF, "--yes", "--json").document["batches"]
    set_back.ok("gc", "--older-than", "0s")
    assert (batch["rows"], set(files) <= set(parquet(set_back))) == (4, True)
    assert rows(set_back, "SELECT COUNT(*) FROM public.orders_all") == [[12]]
    set_back.ok("verify", "--deep")


def test_people_see_the_differences(set_back: Cli) -> None:
    lines = [mask(line) for line in set_back.ok("adopt", "--take-over").stdout.splitlines()]
    assert lines == [
        "warehouse <warehouse> at ../warehouse.duckdb goes on",
        "  public.orders <id>: 2020-01-01 counts in the record, but not here; its files are kept",
        "  public.orders <id>: 2020-02-01 counts in the record, but not here; its files are kept",
        "2 differences",
    ]


@pytest.mark.parametrize("options", [(), ("--take-over", "--as-copy")])
def test_one_of_the_two_must_be_said(copied: Cli, options: tuple[str, ...]) -> None:
    before = snapshot(copied.folder)
    told = copied("adopt", *options)
    assert told.exit_code == 2
    assert error_text(told.stderr) == (
        "adopt takes one of --take-over and --as-copy",
        "Say which of the two it is.",
    )
    assert snapshot(copied.folder) == before
