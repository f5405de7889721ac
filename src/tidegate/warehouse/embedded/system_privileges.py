"""Redshift's views of privileges, of policies on rows and values, of datashares and of materialized views.

Columns as in the developer guide, SVV metadata views, and STV_MV_INFO. Privileges are those that GRANT left behind;
the numbers of identities are 0. Of the others there are none, so those views are empty.
"""

from tidegate.model.tables import SqlType
from tidegate.warehouse.embedded.bootstrap import ENGINE
from tidegate.warehouse.embedded.context import Context
from tidegate.warehouse.embedded.system_view import SystemView
from tidegate.warehouse.embedded.values import BIGINT, BOOLEAN, INTEGER, TEXT

_GRANTED = f"{ENGINE}.privileges AS p JOIN {ENGINE}.relations AS r ON r.id = p.relation_id"
_IDENTITY = "CAST(0 AS INTEGER) AS identity_id, p.grantee AS identity_name, p.grantee_kind AS identity_type"


def _relations(ctx: Context) -> str:
    return f"""SELECT r.schema_name AS namespace_name, r.name AS relation_name, p.privilege AS privilege_type,
        {_IDENTITY}, p.grant_option AS admin_option FROM {_GRANTED} WHERE p.column_name IS NULL"""


def _columns(ctx: Context) -> str:
    """Those of columns that the relation still has."""
    return f"""SELECT r.schema_name AS namespace_name, r.name AS relation_name, p.column_name,
        p.privilege AS privilege_type, {_IDENTITY} FROM {_GRANTED}
        WHERE list_contains(json_extract_string(r.definition, '$.columns[*].name'), p.column_name)"""


def _empty(**columns: SqlType) -> SystemView:
    """A view of which there is nothing to show."""
    types = {TEXT: "VARCHAR", INTEGER: "INTEGER", BIGINT: "BIGINT", BOOLEAN: "BOOLEAN"}
    nothing = ", ".join(f'CAST(NULL AS {types[type]}) AS "{name}"' for name, type in columns.items())
    return SystemView(dict(columns), lambda ctx: f"SELECT {nothing} FROM range(0)")


_IDENTITIES = {"identity_id": INTEGER, "identity_name": TEXT, "identity_type": TEXT}
_NAMED = {"namespace_name": TEXT, "relation_name": TEXT}

PRIVILEGE_VIEWS: dict[str, SystemView] = {
    "svv_relation_privileges": SystemView(
        {**_NAMED, "privilege_type": TEXT, **_IDENTITIES, "admin_option": BOOLEAN}, _relations
    ),
    "svv_column_privileges": SystemView(
        {**_NAMED, "column_name": TEXT, "privilege_type": TEXT, **_IDENTITIES}, _columns
    ),
    "svv_rls_relation": _empty(
        datname=TEXT,
        relschema=TEXT,
        relname=TEXT,
        relkind=TEXT,
        is_rls_on=BOOLEAN,
        is_rls_datashare_on=BOOLEAN,
        rls_conjunction_type=TEXT,
        rls_datashare_conjunction_type=TEXT,
    ),
    "svv_rls_attached_policy": _empty(
        relschema=TEXT,
        relname=TEXT,
        relkind=TEXT,
        polname=TEXT,
        grantor=TEXT,
        grantee=TEXT,
        granteekind=TEXT,
        is_pol_on=BOOLEAN,
        is_rls_on=BOOLEAN,
        rls_conjunction_type=TEXT,
    ),
    "svv_attached_masking_policy": _empty(
        policy_name=TEXT,
        schema_name=TEXT,
        table_name=TEXT,
        table_type=TEXT,
        grantor=TEXT,
        grantee=TEXT,
        grantee_type=TEXT,
        priority=INTEGER,
        input_columns=TEXT,
        output_columns=TEXT,
        is_masking_datashare_on=BOOLEAN,
    ),
    "svv_datashare_objects": _empty(
        share_type=TEXT,
        share_name=TEXT,
        object_type=TEXT,
        object_name=TEXT,
        producer_account=TEXT,
        producer_namespace=TEXT,
        include_new=BOOLEAN,
    ),
    "svv_mv_info": _empty(
        database_name=TEXT,
        schema_name=TEXT,
        user_name=TEXT,
        name=TEXT,
        is_stale=TEXT,
        state=INTEGER,
        autorefresh=TEXT,
        autorewrite=TEXT,
    ),
    "stv_mv_info": _empty(
        db_name=TEXT,
        schema=TEXT,
        name=TEXT,
        updated_upto_xid=BIGINT,
        is_stale=TEXT,
        owner_user_name=TEXT,
        state=INTEGER,
        autorefresh=TEXT,
        autorewrite=TEXT,
    ),
}
