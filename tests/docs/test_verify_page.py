"""Every kind of difference that the program can tell is on the page, and no other."""

import ast
import re
from collections.abc import Iterator

import pytest
from tests.docs.pages import ROOT, read, rows, sections, word

TOLD_BY = ("verify", "verify_records", "rebuild", "adopt")
KIND = re.compile(r"(file|descriptor|record|batch|partition|ledger|rows|adopt|hold|version|tier|thaw|erase)\.[a-z]+")


def kinds(source: str) -> Iterator[str]:
    """Every text in a module that has the form of a kind."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and KIND.fullmatch(node.value):
            yield node.value


def told() -> set[str]:
    flows = ROOT / "src/tidegate/flows"
    return {kind for stem in TOLD_BY for kind in kinds((flows / f"{stem}.py").read_text(encoding="utf-8"))}


def test_the_kinds_of_the_page_are_those_of_the_program() -> None:
    listed = [word(row[0]) for row in rows(read("verify"))]
    assert set(listed) == told()
    assert len(listed) == len(set(listed))


def test_no_other_flow_tells_differences() -> None:
    flows = (ROOT / "src/tidegate/flows").glob("*.py")
    assert {path.stem for path in flows if set(kinds(path.read_text(encoding="utf-8")))} == set(TOLD_BY)


SECTIONS = {
    "Files": "file",
    "Descriptors": "descriptor",
    "External tables": "version",
    "Records": "record",
    "Batches": "batch",
    "Holds": "hold",
    "Partitions": "partition",
    "Tiers": "tier",
    "Thaws": "thaw",
    "Erasures": "erase",
    "Ledger": "ledger",
    "Rows": "rows",
    "Adopt": "adopt",
}


@pytest.mark.parametrize("section", SECTIONS)
def test_a_kind_stands_in_the_section_of_its_object_with_advice(section: str) -> None:
    found = rows(sections(read("verify"))[section])
    assert {word(row[0]).partition(".")[0] for row in found} == {SECTIONS[section]}
    assert all(meaning.endswith(".") and advice.endswith(".") for _, _, meaning, advice in found)
