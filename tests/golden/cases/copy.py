"""COPY with each option at least once."""

from tidegate.model.names import TableName
from tidegate.redshift.copy import CompUpdate, Copy, CopyCompression, CopyFormat, Encoding, copy

ORDERS = TableName("public", "orders")
STAGE = TableName("pg_temp", "stage_7")
PREFIX = "s3://lake/in/orders/"
MANIFEST = "s3://lake/_tidegate/loads/7.manifest"

CASES = {
    "staging by manifest": copy(
        Copy(STAGE, MANIFEST, columns=("order_id", "State"), manifest=True, fill_record=True, stat_update=False)
    ),
    "defaults": copy(Copy(ORDERS, PREFIX)),
    "identities given": copy(
        Copy(ORDERS, MANIFEST, iam_role="arn:aws:iam::1:role/a,arn:aws:iam::2:role/b", manifest=True, explicit_ids=True)
    ),
    "Parquet into SUPER": copy(Copy(ORDERS, PREFIX, serialize_to_json=True, accept_inv_chars="?")),
    "ORC": copy(Copy(ORDERS, PREFIX, format=CopyFormat.ORC)),
    "CSV with everything": copy(
        Copy(
            ORDERS,
            PREFIX,
            columns=("order_id",),
            region="eu-west-1",
            format=CopyFormat.CSV,
            compression=CopyCompression.GZIP,
            quote="'",
            delimiter=";",
            accept_any_date=True,
            accept_inv_chars="^",
            blanks_as_null=True,
            date_format="DD.MM.YYYY",
            empty_as_null=True,
            encoding=Encoding.UTF16LE,
            fill_record=True,
            ignore_blank_lines=True,
            ignore_header=1,
            null_as="\\N",
            round_dec=True,
            time_format="auto",
            trim_blanks=True,
            truncate_columns=True,
            comp_rows=1000,
            comp_update=CompUpdate.ON,
            max_error=10,
            no_load=True,
            stat_update=True,
        )
    ),
    "errors ignored": copy(Copy(ORDERS, PREFIX, format=CopyFormat.CSV, ignore_all_errors=True)),
    "text": copy(
        Copy(
            ORDERS,
            PREFIX,
            format=CopyFormat.TEXT,
            delimiter="\t",
            escape=True,
            remove_quotes=True,
            compression=CopyCompression.LZOP,
            comp_update=CompUpdate.OFF,
        )
    ),
    "text of fixed width": copy(
        Copy(ORDERS, PREFIX, format=CopyFormat.TEXT, fixedwidth=(("a", 3), ("b", 12)), comp_update=CompUpdate.PRESET)
    ),
    "JSON": copy(Copy(ORDERS, PREFIX, format=CopyFormat.JSON, time_format="epochmillisecs")),
    "JSON in any case": copy(Copy(ORDERS, PREFIX, format=CopyFormat.JSON, mapping="auto ignorecase")),
    "JSON into SUPER": copy(Copy(ORDERS, PREFIX, format=CopyFormat.JSON, mapping="noshred")),
    "Avro by paths": copy(Copy(ORDERS, PREFIX, format=CopyFormat.AVRO, mapping="s3://lake/paths.json")),
}
