-- case: definitions
SELECT CAST(n.nspname AS VARCHAR(65535)) AS schema_name, CAST(c.relname AS VARCHAR(65535)) AS table_name,
    'column' AS part, CAST(a.attnum AS INTEGER) AS position, CAST(a.attname AS VARCHAR(65535)) AS name,
    CAST(FORMAT_TYPE(a.atttypid, a.atttypmod) AS VARCHAR(65535)) AS definition,
    CAST(d.adsrc AS VARCHAR(65535)) AS default_text, a.attnotnull AS required, a.attisdistkey AS dist_key,
    CAST(a.attsortkeyord AS INTEGER) AS sort_key,
    CAST(FORMAT_ENCODING(CAST(a.attencodingtype AS INTEGER)) AS VARCHAR(65535)) AS encoding,
    CAST(c.reldiststyle AS INTEGER) AS dist_style
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_attribute AS a ON a.attrelid = c.oid
LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND ((n.nspname = 'public' AND c.relname IN ('orders', 'items')) OR (n.nspname = 'odd ''schema''' AND c.relname IN ('a "b"')))
UNION ALL
SELECT CAST(n.nspname AS VARCHAR(65535)), CAST(c.relname AS VARCHAR(65535)),
    'key', CAST(k.oid AS INTEGER), CAST(k.conname AS VARCHAR(65535)),
    CAST(PG_GET_CONSTRAINTDEF(k.oid) AS VARCHAR(65535)),
    CAST(s.nspname AS VARCHAR(65535)), FALSE, FALSE, 0, CAST(t.relname AS VARCHAR(65535)), 0
FROM pg_constraint AS k
JOIN pg_class AS c ON c.oid = k.conrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_class AS t ON t.oid = k.confrelid
LEFT JOIN pg_namespace AS s ON s.oid = t.relnamespace
WHERE c.relkind = 'r' AND ((n.nspname = 'public' AND c.relname IN ('orders', 'items')) OR (n.nspname = 'odd ''schema''' AND c.relname IN ('a "b"')))
ORDER BY 1, 2, 3, 4;

-- case: tables that exist
SELECT n.nspname, c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND ((n.nspname = 'public' AND c.relname IN ('orders', 'items')) OR (n.nspname = 'odd ''schema''' AND c.relname IN ('a "b"')));

-- case: sizes
SELECT "schema", "table", size, tbl_rows, estimated_visible_rows, unsorted, stats_off FROM svv_table_info WHERE ("schema" = 'public' AND "table" IN ('orders', 'items')) OR ("schema" = 'odd ''schema''' AND "table" IN ('a "b"'));

-- case: isolation
SELECT database_isolation_level FROM svv_redshift_databases WHERE database_name = 'dev';

-- case: place
SELECT CURRENT_NAMESPACE, CURRENT_DATABASE();

-- case: history
SELECT query_id, transaction_id, session_id, status, error_message, returned_rows, start_time, end_time FROM sys_query_history WHERE STRPOS(query_text, '/* tidegate 01JOB delete */') > 0 AND STRPOS(query_text, 'sys_query_history') = 0 ORDER BY start_time DESC, query_id DESC;
