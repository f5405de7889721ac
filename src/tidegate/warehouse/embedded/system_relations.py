"""What every system view is made of: the tables, views and columns of the control tables, as DuckDB's text.

Numbers of types and the packing of their measures are PostgreSQL's (pg_type, pg_attribute.atttypmod).
"""

from tidegate.model.tables import TypeKind
from tidegate.warehouse.embedded.bootstrap import ENGINE, FILE

SHAPE = (
    '[{"name":"VARCHAR","nullable":"BOOLEAN","default":"VARCHAR","encoding":"VARCHAR","shown":"VARCHAR",'
    '"identity":{"seed":"BIGINT","step":"BIGINT","by_default":"BOOLEAN"},'
    '"type":{"kind":"VARCHAR","length":"INTEGER","precision":"INTEGER","scale":"INTEGER"}}]'
)
ENCODING = (
    "coalesce(nullif(c.encoding, 'raw'), CASE WHEN c.encoding = 'raw' THEN 'none' "
    "WHEN c.type.kind IN ('CHAR', 'VARCHAR', 'VARBYTE') THEN 'lzo' WHEN c.type.kind = 'SUPER' THEN 'zstd' "
    "WHEN c.type.kind IN ('BOOLEAN', 'REAL', 'DOUBLE PRECISION') THEN 'none' ELSE 'az64' END)"
)
"""The encoding of a column `c`: the declared one, else the default of its type (Compression encodings)."""

PRECISION = (
    "CASE c.type.kind WHEN 'DECIMAL' THEN c.type.precision WHEN 'SMALLINT' THEN 16 WHEN 'INTEGER' THEN 32 "
    "WHEN 'BIGINT' THEN 64 WHEN 'REAL' THEN 24 WHEN 'DOUBLE PRECISION' THEN 53 END"
)
SCALE = "CASE WHEN c.type.kind IN ('SMALLINT', 'INTEGER', 'BIGINT') THEN 0 ELSE c.type.scale END"
LENGTH = "CASE WHEN c.type.kind IN ('CHAR', 'VARCHAR', 'VARBYTE') THEN c.type.length END"
DATA_TYPE = "regexp_replace(c.shown, '\\(.*', '')"
DEFAULT = (
    'CASE WHEN c.identity.seed IS NULL THEN c."default" ELSE '
    "CASE WHEN c.identity.by_default THEN 'default_identity(' ELSE '\"identity\"(' END || id || ', ' || "
    "(ordinal - 1) || ', ''' || c.identity.seed || ',' || c.identity.step || '''::text)' END"
)
"""The default of a column `c`; an IDENTITY is one too, as Redshift shows it (PG_ATTRDEF)."""

SORT_POSITION = "coalesce(list_position(from_json(definition->'sort_keys', '[\"VARCHAR\"]'), c.name), 0)"
SORT_ORDER = (
    f"CASE WHEN (definition->>'interleaved')::BOOLEAN AND ({SORT_POSITION} % 2 = 0 "
    f"OR json_array_length(definition->'sort_keys') = 1) THEN -{SORT_POSITION} ELSE {SORT_POSITION} END"
)
"""Its place in the sort key, 0 for none; signs alternate in an interleaved one (PG_TABLE_DEF)."""

IS_DIST_KEY = "coalesce(definition->>'dist_key', '') = c.name"

TYPES: dict[TypeKind, tuple[int, str, int]] = {
    TypeKind.BOOLEAN: (16, "bool", 1),
    TypeKind.BIGINT: (20, "int8", 8),
    TypeKind.SMALLINT: (21, "int2", 2),
    TypeKind.INTEGER: (23, "int4", 4),
    TypeKind.REAL: (700, "float4", 4),
    TypeKind.DOUBLE: (701, "float8", 8),
    TypeKind.CHAR: (1042, "bpchar", -1),
    TypeKind.VARCHAR: (1043, "varchar", -1),
    TypeKind.DATE: (1082, "date", 4),
    TypeKind.TIME: (1083, "time", 8),
    TypeKind.TIMESTAMP: (1114, "timestamp", 8),
    TypeKind.TIMESTAMPTZ: (1184, "timestamptz", 8),
    TypeKind.TIMETZ: (1266, "timetz", 12),
    TypeKind.DECIMAL: (1700, "numeric", -1),
    TypeKind.SUPER: (4000, "super", -1),
    TypeKind.VARBYTE: (6551, "varbyte", -1),
}
"""Number, internal name and length of the types that a column can have (redshift_connector, RedshiftOID)."""

TYPE_NUMBER = (
    f"CASE c.type.kind {' '.join(f'''WHEN '{kind.value}' THEN {oid}''' for kind, (oid, _, _) in TYPES.items())} END"
)
TYPE_LENGTH = (
    f"CASE c.type.kind {' '.join(f'''WHEN '{kind.value}' THEN {n}''' for kind, (_, _, n) in TYPES.items())} END"
)
TYPE_MEASURE = (
    "CASE WHEN c.type.kind IN ('CHAR', 'VARCHAR', 'VARBYTE') THEN c.type.length + 4 "
    "WHEN c.type.kind = 'DECIMAL' THEN c.type.precision * 65536 + c.type.scale + 4 ELSE -1 END"
)

SCHEMAS = (
    "(SELECT CASE schema_name WHEN 'public' THEN 2200 WHEN 'pg_catalog' THEN 11 WHEN 'information_schema' THEN 12 "
    "ELSE 16384 + oid END AS id, schema_name AS name FROM duckdb_schemas() "
    f"WHERE database_name = '{FILE}' AND schema_name NOT IN ('{ENGINE}', 'main'))"
)
"""Rows of `id` and `name`."""


