-- case: rows of a day
SELECT "id", "day", "day" AS "tg_period" FROM "public"."orders" WHERE ("day" >= DATE '2020-01-01' AND "day" < DATE '2020-02-01');

-- case: rows of a month
SELECT "id", "day", CAST(DATE_TRUNC('month', "day") AS DATE) AS "tg_period" FROM "public"."orders" WHERE ("day" >= DATE '2020-01-01' AND "day" < DATE '2020-02-01');

-- case: rows of a day by timestamp
SELECT "id", "day", CAST("day" AS DATE) AS "tg_period" FROM "public"."orders" WHERE ("day" >= TIMESTAMP '2020-01-01 00:00:00' AND "day" < TIMESTAMP '2020-02-01 00:00:00');

-- case: rows of a day in a time zone
SELECT "id", "day", CAST(("day" AT TIME ZONE 'Europe/Berlin') AS DATE) AS "tg_period" FROM "public"."orders" WHERE ("day" >= CAST('2019-12-30 00:00:00+00' AS TIMESTAMPTZ) AND "day" < CAST('2020-02-03 00:00:00+00' AS TIMESTAMPTZ) AND CAST(("day" AT TIME ZONE 'Europe/Berlin') AS DATE) >= DATE '2020-01-01' AND CAST(("day" AT TIME ZONE 'Europe/Berlin') AS DATE) < DATE '2020-02-01');

-- case: rows of a day by number
SELECT "id", "day", CASE WHEN CAST("day" AS VARCHAR(20)) ~ '^[1-9][0-9][0-9][0-9](0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])$' THEN CASE WHEN CAST(SUBSTRING(CAST("day" AS VARCHAR(20)), 7, 2) AS INTEGER) <= DATE_PART(day, LAST_DAY(CAST(SUBSTRING(CAST("day" AS VARCHAR(20)), 1, 4) || '-' || SUBSTRING(CAST("day" AS VARCHAR(20)), 5, 2) || '-01' AS DATE))) THEN CAST(DATEADD(day, CAST(SUBSTRING(CAST("day" AS VARCHAR(20)), 7, 2) AS INTEGER) - 1, CAST(SUBSTRING(CAST("day" AS VARCHAR(20)), 1, 4) || '-' || SUBSTRING(CAST("day" AS VARCHAR(20)), 5, 2) || '-01' AS DATE)) AS DATE) END END AS "tg_period" FROM "public"."orders" WHERE ("day" >= 20200101 AND "day" < 20200201 AND CASE WHEN CAST("day" AS VARCHAR(20)) ~ '^[1-9][0-9][0-9][0-9](0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])$' THEN CASE WHEN CAST(SUBSTRING(CAST("day" AS VARCHAR(20)), 7, 2) AS INTEGER) <= DATE_PART(day, LAST_DAY(CAST(SUBSTRING(CAST("day" AS VARCHAR(20)), 1, 4) || '-' || SUBSTRING(CAST("day" AS VARCHAR(20)), 5, 2) || '-01' AS DATE))) THEN CAST(DATEADD(day, CAST(SUBSTRING(CAST("day" AS VARCHAR(20)), 7, 2) AS INTEGER) - 1, CAST(SUBSTRING(CAST("day" AS VARCHAR(20)), 1, 4) || '-' || SUBSTRING(CAST("day" AS VARCHAR(20)), 5, 2) || '-01' AS DATE)) AS DATE) END END >= DATE '2020-01-01' AND CASE WHEN CAST("day" AS VARCHAR(20)) ~ '^[1-9][0-9][0-9][0-9](0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])$' THEN CASE WHEN CAST(SUBSTRING(CAST("day" AS VARCHAR(20)), 7, 2) AS INTEGER) <= DATE_PART(day, LAST_DAY(CAST(SUBSTRING(CAST("day" AS VARCHAR(20)), 1, 4) || '-' || SUBSTRING(CAST("day" AS VARCHAR(20)), 5, 2) || '-01' AS DATE))) THEN CAST(DATEADD(day, CAST(SUBSTRING(CAST("day" AS VARCHAR(20)), 7, 2) AS INTEGER) - 1, CAST(SUBSTRING(CAST("day" AS VARCHAR(20)), 1, 4) || '-' || SUBSTRING(CAST("day" AS VARCHAR(20)), 5, 2) || '-01' AS DATE)) AS DATE) END END < DATE '2020-02-01');

