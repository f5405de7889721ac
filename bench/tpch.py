"""Tables of TPC-H as Parquet files."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from shutil import rmtree

CREATE: Mapping[str, str] = {
    "orders": """\
CREATE TABLE public.orders (
    o_orderkey BIGINT NOT NULL, o_custkey BIGINT NOT NULL, o_orderstatus CHAR(1) NOT NULL,
    o_totalprice DECIMAL(15,2) NOT NULL, o_orderdate DATE NOT NULL, o_orderpriority CHAR(15) NOT NULL,
    o_clerk CHAR(15) NOT NULL, o_shippriority INTEGER NOT NULL, o_comment VARCHAR(79) NOT NULL
)""",
    "lineitem": """\
CREATE TABLE public.lineitem (
    l_orderkey BIGINT NOT NULL, l_partkey BIGINT NOT NULL, l_suppkey BIGINT NOT NULL, l_linenumber INTEGER NOT NULL,
    l_quantity DECIMAL(15,2) NOT NULL, l_extendedprice DECIMAL(15,2) NOT NULL, l_discount DECIMAL(15,2) NOT NULL,
    l_tax DECIMAL(15,2) NOT NULL, l_returnflag CHAR(1) NOT NULL, l_linestatus CHAR(1) NOT NULL,
    l_shipdate DATE NOT NULL, l_commitdate DATE NOT NULL, l_receiptdate DATE NOT NULL,
    l_shipinstruct CHAR(25) NOT NULL, l_shipmode CHAR(10) NOT NULL, l_comment VARCHAR(44) NOT NULL
) SORTKEY (l_shipdate)""",
}
"""TPC-H standard specification, section 1.4.1, in Redshift's types."""


def generate(folder: Path, scale: float, table: str) -> Path:
    """One table as one file below the folder, made once for each scale."""
    path = folder / f"tpch-{scale:g}" / f"{table}.parquet"
    if not path.exists():
        part = path.with_name(f"part-{table}")
        rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        program = Path(sys.executable).with_name("tpchgen-cli")
        options = [f"--scale-factor={scale:g}", f"--tables={table}", f"--output-dir={part}", "--quiet"]
        subprocess.run([str(program), "parquet", *options], check=True)
        (part / path.name).rename(path)
        part.rmdir()
    return path
