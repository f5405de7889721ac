"""UNLOAD with each option at least once."""

from tidegate.redshift.unload import Unload, UnloadCompression, UnloadFormat, unload

SELECT = 'SELECT "order_id", "state" FROM "public"."orders" WHERE "state" = \'paid\''
TO = "s3://lake/archive/public/orders/batch=7/"
ROLE = "arn:aws:iam::123456789012:role/tidegate"
CSV, JSON, TEXT = UnloadFormat.CSV, UnloadFormat.JSON, UnloadFormat.TEXT

CASES = {
    "archive": unload(
        Unload(SELECT, TO, partition_by=("tg_period",), manifest=True, verbose=True, max_file_mb=256, parallel=False)
    ),
    "defaults": unload(Unload(SELECT, TO)),
    "role": unload(Unload(SELECT, TO, iam_role=ROLE)),
    "chained roles": unload(Unload(SELECT, TO, iam_role=f"{ROLE},{ROLE}-2")),
    "backslashes and quotes in the query": unload(Unload('SELECT "a\\b" FROM "s"."t" WHERE x = \'it\'\'s \\\\N\'', TO)),
    "partition columns kept": unload(Unload(SELECT, TO, partition_by=("Region", "day"), include=True)),
    "Parquet with key and sizes": unload(
        Unload(
            SELECT,
            TO,
            manifest=True,
            encrypted=True,
            kms_key_id="arn:aws:kms:eu-west-1:123456789012:key/1",
            region="eu-west-1",
            max_file_mb=6200,
            row_group_mb=128,
            parallel=True,
            clean_path=True,
        )
    ),
    "row groups": unload(Unload(SELECT, TO, row_group_mb=32)),
    "key": unload(Unload(SELECT, TO, encrypted=True, kms_key_id="k")),
    "CSV": unload(
        Unload(
            SELECT,
            TO,
            format=CSV,
            header=True,
            delimiter="\t",
            null_as="\\N",
            compression=UnloadCompression.GZIP,
            extension="csv.gz",
            allow_overwrite=True,
            encrypted=True,
        )
    ),
    "JSON": unload(Unload(SELECT, TO, format=JSON, compression=UnloadCompression.ZSTD, max_file_mb=5)),
    "text": unload(
        Unload(
            SELECT,
            TO,
            format=TEXT,
            header=True,
            delimiter="|",
            add_quotes=True,
            escape=True,
            null_as="",
            compression=UnloadCompression.BZIP2,
        )
    ),
    "text of fixed width": unload(Unload(SELECT, TO, format=TEXT, fixedwidth=(("order_id", 20), ("state", 8)))),
}
