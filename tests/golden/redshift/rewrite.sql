-- case: rows of a condition: a number and a text (1)
SELECT "day" AS tg_period, COUNT(*) AS tg_rows FROM "public"."orders" WHERE "id" = 4711 OR "note's" LIKE 'O''Brien\\%' GROUP BY 1 ORDER BY 1;

-- case: rows of a condition: a number and a text (2)
SELECT e."tg_batch", e."tg_period", COUNT(*) AS tg_rows FROM "tidegate_cold"."public__orders" AS e WHERE e."tg_batch" = 'b1' AND e."tg_period" IN (DATE '2020-01-01', DATE '2020-02-01') AND (e."id" = 4711 OR e."note's" LIKE 'O''Brien\\%') GROUP BY 1, 2 ORDER BY 1, 2;

-- case: rows of a condition: a padded text and a list (1)
SELECT "day" AS tg_period, COUNT(*) AS tg_rows FROM "public"."orders" WHERE "code" IN ('ab', 'cd') AND NOT "paid" GROUP BY 1 ORDER BY 1;

-- case: rows of a condition: a padded text and a list (2)
SELECT e."tg_batch", e."tg_period", COUNT(*) AS tg_rows FROM "tidegate_cold"."public__orders" AS e WHERE e."tg_batch" = 'b1' AND e."tg_period" IN (DATE '2020-01-01', DATE '2020-02-01') AND (CAST(e."code" AS CHAR(4)) IN ('ab', 'cd') AND NOT e."paid") GROUP BY 1, 2 ORDER BY 1, 2;

-- case: rows of a condition: times (1)
SELECT "day" AS tg_period, COUNT(*) AS tg_rows FROM "public"."orders" WHERE "at" >= '2020-01-01 00:00:00+00' AND "day" BETWEEN '2020-01-01' AND CAST('2020-02-29' AS DATE) GROUP BY 1 ORDER BY 1;

-- case: rows of a condition: times (2)
SELECT e."tg_batch", e."tg_period", COUNT(*) AS tg_rows FROM "tidegate_cold"."public__orders" AS e WHERE e."tg_batch" = 'b1' AND e."tg_period" IN (DATE '2020-01-01', DATE '2020-02-01') AND ((e."at" AT TIME ZONE 'UTC') >= '2020-01-01 00:00:00+00' AND e."day" BETWEEN '2020-01-01' AND CAST('2020-02-29' AS DATE)) GROUP BY 1, 2 ORDER BY 1, 2;

-- case: rows of a condition: JSON (1)
SELECT "day" AS tg_period, COUNT(*) AS tg_rows FROM "public"."orders" WHERE JSON_EXTRACT_PATH_TEXT(JSON_SERIALIZE("doc"), 'customer', 'id') = '4711' GROUP BY 1 ORDER BY 1;

-- case: rows of a condition: JSON (2)
SELECT e."tg_batch", e."tg_period", COUNT(*) AS tg_rows FROM "tidegate_cold"."public__orders" AS e WHERE e."tg_batch" = 'b1' AND e."tg_period" IN (DATE '2020-01-01', DATE '2020-02-01') AND (JSON_EXTRACT_PATH_TEXT(JSON_SERIALIZE(JSON_PARSE(e."doc")), 'customer', 'id') = '4711') GROUP BY 1, 2 ORDER BY 1, 2;

-- case: rows of a condition: functions (1)
SELECT "day" AS tg_period, COUNT(*) AS tg_rows FROM "public"."orders" WHERE LOWER(TRIM("note's")) = 'x' AND COALESCE("weight", 0) > 1.5 AND SUBSTRING("code" FROM 1 FOR 2) = 'ab' GROUP BY 1 ORDER BY 1;

-- case: rows of a condition: functions (2)
SELECT e."tg_batch", e."tg_period", COUNT(*) AS tg_rows FROM "tidegate_cold"."public__orders" AS e WHERE e."tg_batch" = 'b1' AND e."tg_period" IN (DATE '2020-01-01', DATE '2020-02-01') AND (LOWER(TRIM(e."note's")) = 'x' AND COALESCE(e."weight", 0) > 1.5 AND SUBSTRING(CAST(e."code" AS CHAR(4)) FROM 1 FOR 2) = 'ab') GROUP BY 1, 2 ORDER BY 1, 2;

-- case: rows of a condition: a case (1)
SELECT "day" AS tg_period, COUNT(*) AS tg_rows FROM "public"."orders" WHERE CASE WHEN "amount" IS NULL THEN "id" % 2 = 0 ELSE CAST("amount" AS VARCHAR(20)) <> '1' END GROUP BY 1 ORDER BY 1;

