-- case: sample row 1, test.ret_test_1
-- the sample: unload ('select * from test.ret_test_1 where load_date < dateadd(day,-90,current_date)') to 's3://redshift-data-test-vikas/ret_test_1' iam_role 'arn:aws:iam::123456789012:role/unload' PARQUET PARTITION BY (load_date) ALLOWOVERWRITE REGION 'eu-west-1' PARALLEL OFF MAXFILESIZE 1 gb
-- the sample: delete from test.ret_test_1 where load_date < dateadd(day,-90,current_date)
/* tidegate 20200620-020000-5f3a9c01 unload */ UNLOAD ('SELECT "id", "load_date", ("changed_at" AT TIME ZONE ''UTC'') AS "changed_at", "region", "load_date" AS "tg_period", "load_date" AS "tg_part" FROM "test"."ret_test_1" WHERE ("load_date" >= DATE ''2020-03-20'' AND "load_date" < DATE ''2020-03-22'')')
TO 's3://redshift-data-test-vikas/w5f3a9c01/ret_test_1/test/ret_test_1/tg_batch=20200620-020000-5f3a9c01/'
IAM_ROLE 'arn:aws:iam::123456789012:role/unload'
FORMAT AS PARQUET
PARTITION BY ("tg_period", "tg_part")
MANIFEST VERBOSE
PARALLEL ON
MAXFILESIZE AS 1000 MB;

-- case: sample row 2, test.ret_test_2
-- the sample: unload ('select * from test.ret_test_2 where load_date < dateadd(day,-90,current_date)') to 's3://redshift-data-test-vikas/ret_test_2' iam_role 'arn:aws:iam::123456789012:role/unload' PARQUET PARTITION BY (load_date) ALLOWOVERWRITE REGION 'eu-west-1' PARALLEL OFF MAXFILESIZE 1 gb
-- the sample: delete from test.ret_test_2 where load_date < dateadd(day,-90,current_date)
/* tidegate 20200620-020000-5f3a9c01 unload */ UNLOAD ('SELECT "id", "load_date", ("changed_at" AT TIME ZONE ''UTC'') AS "changed_at", "region", "load_date" AS "tg_period", "load_date" AS "tg_part" FROM "test"."ret_test_2" WHERE ("load_date" >= DATE ''2020-03-20'' AND "load_date" < DATE ''2020-03-22'')')
TO 's3://redshift-data-test-vikas/w5f3a9c01/ret_test_2/test/ret_test_2/tg_batch=20200620-020000-5f3a9c01/'
IAM_ROLE 'arn:aws:iam::123456789012:role/unload'
FORMAT AS PARQUET
PARTITION BY ("tg_period", "tg_part")
MANIFEST VERBOSE
PARALLEL ON
MAXFILESIZE AS 1000 MB;

-- case: sample row 3, test.ret_test_3
-- the sample: unload ('select * from test.ret_test_3 where load_date < dateadd(day,-90,current_date)') to 's3://redshift-data-test-vikas/ret_test_3' iam_role 'arn:aws:iam::123456789012:role/unload' PARQUET PARTITION BY (load_date) ALLOWOVERWRITE REGION 'eu-west-1' PARALLEL OFF MAXFILESIZE 1 gb
-- the sample: delete from test.ret_test_3 where load_date < dateadd(day,-90,current_date)
/* tidegate 20200620-020000-5f3a9c01 unload */ UNLOAD ('SELECT "id", "load_date", ("changed_at" AT TIME ZONE ''UTC'') AS "changed_at", "region", "load_date" AS "tg_period", "load_date" AS "tg_part" FROM "test"."ret_test_3" WHERE ("load_date" >= DATE ''2020-03-20'' AND "load_date" < DATE ''2020-03-22'')')
TO 's3://redshift-data-test-vikas/w5f3a9c01/ret_test_3/test/ret_test_3/tg_batch=20200620-020000-5f3a9c01/'
IAM_ROLE 'arn:aws:iam::123456789012:role/unload'
FORMAT AS PARQUET
PARTITION BY ("tg_period", "tg_part")
MANIFEST VERBOSE
PARALLEL ON
MAXFILESIZE AS 1000 MB;

