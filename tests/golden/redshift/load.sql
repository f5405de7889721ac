-- case: loaded (1)
SELECT uri, file_identity, sequencer, row_count, loaded_at FROM "tidegate"."loaded_files" WHERE table_name = 'public.orders' AND uri IN ('s3://landing/orders/o''1.parquet', '/data/orders/2.parquet');

-- case: loaded (2)
SELECT uri, file_identity, sequencer, row_count, loaded_at FROM "tidegate"."loaded_files" WHERE table_name = 'public.orders' ORDER BY uri, loaded_at, file_identity;

-- case: loaded (3)
SELECT CASE WHEN COALESCE(COUNT(*) = 0, FALSE) THEN 0 ELSE CAST('tidegate guard: a newer version of a file is already loaded: ' || CAST(COALESCE(COUNT(*), 0) AS VARCHAR(20)) AS INTEGER) END AS guard FROM "tidegate"."loaded_files" WHERE table_name = 'public.orders' AND landed_at > TIMESTAMP '2020-06-20 11:00:00.000000';

-- case: loaded (4)
SELECT CASE WHEN COALESCE(COUNT(*) = 0, FALSE) THEN 0 ELSE CAST('tidegate guard: a file is already loaded: ' || CAST(COALESCE(COUNT(*), 0) AS VARCHAR(20)) AS INTEGER) END AS guard FROM "tidegate"."loaded_files" WHERE table_name = 'public.orders' AND (uri || ' ' || file_identity) IN ('s3://landing/orders/o''1.parquet 9b2cf5:812', '/data/orders/2.parquet 1f-17c-280:640');

-- case: loaded (5)
SELECT CASE WHEN COALESCE(COUNT(*) = 0, FALSE) THEN 0 ELSE CAST('tidegate guard: a newer version of a file is already loaded: ' || CAST(COALESCE(COUNT(*), 0) AS VARCHAR(20)) AS INTEGER) END AS guard FROM "tidegate"."loaded_files" WHERE table_name = 'public.orders' AND ((uri = 's3://landing/orders/o''1.parquet' AND RPAD(sequencer, 64, '0') > '0055AED6DCD90281E50000000000000000000000000000000000000000000000'));

-- case: loaded (6)
INSERT INTO "tidegate"."loaded_files" (table_name, uri, file_identity, version, sequencer, batch, row_count, landed_at, loaded_at) VALUES ('public.orders', 's3://landing/orders/o''1.parquet', '9b2cf5:812', 'v1', '0055AED6DCD90281E5', 'b1', 12, TIMESTAMP '2020-06-20 11:00:00.000000', TIMESTAMP '2020-06-20 12:00:00'), ('public.orders', '/data/orders/2.parquet', '1f-17c-280:640', NULL, NULL, 'b1', NULL, NULL, TIMESTAMP '2020-06-20 12:00:00');

-- case: append (1)
CREATE TEMPORARY TABLE "tg_stage_20200620_120000_3f9a2c1b" (
    "order_id" BIGINT,
    "line" BIGINT,
    "note" VARCHAR(65535),
    "details" VARCHAR(65535),
    "nothing" VARCHAR(1),
    "left_out" BIGINT
)
DISTSTYLE AUTO;

-- case: append (2)
SELECT COUNT(*) AS tg_rows, COALESCE(SUM(CASE WHEN TRUE THEN 0 ELSE 1 END), 0) AS tg_keyless, COALESCE(MAX(OCTET_LENGTH("note")), 0) AS tg_bytes_0, COALESCE(MAX(OCTET_LENGTH("details")), 0) AS tg_bytes_1, COALESCE(MAX(OCTET_LENGTH("nothing")), 0) AS tg_bytes_2 FROM "tg_stage_20200620_120000_3f9a2c1b";

-- case: append (3)
INSERT INTO "public"."orders" ("order_id", "line", "note", "details", "nothing") SELECT "order_id", "line", "note", JSON_PARSE("details"), CAST(NULL AS BIGINT) FROM "tg_stage_20200620_120000_3f9a2c1b";

