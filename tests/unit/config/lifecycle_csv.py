"""The sample's file (sample/test_configuration.csv), byte for byte, and rows like its own."""

HEADER = (
    "schema_name,table_name,column_name,granularity_level,retention_period,s3_path,file_format,partition_column,header,"
    "delimiter,add_quotes,null_as,escape,compression,max_filesize,parallel,unload_region,priority,update_delete_flag,"
    "checkpoint"
)
_BUCKET = "s3://redshift-data-test-vikas"
SAMPLE_ROWS = (
    f"test,ret_test_1,load_date,daily,90,{_BUCKET}/ret_test_1,PARQUET,load_date,,,,,,,1 gb,,,10,2,",
    f"test,ret_test_2,load_date,daily,90,{_BUCKET}/ret_test_2,PARQUET,load_date,,,,,,,1 gb,,,10,2,",
    f"test,ret_test_3,load_date,daily,90,{_BUCKET}/ret_test_3,PARQUET,load_date,,,,,,,1 gb,,,10,2,",
    f"test,ret_test_4,load_date,monthly,3,{_BUCKET}/ret_test_4,PARQUET,load_date,,,,,,,1 gb,,us-east-1,10,2,",
)
SAMPLE = b"\xef\xbb\xbf" + "\n".join((HEADER, *SAMPLE_ROWS)).encode()


def row(**cells: str) -> str:
    """The first of the sample's rows with other values; what a CSV has to quote is quoted."""
    values = dict(zip(HEADER.split(","), SAMPLE_ROWS[0].split(","), strict=True)) | cells
    return ",".join(f'"{v.replace(chr(34), chr(34) * 2)}"' if set(v) & set('",') else v for v in values.values())


def file(*rows: str, header: str = HEADER) -> bytes:
    return "\n".join((header, *rows, "")).encode()
