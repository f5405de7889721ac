"""What a statement handler sees: the cursor inside its transaction, the settings, and how to announce a write."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import duckdb

from tidegate.config.settings import EmbeddedSettings
from tidegate.model.names import TableName
from tidegate.warehouse.base import Result
from tidegate.warehouse.embedded.definitions import Definitions
from tidegate.warehouse.embedded.facts import SessionFacts
from tidegate.warehouse.embedded.lexer import Token, tokens


@dataclass(frozen=True)
class Statement:
    """One Redshift statement: `text` as written without its semicolon, `kind` chosen by its words."""

    kind: str
    text: str

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        """All of them, for a handler that reads the statement itself."""
        return tuple(tokens(self.text))


@dataclass(frozen=True)
class Context:
    """`cursor` is always inside a DuckDB transaction; a statement outside of a block gets one of its own.

    `in_block`: the user's transaction is open (BEGIN, or one of a list), so what Redshift forbids there is refused.
    `writes(table)` must be called before the first change to a table: it takes the writer's lock and refuses with
    SerializationConflict when an UPDATE or DELETE (`replaces=True`) would miss a change committed since the snapshot.
    `definitions`: what `catalog` may remember of tables and views, and the session's temporary tables.
    `facts`: what the session knows of itself. `history`: what the process has run, oldest first.
    `check` raises StatementCancelled when the statement was called off: for work that DuckDB does not do.
    """

    cursor: duckdb.DuckDBPyConnection
    settings: EmbeddedSettings
    in_block: bool
    writes: Callable[[TableName, bool], None]
    definitions: Definitions = field(default_factory=Definitions)
    facts: SessionFacts = field(default_factory=SessionFacts)
    history: Callable[[], list[Mapping[str, object]]] = list
    check: Callable[[], None] = lambda: None


Handler = Callable[[Context, Statement], Result]
