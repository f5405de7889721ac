-- case: elements that were loaded (1)
SELECT DISTINCT tg_e.table_name FROM "tidegate"."loaded_files" AS tg_r JOIN "tidegate"."loaded_files" AS tg_e ON tg_e.batch = tg_r.batch WHERE tg_r.table_name = 'public.orders' AND LEFT(tg_e.table_name, 14) = 'public.orders_';

-- case: elements that were loaded (2)
SELECT CASE WHEN COALESCE(COUNT(*) = 3, FALSE) THEN 0 ELSE CAST('tidegate guard: the tables of lists changed: ' || CAST(COALESCE(COUNT(*), 0) AS VARCHAR(20)) AS INTEGER) END AS guard FROM (SELECT DISTINCT tg_e.table_name FROM "tidegate"."loaded_files" AS tg_r JOIN "tidegate"."loaded_files" AS tg_e ON tg_e.batch = tg_r.batch WHERE tg_r.table_name = 'public.orders' AND LEFT(tg_e.table_name, 14) = 'public.orders_') AS tg_tables;

-- case: elements of keys (1)
CREATE TEMPORARY TABLE "tg_stage_20200620_120000_3f9a2c1b_n" (
    "order_id" BIGINT,
    "shop" VARCHAR(80),
    "at" BIGINT,
    "tg_record" BIGINT,
    "tg_digest" VARCHAR(32),
    "tg_file" INTEGER
)
DISTSTYLE AUTO;

-- case: elements of keys (2)
CREATE TEMPORARY TABLE "tg_stage_20200620_120000_3f9a2c1b_1" (
    "order_id" BIGINT,
    "shop" VARCHAR(80),
    "tg_position" BIGINT,
    "tg_record" BIGINT
)
DISTSTYLE AUTO;

-- case: elements of keys (3)
SELECT CASE WHEN COALESCE(COUNT(*) = 3, FALSE) THEN 0 ELSE CAST('tidegate guard: the tables of lists changed: ' || CAST(COALESCE(COUNT(*), 0) AS VARCHAR(20)) AS INTEGER) END AS guard FROM (SELECT DISTINCT tg_e.table_name FROM "tidegate"."loaded_files" AS tg_r JOIN "tidegate"."loaded_files" AS tg_e ON tg_e.batch = tg_r.batch WHERE tg_r.table_name = 'public.orders' AND LEFT(tg_e.table_name, 14) = 'public.orders_') AS tg_tables;

-- case: elements of keys (4)
SELECT CASE WHEN COALESCE(COUNT(*) = 0, FALSE) THEN 0 ELSE CAST('tidegate guard: the archived periods changed: ' || CAST(COALESCE(COUNT(*), 0) AS VARCHAR(20)) AS INTEGER) END AS guard FROM "tidegate"."published" WHERE table_name IN ('public.orders_items', 'public.orders_notes');

-- case: elements of keys (5)
DELETE FROM "tg_stage_20200620_120000_3f9a2c1b_n" WHERE tg_record NOT IN (SELECT tg_record FROM (SELECT "tg_record", ROW_NUMBER() OVER (PARTITION BY "order_id", "shop" ORDER BY "at" DESC NULLS LAST, tg_file DESC) AS tg_rank FROM "tg_stage_20200620_120000_3f9a2c1b_n" WHERE "order_id" IS NOT NULL AND "shop" IS NOT NULL) AS ranked WHERE tg_rank = 1);

-- case: elements of keys (6)
DELETE FROM "public"."orders_items" USING "tg_stage_20200620_120000_3f9a2c1b_n" AS tg_s WHERE "orders_items"."order_id" = tg_s."order_id" AND "orders_items"."shop" = tg_s."shop";

-- case: elements of keys (7)
DELETE FROM "public"."orders_notes" USING "tg_stage_20200620_120000_3f9a2c1b_n" AS tg_s WHERE "orders_notes"."order_id" = tg_s."order_id" AND "orders_notes"."shop" = tg_s."shop";

-- case: elements of keys (8)
INSERT INTO "public"."orders_items" ("order_id", "shop", "tg_position") SELECT "order_id", "shop", "tg_position" FROM "tg_stage_20200620_120000_3f9a2c1b_1" WHERE tg_record IN (SELECT tg_record FROM "tg_stage_20200620_120000_3f9a2c1b_n");

-- case: elements of all (1)
DELETE FROM "public"."orders_items";

-- case: elements of all (2)
DELETE FROM "public"."orders_notes";
