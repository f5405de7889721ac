"""The rules of CONTRIBUTING.md that no linter knows."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import tidegate
from tidegate import errors

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for top in ("src", "tests", "bench", "live") for path in (ROOT / top).rglob("*.py"))
FORBIDDEN = {"utils", "util", "helpers", "helper", "common", "misc"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def _functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def _classes(base: type[errors.TidegateError]) -> Iterator[type[errors.TidegateError]]:
    yield base
    for child in base.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from _classes(child)


def test_there_is_something_to_check() -> None:
    assert len(SOURCES) > 20


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_small_and_have_telling_names(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    assert path.stem not in FORBIDDEN
    assert path.parent.name not in FORBIDDEN
    long = {
        f"{node.name} has {size} lines"
        for node in _functions(ast.parse(text))
        if (size := (node.end_lineno or 0) - node.lineno + 1) > 60
    }
    assert long == set()
    assert not re.search(r"\b(TODO|FIXME|XXX)\b", text) or path == Path(__file__)


def test_the_drawing_of_the_errors_is_the_tree_of_the_errors() -> None:
    drawn = {}
    parents = {0: errors.TidegateError.__name__}
    for match in re.finditer(r"^    ([ │├└─]*)([A-Z]\w+) +(\d+)  (\w[\w.]*)?", errors.__doc__ or "", re.MULTILINE):
        indent, name, exit_code, code = match.groups()
        parents[len(indent)] = name
        drawn[name] = (int(exit_code), code, parents.get(len(indent) - 4))
    drawn["TidegateError"] = (*_facts(errors.TidegateError)[:2], None)
    assert drawn == {cls.__name__: _facts(cls) for cls in _classes(errors.TidegateError)}


def _facts(cls: type[errors.TidegateError]) -> tuple[int, str, str | None]:
    parent = cls.__base__
    return cls.exit_code, cls.code, parent.__name__ if parent is not Exception and parent else None


def test_every_error_has_a_code_of_its_own() -> None:
    codes = [cls.code for cls in _classes(errors.TidegateError)]
    assert len(codes) == len(set(codes))


def test_the_public_names() -> None:
    assert sorted(tidegate.__all__) == ["__version__", "open"]
    assert all(hasattr(tidegate, name) for name in tidegate.__all__)


@pytest.mark.parametrize("path", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda path: path.name)
def test_requirements_are_exact_hashed_and_without_an_address(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"://|file:|--(extra-)?index-url|--find-links|^-[ifr] | @ ", text, re.MULTILINE)
    entries = re.split(r"^(?=[a-z0-9])", re.sub(r"^ *#.*\n", "", text, flags=re.MULTILINE), flags=re.MULTILINE)
    packages = [entry for entry in entries if entry.strip()]
    assert len(packages) > 5
    assert [p.splitlines()[0] for p in packages if not re.match(r"[\w.-]+==[\w.]+ .*\n +--hash=sha256:", p)] == []


def test_requirements_name_what_the_package_needs() -> None:
    declared = re.search(r"^dependencies = \[\n(.*?)^\]", (ROOT / "pyproject.toml").read_text(), re.M | re.S)
    assert declared is not None
    needed = {re.match(r"[\w-]+", name)[0] for name in re.findall(r'"(.*?)"', declared[1])}  # type: ignore[index]
    locked = set(re.findall(r"^([\w-]+)==", (ROOT / "requirements/core.txt").read_text(), re.M))
    assert needed <= locked


def test_make_lists_its_targets() -> None:
    done = subprocess.run(["make", "-s"], cwd=ROOT, capture_output=True, text=True, check=True)
    targets = [line.split()[1] for line in done.stdout.splitlines()]
    assert targets == ["help", "demo", "test", "check", "bench", "bench-peers", "faults", "live", "lock", "clean"]
