-- case: staging by manifest
COPY "stage_7" ("order_id", "state")
FROM 's3://lake/_tidegate/loads/7.manifest'
IAM_ROLE default
FORMAT AS PARQUET
MANIFEST
FILLRECORD
STATUPDATE OFF;

-- case: defaults
COPY "public"."orders"
FROM 's3://lake/in/orders/'
IAM_ROLE default
FORMAT AS PARQUET;

-- case: identities given
COPY "public"."orders"
FROM 's3://lake/_tidegate/loads/7.manifest'
IAM_ROLE 'arn:aws:iam::1:role/a,arn:aws:iam::2:role/b'
FORMAT AS PARQUET
MANIFEST
EXPLICIT_IDS;

-- case: Parquet into SUPER
COPY "public"."orders"
FROM 's3://lake/in/orders/'
IAM_ROLE default
FORMAT AS PARQUET SERIALIZETOJSON
ACCEPTINVCHARS AS '?';

-- case: ORC
COPY "public"."orders"
FROM 's3://lake/in/orders/'
IAM_ROLE default
FORMAT AS ORC;

-- case: CSV with everything
COPY "public"."orders" ("order_id")
FROM 's3://lake/in/orders/'
IAM_ROLE default
FORMAT AS CSV QUOTE AS ''''
REGION AS 'eu-west-1'
GZIP
DELIMITER AS ';'
ACCEPTANYDATE
ACCEPTINVCHARS AS '^'
BLANKSASNULL
DATEFORMAT AS 'DD.MM.YYYY'
EMPTYASNULL
ENCODING AS UTF16LE
FILLRECORD
IGNOREBLANKLINES
IGNOREHEADER AS 1
NULL AS '\\N'
ROUNDEC
TIMEFORMAT AS 'auto'
TRIMBLANKS
TRUNCATECOLUMNS
COMPROWS 1000
COMPUPDATE ON
MAXERROR AS 10
NOLOAD
STATUPDATE ON;

-- case: errors ignored
COPY "public"."orders"
FROM 's3://lake/in/orders/'
IAM_ROLE default
FORMAT AS CSV
IGNOREALLERRORS;

-- case: text
COPY "public"."orders"
FROM 's3://lake/in/orders/'
IAM_ROLE default
LZOP
DELIMITER AS '	'
ESCAPE
REMOVEQUOTES
COMPUPDATE OFF;

-- case: text of fixed width
COPY "public"."orders"
FROM 's3://lake/in/orders/'
IAM_ROLE default
FIXEDWIDTH 'a:3,b:12'
COMPUPDATE PRESET;

-- case: JSON
COPY "public"."orders"
FROM 's3://lake/in/orders/'
IAM_ROLE default
FORMAT AS JSON 'auto'
TIMEFORMAT AS 'epochmillisecs';

-- case: JSON in any case
COPY "public"."orders"
FROM 's3://lake/in/orders/'
IAM_ROLE default
FORMAT AS JSON 'auto ignorecase';

-- case: JSON into SUPER
COPY "public"."orders"
FROM 's3://lake/in/orders/'
IAM_ROLE default
FORMAT AS JSON 'noshred';

-- case: Avro by paths
COPY "public"."orders"
FROM 's3://lake/in/orders/'
IAM_ROLE default
FORMAT AS AVRO 's3://lake/paths.json';