-- case: sample row 4, test.ret_test_4
-- the sample: unload ('select * from test.ret_test_4 where date_trunc('month',load_date) < add_months(date_trunc('month',current_date),-3)') to 's3://redshift-data-test-vikas/ret_test_4' iam_role 'arn:aws:iam::123456789012:role/unload' PARQUET PARTITION BY (load_date) ALLOWOVERWRITE REGION 'us-east-1' PARALLEL OFF MAXFILESIZE 1 gb
-- the sample: delete from test.ret_test_4 where date_trunc('month',load_date) < add_months(date_trunc('month',current_date),-3)
/* tidegate 20200620-020000-5f3a9c01 unload */ UNLOAD ('SELECT "id", "load_date", ("changed_at" AT TIME ZONE ''UTC'') AS "changed_at", "region", CAST(DATE_TRUNC(''month'', "load_date") AS DATE) AS "tg_period", "load_date" AS "tg_part" FROM "test"."ret_test_4" WHERE ("load_date" >= DATE ''2020-01-01'' AND "load_date" < DATE ''2020-03-01'')')
TO 's3://redshift-data-test-vikas/w5f3a9c01/ret_test_4/test/ret_test_4/tg_batch=20200620-020000-5f3a9c01/'
IAM_ROLE 'arn:aws:iam::123456789012:role/unload'
FORMAT AS PARQUET
PARTITION BY ("tg_period", "tg_part")
MANIFEST VERBOSE
PARALLEL ON
MAXFILESIZE AS 1000 MB
REGION AS 'us-east-1';

-- case: CSV beside Parquet (1)
-- the sample: unload ('select * from test.ret_test_1 where load_date < dateadd(day,-90,current_date)') to 's3://redshift-data-test-vikas/ret_test_1' iam_role 'arn:aws:iam::123456789012:role/unload' CSVHEADER DELIMITER AS ';' gzip PARTITION BY (load_date) ALLOWOVERWRITE REGION 'eu-west-1' PARALLEL OFF MAXFILESIZE 100
-- the sample: delete from test.ret_test_1 where load_date < dateadd(day,-90,current_date)
/* tidegate 20200620-020000-5f3a9c01 unload */ UNLOAD ('SELECT "id", "load_date", ("changed_at" AT TIME ZONE ''UTC'') AS "changed_at", "region", "load_date" AS "tg_period", "load_date" AS "tg_part" FROM "test"."ret_test_1" WHERE ("load_date" >= DATE ''2020-03-20'' AND "load_date" < DATE ''2020-03-22'')')
TO 's3://redshift-data-test-vikas/w5f3a9c01/ret_test_1/test/ret_test_1/tg_batch=20200620-020000-5f3a9c01/'
IAM_ROLE 'arn:aws:iam::123456789012:role/unload'
FORMAT AS PARQUET
PARTITION BY ("tg_period", "tg_part")
MANIFEST VERBOSE
PARALLEL OFF
MAXFILESIZE AS 100 MB;

-- case: CSV beside Parquet (2)
/* tidegate 20200620-020000-5f3a9c01 unload */ UNLOAD ('SELECT "id", "load_date", "changed_at", "region" FROM "test"."ret_test_1" WHERE ("load_date" >= DATE ''2020-03-20'' AND "load_date" < DATE ''2020-03-22'')')
TO 's3://redshift-data-test-vikas/w5f3a9c01/ret_test_1/test/ret_test_1/tg_batch=20200620-020000-5f3a9c01/_export/'
IAM_ROLE 'arn:aws:iam::123456789012:role/unload'
FORMAT AS CSV
PARTITION BY ("load_date") INCLUDE
MANIFEST VERBOSE
HEADER
DELIMITER AS ';'
GZIP
PARALLEL OFF
MAXFILESIZE AS 100 MB;

