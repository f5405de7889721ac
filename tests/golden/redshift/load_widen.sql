-- case: integer (1)
SELECT CASE WHEN COALESCE(COUNT(*) = 1, FALSE) THEN 0 ELSE CAST('tidegate guard: the column changed meanwhile: ' || CAST(COALESCE(COUNT(*), 0) AS VARCHAR(20)) AS INTEGER) END AS guard FROM svv_columns WHERE table_schema = 'public' AND table_name = 'orders' AND column_name = 'line' AND data_type = 'integer';

-- case: integer (2)
ALTER TABLE "public"."orders" ADD COLUMN "tg_wider" BIGINT ENCODE AZ64;

-- case: integer (3)
UPDATE "public"."orders" SET "tg_wider" = CAST("line" AS BIGINT);

-- case: integer (4)
SELECT CASE WHEN COALESCE(COUNT(*) = 0, FALSE) THEN 0 ELSE CAST('tidegate guard: values would change: ' || CAST(COALESCE(COUNT(*), 0) AS VARCHAR(20)) AS INTEGER) END AS guard FROM "public"."orders" WHERE NOT (("line" IS NULL AND "tg_wider" IS NULL) OR COALESCE("line" = "tg_wider", FALSE));

-- case: integer (5)
ALTER TABLE "public"."orders" DROP COLUMN "line";

-- case: integer (6)
ALTER TABLE "public"."orders" RENAME COLUMN "tg_wider" TO "line";

-- case: decimal (1)
SELECT CASE WHEN COALESCE(COUNT(*) = 1, FALSE) THEN 0 ELSE CAST('tidegate guard: the column changed meanwhile: ' || CAST(COALESCE(COUNT(*), 0) AS VARCHAR(20)) AS INTEGER) END AS guard FROM svv_columns WHERE table_schema = 'public' AND table_name = 'orders' AND column_name = 'amount' AND data_type = 'numeric' AND numeric_precision = 10 AND numeric_scale = 2;

-- case: decimal (2)
ALTER TABLE "public"."orders" ADD COLUMN "tg_wider" DECIMAL(14,4) DEFAULT 0 NOT NULL;

-- case: decimal (3)
UPDATE "public"."orders" SET "tg_wider" = CAST("amount" AS DECIMAL(14,4));

-- case: decimal (4)
SELECT CASE WHEN COALESCE(COUNT(*) = 0, FALSE) THEN 0 ELSE CAST('tidegate guard: values would change: ' || CAST(COALESCE(COUNT(*), 0) AS VARCHAR(20)) AS INTEGER) END AS guard FROM "public"."orders" WHERE NOT (("amount" IS NULL AND "tg_wider" IS NULL) OR COALESCE("amount" = "tg_wider", FALSE));

-- case: decimal (5)
ALTER TABLE "public"."orders" DROP COLUMN "amount";

-- case: decimal (6)
ALTER TABLE "public"."orders" RENAME COLUMN "tg_wider" TO "amount";

-- case: bounds
SELECT COALESCE(MIN("line"), 0) AS tg_least_0, COALESCE(MAX("line"), 0) AS tg_most_0, COALESCE(MIN("amount"), 0) AS tg_least_1, COALESCE(MAX("amount"), 0) AS tg_most_1 FROM "tg_stage_b1";
