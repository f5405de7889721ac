"""Every kind of difference that the program can tell is on the page, and no other."""

import ast
from collections.abc import Iterator

import pytest
from tests.docs.pages import ROOT, read, rows, sections, word

TOLD_BY = ("verify", "rebuild", "adopt")
CALLS = {"differ": 0, "Difference": 1}
"""Where a call of that name takes the kind."""


def kinds(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in CALLS and len(node.args) > CALLS[name]:
            kind = node.args[CALLS[name]]
            if isinstance(kind, ast.Constant):
                yield str(kind.value)
            else:
                assert isinstance(kind, ast.Name), f"a computed kind in line {node.lineno}"


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
    "Records": "record",
    "Batches": "batch",
    "Partitions": "partition",
    "Ledger": "ledger",
    "Rows": "rows",
    "Adopt": "adopt",
}


@pytest.mark.parametrize("section", SECTIONS)
def test_a_kind_stands_in_the_section_of_its_object_with_advice(section: str) -> None:
    found = rows(sections(read("verify"))[section])
    assert {word(row[0]).partition(".")[0] for row in found} == {SECTIONS[section]}
    assert all(meaning.endswith(".") and advice.endswith(".") for _, _, meaning, advice in found)
