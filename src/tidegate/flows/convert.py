"""Convert files of this machine to Parquet, each whole or not at all."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from glob import glob, has_magic
from pathlib import Path

from tidegate.errors import LakeUnreachable, TidegateError, UsageError
from tidegate.flows.convert_rule import rule_of
from tidegate.formats.convert.found import found_rule
from tidegate.formats.convert.rule import Rule
from tidegate.formats.convert.source import CsvSource, JsonSource, Source
from tidegate.formats.convert.writing import convert_file
from tidegate.formats.inventory.engine import open_engine
from tidegate.formats.schema.csv import infer_csv
from tidegate.formats.schema.json import infer_json
from tidegate.formats.schema.json_text import json_text
from tidegate.model.route import FileFormat, FormatOptions
from tidegate.redshift.types import parse

_FORMATS = {
    ".json": FileFormat.JSON,
    ".ndjson": FileFormat.JSON,
    ".jsonl": FileFormat.JSON,
    ".csv": FileFormat.CSV,
    ".tsv": FileFormat.CSV,
    ".txt": FileFormat.CSV,
}
_COMPRESSED = (".gz", ".zst", ".bz2")
_PARTIAL = ".tidegate-partial"


@dataclass(frozen=True)
class ConvertRequest:
    """`source`: a file, a folder (with all below it), or a pattern. `target`: a folder, or the one file to write.

    `rules`: see rule_of; none: every column as it is found. `format` None: by the names of the files.
    """

    source: str
    target: Path
    rules: tuple[str, ...] = ()
    format: FileFormat | None = None
    options: FormatOptions = field(default_factory=FormatOptions)


@dataclass(frozen=True)
class ConvertedOutput:
    path: Path
    rows: int


@dataclass(frozen=True)
class Converted:
    """One source file: what was read, and what was written or why nothing was."""

    source: Path
    records: int = 0
    outputs: tuple[ConvertedOutput, ...] = ()
    error: TidegateError | None = None


@dataclass(frozen=True)
class ConvertPlan:
    """`sources`: files, and where each goes below a folder, without an ending. `rule` None: as found."""

    request: ConvertRequest
    sources: tuple[tuple[Path, Path], ...]
    rule: Rule | None


def plan_convert(request: ConvertRequest) -> ConvertPlan:
    """Find the files and read the rules; nothing is written.

    Raises:
        ConfigError: a rule is missing or wrong.
        UsageError: there is no file, two would be written to one place, or the target cannot be.
    """
    rule = rule_of(request.rules) if request.rules else None
    sources = _sources(request)
    if not sources:
        raise UsageError(
            f"{request.source} has no file to convert", hint="Name a file, a folder or a pattern in quotes."
        )
    places: dict[Path, Path] = {}
    for source, place in sources:
        if place in places:
            raise UsageError(
                f"{places[place]} and {source} would both become {place}.parquet", hint="Convert them one by one."
            )
        places[place] = source
    if _is_file(request) and (len(sources) > 1 or (rule is not None and len(rule.outputs) > 1)):
        raise _one_file(request)
    return ConvertPlan(request, tuple(sources), rule)


def _one_file(request: ConvertRequest) -> UsageError:
    return UsageError(f"{request.target} is one file, but several are written", hint="Name a folder.")


def run_convert(plan: ConvertPlan, on_file: Callable[[Converted], None] = lambda done: None) -> tuple[Converted, ...]:
    """Convert file after file; one that cannot be converted is told in its `error`, and the others go on."""
    done = []
    for source, place in plan.sources:
        try:
            converted = _convert(plan, source, place)
        except LakeUnreachable:
            raise
        except TidegateError as error:
            converted = Converted(source, error=error)
        on_file(converted)
        done.append(converted)
    return tuple(done)


def _convert(plan: ConvertPlan, path: Path, place: Path) -> Converted:
    with tempfile.TemporaryDirectory(prefix="tidegate-convert-") as work, open_engine(Path(work)) as engine:
        rule, source = _opened(plan, path, Path(work))
        targets = [_target(plan, output.name, place) for output in rule.outputs]
        if len(set(targets)) < len(targets):
            raise _one_file(plan.request)
        with _replacing(targets) as partial:
            counts = convert_file(engine, source, rule, partial)
    outputs = tuple(map(ConvertedOutput, targets, counts.rows))
    return Converted(path, counts.records, outputs)


def _opened(plan: ConvertPlan, path: Path, work: Path) -> tuple[Rule, Source]:
    options = plan.request.options
    types = {name: parse(kind) for name, kind in options.columns.items()}
    name = str(path)
    if _format(plan.request, path) is FileFormat.JSON:
        rule = plan.rule or found_rule(infer_json(path, name, work, options, types=types), place_name(path))
        return rule, JsonSource(name, json_text(path, name, work, options.encoding))
    with path.open("rb") as opened:
        inferred = infer_csv(opened, name, options, types)
    rule = plan.rule or found_rule(inferred, place_name(path))
    return rule, CsvSource(name, path, inferred, rule)


def _format(request: ConvertRequest, path: Path) -> FileFormat:
    found = request.format or _FORMATS.get(_suffix(path))
    if found in (FileFormat.JSON, FileFormat.CSV):
        return found
    raise UsageError(f"{path} is neither JSON nor CSV by its name", hint="Tell by --format json or --format csv.")


def _suffix(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() not in _COMPRESSED]
    return suffixes[-1] if suffixes else ""


def place_name(path: Path) -> str:
    """The name without its endings: `orders` of `orders.json.gz`."""
    stem = path.name
    for suffix in (*_COMPRESSED, *_FORMATS):
        stem = stem[: -len(suffix)] if stem.lower().endswith(suffix) and len(stem) > len(suffix) else stem
    return stem


def _sources(request: ConvertRequest) -> list[tuple[Path, Path]]:
    root = Path(request.source)
    if root.is_file():
        return [(root, Path(place_name(root)))]
    if root.is_dir():
        files = [
            path for path in sorted(root.rglob("*")) if path.is_file() and _is_wanted(request, path.relative_to(root))
        ]
        return [(path, path.relative_to(root).parent / place_name(path)) for path in files]
    if has_magic(request.source):
        found = [Path(name) for name in sorted(glob(request.source, recursive=True)) if Path(name).is_file()]
        shared = Path(os.path.commonpath([path.parent for path in found])) if found else Path()
        return [(path, path.relative_to(shared).parent / place_name(path)) for path in found]
    raise UsageError(f"there is no {request.source}", hint="Name a file, a folder or a pattern in quotes.")


def _is_wanted(request: ConvertRequest, path: Path) -> bool:
    """Of a folder: files of the formats that are known by name, and no hidden ones."""
    hidden = any(part.startswith(".") for part in path.parts)
    return not hidden and (_FORMATS.get(_suffix(path)) is not None or request.format is not None)


def _is_file(request: ConvertRequest) -> bool:
    return request.target.suffix.lower() == ".parquet" and not request.target.is_dir()


def _target(plan: ConvertPlan, output: str, place: Path) -> Path:
    """A folder for each output of a rule; without one, beside one another. `output` then begins as the file does."""
    if _is_file(plan.request):
        return plan.request.target
    if plan.rule is None:
        return plan.request.target / place.parent / f"{output}.parquet"
    return plan.request.target / output / place.parent / f"{place.name}.parquet"


@contextmanager
def _replacing(targets: list[Path]) -> Iterator[list[Path]]:
    """Files to write beside the targets, which take their places on the disk when all are written.

    A killed run leaves a hidden file that the next one writes over; no target is ever half a file.
    """
    partial = [target.with_name(f".{target.name}{_PARTIAL}") for target in targets]
    try:
        for target in targets:
            target.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        for path in partial:
            _sync(path)
        for path, target in zip(partial, targets, strict=True):
            path.replace(target)
        for folder in {target.parent for target in targets}:
            _sync(folder)
    except OSError as error:
        raise LakeUnreachable(
            f"{targets[0].parent} cannot be written: {(error.strerror or str(error)).lower()}",
            hint="Name a folder that you may write to, on a disk with enough room.",
        ) from error
    finally:
        for path in partial:
            with suppress(OSError):
                path.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
