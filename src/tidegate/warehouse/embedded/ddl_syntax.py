"""CREATE TABLE as Redshift writes it (CREATE TABLE)."""

from dataclasses import dataclass, field, replace

from tidegate.errors import StatementError, UsageError
from tidegate.model.names import TableName
from tidegate.model.tables import Column, ForeignKey, Identity, SqlType, Table
from tidegate.redshift.identifiers import TEMPORARY_SCHEMA
from tidegate.redshift.types import parse
from tidegate.warehouse.embedded.context import Statement
from tidegate.warehouse.embedded.token_reader import TokenReader

_STYLES = ("AUTO", "EVEN", "ALL", "KEY")
_TYPE_ENDS = (
    "DEFAULT",
    "IDENTITY",
    "GENERATED",
    "ENCODE",
    "DISTKEY",
    "SORTKEY",
    "NOT",
    "NULL",
    "UNIQUE",
    "PRIMARY",
    "REFERENCES",
    "COLLATE",
    "CONSTRAINT",
)


@dataclass(frozen=True)
class CreateTable:
    """What a CREATE TABLE says. `like` is the table whose columns it takes; `query` the text of CREATE TABLE AS."""

    name: TableName
    temporary: bool
    if_not_exists: bool
    columns: tuple[Column, ...] = ()
    like: tuple[str | None, str] | None = None
    like_defaults: bool = False
    query: str | None = None
    names: tuple[str, ...] = ()
    attributes: "Attributes" = field(default_factory=lambda: Attributes())

    def table(self, columns: tuple[Column, ...]) -> Table:
        """The definition with these columns.

        Raises:
            StatementError: a key names a column that the table has not.
        """
        a = self.attributes
        known = {c.name for c in columns}
        for key in (*a.primary_key, *(c for k in a.unique_keys for c in k), *a.sort_keys, *filter(None, [a.dist_key])):
            if key not in known:
                raise StatementError(f'column "{key}" named in key does not exist', hint="Correct the key.")
        if a.dist_style == "KEY" and a.dist_key is None:
            raise StatementError("DISTSTYLE KEY names no column", hint="Add DISTKEY (column).")
        return Table(
            self.name,
            tuple(replace(c, nullable=False) if c.name in a.primary_key else c for c in columns),
            primary_key=a.primary_key,
            unique_keys=a.unique_keys,
            foreign_keys=a.foreign_keys,
            dist_style=a.dist_style or ("KEY" if a.dist_key else "AUTO"),
            dist_key=a.dist_key,
            sort_keys=a.sort_keys,
            interleaved=a.interleaved,
        )


