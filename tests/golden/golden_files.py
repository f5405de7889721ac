"""Golden files of Redshift SQL: each module in `cases/` gives one file in `redshift/`.

A module holds `CASES`: the name of each case and its statement, or statements. A new module is a new golden file.
"""

import importlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

HERE = Path(__file__).parent
HEADER = "-- case: "

Cases = Mapping[str, str | Sequence[str]]


def stems() -> list[str]:
    return sorted(path.stem for path in (HERE / "cases").glob("[a-z]*.py"))


def golden_path(stem: str) -> Path:
    return HERE / "redshift" / f"{stem}.sql"


def render(stem: str) -> str:
    """Return what the golden file shall hold: each statement after a line that names its case."""
    cases: Cases = importlib.import_module(f"tests.golden.cases.{stem}").CASES
    return "\n".join(f"{HEADER}{name}\n{statement};\n" for name, statement in _statements(cases))


def read(stem: str) -> dict[str, str]:
    """Return the statements of the golden file by case."""
    blocks = f"\n{golden_path(stem).read_text(encoding='utf-8')}".split(f"\n{HEADER}")
    return dict(block.split("\n", 1) for block in blocks[1:])


def _statements(cases: Cases) -> Iterator[tuple[str, str]]:
    for name, statements in cases.items():
        listed = [statements] if isinstance(statements, str) else list(statements)
        if len(listed) == 1:
            yield name, listed[0]
        else:
            yield from ((f"{name} ({position})", text) for position, text in enumerate(listed, 1))