-- case: rows of a month by text
SELECT "id", "day", CASE WHEN RTRIM("day") ~ '^[1-9][0-9][0-9][0-9]-(0[1-9]|1[0-2])$' THEN CAST(SUBSTRING(RTRIM("day"), 1, 4) || '-' || SUBSTRING(RTRIM("day"), 6, 2) || '-01' AS DATE) END AS "tg_period" FROM "public"."orders" WHERE ("day" >= '2020-01' AND "day" < '2020-02' AND CASE WHEN RTRIM("day") ~ '^[1-9][0-9][0-9][0-9]-(0[1-9]|1[0-2])$' THEN CAST(SUBSTRING(RTRIM("day"), 1, 4) || '-' || SUBSTRING(RTRIM("day"), 6, 2) || '-01' AS DATE) END >= DATE '2020-01-01' AND CASE WHEN RTRIM("day") ~ '^[1-9][0-9][0-9][0-9]-(0[1-9]|1[0-2])$' THEN CAST(SUBSTRING(RTRIM("day"), 1, 4) || '-' || SUBSTRING(RTRIM("day"), 6, 2) || '-01' AS DATE) END < DATE '2020-02-01');

-- case: rows of two ranges
DELETE FROM "public"."orders" WHERE ("day" >= DATE '2020-01-01' AND "day" < DATE '2020-02-01') OR ("day" >= DATE '2020-03-01' AND "day" < DATE '2020-05-01');

-- case: rows of many ranges, by the periods inside
DELETE FROM "public"."orders" WHERE "day" >= '2000-01' AND "day" < '2016-10' AND CASE WHEN RTRIM("day") ~ '^[1-9][0-9][0-9][0-9]-(0[1-9]|1[0-2])$' THEN CAST(SUBSTRING(RTRIM("day"), 1, 4) || '-' || SUBSTRING(RTRIM("day"), 6, 2) || '-01' AS DATE) END IN ('2000-01-01', '2000-05-01', '2000-09-01', '2001-01-01', '2001-05-01', '2001-09-01', '2002-01-01', '2002-05-01', '2002-09-01', '2003-01-01', '2003-05-01', '2003-09-01', '2004-01-01', '2004-05-01', '2004-09-01', '2005-01-01', '2005-05-01', '2005-09-01', '2006-01-01', '2006-05-01', '2006-09-01', '2007-01-01', '2007-05-01', '2007-09-01', '2008-01-01', '2008-05-01', '2008-09-01', '2009-01-01', '2009-05-01', '2009-09-01', '2010-01-01', '2010-05-01', '2010-09-01', '2011-01-01', '2011-05-01', '2011-09-01', '2012-01-01', '2012-05-01', '2012-09-01', '2013-01-01', '2013-05-01', '2013-09-01', '2014-01-01', '2014-05-01', '2014-09-01', '2015-01-01', '2015-05-01', '2015-09-01', '2016-01-01', '2016-05-01', '2016-09-01');

-- case: rows of many ranges, by the periods between
DELETE FROM "public"."orders" WHERE "day" >= '2000-01' AND "day" < '2016-12' AND CASE WHEN RTRIM("day") ~ '^[1-9][0-9][0-9][0-9]-(0[1-9]|1[0-2])$' THEN CAST(SUBSTRING(RTRIM("day"), 1, 4) || '-' || SUBSTRING(RTRIM("day"), 6, 2) || '-01' AS DATE) END >= DATE '2000-01-01' AND CASE WHEN RTRIM("day") ~ '^[1-9][0-9][0-9][0-9]-(0[1-9]|1[0-2])$' THEN CAST(SUBSTRING(RTRIM("day"), 1, 4) || '-' || SUBSTRING(RTRIM("day"), 6, 2) || '-01' AS DATE) END < DATE '2016-12-01' AND CASE WHEN RTRIM("day") ~ '^[1-9][0-9][0-9][0-9]-(0[1-9]|1[0-2])$' THEN CAST(SUBSTRING(RTRIM("day"), 1, 4) || '-' || SUBSTRING(RTRIM("day"), 6, 2) || '-01' AS DATE) END NOT IN ('2000-04-01', '2000-08-01', '2000-12-01', '2001-04-01', '2001-08-01', '2001-12-01', '2002-04-01', '2002-08-01', '2002-12-01', '2003-04-01', '2003-08-01', '2003-12-01', '2004-04-01', '2004-08-01', '2004-12-01', '2005-04-01', '2005-08-01', '2005-12-01', '2006-04-01', '2006-08-01', '2006-12-01', '2007-04-01', '2007-08-01', '2007-12-01', '2008-04-01', '2008-08-01', '2008-12-01', '2009-04-01', '2009-08-01', '2009-12-01', '2010-04-01', '2010-08-01', '2010-12-01', '2011-04-01', '2011-08-01', '2011-12-01', '2012-04-01', '2012-08-01', '2012-12-01', '2013-04-01', '2013-08-01', '2013-12-01', '2014-04-01', '2014-08-01', '2014-12-01', '2015-04-01', '2015-08-01', '2015-12-01', '2016-04-01', '2016-08-01');

-- case: rows of no range
DELETE FROM "public"."orders" WHERE FALSE;