-- case: rows of a condition: a case (2)
SELECT e."tg_batch", e."tg_period", COUNT(*) AS tg_rows FROM "tidegate_cold"."public__orders" AS e WHERE e."tg_batch" = 'b1' AND e."tg_period" IN (DATE '2020-01-01', DATE '2020-02-01') AND (CASE WHEN e."amount" IS NULL THEN e."id" % 2 = 0 ELSE CAST(e."amount" AS VARCHAR(20)) <> '1' END) GROUP BY 1, 2 ORDER BY 1, 2;

-- case: rows of a condition: NULL (1)
SELECT "day" AS tg_period, COUNT(*) AS tg_rows FROM "public"."orders" WHERE NOT "amount" IS NULL AND ("id" IS NULL OR -"id" < 3) GROUP BY 1 ORDER BY 1;

-- case: rows of a condition: NULL (2)
SELECT e."tg_batch", e."tg_period", COUNT(*) AS tg_rows FROM "tidegate_cold"."public__orders" AS e WHERE e."tg_batch" = 'b1' AND e."tg_period" IN (DATE '2020-01-01', DATE '2020-02-01') AND (NOT e."amount" IS NULL AND (e."id" IS NULL OR -e."id" < 3)) GROUP BY 1, 2 ORDER BY 1, 2;

-- case: rows of a condition in a version without its column
SELECT e."tg_batch", e."tg_period", COUNT(*) AS tg_rows FROM "tidegate_cold"."public__orders" AS e WHERE e."tg_batch" = 'b1' AND e."tg_period" IN (DATE '2020-01-01', DATE '2020-02-01') AND (CAST(NULL AS VARCHAR(80)) = 'x') GROUP BY 1, 2 ORDER BY 1, 2;

-- case: all hot rows
SELECT COUNT(*) AS tg_rows FROM "public"."orders";

-- case: guard on hot rows of a condition
SELECT CASE WHEN COALESCE(COUNT(*) = 3, FALSE) THEN 0 ELSE CAST('tidegate guard: hot rows changed: ' || CAST(COALESCE(COUNT(*), 0) AS VARCHAR(20)) AS INTEGER) END AS guard FROM "public"."orders" WHERE "id" = 4711;

-- case: guard on new batches (1)
SELECT CASE WHEN COALESCE(COUNT(*) = 0, FALSE) THEN 0 ELSE CAST('tidegate guard: batch b3 is already published: ' || CAST(COALESCE(COUNT(*), 0) AS VARCHAR(20)) AS INTEGER) END AS guard FROM "tidegate"."published" WHERE batch IN ('b3');

-- case: guard on new batches (2)
SELECT CASE WHEN COALESCE(COUNT(*) = 0, FALSE) THEN 0 ELSE CAST('tidegate guard: batch b3 is already parked: ' || CAST(COALESCE(COUNT(*), 0) AS VARCHAR(20)) AS INTEGER) END AS guard FROM "tidegate"."parked" WHERE batch IN ('b3');

-- case: guard on new batches (3)
SELECT CASE WHEN COALESCE(COUNT(*) = 0, FALSE) THEN 0 ELSE CAST('tidegate guard: batch b3 is already retired: ' || CAST(COALESCE(COUNT(*), 0) AS VARCHAR(20)) AS INTEGER) END AS guard FROM "tidegate"."retired" WHERE batch IN ('b3');

-- case: guard on new batches (4)
SELECT CASE WHEN COALESCE(COUNT(*) = 0, FALSE) THEN 0 ELSE CAST('tidegate guard: batch b3 is already copied: ' || CAST(COALESCE(COUNT(*), 0) AS VARCHAR(20)) AS INTEGER) END AS guard FROM "tidegate"."copies" WHERE batch IN ('b3');

-- case: guard on new batches (5)
SELECT CASE WHEN COALESCE(COUNT(*) = 0, FALSE) THEN 0 ELSE CAST('tidegate guard: batch b3 or another of 2 is already published: ' || CAST(COALESCE(COUNT(*), 0) AS VARCHAR(20)) AS INTEGER) END AS guard FROM "tidegate"."published" WHERE batch IN ('b3', 'b4');

-- case: guard on new batches (6)
SELECT CASE WHEN COALESCE(COUNT(*) = 0, FALSE) THEN 0 ELSE CAST('tidegate guard: batch b3 or another of 2 is already parked: ' || CAST(COALESCE(COUNT(*), 0) AS VARCHAR(20)) AS INTEGER) END AS guard FROM "tidegate"."parked" WHERE batch IN ('b3', 'b4');

