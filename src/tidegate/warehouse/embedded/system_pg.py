"""PostgreSQL's catalog tables as Redshift's clients read them: psql, redshift_connector, and Tidegate's own drivers.

Columns are those of PostgreSQL 8.0 with Redshift's additions (developer guide, System catalog tables), and the later
ones that psql asks for. An unknown number is 0, an absent list of privileges NULL. Temporary and external tables are
not in them.
"""

from tidegate.warehouse.embedded import system_relations as relations
from tidegate.warehouse.embedded.bootstrap import ENGINE
from tidegate.warehouse.embedded.system_view import REAL, SystemView, flags, integers, texts, view
from tidegate.warehouse.embedded.values import BOOLEAN, INTEGER, SMALLINT, TEXT, TIMESTAMP

OWNER = 100
"""The number of the one user."""

_INDEX = 400_000_000
"""Added to a table's number, gives that of the index that stands for its primary key."""

_SCHEMA_ROWS = f"(SELECT * FROM {relations.SCHEMAS} UNION ALL VALUES (11, 'pg_catalog'), (12, 'information_schema'))"
_SCHEMA_OF = f"(SELECT s.id FROM {relations.SCHEMAS} AS s WHERE s.name = r.schema_name)"
_STYLE = (
    "CASE r.definition->>'dist_style' WHEN 'EVEN' THEN 0 WHEN 'KEY' THEN 1 WHEN 'ALL' THEN 8 WHEN 'AUTO' THEN 9 END"
)
_HAS_KEY = "r.kind = 'table' AND json_array_length(r.definition->'primary_key') > 0"
_RELATIONS = f"""(SELECT id, schema_name, name, kind, definition FROM {ENGINE}.relations UNION ALL
    SELECT id + {_INDEX}, schema_name, name || '_pkey', 'index',
    json_object('columns', definition->'primary_key') FROM {ENGINE}.relations AS r WHERE {_HAS_KEY}) AS r"""
_KEY_COLUMNS = f"""(SELECT id + {_INDEX} AS id, schema_name, name, 'index' AS kind, definition,
    list_filter(from_json(definition->'columns', '{relations.SHAPE}'), lambda x: x.name = k)[1] AS c, ordinal FROM (
    SELECT *, unnest(from_json(definition->'primary_key', '["VARCHAR"]')) AS k,
    generate_subscripts(from_json(definition->'primary_key', '["VARCHAR"]'), 1) AS ordinal
    FROM {ENGINE}.relations WHERE kind = 'table'))"""
_ALL_COLUMNS = f"(SELECT * FROM {relations.columns('table', 'view')} UNION ALL SELECT * FROM {_KEY_COLUMNS})"

ENCODINGS = (
    *("none", "bytedict", "delta", "delta32k", "lzo", "mostly8", "mostly16", "mostly32"),
    *("runlength", "text255", "text32k", "zstd", "az64"),
)
"""What `attencodingtype` counts from 0; FORMAT_ENCODING gives the name."""

_ENCODINGS = "[" + ", ".join(f"'{name}'" for name in ENCODINGS) + "]"
_TYPE_ROWS = ", ".join(
    f"({oid}, '{name}', {length})"
    for oid, name, length in (
        *relations.TYPES.values(),
        *((18, "char", 1), (19, "name", 64), (25, "text", -1), (26, "oid", 4), (705, "unknown", -2)),
        *((2205, "regclass", 4), (1188, "intervaly2m", 4), (1190, "intervald2s", 8)),
    )
)
_COLUMN_ACL = relations.privileges_of("column")
VIEW_TEXT = (
    "CASE WHEN (r.definition->>'late_binding')::BOOLEAN THEN 'create view ' || "
    f"{relations.quoted_name('r.schema_name')} || '.' || {relations.quoted_name('r.name')} || ' as ' || "
    "(r.definition->>'text') || ' with no schema binding' ELSE (r.definition->>'text') || ';' END"
)
"""Of a late-binding view all of its statement, as PG_VIEWS shows it; of another one its query."""