@dataclass(frozen=True)
class Attributes:
    """Keys, distribution and sort order, from the columns and from the table."""

    primary_key: tuple[str, ...] = ()
    unique_keys: tuple[tuple[str, ...], ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    dist_style: str | None = None
    dist_key: str | None = None
    sort_keys: tuple[str, ...] = ()
    interleaved: bool = False


def parse_create_table(statement: Statement) -> CreateTable:
    """Read CREATE [TEMP] TABLE with columns, LIKE or AS.

    Raises:
        StatementError: a syntax error, or a type that Redshift has not.
    """
    return _CreateTable(statement).parse()


def read_column(reader: TokenReader, statement: Statement) -> Column:
    """Read one column as ALTER TABLE ADD COLUMN takes it: without keys.

    Raises:
        StatementError: a syntax error, or a key.
    """
    parser = _CreateTable(statement, reader)
    column = parser.column()
    if parser.attributes != Attributes():
        raise StatementError(f'column "{column.name}" is added with a key', hint="Add the key with ALTER TABLE ADD.")
    return column


class _CreateTable:
    def __init__(self, statement: Statement, reader: TokenReader | None = None) -> None:
        self._statement = statement
        self._reader = reader or TokenReader(statement.tokens, "CREATE TABLE")
        self.attributes = Attributes()

    def parse(self) -> CreateTable:
        reader = self._reader
        reader.expect("CREATE")
        reader.accept("LOCAL")
        temporary = reader.accept("TEMP") or reader.accept("TEMPORARY")
        reader.expect("TABLE")
        if_not_exists = reader.accept("IF", "NOT", "EXISTS")
        name, temporary = self._name(temporary)
        made = CreateTable(name, temporary, if_not_exists)
        if reader.looking_at("("):
            made = self._body(made)
        self._table_attributes()
        if reader.accept("AS"):
            token = reader.peek()
            if token is None:
                reader.fail("a query")
            made = replace(made, query=self._statement.text[token.start :])
        else:
            reader.end()
        if made.query is None and not made.columns and made.like is None:
            reader.fail("a column list or AS")
        if made.query is not None and (made.columns or made.like):
            reader.fail("either columns with types, or AS")
        return replace(made, attributes=self.attributes)

    def _name(self, temporary: bool) -> tuple[TableName, bool]:
        first = self._reader.identifier("a table name")
        if self._reader.accept("."):
            if temporary:
                raise StatementError("a temporary table has no schema", hint="Write its name alone.")
            return TableName(first, self._reader.identifier("a table name")), False
        temporary = temporary or first.startswith("#")
        return TableName(TEMPORARY_SCHEMA if temporary else "public", first), temporary

    def _body(self, made: CreateTable) -> CreateTable:
        reader = self._reader
        reader.expect("(")
        if reader.accept("LIKE"):
            first = reader.identifier("a table name")
            like = (first, reader.identifier("a table name")) if reader.accept(".") else (None, first)
            defaults = reader.accept("INCLUDING", "DEFAULTS")
            if not defaults:
                reader.accept("EXCLUDING", "DEFAULTS")
            reader.expect(")")
            return replace(made, like=like, like_defaults=defaults)
        following = reader.peek(1)
        if following is not None and following.value in (",", ")"):
            return replace(made, names=self._plain_names())
        columns = []
        while True:
            if not self._table_constraint():
                columns.append(self.column())
            if not reader.accept(","):
                break
        reader.expect(")")
        _check_columns(columns)
        return replace(made, columns=tuple(columns))

    def _plain_names(self) -> tuple[str, ...]:
        names = [self._reader.identifier("a column name")]
        while self._reader.accept(","):
            names.append(self._reader.identifier("a column name"))
        self._reader.expect(")")
        return tuple(names)

    def column(self) -> Column:
        name = self._reader.identifier("a column name")
        column = Column(name, read_type(self._reader))
        while (changed := self._column_attribute(column)) is not None:
            column = changed
        return column

    def _column_attribute(self, column: Column) -> Column | None:
        reader = self._reader
        if reader.accept("NOT", "NULL"):
            return replace(column, nullable=False)
        if reader.accept("NULL"):
            return column
        if reader.accept("DEFAULT"):
            return replace(column, default=self._default())
        if reader.accept("ENCODE"):
            return replace(column, encoding=reader.word("an encoding").lower())
        if reader.accept("GENERATED", "BY", "DEFAULT", "AS"):
            reader.expect("IDENTITY")
            return replace(column, nullable=False, identity=self._identity(True))
        if reader.accept("IDENTITY"):
            return replace(column, nullable=False, identity=self._identity(False))
        return self._column_key(column)

    def _column_key(self, column: Column) -> Column | None:
        reader, a = self._reader, self.attributes
        if reader.accept("CONSTRAINT"):
            reader.identifier("a constraint name")
        if reader.accept("DISTKEY"):
            self.attributes = replace(a, dist_key=column.name)
        elif reader.accept("SORTKEY"):
            self.attributes = replace(a, sort_keys=(*a.sort_keys, column.name))
        elif reader.accept("PRIMARY", "KEY"):
            self.attributes = replace(a, primary_key=(*a.primary_key, column.name))
        elif reader.accept("UNIQUE"):
            self.attributes = replace(a, unique_keys=(*a.unique_keys, (column.name,)))
        elif reader.accept("REFERENCES"):
            self.attributes = replace(a, foreign_keys=(*a.foreign_keys, self._reference((column.name,))))
        elif reader.accept("COLLATE"):
            if not reader.accept("CASE_SENSITIVE"):
                reader.fail("CASE_SENSITIVE, the only collation of the embedded warehouse")
        else:
            return None
        return column

    def _reference(self, columns: tuple[str, ...]) -> ForeignKey:
        table = self._reader.table()
        referenced = self._reader.identifiers("a column name") if self._reader.looking_at("(") else ()
        return ForeignKey(columns, table, referenced)

    def _identity(self, by_default: bool) -> Identity:
        reader = self._reader
        reader.expect("(")
        seed = self._signed("a seed")
        reader.expect(",")
        step = self._signed("a step")
        reader.expect(")")
        if step == 0:
            raise StatementError("the step of IDENTITY must not be 0", hint="Write IDENTITY(1, 1).")
        return Identity(seed, step, by_default)

    def _signed(self, what: str) -> int:
        sign = -1 if self._reader.accept("-") else 1
        return sign * self._reader.integer(what)

    def _default(self) -> str:
        """The text of an expression, up to the next attribute or column."""
        reader = self._reader
        first, depth, end = reader.peek(), 0, 0
        if first is None:
            reader.fail("an expression")
        while (token := reader.peek()) is not None:
            if depth == 0 and (token.value in (",", ")") or (token is not first and token.value in _TYPE_ENDS)):
                break
            depth += {"(": 1, ")": -1}.get(token.value, 0)
            end = token.end
            reader.next()
        return self._statement.text[first.start : end]

    def _table_constraint(self) -> bool:
        reader, a = self._reader, self.attributes
        if reader.accept("CONSTRAINT"):
            reader.identifier("a constraint name")
        if reader.accept("PRIMARY", "KEY"):
            self.attributes = replace(a, primary_key=reader.identifiers("a column name"))
        elif reader.looking_at("UNIQUE", "("):
            reader.expect("UNIQUE")
            self.attributes = replace(a, unique_keys=(*a.unique_keys, reader.identifiers("a column name")))
        elif reader.accept("FOREIGN", "KEY"):
            columns = reader.identifiers("a column name")
            reader.expect("REFERENCES")
            self.attributes = replace(a, foreign_keys=(*a.foreign_keys, self._reference(columns)))
        else:
            return False
        return True

    def _table_attributes(self) -> None:
        while self._table_attribute():
            pass

    def _table_attribute(self) -> bool:
        reader, a = self._reader, self.attributes
        if reader.accept("BACKUP"):
            if not reader.accept("YES") and not reader.accept("NO"):
                reader.fail("YES or NO")
        elif reader.accept("DISTSTYLE"):
            style = reader.word("AUTO, EVEN, ALL or KEY")
            if style not in _STYLES:
                raise StatementError(f"DISTSTYLE {style} does not exist", hint="Use AUTO, EVEN, ALL or KEY.")
            self.attributes = replace(a, dist_style=style)
        elif reader.accept("DISTKEY"):
            (key,) = reader.identifiers("a column name")[:1]
            self.attributes = replace(a, dist_key=key)
        elif reader.accept("SORTKEY", "AUTO") or reader.accept("ENCODE", "AUTO"):
            pass
        elif reader.accept("INTERLEAVED", "SORTKEY"):
            self.attributes = replace(a, sort_keys=reader.identifiers("a column name"), interleaved=True)
        elif reader.accept("COMPOUND", "SORTKEY") or reader.accept("SORTKEY"):
            self.attributes = replace(a, sort_keys=reader.identifiers("a column name"))
        else:
            return False
        return True


def read_type(reader: TokenReader) -> SqlType:
    """Read a column's type.

    Raises:
        StatementError: Redshift has no such type, or it has other limits.
    """
    words: list[str] = []
    while (token := reader.peek()) is not None and token.is_name and token.value not in _TYPE_ENDS:
        words.append(reader.word("a type"))
        if reader.looking_at("("):
            words.append(_measures(reader))
    if not words:
        reader.fail("a type")
    try:
        return parse(_joined(words))
    except UsageError as error:
        raise StatementError(error.message, hint=error.hint) from error


def _measures(reader: TokenReader) -> str:
    text = ""
    while (token := reader.peek()) is not None:
        text += token.value
        reader.next()
        if token.value == ")":
            break
    return text


def _joined(words: list[str]) -> str:
    """`TIME (6) WITH TIME ZONE` has its measure in the middle; Redshift ignores it there."""
    measures = [word for word in words if word.startswith("(")]
    names = [word for word in words if not word.startswith("(")]
    return " ".join(names) + (measures[0] if measures else "")


def _check_columns(columns: list[Column]) -> None:
    names = [column.name for column in columns]
    for at, name in enumerate(names):
        if name in names[:at]:
            raise StatementError(f'column "{name}" is specified twice', hint="Name each column once.")
    if sum(column.identity is not None for column in columns) > 1:
        raise StatementError("a table has at most one IDENTITY column", hint="Remove the others.")
