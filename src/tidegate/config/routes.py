"""[[load]] sections become routes, the most specific first; what their keys mean together is checked here."""

import re
from collections.abc import Iterator, Sequence
from itertools import combinations

from tidegate.config.checks import check_problems, check_rule
from tidegate.config.load_schema import CopySection, FormatSection, LoadSection
from tidegate.config.patterns import KeyPattern, Specificity
from tidegate.config.queue_url import parse_queue
from tidegate.config.transaction_sql import check_statement
from tidegate.model.names import TableName
from tidegate.model.route import VALID_FROM, VALID_TO, FileFormat, FormatOptions, LoadMode, OnArchived, Route

Problems = list[tuple[int, str]]
"""The position of the route in the file, counted from 0, and what is wrong with it."""

_P, _C, _J = FileFormat.PARQUET, FileFormat.CSV, FileFormat.JSON
_ENDINGS = {".parquet": _P, ".pq": _P, ".csv": _C, ".tsv": _C, ".json": _J, ".jsonl": _J, ".ndjson": _J}
_PACKED = (".gz", ".bz2", ".zst", ".lzo")
COPY_FORMATS: dict[str, frozenset[FileFormat]] = {
    "accept_any_date": frozenset({_C}),
    "accept_inv_chars": frozenset({_P, _C}),
    "blanks_as_null": frozenset({_C}),
    "comp_rows": frozenset({_C}),
    "comp_update": frozenset({_C}),
    "date_format": frozenset({_C}),
    "empty_as_null": frozenset({_C}),
    "fill_record": frozenset({_P, _C}),
    "ignore_blank_lines": frozenset({_C}),
    "round_dec": frozenset({_C}),
    "serialize_to_json": frozenset({_P}),
    "stat_update": frozenset({_P, _C, _J}),
    "time_format": frozenset({_C}),
    "trim_blanks": frozenset({_C}),
    "truncate_columns": frozenset({_C}),
}
"""The formats that take an option of COPY: the matrix of tidegate.redshift.copy, which a test compares.

JSON is written as Parquet before it is copied, from texts that are known to be sound.
"""
_READ_FORMATS: dict[str, frozenset[FileFormat]] = {
    "delimiter": frozenset({_C}),
    "header": frozenset({_C}),
    "encoding": frozenset({_C, _J}),
    "null_as": frozenset({_C}),
    "quote": frozenset({_C}),
    "columns": frozenset({_C, _J}),
    "flatten": frozenset({_J}),
}


def to_routes(sections: Sequence[LoadSection], reserved: frozenset[str]) -> tuple[tuple[Route, ...], Problems]:
    """Routes, the most specific first. `reserved`: the schemas that Tidegate keeps for itself."""
    problems: Problems = []
    routes: list[tuple[int, Route]] = []
    for position, section in enumerate(sections):
        own = list(_mistakes(section, reserved))
        problems += [(position, f"[[load]] {section.match}: {text}") for text in own]
        if not own:
            routes.append((position, _route(section)))
    problems += _ties(routes)
    return tuple(sorted((route for _, route in routes), key=specificity, reverse=True)), problems


def specificity(route: Route) -> tuple[Specificity, bool]:
    """The greater wins where several routes match. A `name_pattern` decides between equal patterns."""
    return KeyPattern(route.match).specificity, route.name_pattern is not None


def format_of(name: str) -> FileFormat | None:
    """The format that the ending of a file's name (or of a pattern) tells, compressed or not."""
    lower = name.lower()
    for packed in _PACKED:
        lower = lower.removesuffix(packed)
    return next((format for ending, format in _ENDINGS.items() if lower.endswith(ending)), None)


def _route(section: LoadSection) -> Route:
    options = section.options
    mode = _mode(section)
    return Route(
        match=section.match,
        table=TableName.parse(section.table) if section.table else None,
        name_pattern=section.name_pattern,
        mode=mode,
        key=tuple(section.key),
        version=section.version,
        format=section.format,
        options=FormatOptions(
            options.delimiter,
            options.header,
            options.encoding,
            options.null_as,
            options.quote,
            options.columns,
            options.flatten,
        ),
        copy={name: getattr(section.copy_options, name) for name in _given(section.copy_options)},
        dist_key=section.dist_key,
        sort_key=tuple(section.sort_key),
        contract=section.contract,
        on_archived=section.on_archived or OnArchived.QUARANTINE,
        checks=tuple(check_rule(check) for check in section.checks),
        pre_sql=tuple(section.pre_sql),
        post_sql=tuple(section.post_sql),
        queue=section.queue,
        batch_files=section.batch_files,
        batch_bytes=section.batch_bytes,
        batch_seconds=section.batch_age,
        headroom=section.headroom,
    )