-- case: rows of every type in stored form
SELECT "id", "paid", "amount", "weight", CAST(RTRIM("code") AS VARCHAR(4)) AS "code", "note's", "day", ("at" AT TIME ZONE 'UTC') AS "at", CAST("hour" AS VARCHAR(32)) AS "hour", JSON_SERIALIZE("doc") AS "doc", TO_HEX("raw") AS "raw", DATE '2020-01-01' AS "tg_period" FROM "public"."orders" WHERE TRUE;

-- case: statistics
SELECT CAST(DATE_TRUNC('month', "day") AS DATE) AS tg_period, COUNT(*) AS tg_rows FROM "public"."orders" GROUP BY 1 ORDER BY 1;

-- case: fingerprint on Redshift
SELECT "day" AS tg_period, COUNT(*) AS tg_rows, COALESCE(SUM(CAST(FNV_HASH(FNV_HASH(FNV_HASH(FNV_HASH(COALESCE(TO_HEX("raw"), ''), FNV_HASH(CASE WHEN TO_HEX("raw") IS NULL THEN -1 ELSE OCTET_LENGTH(TO_HEX("raw")) END)), FNV_HASH(COALESCE(JSON_SERIALIZE("doc"), ''), FNV_HASH(CASE WHEN JSON_SERIALIZE("doc") IS NULL THEN -1 ELSE OCTET_LENGTH(JSON_SERIALIZE("doc")) END))), FNV_HASH(FNV_HASH(COALESCE(CAST("hour" AS VARCHAR(32)), ''), FNV_HASH(CASE WHEN CAST("hour" AS VARCHAR(32)) IS NULL THEN -1 ELSE OCTET_LENGTH(CAST("hour" AS VARCHAR(32))) END)), FNV_HASH(FNV_HASH(COALESCE(("at" AT TIME ZONE 'UTC'), TIMESTAMP '2000-01-01 00:00:00'), FNV_HASH(CASE WHEN ("at" AT TIME ZONE 'UTC') IS NULL THEN -1 ELSE 1 END)), FNV_HASH(COALESCE("day", DATE '2000-01-01'), FNV_HASH(CASE WHEN "day" IS NULL THEN -1 ELSE 1 END))))), FNV_HASH(FNV_HASH(FNV_HASH(COALESCE("note's", ''), FNV_HASH(CASE WHEN "note's" IS NULL THEN -1 ELSE OCTET_LENGTH("note's") END)), FNV_HASH(FNV_HASH(COALESCE(CAST(RTRIM("code") AS VARCHAR(4)), ''), FNV_HASH(CASE WHEN CAST(RTRIM("code") AS VARCHAR(4)) IS NULL THEN -1 ELSE OCTET_LENGTH(CAST(RTRIM("code") AS VARCHAR(4))) END)), FNV_HASH(COALESCE("weight", CAST(0 AS DOUBLE PRECISION)), FNV_HASH(CASE WHEN "weight" IS NULL THEN -1 ELSE 1 END)))), FNV_HASH(FNV_HASH(COALESCE("amount", 0), FNV_HASH(CASE WHEN "amount" IS NULL THEN -1 ELSE 1 END)), FNV_HASH(FNV_HASH(COALESCE("paid", FALSE), FNV_HASH(CASE WHEN "paid" IS NULL THEN -1 ELSE 1 END)), FNV_HASH(COALESCE("id", CAST(0 AS BIGINT)), FNV_HASH(CASE WHEN "id" IS NULL THEN -1 ELSE 1 END)))))) AS DECIMAL(38,0))), 0) AS tg_fingerprint FROM "public"."orders" WHERE TRUE GROUP BY 1 ORDER BY 1;

-- case: fingerprint on the embedded engine
SELECT "day" AS tg_period, COUNT(*) AS tg_rows, COALESCE(SUM(CAST(TIDEGATE_HASH("id", "paid", "amount", "weight", CAST(RTRIM("code") AS VARCHAR(4)), "note's", "day", ("at" AT TIME ZONE 'UTC'), CAST("hour" AS VARCHAR(32)), JSON_SERIALIZE("doc"), TO_HEX("raw")) AS DECIMAL(38,0))), 0) AS tg_fingerprint FROM "public"."orders" WHERE TRUE GROUP BY 1 ORDER BY 1;

-- case: fingerprint read back
SELECT e.tg_period AS tg_period, COUNT(*) AS tg_rows, COALESCE(SUM(CAST(TIDEGATE_HASH(e."id", e."paid", e."amount", e."weight", e."code", e."note's", e."day", e."at", e."hour", e."doc", e."raw") AS DECIMAL(38,0))), 0) AS tg_fingerprint FROM "tidegate_cold"."public__orders" AS e WHERE TRUE GROUP BY 1 ORDER BY 1;

-- case: totals
SELECT COUNT(*) AS tg_rows, COALESCE(SUM(CAST(TIDEGATE_HASH("id", "paid") AS DECIMAL(38,0))), 0) AS tg_fingerprint FROM "public"."orders" WHERE TRUE;

