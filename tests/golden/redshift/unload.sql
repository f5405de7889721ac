-- case: archive
UNLOAD ('SELECT "order_id", "state" FROM "public"."orders" WHERE "state" = ''paid''')
TO 's3://lake/archive/public/orders/batch=7/'
IAM_ROLE default
FORMAT AS PARQUET
PARTITION BY ("tg_period")
MANIFEST VERBOSE
PARALLEL OFF
MAXFILESIZE AS 256 MB;

-- case: defaults
UNLOAD ('SELECT "order_id", "state" FROM "public"."orders" WHERE "state" = ''paid''')
TO 's3://lake/archive/public/orders/batch=7/'
IAM_ROLE default
FORMAT AS PARQUET;

-- case: role
UNLOAD ('SELECT "order_id", "state" FROM "public"."orders" WHERE "state" = ''paid''')
TO 's3://lake/archive/public/orders/batch=7/'
IAM_ROLE 'arn:aws:iam::123456789012:role/tidegate'
FORMAT AS PARQUET;

-- case: chained roles
UNLOAD ('SELECT "order_id", "state" FROM "public"."orders" WHERE "state" = ''paid''')
TO 's3://lake/archive/public/orders/batch=7/'
IAM_ROLE 'arn:aws:iam::123456789012:role/tidegate,arn:aws:iam::123456789012:role/tidegate-2'
FORMAT AS PARQUET;

-- case: backslashes and quotes in the query
UNLOAD ('SELECT "a\\b" FROM "s"."t" WHERE x = ''it''''s \\\\N''')
TO 's3://lake/archive/public/orders/batch=7/'
IAM_ROLE default
FORMAT AS PARQUET;

-- case: partition columns kept
UNLOAD ('SELECT "order_id", "state" FROM "public"."orders" WHERE "state" = ''paid''')
TO 's3://lake/archive/public/orders/batch=7/'
IAM_ROLE default
FORMAT AS PARQUET
PARTITION BY ("region", "day") INCLUDE;

-- case: Parquet with key and sizes
UNLOAD ('SELECT "order_id", "state" FROM "public"."orders" WHERE "state" = ''paid''')
TO 's3://lake/archive/public/orders/batch=7/'
IAM_ROLE default
KMS_KEY_ID 'arn:aws:kms:eu-west-1:123456789012:key/1' ENCRYPTED
FORMAT AS PARQUET
MANIFEST
CLEANPATH
PARALLEL ON
MAXFILESIZE AS 6200 MB
ROWGROUPSIZE AS 128 MB
REGION AS 'eu-west-1';

-- case: row groups
UNLOAD ('SELECT "order_id", "state" FROM "public"."orders" WHERE "state" = ''paid''')
TO 's3://lake/archive/public/orders/batch=7/'
IAM_ROLE default
FORMAT AS PARQUET
ROWGROUPSIZE AS 32 MB;

-- case: key
UNLOAD ('SELECT "order_id", "state" FROM "public"."orders" WHERE "state" = ''paid''')
TO 's3://lake/archive/public/orders/batch=7/'
IAM_ROLE default
KMS_KEY_ID 'k' ENCRYPTED
FORMAT AS PARQUET;

-- case: CSV
UNLOAD ('SELECT "order_id", "state" FROM "public"."orders" WHERE "state" = ''paid''')
TO 's3://lake/archive/public/orders/batch=7/'
IAM_ROLE default
ENCRYPTED AUTO
FORMAT AS CSV
HEADER
DELIMITER AS '	'
NULL AS '\\N'
GZIP
ALLOWOVERWRITE
EXTENSION 'csv.gz';

-- case: JSON
UNLOAD ('SELECT "order_id", "state" FROM "public"."orders" WHERE "state" = ''paid''')
TO 's3://lake/archive/public/orders/batch=7/'
IAM_ROLE default
FORMAT AS JSON
ZSTD
MAXFILESIZE AS 5 MB;

-- case: text
UNLOAD ('SELECT "order_id", "state" FROM "public"."orders" WHERE "state" = ''paid''')
TO 's3://lake/archive/public/orders/batch=7/'
IAM_ROLE default
HEADER
DELIMITER AS '|'
ADDQUOTES
NULL AS ''
ESCAPE
BZIP2;

-- case: text of fixed width
UNLOAD ('SELECT "order_id", "state" FROM "public"."orders" WHERE "state" = ''paid''')
TO 's3://lake/archive/public/orders/batch=7/'
IAM_ROLE default
FIXEDWIDTH 'order_id:20,state:8';
