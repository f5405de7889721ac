"""Who may read a table, and what keeps rows or values from him: Redshift's views of privileges and policies.

Columns as in the developer guide: SVV_RELATION_PRIVILEGES, SVV_COLUMN_PRIVILEGES, SVV_RLS_RELATION,
SVV_ATTACHED_MASKING_POLICY. The first two show a user who is no superuser and has no ACCESS SYSTEM TABLE only his
own; the last two are complete for superusers and members of sys:secadmin alone, and say nothing of it to others.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tidegate.errors import UsageError
from tidegate.model.names import TableName
from tidegate.redshift.identifiers import literal, qualified


class GranteeKind(StrEnum):
    """`identity_type` of SVV_RELATION_PRIVILEGES."""

    USER = "user"
    GROUP = "group"
    ROLE = "role"
    PUBLIC = "public"


@dataclass(frozen=True, order=True)
class Grant:
    """SELECT for somebody. `grant_option`: he may pass it on."""

    kind: GranteeKind
    name: str
    grant_option: bool = False


def select_grants(schemas: Collection[str]) -> str:
    """SELECT on every relation of these schemas: schema, relation, identity_type, identity_name, admin_option."""
    return f"{_GRANTS} AND {_in('namespace_name', schemas)}"


def select_grants_of(relations: Sequence[TableName]) -> str:
    """The same of some relations."""
    named = " OR ".join(
        f"(namespace_name = {literal(r.schema)} AND relation_name = {literal(r.name)})" for r in relations
    )
    return f"{_GRANTS} AND ({named})"


_GRANTS = (
    "SELECT namespace_name, relation_name, identity_type, identity_name, admin_option FROM svv_relation_privileges "
    "WHERE privilege_type = 'SELECT'"
)


def select_column_grants(schemas: Collection[str]) -> str:
    """SELECT on single columns: schema, relation, column_name, identity_type, identity_name."""
    return (
        "SELECT namespace_name, relation_name, column_name, identity_type, identity_name FROM svv_column_privileges "
        f"WHERE privilege_type = 'SELECT' AND {_in('namespace_name', schemas)}"
    )


def select_row_security(schemas: Collection[str]) -> str:
    """Relations under row-level security: schema and name."""
    return f"SELECT relschema, relname FROM svv_rls_relation WHERE is_rls_on AND {_in('relschema', schemas)}"


def select_masking(schemas: Collection[str]) -> str:
    """Attached masking policies: schema, table, policy_name, grantee_type, grantee."""
    return (
        "SELECT schema_name, table_name, policy_name, grantee_type, grantee FROM svv_attached_masking_policy "
        f"WHERE {_in('schema_name', schemas)}"
    )


def select_is_superuser() -> str:
    return "SELECT usesuper FROM pg_user WHERE usename = CURRENT_USER"


def select_is_security_admin() -> str:
    """An error where the user has no access to that role at all (USER_IS_MEMBER_OF)."""
    return "SELECT USER_IS_MEMBER_OF(CURRENT_USER, 'sys:secadmin')"


def lacking(table: Iterable[Grant], view: Iterable[Grant]) -> list[Grant]:
    """Those of the table that the view has not; a grant that may be passed on is more than one that may not."""
    had = set(view)
    return sorted(g for g in set(table) if g not in had and Grant(g.kind, g.name, True) not in had)


def grant_select(relation: TableName, grant: Grant) -> str:
    """GRANT SELECT. A grantee's name is quoted as it is: those of IAM keep their case."""
    if grant.kind is GranteeKind.PUBLIC:
        return f"GRANT SELECT ON {qualified(relation)} TO PUBLIC"
    if not grant.name or "\x00" in grant.name:
        raise UsageError(f"the {grant.kind} {grant.name!r} cannot be named", hint="Revoke its privileges.")
    word = "" if grant.kind is GranteeKind.USER else f"{grant.kind.upper()} "
    option = " WITH GRANT OPTION" if grant.grant_option and grant.kind is GranteeKind.USER else ""
    name = grant.name.replace('"', '""')
    return f'GRANT SELECT ON {qualified(relation)} TO {word}"{name}"{option}'


def _in(column: str, values: Collection[str]) -> str:
    return f"{column} IN ({', '.join(literal(value) for value in sorted(set(values)))})"
