"""Nested JSON and CSV as Parquet, by rules that name each column, its place and its type."""