-- case: guard on hot rows
SELECT CASE WHEN COALESCE(COUNT(*) = 7 AND COALESCE(SUM(CAST(TIDEGATE_HASH("id", "paid") AS DECIMAL(38,0))), 0) = CAST('83' AS DECIMAL(38,0)), FALSE) THEN 0 ELSE CAST('tidegate guard: hot rows changed: ' || CAST(COALESCE(COUNT(*), 0) AS VARCHAR(20)) AS INTEGER) END AS guard FROM "public"."orders";

-- case: guard that there is none
SELECT CASE WHEN COALESCE(COUNT(*) = 0, FALSE) THEN 0 ELSE CAST('tidegate guard: rows are under hold: ' || CAST(COALESCE(COUNT(*), 0) AS VARCHAR(20)) AS INTEGER) END AS guard FROM "tidegate"."holds";

-- case: guard on columns
SELECT CASE WHEN COALESCE(COUNT(*) = 11 AND COALESCE(SUM(CASE WHEN (column_name = 'id' AND data_type = 'bigint') OR (column_name = 'paid' AND data_type = 'boolean') OR (column_name = 'amount' AND data_type = 'numeric' AND numeric_precision = 12 AND numeric_scale = 2) OR (column_name = 'weight' AND data_type = 'double precision') OR (column_name = 'code' AND data_type = 'character' AND character_maximum_length = 4) OR (column_name = 'note''s' AND data_type = 'character varying' AND character_maximum_length = 80) OR (column_name = 'day' AND data_type = 'date') OR (column_name = 'at' AND data_type = 'timestamp with time zone') OR (column_name = 'hour' AND data_type = 'time without time zone') OR (column_name = 'doc' AND data_type = 'super') OR (column_name = 'raw' AND data_type IN ('binary varying', 'varbyte')) THEN 1 ELSE 0 END), 0) = 11, FALSE) THEN 0 ELSE CAST('tidegate guard: columns changed: ' || CAST(COALESCE(COUNT(*), 0) AS VARCHAR(20)) AS INTEGER) END AS guard FROM svv_columns WHERE table_schema = 'public' AND table_name = 'orders';

-- case: lock of one target
LOCK "tidegate"."lock_31";

-- case: lock of several targets
LOCK "tidegate"."lock_31", "tidegate"."lock_33", "tidegate"."lock_61";

-- case: lock in a serializable database
LOCK "tidegate"."lock_00";

-- case: control tables (1)
CREATE SCHEMA IF NOT EXISTS "tidegate";

-- case: control tables (2)
CREATE TABLE IF NOT EXISTS "tidegate"."warehouse" (
    "id" VARCHAR(64),
    "place" VARCHAR(65535),
    "created_at" TIMESTAMP
)
DISTSTYLE ALL;

-- case: control tables (3)
CREATE TABLE IF NOT EXISTS "tidegate"."published" (
    "table_name" VARCHAR(520) NOT NULL,
    "batch" VARCHAR(64) NOT NULL,
    "period" DATE NOT NULL,
    "row_count" BIGINT NOT NULL,
    "fingerprint" VARCHAR(40) NOT NULL,
    "hash" VARCHAR(128) NOT NULL,
    "archived_at" TIMESTAMP NOT NULL,
    "tier" VARCHAR(64),
    "thawed_until" DATE
)
DISTSTYLE ALL
SORTKEY ("table_name");

-- case: control tables (4)
CREATE TABLE IF NOT EXISTS "tidegate"."copies" (
    "table_name" VARCHAR(520) NOT NULL,
    "batch" VARCHAR(64) NOT NULL,
    "period" DATE NOT NULL,
    "row_count" BIGINT NOT NULL,
    "fingerprint" VARCHAR(40) NOT NULL,
    "hash" VARCHAR(128) NOT NULL,
    "archived_at" TIMESTAMP NOT NULL
)
DISTSTYLE ALL
SORTKEY ("table_name");

-- case: control tables (5)
CREATE TABLE IF NOT EXISTS "tidegate"."parked" (
    "table_name" VARCHAR(520) NOT NULL,
    "batch" VARCHAR(64) NOT NULL,
    "period" DATE NOT NULL,
    "row_count" BIGINT NOT NULL,
    "fingerprint" VARCHAR(40) NOT NULL,
    "hash" VARCHAR(128) NOT NULL,
    "archived_at" TIMESTAMP NOT NULL,
    "tier" VARCHAR(64),
    "parked_at" TIMESTAMP,
    "handed_at" TIMESTAMP
)
DISTSTYLE ALL
SORTKEY ("table_name");

-- case: control tables (6)
CREATE TABLE IF NOT EXISTS "tidegate"."retired" (
    "table_name" VARCHAR(520) NOT NULL,
    "batch" VARCHAR(64) NOT NULL,
    "period" DATE NOT NULL,
    "reason" VARCHAR(64),
    "retired_at" TIMESTAMP
)
DISTSTYLE ALL
SORTKEY ("table_name");