-- case: text beside Parquet (1)
-- the sample: unload ('select * from test.ret_test_1 where load_date < dateadd(day,-90,current_date)') to 's3://redshift-data-test-vikas/ret_test_1' iam_role 'arn:aws:iam::123456789012:role/unload'  DELIMITER AS '^' ADDQUOTES NULL AS '\N' ESCAPE zstd PARTITION BY (load_date) ALLOWOVERWRITE REGION 'eu-west-1' PARALLEL OFF MAXFILESIZE 1 gb
-- the sample: delete from test.ret_test_1 where load_date < dateadd(day,-90,current_date)
/* tidegate 20200620-020000-5f3a9c01 unload */ UNLOAD ('SELECT "id", "load_date", ("changed_at" AT TIME ZONE ''UTC'') AS "changed_at", "region", "load_date" AS "tg_period", "load_date" AS "tg_part" FROM "test"."ret_test_1" WHERE ("load_date" >= DATE ''2020-03-20'' AND "load_date" < DATE ''2020-03-22'')')
TO 's3://redshift-data-test-vikas/w5f3a9c01/ret_test_1/test/ret_test_1/tg_batch=20200620-020000-5f3a9c01/'
IAM_ROLE 'arn:aws:iam::123456789012:role/unload'
FORMAT AS PARQUET
PARTITION BY ("tg_period", "tg_part")
MANIFEST VERBOSE
PARALLEL ON
MAXFILESIZE AS 1000 MB;

-- case: text beside Parquet (2)
/* tidegate 20200620-020000-5f3a9c01 unload */ UNLOAD ('SELECT "id", "load_date", "changed_at", "region" FROM "test"."ret_test_1" WHERE ("load_date" >= DATE ''2020-03-20'' AND "load_date" < DATE ''2020-03-22'')')
TO 's3://redshift-data-test-vikas/w5f3a9c01/ret_test_1/test/ret_test_1/tg_batch=20200620-020000-5f3a9c01/_export/'
IAM_ROLE 'arn:aws:iam::123456789012:role/unload'
PARTITION BY ("load_date") INCLUDE
MANIFEST VERBOSE
DELIMITER AS '^'
ADDQUOTES
NULL AS '\\N'
ESCAPE
ZSTD
PARALLEL ON
MAXFILESIZE AS 1000 MB;

-- case: copy as CSV elsewhere
-- the sample: unload ('select * from test.ret_test_1 where load_date < dateadd(day,-90,current_date)') to 's3://elsewhere/x' iam_role 'arn:aws:iam::123456789012:role/unload' CSV DELIMITER AS ''  ALLOWOVERWRITE REGION 'us-east-1' PARALLEL OFF MAXFILESIZE 1 gb
/* tidegate 20200620-020000-5f3a9c01 unload */ UNLOAD ('SELECT "id", "load_date", "changed_at", "region" FROM "test"."ret_test_1" WHERE ("load_date" >= DATE ''2020-03-20'' AND "load_date" < DATE ''2020-03-22'')')
TO 's3://elsewhere/x/tg_batch=20200620-020000-5f3a9c01/'
IAM_ROLE 'arn:aws:iam::123456789012:role/unload'
FORMAT AS CSV
MANIFEST VERBOSE
PARALLEL ON
MAXFILESIZE AS 1000 MB
REGION AS 'us-east-1';

-- case: copy of a whole table
-- the sample: unload ('select * from test.ret_test_1 where  < dateadd(day,-90,current_date)') to 's3://redshift-data-test-vikas/ret_test_1' iam_role 'arn:aws:iam::123456789012:role/unload' PARQUET PARTITION BY (region) ALLOWOVERWRITE REGION 'eu-west-1'  MAXFILESIZE 
/* tidegate 20200620-020000-5f3a9c01 unload */ UNLOAD ('SELECT "id", "load_date", ("changed_at" AT TIME ZONE ''UTC'') AS "changed_at", "region", DATE ''0001-01-01'' AS "tg_period", "region" AS "tg_part" FROM "test"."ret_test_1" WHERE TRUE')
TO 's3://redshift-data-test-vikas/w5f3a9c01/ret_test_1/test/ret_test_1/tg_batch=20200620-020000-5f3a9c01/'
IAM_ROLE 'arn:aws:iam::123456789012:role/unload'
FORMAT AS PARQUET
PARTITION BY ("tg_period", "tg_part")
MANIFEST VERBOSE
PARALLEL ON;

