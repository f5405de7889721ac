"""PostgreSQL's catalog tables of users, functions, rules and kinds of types, for the clients that look there.

The one user is all there is of roles; functions, languages, rules and enumerations cannot be made here, so there are
none. Columns are those that psql asks a server of version 8.0 for.
"""

from tidegate.warehouse.embedded.system_view import SystemView, flags, integers, texts, view
from tidegate.warehouse.embedded.values import INTEGER, TEXT, TIMESTAMP

OBJECT_VIEWS: dict[str, SystemView] = {
    "pg_roles": view(
        {
            **{"oid": (INTEGER, "100"), "rolname": (TEXT, "{user}"), "rolpassword": (TEXT, "'********'")},
            **flags("true", "rolsuper", "rolinherit", "rolcreaterole", "rolcreatedb", "rolcatupdate", "rolcanlogin"),
            **flags("false", "rolreplication", "rolbypassrls"),
            **{"rolconnlimit": (INTEGER, "-1"), "rolvaliduntil": (TIMESTAMP, "NULL")},
            **texts("rolconfig"),
        },
        "range(1)",
    ),
    "pg_auth_members": view({**integers("0", "roleid", "member", "grantor")}, "range(0)"),
    "pg_group": view({**texts("groname", "grolist"), **integers("0", "grosysid")}, "range(0)"),
    "pg_proc": view(
        {
            **integers("0", "oid", "pronamespace", "proowner", "prolang", "prorettype", "pronargs"),
            **texts("proname", "provolatile", "proargtypes", "prosrc", "proacl", "prokind"),
            **flags("false", "proisagg", "proiswindow", "prosecdef", "proisstrict", "proretset", "proleakproof"),
        },
        "range(0)",
    ),
    "pg_proc_info": view(
        {
            **integers("0", "prooid", "pronamespace", "proowner", "prolang", "prorettype", "pronargs"),
            **texts("proname", "provolatile", "proargtypes", "proargmodes", "proargnames", "prosrc", "prokind"),
            **flags("false", "proisagg", "prosecdef", "proisstrict", "proretset"),
        },
        "range(0)",
    ),
    "pg_language": view({**integers("0", "oid", "lanowner"), **texts("lanname")}, "range(0)"),
    "pg_rewrite": view(
        {**integers("0", "oid", "ev_class"), **texts("rulename", "ev_type", "ev_enabled", "is_instead")}, "range(0)"
    ),
    "pg_enum": view({**integers("0", "oid", "enumtypid", "enumsortorder"), **texts("enumlabel")}, "range(0)"),
}
