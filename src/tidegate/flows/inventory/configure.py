"""Tell S3 to make reports on the lake."""

from dataclasses import dataclass
from typing import Any

from tidegate.errors import ConfigError, UsageError
from tidegate.flows.context import Context
from tidegate.flows.identity import attach
from tidegate.flows.inventory.places import Configurations, arn, location
from tidegate.formats.inventory.fields import OPTIONAL_FIELDS
from tidegate.model.inventory import Configured, ReportFormat, configuration_id, reports_root


@dataclass(frozen=True)
class ConfigureRequest:
    """`destination`: `s3://bucket/prefix` that the reports are sent to, else the lake itself."""

    destination: str | None = None
    format: ReportFormat = ReportFormat.PARQUET
    weekly: bool = False


@dataclass(frozen=True)
class ConfigurePlan:
    """`wanted` is the configuration to put; `present` is the one of the same id that is there."""

    bucket: str
    wanted: dict[str, object]
    present: dict[str, object] | None

    @property
    def outcome(self) -> Configured:
        return Configured(self.bucket, self.wanted, changed=self.wanted != self.present)


def plan_configure(ctx: Context, request: ConfigureRequest, configurations: Configurations | None) -> ConfigurePlan:
    """Read only.

    Raises:
        ConfigError: the lake is local.
        UsageError: the destination is no address of S3.
    """
    if configurations is None:
        raise ConfigError(
            f"the lake {ctx.lake.uri('')} is local: there is no bucket to configure",
            hint="Run `tidegate inventory report`: of a local lake Tidegate makes the reports.",
        )
    warehouse = attach(ctx).warehouse
    source, identity = location(ctx.lake), configuration_id(warehouse)
    wanted: dict[str, object] = {
        "Id": identity,
        "IsEnabled": True,
        "IncludedObjectVersions": "All",
        "Schedule": {"Frequency": "Weekly" if request.weekly else "Daily"},
        "OptionalFields": list(OPTIONAL_FIELDS),
        "Destination": {"S3BucketDestination": _destination(ctx, request, warehouse)},
    }
    if source.prefix:
        wanted["Filter"] = {"Prefix": source.prefix}
    return ConfigurePlan(source.bucket, wanted, configurations.read(identity))


def run_configure(plan: ConfigurePlan, configurations: Configurations) -> Configured:
    """Put the configuration, which replaces the one of the same id and no other."""
    if plan.outcome.changed:
        configurations.write(plan.wanted)
    return plan.outcome


def _destination(ctx: Context, request: ConfigureRequest, warehouse: str) -> dict[str, Any]:
    address = request.destination or ctx.lake.uri(reports_root(warehouse))
    if not address.startswith("s3://") or not address.removeprefix("s3://").partition("/")[0]:
        raise UsageError(f"{address!r} is no place that S3 can send reports to", hint="Write it as s3://bucket/prefix.")
    bucket, _, prefix = address.removeprefix("s3://").partition("/")
    document: dict[str, Any] = {
        "Bucket": arn(ctx.lake, bucket),
        "Format": request.format.value,
    }
    if prefix.strip("/"):
        document["Prefix"] = prefix.strip("/")
    if ctx.lake.capabilities.kms_key is not None:
        document["Encryption"] = {"SSEKMS": {"KeyId": ctx.lake.capabilities.kms_key}}
    return document