COMMENTS = f"""(SELECT r.id, 0 AS nth, o.comment FROM {ENGINE}.relations AS r JOIN {ENGINE}.comments AS o
    ON o.object = 'relation ' || r.schema_name || '.' || r.name UNION ALL
    SELECT k.id, k.ordinal, o.comment FROM {relations.columns("table", "view")} AS k JOIN {ENGINE}.comments AS o
    ON o.object = 'column ' || k.schema_name || '.' || k.name || '.' || k.c.name)"""

PG_VIEWS: dict[str, SystemView] = {
    "pg_namespace": view(
        {"oid": (INTEGER, "id"), "nspname": (TEXT, "name"), "nspowner": (INTEGER, f"{OWNER}"), **texts("nspacl")},
        _SCHEMA_ROWS,
    ),
    "pg_class": view(
        {
            **{"oid": (INTEGER, "r.id"), "relname": (TEXT, "r.name"), "relnamespace": (INTEGER, _SCHEMA_OF)},
            **integers("0", "reltype", "relam", "relfilenode", "reltablespace", "relpages", "reltoastrelid"),
            **{"relowner": (INTEGER, f"{OWNER}"), "reltuples": (REAL, "0")},
            "relkind": (TEXT, "CASE r.kind WHEN 'table' THEN 'r' WHEN 'view' THEN 'v' ELSE 'i' END"),
            "relnatts": (SMALLINT, "json_array_length(r.definition->'columns')"),
            **integers("0", "relchecks", "reltriggers", "reloftype"),
            **flags("false", "relhasindex", "relisshared", "relhasoids", "relhassubclass", "relhastriggers"),
            **flags("r.kind = 'view'", "relhasrules"),
            **flags(_HAS_KEY, "relhaspkey"),
            **{"reldiststyle": (SMALLINT, _STYLE), "relpersistence": (TEXT, "'p'")},
            **{
                "relacl": (
                    TEXT,
                    f"(SELECT a.acl FROM {relations.privileges_of('relation')} AS a WHERE a.relation_id = r.id)",
                )
            },
            **texts("reloptions"),
        },
        _RELATIONS,
    ),
    "pg_attribute": view(
        {
            **{"attrelid": (INTEGER, "id"), "attname": (TEXT, "c.name"), "atttypid": (INTEGER, relations.TYPE_NUMBER)},
            **{"attstattarget": (INTEGER, "-1"), "attlen": (SMALLINT, relations.TYPE_LENGTH)},
            **{"attnum": (SMALLINT, "ordinal"), "atttypmod": (INTEGER, relations.TYPE_MEASURE)},
            **integers("0", "attndims", "attcollation"),
            **{"attstorage": (TEXT, "'p'"), "attnotnull": (BOOLEAN, "NOT c.nullable")},
            "atthasdef": (BOOLEAN, f"({relations.DEFAULT}) IS NOT NULL"),
            **flags("false", "attisdropped"),
            **flags("true", "attislocal"),
            "attisdistkey": (BOOLEAN, f"kind = 'table' AND {relations.IS_DIST_KEY}"),
            "attsortkeyord": (SMALLINT, f"CASE kind WHEN 'table' THEN {relations.SORT_ORDER} ELSE 0 END"),
            "attacl": (TEXT, f"(SELECT a.acl FROM {_COLUMN_ACL} AS a WHERE relation_id = id AND part = c.name)"),
            "attencodingtype": (SMALLINT, f"list_position({_ENCODINGS}, {relations.ENCODING}) - 1"),
        },
        _ALL_COLUMNS,
    ),
    "pg_attrdef": view(
        {
            **{"oid": (INTEGER, "id * 2000 + ordinal"), "adrelid": (INTEGER, "id"), "adnum": (SMALLINT, "ordinal")},
            **{"adbin": (TEXT, relations.DEFAULT), "adsrc": (TEXT, relations.DEFAULT)},
        },
        f"{relations.columns('table')} WHERE ({relations.DEFAULT}) IS NOT NULL",
    ),
    "pg_constraint": view(
        {
            **{"oid": (INTEGER, "r.id"), "conname": (TEXT, "r.name"), "connamespace": (INTEGER, _SCHEMA_OF)},
            **{"contype": (TEXT, "contype"), "condeferrable": (BOOLEAN, "false"), "condeferred": (BOOLEAN, "false")},
            **{"conrelid": (INTEGER, "table_id"), "contypid": (INTEGER, "0")},
            **{"confrelid": (INTEGER, "coalesce(target_id, 0)"), "conkey": (TEXT, "numbers")},
            **flags("true", "conislocal", "connoinherit", "convalidated"),
            **integers("0", "coninhcount"),
            **texts("confkey", "conbin", "consrc"),
        },
        f"{relations.CONSTRAINTS} AS r",
    ),
    "pg_index": view(
        {
            **{"indexrelid": (INTEGER, f"r.id + {_INDEX}"), "indrelid": (INTEGER, "r.id")},
            **{"indnatts": (SMALLINT, "json_array_length(r.definition->'primary_key')")},
            **flags("true", "indisunique", "indisprimary", "indisvalid"),
            **flags("false", "indisclustered"),
        },
        f"{ENGINE}.relations AS r WHERE {_HAS_KEY}",
    ),
    "pg_type": view(
        {
            **{"oid": (INTEGER, "oid"), "typname": (TEXT, "name"), "typnamespace": (INTEGER, "11")},
            **{"typlen": (SMALLINT, "length"), "typtype": (TEXT, "'b'"), "typowner": (INTEGER, "1")},
            **integers("0", "typrelid", "typelem", "typarray", "typbasetype", "typcollation"),
            **{"typtypmod": (INTEGER, "-1"), "typnotnull": (BOOLEAN, "false"), "typdelim": (TEXT, "','")},
            **texts("typdefault", "typacl"),
        },
        f"(VALUES {_TYPE_ROWS}) AS t (oid, name, length)",
    ),
    "pg_database": view(
        {
            **{"oid": (INTEGER, "1"), "datname": (TEXT, "{database}"), "datdba": (INTEGER, f"{OWNER}")},
            **{"encoding": (INTEGER, "6"), "datistemplate": (BOOLEAN, "false"), "datallowconn": (BOOLEAN, "true")},
            **{"datcollate": (TEXT, "'C'"), "datctype": (TEXT, "'C'")},
            **texts("datacl", "datconfig"),
        },
        "range(1)",
    ),
    "pg_user": view(
        {
            **{"usename": (TEXT, "{user}"), "usesysid": (INTEGER, f"{OWNER}"), "passwd": (TEXT, "'********'")},
            **flags("true", "usecreatedb", "usesuper"),
            **flags("false", "usecatupd"),
            **{"valuntil": (TIMESTAMP, "NULL")},
            **texts("useconfig"),
        },
        "range(1)",
    ),
    "pg_description": view(
        {
            **{"objoid": (INTEGER, "id"), "classoid": (INTEGER, "0"), "objsubid": (INTEGER, "nth")},
            "description": (TEXT, "comment"),
        },
        COMMENTS,
    ),
    "pg_views": view(
        {
            **{"schemaname": (TEXT, "r.schema_name"), "viewname": (TEXT, "r.name"), "viewowner": (TEXT, "{user}")},
            "definition": (TEXT, VIEW_TEXT),
        },
        f"{ENGINE}.relations AS r WHERE r.kind = 'view'",
    ),
    "pg_inherits": view(integers("0", "inhrelid", "inhparent", "inhseqno"), "range(0)"),
    "pg_collation": view({**integers("0", "oid"), **texts("collname")}, "range(0)"),
}
