"""What an archive changes for others: who reads a table, what protects it, and the grants that its view gets."""

from tidegate.model.names import TableName
from tidegate.redshift.dependents import select_materialized_views, select_shared_objects, select_views
from tidegate.redshift.grants import (
    Grant,
    GranteeKind,
    grant_select,
    select_column_grants,
    select_grants,
    select_grants_of,
    select_is_security_admin,
    select_is_superuser,
    select_masking,
    select_row_security,
)

VIEW = TableName("public", "orders_all")
SCHEMAS = {"sales", "public", "it's"}

CASES = {
    "views": select_views(),
    "materialized views": select_materialized_views(),
    "shared objects": select_shared_objects(),
    "grants of schemas": select_grants(SCHEMAS),
    "grants of relations": select_grants_of([TableName("public", "orders"), VIEW]),
    "column grants": select_column_grants(SCHEMAS),
    "row-level security": select_row_security({"public"}),
    "masking policies": select_masking({"public"}),
    "what is shown to us": [select_is_superuser(), select_is_security_admin()],
    "grant to a user": grant_select(VIEW, Grant(GranteeKind.USER, "ann")),
    "grant to a user who may pass it on": grant_select(VIEW, Grant(GranteeKind.USER, "IAMR:Admin", True)),
    "grant to a quoted group": grant_select(VIEW, Grant(GranteeKind.GROUP, 'the "others"')),
    "grant to a role": grant_select(VIEW, Grant(GranteeKind.ROLE, "analyst")),
    "grant to all": grant_select(VIEW, Grant(GranteeKind.PUBLIC, "public")),
}
