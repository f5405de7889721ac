"""The verbs about inventories: reports of what lies in the lake."""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from tidegate.app.opened import Name, Opened, check_order, table_name
from tidegate.config.extras import needing
from tidegate.config.settings import S3Settings
from tidegate.errors import LakeUnreachable, UsageError
from tidegate.model.inventory import (
    Configured,
    InventoryDifference,
    NormalizeOutcome,
    ReportFormat,
    ReportOutcome,
    RestoreManifests,
)
from tidegate.model.tiers import Retrieval

if TYPE_CHECKING:
    from tidegate.flows.inventory.places import Openers, Place
    from tidegate.lake.s3.inventory import S3Configurations

_S3 = "s3://"


class Inventories(Opened):
    """Addresses are `s3://bucket/key`, or paths of this machine."""

    def configure_inventory(
        self,
        destination: str | None = None,
        report_format: ReportFormat = ReportFormat.PARQUET,
        *,
        weekly: bool = False,
        dry_run: bool = False,
    ) -> Configured:
        """Tell S3 to report on the lake every day, or every week; other configurations are not touched."""
        from tidegate.flows.inventory.configure import ConfigureRequest, plan_configure, run_configure

        with self._naming_jobs():
            configurations = self._configurations()
            plan = plan_configure(self.context, ConfigureRequest(destination, report_format, weekly), configurations)
            return plan.outcome if dry_run or configurations is None else run_configure(plan, configurations)

    def report_inventory(self, report_format: ReportFormat = ReportFormat.PARQUET) -> ReportOutcome:
        """Write a report on a local lake, as S3 does it for a bucket."""
        from tidegate.flows.inventory.report import write_report

        with self._naming_jobs():
            return write_report(self.context, report_format, self._openers())

    def normalize_inventory(
        self,
        manifest: str | None = None,
        to: str | None = None,
        on_difference: Callable[[InventoryDifference], None] | None = None,
    ) -> NormalizeOutcome:
        """Make a report, the newest where none is named, into one Parquet file a day, and compare it with what counts.

        `to`: the folder that the folders of the days are made in. `on_difference` gets every difference.
        """
        from tidegate.flows.inventory.normalize import NormalizeRequest, normalize

        with self._naming_jobs():
            places = () if manifest is None else self._manifest_places(manifest)
            target = None if to is None else self._folder_place(to)
            return normalize(self.context, NormalizeRequest(places, target, on_difference), self._openers())

    def plan_inventory_restore(
        self,
        table: Name,
        out: str,
        first: date | None = None,
        last: date | None = None,
        *,
        days: int = 7,
        retrieval: Retrieval = Retrieval.BULK,
    ) -> RestoreManifests:
        """Write the manifests of S3 Batch Operations that restore the parked files of a table's periods."""
        from tidegate.flows.inventory.plan_restore import RestoreFilesRequest, plan_restore_files

        check_order(first, last)
        if days < 1 or retrieval is Retrieval.EXPEDITED:
            wrong = f"for {days} days" if days < 1 else "in an expedited way"
            raise UsageError(
                f"S3 Batch Operations do not restore {wrong}", hint="Give 1 day or more, and standard or bulk."
            )
        with self._naming_jobs():
            request = RestoreFilesRequest(table_name(table), self._file_place(out), first, last, days, retrieval)
            return plan_restore_files(self.context, request)

    def _openers(self) -> "Openers":
        from tidegate.flows.inventory.places import Openers

        return Openers(self._folder_place, self._configurations())

    def _configurations(self) -> "S3Configurations | None":
        """None for a lake that is no bucket."""
        if not isinstance(self.settings.lake, S3Settings):
            return None
        with needing("aws", f"the lake {self.settings.lake.uri!r}"):
            from tidegate.lake.s3.inventory import S3Configurations

        return S3Configurations(self.settings.lake)

    def _manifest_places(self, address: str) -> "Sequence[Place]":
        """The keys of a report count from its bucket: for a file that may be any folder around it."""
        from tidegate.flows.inventory.places import Place

        if address.startswith(_S3):
            return [self._on_s3(address)]
        from tidegate.lake.local import LocalLake

        path = Path(address).absolute()
        if not path.is_file():
            raise UsageError(f"the report {address!r} is no file", hint="Name its manifest.json, or leave it out.")
        return [Place(LocalLake(root), path.relative_to(root).as_posix()) for root in path.parents if root.name]

    def _folder_place(self, address: str) -> "Place":
        """A folder of this machine is made where it is missing."""
        from tidegate.flows.inventory.places import Place

        if address.startswith(_S3):
            return self._on_s3(f"{address.rstrip('/')}/")
        from tidegate.lake.local import LocalLake

        folder = Path(address).absolute()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LakeUnreachable(
                f"the folder {folder} cannot be made: {(error.strerror or str(error)).lower()}",
                hint="Name another folder, or check the rights on its parent folder.",
            ) from error
        return Place(LocalLake(folder), "")

    def _file_place(self, address: str) -> "Place":
        if address.startswith(_S3):
            return self._on_s3(address)
        path = Path(address)
        return self._folder_place(str(path.parent)).below(path.name)

    def _on_s3(self, address: str) -> "Place":
        """A place in any bucket, reached as the lake is."""
        from tidegate.flows.inventory.places import Place

        bucket, _, key = address.removeprefix(_S3).partition("/")
        if not bucket or not key:
            raise UsageError(f"{address!r} is no address of an object", hint="Write it as s3://bucket/key.")
        with needing("aws", f"the address {address!r}"):
            from tidegate.lake.s3.driver import S3Lake

        lake = self.settings.lake
        if not isinstance(lake, S3Settings):
            return Place(S3Lake(S3Settings(bucket)), key)
        kms_key = lake.kms_key if lake.bucket == bucket else None
        return Place(S3Lake(S3Settings(bucket, aws=lake.aws, kms_key=kms_key)), key)
