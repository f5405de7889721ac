"""GRANT and REVOKE on tables and views. They are remembered and shown, and bind nobody: there is one user."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tidegate.errors import StatementError
from tidegate.model.names import TableName
from tidegate.redshift.identifiers import TEMPORARY_SCHEMA
from tidegate.warehouse.base import Result
from tidegate.warehouse.embedded import catalog
from tidegate.warehouse.embedded.bootstrap import ENGINE
from tidegate.warehouse.embedded.context import Context, Statement
from tidegate.warehouse.embedded.definitions import View
from tidegate.warehouse.embedded.emitter import refused
from tidegate.warehouse.embedded.token_reader import TokenReader

_PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE")
_OF_COLUMNS = ("SELECT", "UPDATE")
"""What can be granted on single columns (GRANT, column-level)."""

_ID = f"(SELECT r.id FROM {ENGINE}.relations AS r WHERE r.schema_name = ? AND r.name = ?)"
_MATCHING = (
    f"{ENGINE}.privileges WHERE relation_id = {_ID} AND column_name IS NOT DISTINCT FROM ? AND privilege = ? "
    "AND grantee_kind = ? AND grantee = ?"
)


@dataclass(frozen=True)
class _Right:
    """One privilege, on the whole relation when `columns` is empty."""

    privilege: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Grantee:
    kind: str
    name: str
    grant_option: bool = False


def handle_grant(ctx: Context, statement: Statement) -> Result:
    """GRANT {SELECT | INSERT | UPDATE | DELETE | ALL} [(columns)] ON [TABLE] … TO {user | GROUP | ROLE | PUBLIC}."""
    reader = TokenReader(statement.tokens, "GRANT")
    reader.expect("GRANT")
    rights, relations, grantees = _read(ctx, reader, "TO")
    ctx.writes(catalog.CATALOG, False)
    for row, option in _rows(rights, relations, grantees):
        known = ctx.cursor.execute(f"SELECT bool_or(grant_option) FROM {_MATCHING}", row).fetchone()
        ctx.cursor.execute(f"DELETE FROM {_MATCHING}", row)
        kept = option or bool(known and known[0])
        ctx.cursor.execute(f"INSERT INTO {ENGINE}.privileges SELECT {_ID}, ?, ?, ?, ?, ?", [*row, kept])
    return Result()


def handle_revoke(ctx: Context, statement: Statement) -> Result:
    """REVOKE, the inverse of GRANT. What was granted on columns is revoked on columns."""
    reader = TokenReader(statement.tokens, "REVOKE")
    reader.expect("REVOKE")
    if reader.looking_at("GRANT", "OPTION"):
        raise refused("REVOKE GRANT OPTION FOR", hint="Revoke the privilege, then grant it without the option.")
    rights, relations, grantees = _read(ctx, reader, "FROM")
    ctx.writes(catalog.CATALOG, False)
    for row, _ in _rows(rights, relations, grantees):
        ctx.cursor.execute(f"DELETE FROM {_MATCHING}", row)
    return Result()


def _read(ctx: Context, reader: TokenReader, preposition: str) -> tuple[list[_Right], list[TableName], list[_Grantee]]:
    rights = _rights(reader)
    reader.expect("ON")
    for kind in ("SCHEMA", "DATABASE", "FUNCTION", "PROCEDURE", "LANGUAGE", "DATASHARE", "MODEL", "ALL"):
        if reader.looking_at(kind):
            raise refused(f"privileges on {kind}", hint="Name tables and views.")
    reader.accept("TABLE")
    relations = [_relation(ctx, reader, rights)]
    while reader.accept(","):
        relations.append(_relation(ctx, reader, rights))
    reader.expect(preposition)
    grantees = [_grantee(reader, preposition)]
    while reader.accept(","):
        grantees.append(_grantee(reader, preposition))
    if preposition == "FROM" and not reader.accept("RESTRICT"):
        reader.accept("CASCADE")
    reader.end()
    return rights, relations, grantees


def _rights(reader: TokenReader) -> list[_Right]:
    if reader.accept("ALL"):
        reader.accept("PRIVILEGES")
        columns = reader.identifiers("a column name") if reader.looking_at("(") else ()
        return [_Right(privilege, columns) for privilege in (_OF_COLUMNS if columns else _PRIVILEGES)]
    rights = [_right(reader)]
    while reader.accept(","):
        rights.append(_right(reader))
    return rights


def _right(reader: TokenReader) -> _Right:
    privilege = reader.word("a privilege")
    if privilege not in _PRIVILEGES:
        raise refused(f"the privilege {privilege}", hint=f"It knows {', '.join(_PRIVILEGES)} and ALL.")
    columns = reader.identifiers("a column name") if reader.looking_at("(") else ()
    if columns and privilege not in _OF_COLUMNS:
        raise StatementError(
            f"{privilege} cannot be granted on columns", hint="Only SELECT and UPDATE can: leave the columns out."
        )
    return _Right(privilege, columns)


def _relation(ctx: Context, reader: TokenReader, rights: Iterable[_Right]) -> TableName:
    """The name of a table or view that exists and has these columns."""
    first = reader.identifier("a table name")
    second = reader.identifier("a table name") if reader.accept(".") else None
    name = catalog.resolve(ctx, first if second else None, second or first)
    if name.schema == TEMPORARY_SCHEMA:
        raise refused("privileges on temporary tables", hint="They are the session's own.")
    found = catalog.relation(ctx, name)
    if found is None:
        raise StatementError(f'relation "{name}" does not exist', hint="Check the schema and the name.")
    known = {c.name for c in (found.columns if isinstance(found, View) else found.table.columns)}
    for column in (column for right in rights for column in right.columns):
        if column not in known and not (isinstance(found, View) and found.late_binding):
            raise StatementError(f'column "{column}" of relation "{name}" does not exist', hint="Check the name.")
    return name


def _grantee(reader: TokenReader, preposition: str) -> _Grantee:
    if reader.accept("PUBLIC"):
        return _Grantee("public", "public")
    kind = "group" if reader.accept("GROUP") else "role" if reader.accept("ROLE") else "user"
    name = reader.identifier(f"a {kind}")
    option = preposition == "TO" and kind == "user" and reader.accept("WITH", "GRANT", "OPTION")
    return _Grantee(kind, name, option)


_Row = tuple[str, str, str | None, str, str, str]
"""Schema and name of the relation, column (None for all of it), privilege, kind and name of the grantee."""


def _rows(
    rights: Iterable[_Right], relations: Iterable[TableName], grantees: Sequence[_Grantee]
) -> Iterator[tuple[_Row, bool]]:
    """Each with its grant option."""
    for name in relations:
        for right in rights:
            for column in right.columns or (None,):
                for who in grantees:
                    yield (name.schema, name.name, column, right.privilege, who.kind, who.name), who.grant_option
