"""A file to convert, as rows of DuckDB."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import duckdb

from tidegate.errors import FileRefused
from tidegate.formats.convert.rule import Rule, shown
from tidegate.formats.convert.tree import Tree
from tidegate.formats.inventory.engine import Engine, identifier
from tidegate.formats.schema.csv import csv_rows
from tidegate.formats.schema.inferred import InferredFile
from tidegate.formats.schema.json_text import JsonText, diagnose
from tidegate.formats.schema.text_stream import decompressed
from tidegate.model.names import fold
from tidegate.model.tables import TypeKind

_CSV = "csv_rows"
_TEXTS = (TypeKind.VARCHAR, TypeKind.CHAR)


class Source(Protocol):
    @property
    def name(self) -> str: ...

    def opened(self, engine: Engine, tree: Tree) -> AbstractContextManager[str]:
        """While it lasts, a query for its records: the columns of the tree.

        Raises:
            FileRefused: the file has not what the rule takes.
        """

    def refusal(self, error: duckdb.Error, rule: Rule) -> FileRefused:
        """What is wrong with the file, after reading it has failed."""


@dataclass(frozen=True)
class JsonSource:
    """`document` is the text on this disk."""

    name: str
    document: JsonText

    @contextmanager
    def opened(self, engine: Engine, tree: Tree) -> Iterator[str]:
        yield self.document.rows_query(tree.columns())

    def refusal(self, error: duckdb.Error, rule: Rule) -> FileRefused:
        return diagnose(self.document, self.name, error, Tree(rule).misfit)


@dataclass(frozen=True)
class CsvSource:
    """`inferred` is what infer_csv said of the file: its rows were parsed once, and are rectangular."""

    name: str
    path: Path
    inferred: InferredFile
    rule: Rule

    @contextmanager
    def opened(self, engine: Engine, tree: Tree) -> Iterator[str]:
        numbers = {path[0] for path, kind in self.rule.paths if kind is not None and kind.kind not in _TEXTS}
        spelled = {fold(column.name): number for number, column in enumerate(self.inferred.columns)}
        values = []
        for path, _ in self.rule.paths:
            if len(path) > 1 or fold(path[0]) not in spelled:
                raise FileRefused(f"{self.name} has no column {shown(path)}", hint="Name its columns in the rule.")
            place = identifier(str(spelled[fold(path[0])]))
            value = f"NULLIF({place}, '')" if path[0] in numbers else place
            values.append(f"{value} AS {identifier(path[0])}")
        assert self.inferred.dialect is not None
        with self.path.open("rb") as opened:
            rows = csv_rows(decompressed(opened, self.name), self.name, self.inferred)
            engine.register(_CSV, rows)
            try:
                yield f"SELECT {', '.join(dict.fromkeys(values))} FROM {_CSV}"
            finally:
                engine.unregister(_CSV)

    def refusal(self, error: duckdb.Error, rule: Rule) -> FileRefused:
        reason = next(iter(str(error).strip().splitlines()), "")
        return FileRefused(f"{self.name} cannot be read: {reason}", hint="Convert it again; it may have changed.")
