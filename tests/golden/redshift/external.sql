-- case: schema
CREATE EXTERNAL SCHEMA IF NOT EXISTS "tidegate_cold"
FROM DATA CATALOG DATABASE 'tidegate'
IAM_ROLE default
CREATE EXTERNAL DATABASE IF NOT EXISTS;

-- case: schema of an existing database
CREATE EXTERNAL SCHEMA IF NOT EXISTS "cold"
FROM DATA CATALOG DATABASE 'it''s'
IAM_ROLE 'arn:aws:iam::123456789012:role/tidegate';

-- case: table
CREATE EXTERNAL TABLE "tidegate_cold"."public__orders" (
    "order_id" BIGINT
)
PARTITIONED BY (
    "tg_batch" VARCHAR(64),
    "tg_period" DATE
)
STORED AS PARQUET
LOCATION 's3://lake/archive/public/orders/'
TABLE PROPERTIES ('numRows'='600');

-- case: table without partitions
CREATE EXTERNAL TABLE "tidegate_cold"."public__orders" (
    "day" DATE
)
STORED AS PARQUET
LOCATION 's3://lake/archive/public/orders/';

-- case: every type
CREATE EXTERNAL TABLE "tidegate_cold"."public__orders" (
    "smallint" SMALLINT,
    "integer" INTEGER,
    "bigint" BIGINT,
    "decimal" DECIMAL(18,0),
    "real" REAL,
    "double" DOUBLE PRECISION,
    "boolean" BOOLEAN,
    "char" CHAR(1),
    "varchar" VARCHAR(256),
    "date" DATE,
    "timestamp" TIMESTAMP,
    "varbyte" VARBYTE(64000)
)
PARTITIONED BY (
    "p_smallint" SMALLINT,
    "p_integer" INTEGER,
    "p_bigint" BIGINT,
    "p_decimal" DECIMAL(18,0),
    "p_real" REAL,
    "p_double" DOUBLE PRECISION,
    "p_boolean" BOOLEAN,
    "p_char" CHAR(1),
    "p_varchar" VARCHAR(256),
    "p_date" DATE,
    "p_timestamp" TIMESTAMP
)
STORED AS PARQUET
LOCATION 's3://lake/archive/public/orders/';

-- case: one partition
ALTER TABLE "tidegate_cold"."public__orders" ADD IF NOT EXISTS
PARTITION ("tg_batch"='7', "tg_period"='2020-01-01') LOCATION 's3://lake/archive/public/orders/batch=7/tg_period=2020-01-01/';

-- case: three partitions
ALTER TABLE "tidegate_cold"."public__orders" ADD IF NOT EXISTS
PARTITION ("tg_batch"='7', "tg_period"='2020-01-01') LOCATION 's3://lake/archive/public/orders/batch=7/tg_period=2020-01-01/'
PARTITION ("tg_batch"='7', "tg_period"='2020-01-02') LOCATION 's3://lake/archive/public/orders/batch=7/tg_period=2020-01-02/'
PARTITION ("tg_batch"='7', "tg_period"='2020-01-03') LOCATION 's3://lake/archive/public/orders/batch=7/tg_period=2020-01-03/';

-- case: partitions in two statements (1)
ALTER TABLE "tidegate_cold"."public__orders" ADD IF NOT EXISTS
PARTITION ("tg_batch"='7', "tg_period"='2020-01-01') LOCATION 's3://lake/archive/public/orders/batch=7/tg_period=2020-01-01/'
PARTITION ("tg_batch"='7', "tg_period"='2020-01-02') LOCATION 's3://lake/archive/public/orders/batch=7/tg_period=2020-01-02/';

-- case: partitions in two statements (2)
ALTER TABLE "tidegate_cold"."public__orders" ADD IF NOT EXISTS
PARTITION ("tg_batch"='7', "tg_period"='2020-01-03') LOCATION 's3://lake/archive/public/orders/batch=7/tg_period=2020-01-03/';

-- case: quoted partition
ALTER TABLE "tidegate_cold"."public__orders" ADD IF NOT EXISTS
PARTITION ("odd ""name"='it''s') LOCATION 's3://lake/it''s/';

-- case: set location
ALTER TABLE "tidegate_cold"."public__orders" PARTITION ("tg_batch"='7', "tg_period"='2020-01-01') SET LOCATION 's3://lake/archive/public/orders/batch=7/tg_period=2020-01-01/';

-- case: drop partition
ALTER TABLE "tidegate_cold"."public__orders" DROP PARTITION ("tg_batch"='7', "tg_period"='2020-01-01');

-- case: drop table
DROP TABLE IF EXISTS "tidegate_cold"."public__orders";

-- case: drop table that must exist
DROP TABLE "tidegate_cold"."public__orders";
