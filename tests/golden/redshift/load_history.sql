-- case: versions (1)
SELECT COUNT(*) AS tg_keys FROM (SELECT "item", "shop", "at" FROM "tg_stage_20200620_120000_3f9a2c1b" WHERE "item" IS NOT NULL AND "shop" IS NOT NULL AND "at" IS NOT NULL GROUP BY "item", "shop", "at" HAVING COUNT(*) > 1) AS repeated;

-- case: versions (2)
DELETE FROM "public"."prices" USING "tg_stage_20200620_120000_3f9a2c1b" AS tg_s WHERE "prices"."item" = tg_s."item" AND "prices"."shop" = tg_s."shop" AND "prices"."at" = tg_s."at";

-- case: versions (3)
INSERT INTO "public"."prices" ("item", "shop", "at", "price", "valid_from", "valid_to") SELECT "item", "shop", "at", "price", "at", LEAD("at") OVER (PARTITION BY "item", "shop" ORDER BY "at") FROM "tg_stage_20200620_120000_3f9a2c1b";

-- case: versions (4)
INSERT INTO "public"."prices" ("item", "shop", "at", "price", "valid_from", "valid_to") SELECT "item", "shop", "at", "price", "at", LEAD("at") OVER (PARTITION BY "item", "shop" ORDER BY "at") FROM (SELECT "item", "shop", "at", "price", ROW_NUMBER() OVER (PARTITION BY "item", "shop", "at" ORDER BY "item", "shop", "at") AS tg_rank FROM "tg_stage_20200620_120000_3f9a2c1b" WHERE "item" IS NOT NULL AND "shop" IS NOT NULL AND "at" IS NOT NULL) AS ranked WHERE tg_rank = 1;

-- case: versions (5)
INSERT INTO "public"."prices" ("item", "shop", "at", "price", "valid_from", "valid_to") SELECT "item", "shop", "at", "price", "at", LEAD("at") OVER (PARTITION BY "item", "shop" ORDER BY "at") FROM (SELECT "item", "shop", "at", "price", ROW_NUMBER() OVER (PARTITION BY "item", "shop", "at" ORDER BY tg_file DESC) AS tg_rank FROM "tg_stage_20200620_120000_3f9a2c1b_n" WHERE "item" IS NOT NULL AND "shop" IS NOT NULL AND "at" IS NOT NULL) AS ranked WHERE tg_rank = 1;

-- case: versions (6)
UPDATE "public"."prices" SET "valid_from" = tg_n."at", "valid_to" = tg_n.tg_to FROM (SELECT "item", "shop", "at", LEAD("at") OVER (PARTITION BY "item", "shop" ORDER BY "at") AS tg_to FROM (SELECT DISTINCT tg_t."item", tg_t."shop", tg_t."at" FROM "public"."prices" AS tg_t JOIN (SELECT "item" AS "item", "shop" AS "shop" FROM "tg_stage_20200620_120000_3f9a2c1b" WHERE "item" IS NOT NULL AND "shop" IS NOT NULL AND "at" IS NOT NULL UNION SELECT "item", "shop" FROM "public"."prices" WHERE "valid_from" IS NULL AND "at" IS NOT NULL) AS tg_k ON tg_t."item" = tg_k."item" AND tg_t."shop" = tg_k."shop" WHERE tg_t."at" IS NOT NULL) AS tg_v) AS tg_n WHERE "prices"."item" = tg_n."item" AND "prices"."shop" = tg_n."shop" AND "prices"."at" = tg_n."at" AND ("prices"."valid_from" IS NULL OR "prices"."valid_from" <> tg_n."at" OR "prices"."valid_to" <> tg_n.tg_to OR ("prices"."valid_to" IS NULL AND tg_n.tg_to IS NOT NULL) OR ("prices"."valid_to" IS NOT NULL AND tg_n.tg_to IS NULL));

-- case: archived versions (1)
CREATE TEMPORARY TABLE "tg_cold_20200620_120000_3f9a2c1b" (
    "item" BIGINT,
    "shop" VARCHAR(80),
    "at" TIMESTAMP,
    "tg_period" DATE
)
DISTSTYLE AUTO;

-- case: archived versions (2)
INSERT INTO "tg_cold_20200620_120000_3f9a2c1b" ("item", "shop", "at", tg_period) SELECT DISTINCT e."item", e."shop", tg_s."at", p.period FROM "tidegate_cold"."prices__v1" AS e JOIN "tidegate"."published" AS p ON p.batch = e."tg_batch" AND p.period = e."tg_period" AND p.table_name = 'public.prices' JOIN "tg_stage_20200620_120000_3f9a2c1b" AS tg_s ON tg_s."item" = e."item" AND tg_s."shop" = e."shop" AND (e."valid_to" IS NULL OR e."valid_to" > tg_s."at");

-- case: archived versions (3)
INSERT INTO "tg_cold_20200620_120000_3f9a2c1b" ("item", "shop", "at", tg_period) SELECT DISTINCT e."item", e."shop", tg_s."at", p.period FROM "tidegate_cold"."prices__v1" AS e JOIN "tidegate"."published" AS p ON p.batch = e."tg_batch" AND p.period = e."tg_period" AND p.table_name = 'public.prices' JOIN "tg_stage_20200620_120000_3f9a2c1b" AS tg_s ON tg_s."item" = e."item" AND tg_s."shop" = e."shop" AND (CAST(NULL AS TIMESTAMP) IS NULL OR CAST(NULL AS TIMESTAMP) > tg_s."at");

-- case: archived versions (4)
DELETE FROM "tg_stage_20200620_120000_3f9a2c1b" USING "tg_cold_20200620_120000_3f9a2c1b" AS tg_c WHERE "tg_stage_20200620_120000_3f9a2c1b"."item" = tg_c."item" AND "tg_stage_20200620_120000_3f9a2c1b"."shop" = tg_c."shop" AND "tg_stage_20200620_120000_3f9a2c1b"."at" = tg_c."at";