-- case: control tables (7)
CREATE TABLE IF NOT EXISTS "tidegate"."holds" (
    "id" VARCHAR(64) NOT NULL,
    "table_name" VARCHAR(520) NOT NULL,
    "first_day" DATE,
    "last_day" DATE,
    "reason" VARCHAR(1000),
    "placed_at" VARCHAR(40)
)
DISTSTYLE ALL
SORTKEY ("table_name");

-- case: control tables (8)
CREATE TABLE IF NOT EXISTS "tidegate"."log" (
    "table_name" VARCHAR(520) NOT NULL,
    "number" BIGINT NOT NULL,
    "kind" VARCHAR(64) NOT NULL,
    "recorded_at" VARCHAR(40),
    "recorded_by" VARCHAR(520),
    "record" VARCHAR(65535) NOT NULL
)
DISTSTYLE ALL
SORTKEY ("table_name");

-- case: control tables (9)
CREATE TABLE IF NOT EXISTS "tidegate"."loaded_files" (
    "table_name" VARCHAR(520) NOT NULL,
    "uri" VARCHAR(4200) NOT NULL,
    "file_identity" VARCHAR(256) NOT NULL,
    "version" VARCHAR(1024),
    "sequencer" VARCHAR(64),
    "batch" VARCHAR(64) NOT NULL,
    "row_count" BIGINT,
    "landed_at" TIMESTAMP,
    "loaded_at" TIMESTAMP
)
DISTSTYLE AUTO
SORTKEY ("table_name", "uri");

-- case: control tables (10)
CREATE TABLE IF NOT EXISTS "tidegate"."quarantined_files" (
    "table_name" VARCHAR(520) NOT NULL,
    "uri" VARCHAR(4200) NOT NULL,
    "file_identity" VARCHAR(256) NOT NULL,
    "version" VARCHAR(1024),
    "sequencer" VARCHAR(64),
    "batch" VARCHAR(64) NOT NULL,
    "row_count" BIGINT,
    "code" VARCHAR(64) NOT NULL,
    "reason" VARCHAR(65535) NOT NULL,
    "hint" VARCHAR(65535),
    "place" VARCHAR(4200),
    "quarantined_at" TIMESTAMP
)
DISTSTYLE AUTO
SORTKEY ("table_name", "uri");

-- case: control tables (11)
CREATE TABLE IF NOT EXISTS "tidegate"."lock_00" (
    "nothing" SMALLINT
)
DISTSTYLE AUTO;

-- case: identity (1)
SELECT id, place FROM "tidegate"."warehouse";

-- case: identity (2)
SELECT CASE WHEN COALESCE(COUNT(*) = 0, FALSE) THEN 0 ELSE CAST('tidegate guard: the warehouse already has an id: ' || CAST(COALESCE(COUNT(*), 0) AS VARCHAR(20)) AS INTEGER) END AS guard FROM "tidegate"."warehouse";

-- case: identity (3)
INSERT INTO "tidegate"."warehouse" (id, place, created_at) VALUES ('w1', 'x.duckdb', TIMESTAMP '2020-01-02 03:04:05');

-- case: new identity
UPDATE "tidegate"."warehouse" SET id = 'w2', place = 'y.duckdb';

-- case: log (1)
SELECT COALESCE(MAX(number), 0) AS number FROM "tidegate"."log" WHERE table_name = 'public.orders';

-- case: log (2)
SELECT table_name, MAX(number) AS number FROM "tidegate"."log" GROUP BY 1 ORDER BY 1;

-- case: log (3)
SELECT number, record FROM "tidegate"."log" WHERE table_name = 'public.orders' AND number > 7 ORDER BY number;

-- case: log (4)
SELECT record FROM "tidegate"."log" WHERE table_name = 'public.orders' AND kind = 'policy' ORDER BY number DESC LIMIT 1;

-- case: log (5)
SELECT CASE WHEN COALESCE(COALESCE(MAX(number), 0) = 7, FALSE) THEN 0 ELSE CAST('tidegate guard: another record came first: ' || CAST(COALESCE(COUNT(*), 0) AS VARCHAR(20)) AS INTEGER) END AS guard FROM "tidegate"."log" WHERE table_name = 'public.orders';

-- case: log (6)
INSERT INTO "tidegate"."log" (table_name, number, kind, recorded_at, recorded_by, record) VALUES ('public.orders', 8, 'publish', '2020-06-20T12:00:00+00:00', 'ada@host', '{"it''s": "a \\"record\\""}');

-- case: published (1)
SELECT table_name, batch, period, row_count, fingerprint, hash FROM "tidegate"."published" ORDER BY table_name, batch, period;

