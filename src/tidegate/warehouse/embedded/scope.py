"""What names mean inside one SELECT, and which types its columns have; looked up only when something asks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tidegate.model.tables import SqlType

Columns = Mapping[str, SqlType | None]
"""Columns in order; None where the type is not known."""


class Source:
    """One item of FROM. `qualifier` is the schema when the item is a table without an alias."""

    def __init__(self, columns: Callable[[], Columns], schema: str | None = None) -> None:
        self.schema = schema
        self._columns = columns
        self._known: Columns | None = None

    @property
    def columns(self) -> Columns:
        if self._known is None:
            self._known = self._columns()
        return self._known


@dataclass
class Scope:
    """The sources of one SELECT by alias, and what lies around it. `aliases` are its own named expressions.

    `open`: names may mean columns that are not known here, as those that ORDER BY of a UNION takes from its result.
    """

    ctes: dict[str, Source] = field(default_factory=dict)
    parent: "Scope | None" = None
    sources: dict[str, Source] = field(default_factory=dict)
    aliases: dict[str, Callable[[], SqlType | None]] = field(default_factory=dict)
    open: bool = False

    def source(self, alias: str) -> Source | None:
        found = self.sources.get(alias)
        if found is None and self.parent is not None:
            return self.parent.source(alias)
        return found

    def cte(self, name: str) -> Source | None:
        found = self.ctes.get(name)
        if found is None and self.parent is not None:
            return self.parent.cte(name)
        return found

    def owner(self, column: str) -> Source | None:
        """The source that has this column."""
        for source in self.sources.values():
            if column in source.columns:
                return source
        return None if self.parent is None else self.parent.owner(column)

    def knows(self, column: str) -> bool:
        """Whether a column or a named expression of this SELECT, or of one around it, has this name."""
        if self.open or column in self.aliases or any(column in source.columns for source in self.sources.values()):
            return True
        return self.parent is not None and self.parent.knows(column)

    def type_of(self, column: str) -> SqlType | None:
        """The type of an unqualified column, or of an expression that this SELECT names so."""
        for source in self.sources.values():
            if column in source.columns:
                return source.columns[column]
        if column in self.aliases:
            return self.aliases[column]()
        return None if self.parent is None else self.parent.type_of(column)