-- case: upsert (1)
SELECT COUNT(*) AS tg_rows, COALESCE(SUM(CASE WHEN "order_id" IS NOT NULL AND "line" IS NOT NULL THEN 0 ELSE 1 END), 0) AS tg_keyless, COALESCE(MAX(OCTET_LENGTH("note")), 0) AS tg_bytes_0, COALESCE(MAX(OCTET_LENGTH("details")), 0) AS tg_bytes_1, COALESCE(MAX(OCTET_LENGTH("nothing")), 0) AS tg_bytes_2 FROM "tg_stage_20200620_120000_3f9a2c1b";

-- case: upsert (2)
SELECT COUNT(*) AS tg_keys FROM (SELECT "order_id", "line" FROM "tg_stage_20200620_120000_3f9a2c1b" WHERE "order_id" IS NOT NULL AND "line" IS NOT NULL GROUP BY "order_id", "line" HAVING COUNT(*) > 1) AS repeated;

-- case: upsert (3)
SELECT CAST(NULL AS INTEGER) AS tg_number, COUNT(*) AS tg_keys FROM (SELECT "order_id", "line" FROM "tg_stage_20200620_120000_3f9a2c1b" WHERE "order_id" IS NOT NULL AND "line" IS NOT NULL GROUP BY "order_id", "line" HAVING COUNT(DISTINCT FNV_HASH(FNV_HASH(COALESCE("line", CAST(0 AS BIGINT)), FNV_HASH(CASE WHEN "line" IS NULL THEN -1 ELSE 1 END)), FNV_HASH(COALESCE("order_id", CAST(0 AS BIGINT)), FNV_HASH(CASE WHEN "order_id" IS NULL THEN -1 ELSE 1 END)))) > 1) AS undecided GROUP BY 1 ORDER BY 1;

-- case: upsert (4)
SELECT "order_id", "line" FROM "tg_stage_20200620_120000_3f9a2c1b" WHERE NOT ("order_id" IS NOT NULL AND "line" IS NOT NULL);

-- case: upsert (5)
DELETE FROM "public"."orders" USING "tg_stage_20200620_120000_3f9a2c1b" AS tg_s WHERE "orders"."order_id" = tg_s."order_id" AND "orders"."line" = tg_s."line";

-- case: upsert (6)
INSERT INTO "public"."orders" ("order_id", "line", "note", "details", "nothing") SELECT "order_id", "line", "note", JSON_PARSE("details"), CAST(NULL AS BIGINT) FROM (SELECT "order_id", "line", "note", "details", "nothing", ROW_NUMBER() OVER (PARTITION BY "order_id", "line" ORDER BY "order_id", "line") AS tg_rank FROM "tg_stage_20200620_120000_3f9a2c1b" WHERE "order_id" IS NOT NULL AND "line" IS NOT NULL) AS ranked WHERE tg_rank = 1;

-- case: upsert with a version (1)
CREATE TEMPORARY TABLE "tg_stage_20200620_120000_3f9a2c1b_n" (
    "order_id" BIGINT,
    "line" BIGINT,
    "note" VARCHAR(65535),
    "details" VARCHAR(65535),
    "nothing" VARCHAR(1),
    "left_out" BIGINT,
    "tg_file" INTEGER
)
DISTSTYLE AUTO;

-- case: upsert with a version (2)
UPDATE "tg_stage_20200620_120000_3f9a2c1b_n" SET tg_file = 3 WHERE tg_file IS NULL;

-- case: upsert with a version (3)
SELECT tg_file AS tg_number, COUNT(*) AS tg_keys FROM (SELECT "order_id", "line", "note", "tg_file" FROM "tg_stage_20200620_120000_3f9a2c1b_n" WHERE "order_id" IS NOT NULL AND "line" IS NOT NULL GROUP BY "order_id", "line", "note", "tg_file" HAVING COUNT(DISTINCT FNV_HASH(FNV_HASH(COALESCE("line", CAST(0 AS BIGINT)), FNV_HASH(CASE WHEN "line" IS NULL THEN -1 ELSE 1 END)), FNV_HASH(COALESCE("order_id", CAST(0 AS BIGINT)), FNV_HASH(CASE WHEN "order_id" IS NULL THEN -1 ELSE 1 END)))) > 1) AS undecided GROUP BY 1 ORDER BY 1;

-- case: upsert with a version (4)
SELECT tg_file AS tg_number, COUNT(*) AS tg_rows FROM "tg_stage_20200620_120000_3f9a2c1b_n" WHERE NOT ("order_id" IS NOT NULL AND "line" IS NOT NULL) GROUP BY 1 ORDER BY 1;

