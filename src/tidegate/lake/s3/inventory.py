"""The inventory configurations of a bucket."""

from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from tidegate.config.settings import S3Settings
from tidegate.errors import LakeUnreachable
from tidegate.lake.s3.clients import ProcessClients
from tidegate.lake.s3.failures import Failures, code_of

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import InventoryConfigurationTypeDef

_ABSENT = ("NoSuchConfiguration", "NoSuchInventoryConfiguration")
_GRANT = (
    "Grant the credentials s3:GetInventoryConfiguration and s3:PutInventoryConfiguration on the bucket, and let the "
    "policy of the destination bucket take the reports of s3.amazonaws.com."
)


class S3Configurations:
    """Reads and puts one configuration by its id, and never touches another one of the bucket."""

    def __init__(self, settings: S3Settings) -> None:
        self._settings = settings
        self._failures = Failures(settings)
        self._clients = ProcessClients(settings, self._failures)

    def read(self, configuration_id: str) -> dict[str, object] | None:
        """As S3 describes it; None where there is none of that id. Raises LakeUnreachable."""
        with self._failures.reported(f"read the inventory configuration {configuration_id!r}"):
            try:
                answer = self._clients.get().get_bucket_inventory_configuration(
                    Bucket=self._settings.bucket, Id=configuration_id
                )
            except ClientError as error:
                if code_of(error) in _ABSENT:
                    return None
                raise self._denied(error, f"read the inventory configuration {configuration_id!r}") from error
        found = cast("dict[str, Any]", answer).get("InventoryConfiguration", {})
        return found if "Id" in found else None

    def write(self, configuration: dict[str, object]) -> None:
        """Put it in the place of the one with the same id. Raises LakeUnreachable."""
        action = f"put the inventory configuration {configuration['Id']!r}"
        with self._failures.reported(action):
            try:
                self._clients.get().put_bucket_inventory_configuration(
                    Bucket=self._settings.bucket,
                    Id=str(configuration["Id"]),
                    InventoryConfiguration=cast("InventoryConfigurationTypeDef", configuration),
                )
            except ClientError as error:
                raise self._denied(error, action) from error

    def _denied(self, error: ClientError, action: str) -> Exception:
        """What to grant, where access is what is missing; else the error itself."""
        if code_of(error) not in ("AccessDenied", "403"):
            return error
        return LakeUnreachable(f"cannot {action} in the lake {self._settings.uri!r}: access is denied", hint=_GRANT)
