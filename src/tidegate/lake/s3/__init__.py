"""A prefix of an S3 bucket as a lake."""

from tidegate.lake.s3.driver import S3Lake

__all__ = ["S3Lake"]
