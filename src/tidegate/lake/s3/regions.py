"""Where a bucket is."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_HEADER = "x-amz-bucket-region"


def bucket_region(client: "S3Client", bucket: str) -> str:
    """The region, told even to those who may not look into the bucket (API reference, HeadBucket); empty where the
    store has none.
    """
    try:
        headers = client.head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPHeaders"]
    except ClientError as error:
        headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return headers.get(_HEADER, "")
