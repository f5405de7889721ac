"""The control tables of external schemas, tables and partitions, which DuckDB knows nothing of."""

ENGINE = "tidegate_engine"
"""The hidden schema of the driver's control tables."""

CREATE_BOUNDS = f"""CREATE TABLE {ENGINE}.external_bounds (
    partition_id BIGINT NOT NULL, column_name VARCHAR NOT NULL, low TIMESTAMP NOT NULL, high TIMESTAMP NOT NULL)"""
CREATE = (
    f"CREATE SEQUENCE {ENGINE}.external_ids",
    f"""CREATE TABLE {ENGINE}.external_schemas (
        name VARCHAR NOT NULL, database_name VARCHAR NOT NULL)""",
    f"""CREATE TABLE {ENGINE}.external_tables (
        id BIGINT NOT NULL, schema_name VARCHAR NOT NULL, name VARCHAR NOT NULL, location VARCHAR NOT NULL,
        columns STRUCT(name VARCHAR, type VARCHAR, part_key INTEGER)[] NOT NULL,
        properties MAP(VARCHAR, VARCHAR) NOT NULL)""",
    f"""CREATE TABLE {ENGINE}.external_partitions (
        id BIGINT NOT NULL, table_id BIGINT NOT NULL, "values" VARCHAR[] NOT NULL, location VARCHAR NOT NULL)""",
    f"""CREATE TABLE {ENGINE}.external_shapes (
        id BIGINT NOT NULL, table_id BIGINT NOT NULL, columns STRUCT(name VARCHAR, type VARCHAR)[] NOT NULL)""",
    f"""CREATE TABLE {ENGINE}.external_files (
        table_id BIGINT NOT NULL, partition_id BIGINT NOT NULL, shape_id BIGINT NOT NULL, path VARCHAR NOT NULL)""",
    CREATE_BOUNDS,
)
"""To be run once, when the schema is made.

Types of declared columns are Redshift's, those of a shape (the columns that a file has) DuckDB's; `part_key` is 0
for a data column, else the place among the partition columns. The values of a partition are in the order of its
columns, as canonical text. A file's path is relative to the location of its partition.
Bounds are those of columns of days and times, where all files of a partition told them.
"""
