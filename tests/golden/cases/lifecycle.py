"""The rules of AWS's data-lifecycle sample: what it would send at each run, as a comment, and what is sent here.

Its text is that of src/glue/management_job.py and the stored procedure, where a blank `parallel` is PARALLEL OFF.
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from tests.unit.config.lifecycle_csv import SAMPLE, file, row

from tidegate.config.lifecycle.convert import convert
from tidegate.config.lifecycle.rows import Row, parse_csv
from tidegate.config.settings import DataApiSettings, S3Settings, Settings
from tidegate.flows.spec import BatchSpec
from tidegate.flows.statements import BatchStatements
from tidegate.model.batch import HashIdentity, TableVersion
from tidegate.model.layout import batch_prefix
from tidegate.model.names import TableName
from tidegate.model.periods import Granularity, Period
from tidegate.model.policy import Policy
from tidegate.model.tables import Column, SqlType, Table, TypeKind
from tidegate.redshift.control import Control
from tidegate.redshift.periods import PeriodColumn
from tidegate.redshift.storage import stored_columns

LAKE = S3Settings("redshift-data-test-vikas")
ROLE = "arn:aws:iam::123456789012:role/unload"
BATCH = "20200620-020000-5f3a9c01"
DUE = {
    Granularity.DAILY: (date(2020, 3, 20), date(2020, 3, 21)),
    Granularity.MONTHLY: (date(2020, 1, 1), date(2020, 2, 1)),
}
"""The last periods that are due on 2020-06-20."""


def _table(name: TableName) -> Table:
    kinds = {
        "id": SqlType(TypeKind.BIGINT),
        "load_date": SqlType(TypeKind.DATE),
        "changed_at": SqlType(TypeKind.TIMESTAMPTZ),
        "region": SqlType(TypeKind.VARCHAR, length=20),
    }
    return Table(name, tuple(Column(column, kind) for column, kind in kinds.items()))


def _spec(policy: Policy) -> BatchSpec:
    table = _table(policy.table)
    column = PeriodColumn("load_date", SqlType(TypeKind.DATE), policy.granularity) if policy.column else None
    version = TableVersion(1, TableName("tidegate_cold", "x"), table, "", stored_columns(table), "UTC")
    prefix = batch_prefix("w5f3a9c01", policy.table, BATCH, policy.location)
    return BatchSpec(
        batch=BATCH,
        policy=policy,
        table=table,
        version=version,
        column=column,
        periods=tuple(Period(day, policy.granularity) for day in DUE[policy.granularity]),
        rows=1,
        bytes=1,
        prefix=prefix,
        uri=f"{LAKE.uri}{prefix}",
        hash_function="FNV_HASH",
        hash=HashIdentity("redshift", "1", "1"),
    )


def _sent(rule: Row) -> list[str]:
    """The UNLOADs of one transaction; before them stands the query that counts the rows and sums their hashes."""
    (converted,) = convert([rule], LAKE)
    assert converted.policy is not None, converted.problem
    settings = Settings(Path(), "UTC", DataApiSettings("dev"), LAKE, Path(), iam_role=ROLE)
    region = converted.policy.unload.region
    statements = BatchStatements(_spec(converted.policy), settings, Control("tidegate"), region=region)
    return [sql for sql in statements.unload() if "UNLOAD" in sql]


def _sample(rule: Row) -> list[str]:
    """Line by line what the sample makes of a row; `region` of its job is eu-west-1."""
    c = rule.cells
    table, column, ret = f"{c['schema_name']}.{c['table_name']}", c["column_name"], c["retention_period"]
    if c["granularity_level"] == "monthly":
        where = f"date_trunc('month',{column}) < add_months(date_trunc('month',current_date),-{ret})"
    else:
        where = f"{column} < dateadd(day,-{ret},current_date)"
    partition = f" PARTITION BY ({c['partition_column']})" if c["partition_column"] else ""
    parallel = "" if c["parallel"] in ("1", "t", "true", "True") else "PARALLEL OFF"
    unload = (
        f"unload ('select * from {table} where {where}') to '{c['s3_path']}' iam_role '{ROLE}' {_format(c)}{partition} "
        f"ALLOWOVERWRITE REGION '{c['unload_region'] or 'eu-west-1'}' {parallel} MAXFILESIZE {c['max_filesize']}"
    )
    delete = f"delete from {table} where {where}"
    return {"0": [unload], "1": [delete], "2": [unload, delete]}[c["update_delete_flag"]]


def _format(cells: Mapping[str, str]) -> str:
    header = "HEADER" if cells["header"] == "1" else ""
    if cells["file_format"].lower() == "parquet":
        return "PARQUET"
    if cells["file_format"].lower() == "csv":
        return f"CSV{header} DELIMITER AS '{cells['delimiter']}' {cells['compression']}"
    options = ["ADDQUOTES"] * (cells["add_quotes"] == "1") + [f"NULL AS '{cells['null_as']}'"]
    options += ["ESCAPE"] * (cells["escape"] == "1") + [cells["compression"]]
    return " ".join([header, f"DELIMITER AS '{cells['delimiter']}'", *options])


OPTIONS = file(
    row(file_format="csv", header="1", delimiter=";", compression="gzip", parallel="0", max_filesize="100"),
    row(file_format="", delimiter="^", add_quotes="1", null_as=r"\N", escape="1", compression="zstd"),
    row(
        update_delete_flag="0",
        file_format="csv",
        partition_column="",
        unload_region="us-east-1",
        s3_path="s3://elsewhere/x",
    ),
    row(update_delete_flag="0", column_name="", partition_column="region", max_filesize="", parallel="1"),
    row(partition_column="region,load_date"),
    row(s3_path="s3://other-bucket/cold/ret_test_1"),
)
NAMES = ("CSV beside Parquet", "text beside Parquet", "copy as CSV elsewhere", "copy of a whole table")
NAMES += ("two partition columns", "archive with a place elsewhere")


def _cases() -> dict[str, list[str]]:
    cases = {}
    sample, options = parse_csv(SAMPLE, "sample")[0], parse_csv(OPTIONS, "options")[0]
    named = [(f"sample row {n}, {rule.table}", rule) for n, rule in enumerate(sample, 1)]
    for name, rule in [*named, *zip(NAMES, options, strict=True)]:
        before = "".join(f"-- the sample: {line}\n" for line in _sample(rule))
        first, *more = _sent(rule)
        cases[name] = [before + first, *more]
    return cases


CASES = _cases()
