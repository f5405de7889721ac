-- case: loaded (1)
SELECT uri, file_identity, sequencer, row_count, loaded_at FROM "tidegate"."loaded_files" WHERE table_name = 'public.orders' AND uri IN ('s3://landing/orders/o''1.parquet', '/data/orders/2.parquet');

-- case: loaded (2)
SELECT uri, file_identity, sequencer, row_count, loaded_at FROM "tidegate"."loaded_files" WHERE table_name = 'public.orders' ORDER BY uri, loaded_at, file_identity;

-- case: loaded (3)
SELECT CASE WHEN COALESCE(COUNT(*) = 0, FALSE) THEN 0 ELSE CAST('tidegate guard: a file is already loaded: ' || CAST(COALESCE(COUNT(*), 0) AS VARCHAR(20)) AS INTEGER) END AS guard FROM "tidegate"."loaded_files" WHERE table_name = 'public.orders' AND ((uri = 's3://landing/orders/o''1.parquet' AND file_identity = '9b2cf5:812') OR (uri = '/data/orders/2.parquet' AND file_identity = '1f-17c-280:640'));

-- case: loaded (4)
SELECT CASE WHEN COALESCE(COUNT(*) = 0, FALSE) THEN 0 ELSE CAST('tidegate guard: a newer version of a file is already loaded: ' || CAST(COALESCE(COUNT(*), 0) AS VARCHAR(20)) AS INTEGER) END AS guard FROM "tidegate"."loaded_files" WHERE table_name = 'public.orders' AND ((uri = 's3://landing/orders/o''1.parquet' AND RPAD(sequencer, 64, '0') > '0055AED6DCD90281E50000000000000000000000000000000000000000000000'));

-- case: loaded (5)
INSERT INTO "tidegate"."loaded_files" (table_name, uri, file_identity, version, sequencer, batch, row_count, loaded_at) VALUES ('public.orders', 's3://landing/orders/o''1.parquet', '9b2cf5:812', 'v1', '0055AED6DCD90281E5', 'b1', 12, TIMESTAMP '2020-06-20 12:00:00'), ('public.orders', '/data/orders/2.parquet', '1f-17c-280:640', NULL, NULL, 'b1', NULL, TIMESTAMP '2020-06-20 12:00:00');

-- case: quarantined (1)
SELECT table_name, uri, file_identity, batch, row_count, code, reason, hint, place, quarantined_at FROM "tidegate"."quarantined_files" ORDER BY quarantined_at, table_name, uri;

-- case: quarantined (2)
SELECT table_name, uri, file_identity, batch, row_count, code, reason, hint, place, quarantined_at FROM "tidegate"."quarantined_files" WHERE table_name = 'public.orders' ORDER BY quarantined_at, table_name, uri;

-- case: quarantined (3)
DELETE FROM "tidegate"."quarantined_files" WHERE table_name = 'public.orders' AND ((uri = 's3://landing/orders/o''1.parquet' AND file_identity = '9b2cf5:812') OR (uri = '/data/orders/2.parquet' AND file_identity = '1f-17c-280:640'));

-- case: quarantined (4)
INSERT INTO "tidegate"."quarantined_files" (table_name, uri, file_identity, version, sequencer, batch, row_count, code, reason, hint, place, quarantined_at) VALUES ('public.orders', '/data/orders/2.parquet', '1f-17c-280:640', NULL, NULL, 'b1', NULL, 'sql.failed', 'column "amount" is ''none''', 'Correct the file.', NULL, TIMESTAMP '2020-06-20 12:00:00'), ('public.orders', 's3://landing/orders/o''1.parquet', '9b2cf5:812', 'v1', '0055AED6DCD90281E5', 'b1', 2, 'load.key', '2 rows have no order_id', '', 's3://lake/_tidegate/w1/quarantine/b1/', TIMESTAMP '2020-06-20 12:00:00');
