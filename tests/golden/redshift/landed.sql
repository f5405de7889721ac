-- case: below a place
SELECT uri, table_name, file_identity, 1 AS is_loaded, '' AS reason FROM "tidegate"."loaded_files" WHERE LEFT(uri, 21) = 's3://landing/o''rders/'
UNION ALL
SELECT uri, table_name, file_identity, 0 AS is_loaded, reason FROM "tidegate"."quarantined_files" WHERE LEFT(uri, 21) = 's3://landing/o''rders/'
ORDER BY uri, is_loaded;

-- case: below a place, from a file on
SELECT uri, table_name, file_identity, 1 AS is_loaded, '' AS reason FROM "tidegate"."loaded_files" WHERE LEFT(uri, 9) = '/data/in/' AND uri > '/data/in/1.parquet'
UNION ALL
SELECT uri, table_name, file_identity, 0 AS is_loaded, reason FROM "tidegate"."quarantined_files" WHERE LEFT(uri, 9) = '/data/in/' AND uri > '/data/in/1.parquet'
ORDER BY uri, is_loaded;