-- case: two partition columns
-- the sample: unload ('select * from test.ret_test_1 where load_date < dateadd(day,-90,current_date)') to 's3://redshift-data-test-vikas/ret_test_1' iam_role 'arn:aws:iam::123456789012:role/unload' PARQUET PARTITION BY (region,load_date) ALLOWOVERWRITE REGION 'eu-west-1' PARALLEL OFF MAXFILESIZE 1 gb
-- the sample: delete from test.ret_test_1 where load_date < dateadd(day,-90,current_date)
/* tidegate 20200620-020000-5f3a9c01 unload */ UNLOAD ('SELECT "id", "load_date", ("changed_at" AT TIME ZONE ''UTC'') AS "changed_at", "region", "load_date" AS "tg_period", "region" AS "tg_part", "load_date" AS "tg_part_2" FROM "test"."ret_test_1" WHERE ("load_date" >= DATE ''2020-03-20'' AND "load_date" < DATE ''2020-03-22'')')
TO 's3://redshift-data-test-vikas/w5f3a9c01/ret_test_1/test/ret_test_1/tg_batch=20200620-020000-5f3a9c01/'
IAM_ROLE 'arn:aws:iam::123456789012:role/unload'
FORMAT AS PARQUET
PARTITION BY ("tg_period", "tg_part", "tg_part_2")
MANIFEST VERBOSE
PARALLEL ON
MAXFILESIZE AS 1000 MB;

-- case: archive with a place elsewhere (1)
-- the sample: unload ('select * from test.ret_test_1 where load_date < dateadd(day,-90,current_date)') to 's3://other-bucket/cold/ret_test_1' iam_role 'arn:aws:iam::123456789012:role/unload' PARQUET PARTITION BY (load_date) ALLOWOVERWRITE REGION 'eu-west-1' PARALLEL OFF MAXFILESIZE 1 gb
-- the sample: delete from test.ret_test_1 where load_date < dateadd(day,-90,current_date)
/* tidegate 20200620-020000-5f3a9c01 unload */ UNLOAD ('SELECT "id", "load_date", ("changed_at" AT TIME ZONE ''UTC'') AS "changed_at", "region", "load_date" AS "tg_period", "load_date" AS "tg_part" FROM "test"."ret_test_1" WHERE ("load_date" >= DATE ''2020-03-20'' AND "load_date" < DATE ''2020-03-22'')')
TO 's3://redshift-data-test-vikas/w5f3a9c01/test/ret_test_1/tg_batch=20200620-020000-5f3a9c01/'
IAM_ROLE 'arn:aws:iam::123456789012:role/unload'
FORMAT AS PARQUET
PARTITION BY ("tg_period", "tg_part")
MANIFEST VERBOSE
PARALLEL ON
MAXFILESIZE AS 1000 MB;

-- case: archive with a place elsewhere (2)
/* tidegate 20200620-020000-5f3a9c01 unload */ UNLOAD ('SELECT "id", "load_date", ("changed_at" AT TIME ZONE ''UTC'') AS "changed_at", "region" FROM "test"."ret_test_1" WHERE ("load_date" >= DATE ''2020-03-20'' AND "load_date" < DATE ''2020-03-22'')')
TO 's3://other-bucket/cold/ret_test_1/tg_batch=20200620-020000-5f3a9c01/'
IAM_ROLE 'arn:aws:iam::123456789012:role/unload'
FORMAT AS PARQUET
PARTITION BY ("load_date") INCLUDE
MANIFEST VERBOSE
PARALLEL ON
MAXFILESIZE AS 1000 MB;