-- case: upsert with a version (5)
DELETE FROM "tg_stage_20200620_120000_3f9a2c1b_n" USING "public"."orders" AS t WHERE "tg_stage_20200620_120000_3f9a2c1b_n"."order_id" = t."order_id" AND "tg_stage_20200620_120000_3f9a2c1b_n"."line" = t."line" AND (t."note" > "tg_stage_20200620_120000_3f9a2c1b_n"."note" OR ("tg_stage_20200620_120000_3f9a2c1b_n"."note" IS NULL AND t."note" IS NOT NULL));

-- case: upsert with a version (6)
INSERT INTO "public"."orders" ("order_id", "line", "note", "details", "nothing") SELECT "order_id", "line", "note", JSON_PARSE("details"), CAST(NULL AS BIGINT) FROM (SELECT "order_id", "line", "note", "details", "nothing", ROW_NUMBER() OVER (PARTITION BY "order_id", "line" ORDER BY "note" DESC NULLS LAST, tg_file DESC) AS tg_rank FROM "tg_stage_20200620_120000_3f9a2c1b_n" WHERE "order_id" IS NOT NULL AND "line" IS NOT NULL) AS ranked WHERE tg_rank = 1;

-- case: archived keys (1)
CREATE TEMPORARY TABLE "tg_cold_20200620_120000_3f9a2c1b" (
    "order_id" BIGINT,
    "line" INTEGER,
    "tg_period" DATE
)
DISTSTYLE AUTO;

-- case: archived keys (2)
INSERT INTO "tg_cold_20200620_120000_3f9a2c1b" ("order_id", "line", tg_period) SELECT DISTINCT e."order_id", e."line", p.period FROM "tidegate_cold"."orders__v1" AS e JOIN "tidegate"."published" AS p ON p.batch = e."tg_batch" AND p.period = e."tg_period" AND p.table_name = 'public.orders' JOIN "tg_stage_20200620_120000_3f9a2c1b" AS tg_s ON tg_s."order_id" = e."order_id" AND tg_s."line" = e."line";

-- case: archived keys (3)
SELECT tg_period, COUNT(*) AS tg_keys FROM "tg_cold_20200620_120000_3f9a2c1b" GROUP BY 1 ORDER BY 1;

-- case: archived keys (4)
SELECT "order_id" FROM "tg_stage_20200620_120000_3f9a2c1b" WHERE EXISTS (SELECT 1 FROM "tg_cold_20200620_120000_3f9a2c1b" AS tg_c WHERE "tg_stage_20200620_120000_3f9a2c1b"."order_id" = tg_c."order_id" AND "tg_stage_20200620_120000_3f9a2c1b"."line" = tg_c."line");

-- case: archived keys (5)
DELETE FROM "tg_stage_20200620_120000_3f9a2c1b" USING "tg_cold_20200620_120000_3f9a2c1b" AS tg_c WHERE "tg_stage_20200620_120000_3f9a2c1b"."order_id" = tg_c."order_id" AND "tg_stage_20200620_120000_3f9a2c1b"."line" = tg_c."line";

-- case: archived keys (6)
SELECT CASE WHEN COALESCE(COUNT(*) = 2, FALSE) THEN 0 ELSE CAST('tidegate guard: the archived periods changed: ' || CAST(COALESCE(COUNT(*), 0) AS VARCHAR(20)) AS INTEGER) END AS guard FROM "tidegate"."published" WHERE table_name = 'public.orders';

-- case: checks (1)
SELECT "order_id" FROM "tg_stage_20200620_120000_3f9a2c1b" WHERE "note" IS NULL OR "line" IS NULL;

-- case: checks (2)
SELECT "order_id" FROM "tg_stage_20200620_120000_3f9a2c1b" WHERE "line" < 1 OR "line" > 9;

-- case: checks (3)
SELECT "order_id" FROM "tg_stage_20200620_120000_3f9a2c1b" WHERE CAST("note" AS VARCHAR(65535)) NOT IN ('a', 'it''s');

-- case: checks (4)
SELECT "order_id" FROM "tg_stage_20200620_120000_3f9a2c1b" WHERE "line" NOT IN (1, 2.50);

-- case: checks (5)
SELECT "order_id" FROM "tg_stage_20200620_120000_3f9a2c1b" WHERE "line" IS NOT NULL;