-- case: published (2)
SELECT table_name, batch, period, row_count, fingerprint, hash FROM "tidegate"."copies" WHERE table_name = 'public.orders' ORDER BY table_name, batch, period;

-- case: published (3)
INSERT INTO "tidegate"."published" (table_name, batch, period, row_count, fingerprint, hash, archived_at, tier, thawed_until) VALUES ('public.orders', 'b1', DATE '2020-01-01', 3, '41', 'embedded/2/rows-v1', TIMESTAMP '2020-06-20 12:00:00', NULL, NULL), ('public.orders', 'b1', DATE '2020-02-01', 4, '42', 'embedded/2/rows-v1', TIMESTAMP '2020-06-20 12:00:00', NULL, NULL);

-- case: published (4)
DELETE FROM "tidegate"."published" WHERE batch = 'b1' AND period IN (DATE '2020-01-01', DATE '2020-02-01');

-- case: published (5)
SELECT CASE WHEN COALESCE(COUNT(*) = 2, FALSE) THEN 0 ELSE CAST('tidegate guard: batch b1 is no longer published: ' || CAST(COALESCE(COUNT(*), 0) AS VARCHAR(20)) AS INTEGER) END AS guard FROM "tidegate"."published" WHERE batch = 'b1' AND period IN (DATE '2020-01-01', DATE '2020-02-01');

-- case: parked (1)
SELECT table_name, batch, period, row_count, archived_at, tier, thawed_until, CAST(NULL AS TIMESTAMP) AS parked_at, CAST(NULL AS TIMESTAMP) AS handed_at FROM "tidegate"."published" UNION ALL SELECT table_name, batch, period, row_count, archived_at, tier, CAST(NULL AS DATE) AS thawed_until, parked_at, handed_at FROM "tidegate"."parked" ORDER BY 1, 2, 3;

-- case: parked (2)
SELECT table_name, batch, period, row_count, archived_at, tier, thawed_until, CAST(NULL AS TIMESTAMP) AS parked_at, CAST(NULL AS TIMESTAMP) AS handed_at FROM "tidegate"."published" WHERE table_name = 'public.orders' UNION ALL SELECT table_name, batch, period, row_count, archived_at, tier, CAST(NULL AS DATE) AS thawed_until, parked_at, handed_at FROM "tidegate"."parked" WHERE table_name = 'public.orders' ORDER BY 1, 2, 3;

-- case: parked (3)
INSERT INTO "tidegate"."parked" (table_name, batch, period, row_count, fingerprint, hash, archived_at, tier, parked_at) SELECT table_name, batch, period, row_count, fingerprint, hash, archived_at, 'GLACIER', TIMESTAMP '2020-06-20 12:00:00' FROM "tidegate"."published" WHERE batch = 'b1' AND period IN (DATE '2020-01-01', DATE '2020-02-01');

-- case: parked (4)
DELETE FROM "tidegate"."published" WHERE batch = 'b1' AND period IN (DATE '2020-01-01', DATE '2020-02-01');

-- case: parked (5)
UPDATE "tidegate"."parked" SET handed_at = TIMESTAMP '2020-06-22 12:00:00' WHERE batch = 'b1' AND period IN (DATE '2020-01-01', DATE '2020-02-01');

-- case: parked (6)
SELECT CASE WHEN COALESCE(COUNT(*) = 2, FALSE) THEN 0 ELSE CAST('tidegate guard: batch b1 is no longer parked: ' || CAST(COALESCE(COUNT(*), 0) AS VARCHAR(20)) AS INTEGER) END AS guard FROM "tidegate"."parked" WHERE batch = 'b1' AND period IN (DATE '2020-01-01', DATE '2020-02-01');

-- case: parked (7)
INSERT INTO "tidegate"."published" (table_name, batch, period, row_count, fingerprint, hash, archived_at, tier, thawed_until) SELECT table_name, batch, period, row_count, fingerprint, hash, archived_at, tier, DATE '2020-07-31' FROM "tidegate"."parked" WHERE batch = 'b1' AND period IN (DATE '2020-01-01', DATE '2020-02-01');

-- case: parked (8)
DELETE FROM "tidegate"."parked" WHERE batch = 'b1' AND period IN (DATE '2020-01-01', DATE '2020-02-01');

-- case: parked (9)
UPDATE "tidegate"."published" SET thawed_until = DATE '2020-08-31' WHERE batch = 'b1' AND period IN (DATE '2020-01-01', DATE '2020-02-01');

-- case: parked (10)
INSERT INTO "tidegate"."parked" (table_name, batch, period, row_count, fingerprint, hash, archived_at, tier, parked_at) VALUES ('public.orders', 'b1', DATE '2020-01-01', 3, '41', 'embedded/2/rows-v1', TIMESTAMP '2020-06-20 12:00:00', 'DEEP_ARCHIVE', TIMESTAMP '2020-06-22 12:00:00');

