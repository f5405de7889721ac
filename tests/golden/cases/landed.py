"""What is compared with listings of landed files."""

from collections.abc import Sequence

from tidegate.redshift.landed import LandedFiles

LANDED = LandedFiles("tidegate")

CASES: dict[str, str | Sequence[str]] = {
    "below a place": LANDED.select_below("s3://landing/o'rders/"),
    "below a place, from a file on": LANDED.select_below("/data/in/", "/data/in/1.parquet"),
}