-- case: checks (6)
SELECT "order_id" FROM "tg_stage_20200620_120000_3f9a2c1b" WHERE EXISTS (SELECT 1 FROM (SELECT "order_id", "line" FROM "tg_stage_20200620_120000_3f9a2c1b" WHERE "order_id" IS NOT NULL AND "line" IS NOT NULL GROUP BY "order_id", "line" HAVING COUNT(*) > 1) AS tg_r WHERE tg_r."order_id" = "tg_stage_20200620_120000_3f9a2c1b"."order_id" AND tg_r."line" = "tg_stage_20200620_120000_3f9a2c1b"."line");

-- case: checks (7)
SELECT "order_id" FROM "tg_stage_20200620_120000_3f9a2c1b" WHERE NOT COALESCE((line > 0 OR note = 'x'), FALSE);

-- case: checks (8)
SELECT COUNT(*) AS tg_rows FROM "tg_stage_20200620_120000_3f9a2c1b" WHERE TRUE;

-- case: checks (9)
DELETE FROM "tg_stage_20200620_120000_3f9a2c1b" WHERE "line" IS NULL;

-- case: checks (10)
SELECT CASE WHEN COALESCE(MAX("at") >= TIMESTAMP '2020-06-20 11:00:00.000000', FALSE) THEN 0 ELSE 1 END AS tg_stale FROM "tg_stage_20200620_120000_3f9a2c1b";

-- case: checks (11)
SELECT CAST(AVG(CAST(tg_rows AS DOUBLE PRECISION)) AS DOUBLE PRECISION) AS tg_mean FROM (SELECT batch, SUM(row_count) AS tg_rows, MAX(loaded_at) AS tg_at FROM "tidegate"."loaded_files" WHERE table_name = 'public.orders' AND STRPOS(uri, '/_tidegate/') = 0 GROUP BY batch ORDER BY tg_at DESC LIMIT 10) AS recent;

-- case: quarantine (1)
SELECT table_name, batch, COUNT(DISTINCT uri) AS files, COALESCE(SUM(row_count), 0) AS rows_aside, MIN(code) AS code, MIN(reason) AS reason, MAX(quarantined_at) AS quarantined_at FROM "tidegate"."quarantined_files" GROUP BY 1, 2 ORDER BY 7 DESC, 1, 2 LIMIT 100;

-- case: quarantine (2)
SELECT table_name, batch, COUNT(DISTINCT uri) AS files, COALESCE(SUM(row_count), 0) AS rows_aside, MIN(code) AS code, MIN(reason) AS reason, MAX(quarantined_at) AS quarantined_at FROM "tidegate"."quarantined_files" WHERE table_name = 'public.orders' AND batch = 'b''1' AND code = 'load.key' GROUP BY 1, 2 ORDER BY 7 DESC, 1, 2 LIMIT 5;

-- case: quarantine (3)
SELECT table_name, batch, quarantined_at, uri, file_identity, version, sequencer, row_count, code, reason, hint, place FROM "tidegate"."quarantined_files" WHERE table_name = 'public.orders' ORDER BY quarantined_at, table_name, uri, code;

-- case: quarantine (4)
SELECT table_name, COUNT(*) AS files FROM (SELECT DISTINCT table_name, uri, file_identity FROM "tidegate"."quarantined_files") AS d GROUP BY 1 ORDER BY 1;

-- case: quarantine (5)
DELETE FROM "tidegate"."quarantined_files" WHERE table_name = 'public.orders' AND batch = 'b1';

-- case: quarantine (6)
DELETE FROM "tidegate"."quarantined_files" WHERE table_name = 'public.orders' AND place IS NULL AND (uri || ' ' || file_identity) IN ('s3://landing/orders/o''1.parquet 9b2cf5:812', '/data/orders/2.parquet 1f-17c-280:640');

-- case: quarantine (7)
DELETE FROM "tidegate"."quarantined_files" WHERE table_name = 'public.orders' AND place = 's3://lake/_tidegate/w1/quarantine/b1/';

-- case: quarantine (8)
UPDATE "tidegate"."quarantined_files" SET reason = 'rows have no ''id''', hint = '' WHERE table_name = 'public.orders' AND place = 's3://lake/_tidegate/w1/quarantine/b1/';