-- case: parked (11)
UPDATE "tidegate"."published" SET tier = 'GLACIER_IR' WHERE batch = 'b1' AND period IN (DATE '2020-01-01', DATE '2020-02-01');

-- case: parked (12)
UPDATE "tidegate"."parked" SET tier = 'DEEP_ARCHIVE' WHERE batch = 'b1' AND period IN (DATE '2020-01-01', DATE '2020-02-01');

-- case: parked (13)
SELECT CASE WHEN COALESCE(COUNT(*) = 0, FALSE) THEN 0 ELSE CAST('tidegate guard: a thaw is in force: ' || CAST(COALESCE(COUNT(*), 0) AS VARCHAR(20)) AS INTEGER) END AS guard FROM "tidegate"."published" WHERE (batch = 'b1' AND period IN (DATE '2020-01-01', DATE '2020-02-01')) AND thawed_until >= DATE '2020-08-01';

-- case: parked (14)
SELECT table_name, batch, period, row_count, archived_at, CAST(NULL AS VARCHAR(64)), CAST(NULL AS DATE), CAST(NULL AS TIMESTAMP), CAST(NULL AS TIMESTAMP) FROM "tidegate"."copies" ORDER BY 1, 2, 3;

-- case: parked (15)
INSERT INTO "tidegate"."published" (table_name, batch, period, row_count, fingerprint, hash, archived_at, tier, thawed_until) VALUES ('public.orders', 'b1', DATE '2020-01-01', 3, '41', 'embedded/2/rows-v1', TIMESTAMP '2020-06-20 12:00:00', 'GLACIER', DATE '2020-07-31');

-- case: copies (1)
INSERT INTO "tidegate"."copies" (table_name, batch, period, row_count, fingerprint, hash, archived_at) VALUES ('public.orders', 'b1', DATE '2020-01-01', 3, '41', 'embedded/2/rows-v1', TIMESTAMP '2020-06-20 12:00:00'), ('public.orders', 'b1', DATE '2020-02-01', 4, '42', 'embedded/2/rows-v1', TIMESTAMP '2020-06-20 12:00:00');

-- case: copies (2)
SELECT CASE WHEN COALESCE(COUNT(*) = 2, FALSE) THEN 0 ELSE CAST('tidegate guard: batch b1 is no longer copied: ' || CAST(COALESCE(COUNT(*), 0) AS VARCHAR(20)) AS INTEGER) END AS guard FROM "tidegate"."copies" WHERE batch = 'b1' AND period IN (DATE '2020-01-01', DATE '2020-02-01');

-- case: retired (1)
SELECT table_name, batch, period, reason, retired_at FROM "tidegate"."retired" WHERE table_name = 'public.orders' ORDER BY table_name, batch, period;

-- case: retired (2)
INSERT INTO "tidegate"."retired" (table_name, batch, period, reason, retired_at) VALUES ('public.orders', 'b1', DATE '2020-01-01', 'restored', TIMESTAMP '2020-01-02 03:04:05');

-- case: retired (3)
SELECT CASE WHEN COALESCE(COUNT(*) = 0, FALSE) THEN 0 ELSE CAST('tidegate guard: batch b1 is already published: ' || CAST(COALESCE(COUNT(*), 0) AS VARCHAR(20)) AS INTEGER) END AS guard FROM "tidegate"."published" WHERE batch = 'b1';

-- case: retired (4)
SELECT CASE WHEN COALESCE(COUNT(*) = 0, FALSE) THEN 0 ELSE CAST('tidegate guard: batch b1 is already parked: ' || CAST(COALESCE(COUNT(*), 0) AS VARCHAR(20)) AS INTEGER) END AS guard FROM "tidegate"."parked" WHERE batch = 'b1';

-- case: retired (5)
SELECT CASE WHEN COALESCE(COUNT(*) = 0, FALSE) THEN 0 ELSE CAST('tidegate guard: batch b1 is already retired: ' || CAST(COALESCE(COUNT(*), 0) AS VARCHAR(20)) AS INTEGER) END AS guard FROM "tidegate"."retired" WHERE batch = 'b1';

-- case: retired (6)
SELECT CASE WHEN COALESCE(COUNT(*) = 0, FALSE) THEN 0 ELSE CAST('tidegate guard: batch b1 is already copied: ' || CAST(COALESCE(COUNT(*), 0) AS VARCHAR(20)) AS INTEGER) END AS guard FROM "tidegate"."copies" WHERE batch = 'b1';

-- case: holds (1)
SELECT id, table_name, first_day, last_day, reason, placed_at FROM "tidegate"."holds" ORDER BY placed_at, id;

-- case: holds (2)
INSERT INTO "tidegate"."holds" (id, table_name, first_day, last_day, reason, placed_at) VALUES ('h1', 'public.orders', NULL, DATE '2020-01-31', 'it''s asked for', '2020-01-02T03:04:05');