def columns(*kinds: str) -> str:
    """One row `c` a column of the local tables (`table`), and views (`view`), with its place `ordinal`."""
    shaped = f"from_json(definition->'columns', '{SHAPE}')"
    wanted = ", ".join(f"'{kind}'" for kind in kinds)
    return (
        f"(SELECT id, schema_name, name, kind, definition, unnest({shaped}) AS c, "
        f"generate_subscripts({shaped}, 1) AS ordinal FROM {ENGINE}.relations WHERE kind IN ({wanted}))"
    )


def quoted_name(sql: str) -> str:
    """An identifier as PostgreSQL shows it: in double quotes where it must be."""
    plain = f"regexp_full_match({sql}, '[a-z_][a-z0-9_$]*')"
    return f"CASE WHEN {plain} THEN {sql} ELSE '\"' || replace({sql}, '\"', '\"\"') || '\"' END"


def _names(sql: str) -> str:
    return f"array_to_string(list_transform({sql}, lambda x: {quoted_name('x')}), ', ')"


def _numbers(names: str) -> str:
    """The places of columns of the relation `r`, as PostgreSQL writes an array."""
    all_names = "json_extract_string(r.definition, '$.columns[*].name')"
    return f"'{{' || array_to_string(list_transform({names}, lambda x: list_position({all_names}, x)), ',') || '}}'"


_LIST = "'[\"VARCHAR\"]'"
_REFERENCE = (
    '\'{"columns":["VARCHAR"],"references":{"schema":"VARCHAR","name":"VARCHAR"},"referenced_columns":["VARCHAR"]}\''
)
_UNIQUE = "unnest(from_json(definition->'unique_keys', '[[\"VARCHAR\"]]'))"
_FOREIGN = f"unnest(from_json(definition->'foreign_keys', '[' || {_REFERENCE} || ']'))"
_KEYS = f"""SELECT *, 'p' AS contype, from_json(definition->'primary_key', {_LIST}) AS key, NULL AS target, 0 AS nth
    FROM {ENGINE}.relations WHERE kind = 'table' AND json_array_length(definition->'primary_key') > 0
    UNION ALL SELECT *, 'u', {_UNIQUE}, NULL, generate_subscripts(from_json(definition->'unique_keys', '["JSON"]'), 1)
    FROM {ENGINE}.relations WHERE kind = 'table'
    UNION ALL SELECT * EXCLUDE (f, nth), 'f', f.columns, f, nth FROM (SELECT *, {_FOREIGN} AS f,
    50 + generate_subscripts(from_json(definition->'foreign_keys', '["JSON"]'), 1) AS nth
    FROM {ENGINE}.relations WHERE kind = 'table')"""
_FIRST_KEY = 500_000_000

CONSTRAINTS = f"""(SELECT {_FIRST_KEY} + r.id * 100 + r.nth AS id, r.id AS table_id, r.schema_name,
    r.name AS table_name, contype, key, r.name || CASE contype WHEN 'p' THEN '_pkey' ELSE '_' || key[1] ||
    CASE contype WHEN 'u' THEN '_key' ELSE '_fkey' END END AS name, t.id AS target_id, {_numbers("key")} AS numbers,
    CASE contype WHEN 'p' THEN 'PRIMARY KEY (' WHEN 'u' THEN 'UNIQUE (' ELSE 'FOREIGN KEY (' END || {_names("key")}
    || ')' || CASE WHEN contype = 'f' THEN ' REFERENCES ' || {quoted_name('target."references"."schema"')} || '.' ||
    {quoted_name('target."references"."name"')} || CASE WHEN len(target.referenced_columns) > 0 THEN '(' ||
    {_names("target.referenced_columns")} || ')' ELSE '' END ELSE '' END AS definition
    FROM ({_KEYS}) AS r LEFT JOIN {ENGINE}.relations AS t
    ON t.schema_name = target."references"."schema" AND t.name = target."references"."name")"""
"""Rows of the declared keys; `definition` as PG_GET_CONSTRAINTDEF writes them, `numbers` as an array of columns."""


_LETTERS = {"SELECT": "r", "INSERT": "a", "UPDATE": "w", "DELETE": "d", "REFERENCES": "x", "DROP": "D", "ALTER": "A"}


def privileges_of(part: str) -> str:
    """Rows `relation_id`, `part` and `acl`: privileges as PostgreSQL writes them, a text in braces, owner first.

    `part` is `relation` for those on all of a relation, `column` for those on its columns, whose name is `part` then.
    """
    letters = " ".join(f"WHEN '{name}' THEN '{letter}'" for name, letter in _LETTERS.items())
    letter = f"CASE privilege {letters} ELSE 'T' END || CASE WHEN grant_option THEN '*' ELSE '' END"
    who = "CASE grantee_kind WHEN 'public' THEN '' WHEN 'user' THEN grantee ELSE grantee_kind || ' ' || grantee END"
    wanted = "IS NULL" if part == "relation" else "IS NOT NULL"
    owner = "{user} || '=arwdRxt/' || {user} || ','" if part == "relation" else "''"
    return f"""(SELECT relation_id, part, '{{' || {owner} || string_agg(entry, ',' ORDER BY entry) || '}}' AS acl FROM (
        SELECT relation_id, column_name AS part, {who} || '=' || string_agg({letter}, '' ORDER BY privilege) || '/' ||
        {{user}} AS entry FROM {ENGINE}.privileges WHERE column_name {wanted}
        GROUP BY relation_id, column_name, grantee_kind, grantee) GROUP BY relation_id, part)"""