-- case: guard on new batches (7)
SELECT CASE WHEN COALESCE(COUNT(*) = 0, FALSE) THEN 0 ELSE CAST('tidegate guard: batch b3 or another of 2 is already retired: ' || CAST(COALESCE(COUNT(*), 0) AS VARCHAR(20)) AS INTEGER) END AS guard FROM "tidegate"."retired" WHERE batch IN ('b3', 'b4');

-- case: guard on new batches (8)
SELECT CASE WHEN COALESCE(COUNT(*) = 0, FALSE) THEN 0 ELSE CAST('tidegate guard: batch b3 or another of 2 is already copied: ' || CAST(COALESCE(COUNT(*), 0) AS VARCHAR(20)) AS INTEGER) END AS guard FROM "tidegate"."copies" WHERE batch IN ('b3', 'b4');

-- case: proofs of what is there and of what goes (1)
SELECT e."tg_period" AS tg_period, COUNT(*) AS tg_rows, COALESCE(SUM(CAST(FNV_HASH(FNV_HASH(COALESCE(e."amount", 0), FNV_HASH(CASE WHEN e."amount" IS NULL THEN -1 ELSE 1 END)), FNV_HASH(FNV_HASH(COALESCE(e."paid", FALSE), FNV_HASH(CASE WHEN e."paid" IS NULL THEN -1 ELSE 1 END)), FNV_HASH(COALESCE(e."id", CAST(0 AS BIGINT)), FNV_HASH(CASE WHEN e."id" IS NULL THEN -1 ELSE 1 END)))) AS DECIMAL(38,0))), 0) AS tg_fingerprint FROM "tidegate_cold"."public__orders" AS e WHERE e."tg_batch" IN ('b1', 'b2') AND e."tg_period" IN (DATE '2020-01-01', DATE '2020-02-01') AND ((e."tg_batch" = 'b1' AND e."tg_period" IN (DATE '2020-01-01', DATE '2020-02-01')) OR (e."tg_batch" = 'b2' AND e."tg_period" IN (DATE '2020-01-01'))) GROUP BY 1 ORDER BY 1;

-- case: proofs of what is there and of what goes (2)
SELECT e."tg_period" AS tg_period, COUNT(*) AS tg_rows, COALESCE(SUM(CAST(TIDEGATE_HASH(e."id", e."paid", e."amount") AS DECIMAL(38,0))), 0) AS tg_fingerprint FROM "tidegate_cold"."public__orders" AS e WHERE e."tg_batch" IN ('b1', 'b2') AND e."tg_period" IN (DATE '2020-01-01', DATE '2020-02-01') AND ((e."tg_batch" = 'b1' AND e."tg_period" IN (DATE '2020-01-01', DATE '2020-02-01')) OR (e."tg_batch" = 'b2' AND e."tg_period" IN (DATE '2020-01-01'))) AND (e."id" = 4711 OR e."note's" LIKE 'O''Brien\\%') GROUP BY 1 ORDER BY 1;

-- case: unload of what stays
UNLOAD ('SELECT e."id", e."paid", e."amount", e."weight", e."code", e."note''s", e."day", e."at", e."hour", e."doc", e."raw", e."tg_period" FROM "tidegate_cold"."public__orders" AS e WHERE e."tg_batch" IN (''b1'', ''b2'') AND e."tg_period" IN (DATE ''2020-01-01'', DATE ''2020-02-01'') AND ((e."tg_batch" = ''b1'' AND e."tg_period" IN (DATE ''2020-01-01'', DATE ''2020-02-01'')) OR (e."tg_batch" = ''b2'' AND e."tg_period" IN (DATE ''2020-01-01''))) AND NOT COALESCE(e."id" = 4711 OR e."note''s" LIKE ''O''''Brien\\\\%'', FALSE)')
TO 's3://lake/w1/public/orders/tg_batch=b3/'
IAM_ROLE default
FORMAT AS PARQUET
PARTITION BY ("tg_period")
MANIFEST VERBOSE
PARALLEL OFF;

-- case: rows of several batches
SELECT e."id", e."paid", e."tg_period" FROM "tidegate_cold"."public__orders" AS e WHERE e."tg_batch" IN ('b1', 'b2') AND e."tg_period" IN (DATE '2020-01-01', DATE '2020-02-01') AND ((e."tg_batch" = 'b1' AND e."tg_period" IN (DATE '2020-01-01', DATE '2020-02-01')) OR (e."tg_batch" = 'b2' AND e."tg_period" IN (DATE '2020-01-01')));