-- case: checks of a table (1)
SELECT COUNT(*) AS tg_rows, COALESCE(SUM(CASE WHEN "note" IS NULL OR "line" IS NULL THEN 1 ELSE 0 END), 0) AS tg_rule_0, COALESCE(SUM(CASE WHEN "line" < 1 OR "line" > 9 THEN 1 ELSE 0 END), 0) AS tg_rule_1, CASE WHEN COALESCE(MAX("at") >= TIMESTAMP '2020-06-20 10:00:00.000000', FALSE) THEN 0 ELSE 1 END AS tg_rule_3, COALESCE(SUM(CASE WHEN "share" NOT IN (CAST(1.5 AS REAL)) OR CASE WHEN "paid" THEN 'true' WHEN NOT "paid" THEN 'false' END NOT IN ('1.5', 'true') THEN 1 ELSE 0 END), 0) AS tg_rule_4, COALESCE(SUM(CASE WHEN NOT COALESCE((line > 0 OR note = 'x'), FALSE) THEN 1 ELSE 0 END), 0) AS tg_rule_5 FROM "public"."orders";

-- case: checks of a table (2)
SELECT COALESCE(SUM(tg_same), 0) AS tg_rows FROM (SELECT COUNT(*) AS tg_same FROM "public"."orders" WHERE "order_id" IS NOT NULL AND "line" IS NOT NULL GROUP BY "order_id", "line" HAVING COUNT(*) > 1) AS repeated;

-- case: checks of a table (3)
SELECT SUM(row_count) AS tg_rows, MAX(loaded_at) AS tg_at FROM "tidegate"."loaded_files" WHERE table_name = 'public.orders' AND STRPOS(uri, '/_tidegate/') = 0 GROUP BY batch ORDER BY tg_at DESC, batch DESC LIMIT 11;

-- case: replace
DELETE FROM "public"."orders";

-- case: wider
ALTER TABLE "public"."orders" ALTER COLUMN "note" TYPE VARCHAR(300);

-- case: committed
SELECT COUNT(*) AS tg_files FROM "tidegate"."loaded_files" WHERE table_name = 'public.orders' AND batch = 'b1';

-- case: newest
SELECT CAST(MAX(landed_at) AS VARCHAR(32)) AS landed_at FROM "tidegate"."loaded_files" WHERE table_name = 'public.orders';

-- case: quarantined (1)
SELECT table_name, uri, file_identity, batch, row_count, code, reason, hint, place, quarantined_at FROM "tidegate"."quarantined_files" ORDER BY quarantined_at, table_name, uri;

-- case: quarantined (2)
SELECT table_name, uri, file_identity, batch, row_count, code, reason, hint, place, quarantined_at FROM "tidegate"."quarantined_files" WHERE table_name = 'public.orders' ORDER BY quarantined_at, table_name, uri;

-- case: quarantined (3)
SELECT COUNT(*) AS files FROM "tidegate"."quarantined_files" WHERE table_name = 'public.orders';

-- case: quarantined (4)
SELECT uri, file_identity FROM "tidegate"."quarantined_files" WHERE table_name = 'public.orders' AND (uri || ' ' || file_identity) IN ('s3://landing/orders/o''1.parquet 9b2cf5:812', '/data/orders/2.parquet 1f-17c-280:640');

-- case: quarantined (5)
DELETE FROM "tidegate"."quarantined_files" WHERE table_name = 'public.orders' AND (uri || ' ' || file_identity) IN ('s3://landing/orders/o''1.parquet 9b2cf5:812', '/data/orders/2.parquet 1f-17c-280:640');

-- case: quarantined (6)
INSERT INTO "tidegate"."quarantined_files" (table_name, uri, file_identity, version, sequencer, batch, row_count, code, reason, hint, place, quarantined_at) VALUES ('public.orders', '/data/orders/2.parquet', '1f-17c-280:640', NULL, NULL, 'b1', NULL, 'sql.failed', 'column "amount" is ''none''', 'Correct the file.', NULL, TIMESTAMP '2020-06-20 12:00:00'), ('public.orders', 's3://landing/orders/o''1.parquet', '9b2cf5:812', 'v1', '0055AED6DCD90281E5', 'b1', 2, 'load.key', '2 rows have no order_id', '', 's3://lake/_tidegate/w1/quarantine/b1/', TIMESTAMP '2020-06-20 12:00:00');