def _mode(section: LoadSection) -> LoadMode:
    """A key means UPSERT where no mode is given; without one rows are added. A key is never guessed."""
    return section.mode or (LoadMode.UPSERT if section.key else LoadMode.APPEND)


def _mistakes(section: LoadSection, reserved: frozenset[str]) -> Iterator[str]:
    try:
        pattern = KeyPattern.parse(section.match)
    except ValueError as error:
        yield f"match {error}"
        return
    yield from _target(section, pattern, reserved)
    yield from _keys(section)
    yield from _options(section)
    for number, check in enumerate(section.checks, 1):
        yield from (f"checks number {number} {text}" for text in check_problems(check))
    for name in ("pre_sql", "post_sql"):
        for statement in getattr(section, name):
            if problem := check_statement(statement):
                yield f"{name} {problem}"


def _target(section: LoadSection, pattern: KeyPattern, reserved: frozenset[str]) -> Iterator[str]:
    if section.table is None and "table" not in pattern.names:
        yield "table is missing, and match holds no {table}"
    if section.table is not None:
        if pattern.names:
            yield f"table and {{{pattern.names[0]}}} in match both say which table"
        if (schema := TableName.parse(section.table).schema) in reserved:
            yield f"the schema {schema} is Tidegate's own, no files are loaded into it"
    if section.queue is not None:
        try:
            parse_queue(section.queue)
        except ValueError as error:
            yield f"queue {error}"
    if section.name_pattern is not None:
        try:
            re.compile(section.name_pattern)
        except re.error as error:
            yield f"name_pattern is not a regular expression: {error.msg}"


def _keys(section: LoadSection) -> Iterator[str]:
    mode = _mode(section)
    if mode.is_keyed and not section.key:
        yield f'key is missing, which mode = "{mode}" needs'
    if mode is LoadMode.HISTORY:
        yield from _history(section)
    if not mode.is_keyed:
        links_elements = mode is LoadMode.REPLACE and section.options.flatten
        for name in ("version", "on_archived") if links_elements else ("key", "version", "on_archived"):
            if getattr(section, name):
                yield f'{name} needs mode = "upsert" or "history"'
    for name in ("key", "sort_key"):
        columns = getattr(section, name)
        if len(set(columns)) < len(columns):
            yield f"{name} names a column twice"
    if section.version is not None and section.version in section.key:
        yield f"version is {section.version}, which is part of the key"


def _history(section: LoadSection) -> Iterator[str]:
    if section.version is None:
        yield f'version is missing, which mode = "{LoadMode.HISTORY}" needs'
    for name, columns in (("key", section.key), ("version", [section.version])):
        for column in columns:
            if column in (VALID_FROM, VALID_TO):
                yield f'{name} names {column}, which mode = "{LoadMode.HISTORY}" fills itself'


def _options(section: LoadSection) -> Iterator[str]:
    format = section.format or format_of(section.match)
    for table, values, formats in (
        ("copy", section.copy_options, COPY_FORMATS),
        ("options", section.options, _READ_FORMATS),
    ):
        for name in _given(values):
            if format is None:
                yield f"format is missing, which {table}.{name} needs, since match does not end with one"
            elif format not in formats[name]:
                taken = " or ".join(f'"{f}"' for f in FileFormat if f in formats[name])
                yield f'{table}.{name} is not taken by format = "{format}", only by {taken}'
    copy = section.copy_options
    if copy.accept_any_date and copy.date_format is None:
        yield "copy.accept_any_date needs copy.date_format"
    if copy.comp_rows is not None and copy.comp_update == "OFF":
        yield 'copy.comp_rows is not taken together with copy.comp_update = "OFF"'


def _given(section: CopySection | FormatSection) -> list[str]:
    """The keys that differ from what a missing key means, in the order of the schema."""
    fields = type(section).model_fields
    return [n for n, field in fields.items() if getattr(section, n) != field.get_default(call_default_factory=True)]


def _ties(routes: Sequence[tuple[int, Route]]) -> Problems:
    """Two routes of the same rank that a key can match both: nothing says which of them takes it."""
    problems: Problems = []
    for (_, first), (position, second) in combinations(routes, 2):
        alike = specificity(first) == specificity(second) and first.name_pattern == second.name_pattern
        if alike and KeyPattern(first.match).overlaps(KeyPattern(second.match)):
            same = first.match == second.match
            what = "is there twice" if same else f"and {first.match} match the same keys and are equally specific"
            problems.append((position, f"[[load]] {second.match} {what}"))
    return problems
