"""Statements that Redshift takes and sqlfluff's redshift dialect does not parse.

By golden file and case, with the reason. A gap that closes fails the test that reads this list.
"""

_PARTITION = "ALTER TABLE of external partitions is not in the dialect"
_INTERVAL = "the types INTERVAL YEAR TO MONTH and DAY TO SECOND are not in the dialect"

GAPS: dict[tuple[str, str], str] = {
    ("copy", "Parquet into SUPER"): "SERIALIZETOJSON is not in the dialect",
    ("copy", "errors ignored"): "IGNOREALLERRORS is not in the dialect",
    ("ddl", "identity that counts down"): "IDENTITY takes no negative number in the dialect",
    ("ddl", "foreign key to a primary key"): "REFERENCES needs columns in the dialect",
    ("ddl", "intervals"): _INTERVAL,
    ("external", "one partition"): _PARTITION,
    ("external", "three partitions"): _PARTITION,
    ("external", "partitions in two statements (1)"): _PARTITION,
    ("external", "partitions in two statements (2)"): _PARTITION,
    ("external", "quoted partition"): _PARTITION,
    ("external", "drop partition"): _PARTITION,
    ("external", "set location"): _PARTITION,
    ("maintenance", "analyze predicate columns"): "PREDICATE COLUMNS is not in the dialect",
    ("unload", "Parquet with key and sizes"): "MAXFILESIZE and ROWGROUPSIZE exclude one another in the dialect",
}