-- case: holds (3)
DELETE FROM "tidegate"."holds" WHERE id = 'h1';

-- case: holds (4)
SELECT CASE WHEN COALESCE(COUNT(*) = 0, FALSE) THEN 0 ELSE CAST('tidegate guard: rows are under hold: ' || CAST(COALESCE(COUNT(*), 0) AS VARCHAR(20)) AS INTEGER) END AS guard FROM (SELECT COALESCE(first_day, DATE '0001-01-01') AS since, COALESCE(last_day, DATE '9999-12-31') AS until FROM "tidegate"."holds" WHERE table_name = 'public.orders') AS h WHERE CASE WHEN since <= DATE '2020-01-31' AND until >= DATE '2020-01-01' THEN TRUE ELSE FALSE END;

-- case: catalog (1)
SELECT tablename FROM svv_external_tables WHERE schemaname = 'tidegate_cold' AND tablename = 'public__orders';

-- case: catalog (2)
SELECT "values" FROM svv_external_partitions WHERE schemaname = 'tidegate_cold' AND tablename = 'public__orders';

-- case: catalog (3)
SELECT table_schema, table_name, table_type FROM svv_tables;

-- case: restore
INSERT INTO "public"."orders" ("id", "paid", "amount", "weight", "code", "note's", "day", "at", "hour", "doc", "raw") SELECT e."id" AS "id", e."paid" AS "paid", e."amount" AS "amount", e."weight" AS "weight", CAST(e."code" AS CHAR(4)) AS "code", e."note's" AS "note's", e."day" AS "day", (e."at" AT TIME ZONE 'UTC') AS "at", CAST(e."hour" AS TIME) AS "hour", JSON_PARSE(e."doc") AS "doc", FROM_HEX(e."raw") AS "raw" FROM "tidegate_cold"."public__orders" AS e WHERE e."tg_batch" = 'b1' AND e."tg_period" IN (DATE '2020-01-01', DATE '2020-02-01');

-- case: rebuild (1)
DELETE FROM "tidegate"."published" WHERE table_name = 'public.orders';

-- case: rebuild (2)
SELECT CASE WHEN COALESCE(COUNT(*) = 100, FALSE) THEN 0 ELSE CAST('tidegate guard: somebody else rebuilds published: ' || CAST(COALESCE(COUNT(*), 0) AS VARCHAR(20)) AS INTEGER) END AS guard FROM "tidegate"."published" WHERE table_name = 'public.orders';

-- case: view of what is archived
CREATE OR REPLACE VIEW "public"."orders_coverage" AS SELECT c.period, COUNT(*) AS batches, SUM(c.row_count) AS row_count, c.tier, c.readable FROM (SELECT period, row_count, COALESCE(tier, 'STANDARD') AS tier, TRUE AS readable FROM "tidegate"."published" WHERE table_name = 'public.orders' UNION ALL SELECT period, row_count, COALESCE(tier, 'STANDARD') AS tier, FALSE AS readable FROM "tidegate"."parked" WHERE table_name = 'public.orders') AS c GROUP BY c.period, c.tier, c.readable WITH NO SCHEMA BINDING;

-- case: view of two versions
CREATE OR REPLACE VIEW "public"."orders_all" AS SELECT "id", "paid", "amount", "weight", "code", "note's", "day", "at", "hour", "doc", "raw" FROM "public"."orders" UNION ALL SELECT CAST(e."id" AS BIGINT) AS "id", CAST(NULL AS BOOLEAN) AS "paid", CAST(NULL AS DECIMAL(12,2)) AS "amount", CAST(NULL AS DOUBLE PRECISION) AS "weight", CAST(NULL AS CHAR(4)) AS "code", CAST(NULL AS VARCHAR(80)) AS "note's", e."day" AS "day", CAST(NULL AS TIMESTAMPTZ) AS "at", CAST(NULL AS TIME) AS "hour", CAST(NULL AS SUPER) AS "doc", CAST(NULL AS VARBYTE(16)) AS "raw" FROM "tidegate_cold"."public__orders" AS e JOIN "tidegate"."published" AS p ON p.batch = e."tg_batch" AND p.period = e."tg_period" AND p.table_name = 'public.orders' UNION ALL SELECT e."id" AS "id", e."paid" AS "paid", e."amount" AS "amount", e."weight" AS "weight", CAST(e."code" AS CHAR(4)) AS "code", e."note's" AS "note's", e."day" AS "day", (e."at" AT TIME ZONE 'UTC') AS "at", CAST(e."hour" AS TIME) AS "hour", JSON_PARSE(e."doc") AS "doc", FROM_HEX(e."raw") AS "raw" FROM "c"."o__v2" AS e JOIN "tidegate"."published" AS p ON p.batch = e."tg_batch" AND p.period = e."tg_period" AND p.table_name = 'public.orders' WITH NO SCHEMA BINDING;
