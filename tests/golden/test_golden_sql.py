"""Emitted SQL, statement by statement: as it was, and as an independent Redshift parser reads it.

After a wanted change: `pytest tests/golden --update-golden`, then read the difference.
"""

import difflib

import pytest
from sqlfluff.core import FluffConfig, Linter
from tests.golden.golden_files import HERE, golden_path, read, render, stems
from tests.golden.sqlfluff_gaps import GAPS


@pytest.mark.parametrize("stem", stems())
def test_statements_are_those_of_the_golden_file(stem: str, update_golden: bool) -> None:
    path, text = golden_path(stem), render(stem)
    if update_golden:
        path.write_text(text, encoding="utf-8")
    golden = path.read_text(encoding="utf-8") if path.exists() else ""
    difference = "\n".join(difflib.unified_diff(golden.splitlines(), text.splitlines(), str(path), "now", lineterm=""))
    assert text == golden, f"{difference}\nIf this is meant: pytest tests/golden --update-golden"


def test_every_golden_file_has_its_cases() -> None:
    assert sorted(path.stem for path in (HERE / "redshift").glob("*.sql")) == stems()


@pytest.fixture(scope="module")
def linter() -> Linter:
    return Linter(config=FluffConfig(overrides={"dialect": "redshift", "templater": "raw"}))


@pytest.mark.parametrize("stem", stems())
def test_sqlfluff_parses_every_statement_except_the_listed_gaps(stem: str, linter: Linter) -> None:
    unparsable = {case for case, statement in read(stem).items() if not _parses(linter, statement)}
    listed = {case for file, case in GAPS if file == stem}
    assert unparsable - listed == set(), "sqlfluff does not parse these"
    assert listed - unparsable == set(), "sqlfluff parses these, or they are gone: take them off the list of gaps"


def test_gaps_name_golden_files() -> None:
    assert {file for file, _ in GAPS} <= set(stems())


def test_sqlfluff_sees_a_statement_that_is_none(linter: Linter) -> None:
    assert not _parses(linter, 'VACUUM SOMETIMES "public"."orders" TO 100 PERCENT;')


def _parses(linter: Linter, statement: str) -> bool:
    parsed = linter.parse_string(statement)
    return parsed.tree is not None and not parsed.violations and not any(parsed.tree.recursive_crawl("unparsable"))
