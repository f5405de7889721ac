"""What an archive does, with one row: UNLOAD, read through an external table, COPY. Nothing is left behind."""

from contextlib import suppress
from dataclasses import dataclass

from tidegate.errors import DifferenceFound, TidegateError
from tidegate.flows.context import Context
from tidegate.flows.doctor.checks import Check, Finding, Verdict, check, skipped
from tidegate.model.batch import PERIOD_COLUMN
from tidegate.model.names import TableName
from tidegate.model.tables import Column, SqlType, Table, TypeKind
from tidegate.redshift.copy import Copy, CopyFormat, copy
from tidegate.redshift.ddl import create_table, drop_table
from tidegate.redshift.external import (
    add_partitions,
    create_external_schema,
    create_external_table,
    drop_external_table,
)
from tidegate.redshift.rows import select_columns, select_values
from tidegate.redshift.unload import Unload, unload

_NUMBER = SqlType(TypeKind.INTEGER)
_DATE = SqlType(TypeKind.DATE)
_VALUE, _DAY = 42, "2000-01-01"


@dataclass(frozen=True)
class Probe:
    """One row on its way; `folder` is the probe's own in the lake, `suffix` makes names unique."""

    ctx: Context
    folder: str
    suffix: str

    @property
    def role(self) -> str:
        return self.ctx.settings.iam_role

    @property
    def external(self) -> TableName:
        return TableName(self.ctx.settings.external_schema, f"tidegate_doctor_{self.suffix}")

    @property
    def copied(self) -> TableName:
        return TableName(self.ctx.settings.control_schema, f"doctor_{self.suffix}")


def check_ways(ctx: Context, folder: str, *, initialised: bool) -> list[Check]:
    """The ways between warehouse and lake, in both directions."""
    probe = Probe(ctx, f"{folder}probe/", ctx.suffix())
    names = ("external table", "copy")
    try:
        unloaded = check("unload", lambda: _unload(probe))
        if unloaded.verdict is Verdict.FAILED:
            return [unloaded, *(skipped(name, "there is no file to read") for name in names)]
        if not initialised:
            return [unloaded, *(skipped(name, "the warehouse is not initialised") for name in names)]
        return [unloaded, check("external table", lambda: _external(probe)), check("copy", lambda: _copy(probe))]
    finally:
        ctx.lake.delete([info.key for info in ctx.lake.list(probe.folder)])


def check_region(ctx: Context) -> Check:
    """An external table and a COPY of Parquet read in the warehouse's own region only."""
    return check("region", lambda: _region(ctx))


def _region(ctx: Context) -> Finding | str:
    lake, warehouse = ctx.lake.capabilities.region, ctx.warehouse.capabilities.external_region
    if lake is None or warehouse is None:
        return Verdict.SKIPPED, "the region of lake or warehouse is not known", ""
    if lake == warehouse:
        return f"lake and warehouse are both in {lake}"
    return (
        Verdict.FAILED,
        f"the lake is in {lake}, the warehouse in {warehouse}: its external tables cannot read there",
        f"Use a bucket in {warehouse}.",
    )


def _unload(probe: Probe) -> str:
    lake = probe.ctx.lake
    statement = Unload(
        select=select_values({"probe": f"CAST({_VALUE} AS INTEGER)", PERIOD_COLUMN: f"DATE '{_DAY}'"}),
        to=lake.uri(probe.folder),
        iam_role=probe.role,
        partition_by=(PERIOD_COLUMN,),
        manifest=True,
        verbose=True,
        parallel=False,
        encrypted=(key := lake.capabilities.kms_key) is not None,
        kms_key_id=key,
    )
    probe.ctx.warehouse.execute(unload(statement))
    found = [info.key for info in lake.list(probe.folder)]
    if len(found) < 2:
        raise DifferenceFound(
            f"the warehouse said that it unloaded a row, but the lake shows {len(found)} objects below "
            f"{lake.uri(probe.folder)}",
            hint="Check that the warehouse and this machine see the same lake.",
        )
    return f"the warehouse writes to the lake as {probe.role}"


def _external(probe: Probe) -> str:
    ctx, settings = probe.ctx, probe.ctx.settings
    run = ctx.warehouse.execute
    run(create_external_schema(settings.external_schema, settings.glue_database, probe.role))
    folder = ctx.lake.uri(probe.folder)
    run(create_external_table(probe.external, [("probe", _NUMBER)], [(PERIOD_COLUMN, _DATE)], folder))
    try:
        values = {PERIOD_COLUMN: _DAY}
        (added,) = add_partitions(probe.external, [(values, f"{folder}{PERIOD_COLUMN}={_DAY}/")])
        run(added)
        _expect(run(select_columns(probe.external, ["probe"])).rows, "the external table")
    finally:
        with suppress(TidegateError):
            run(drop_external_table(probe.external))
    return f"external tables in {settings.external_schema} read the lake"


def _copy(probe: Probe) -> str:
    ctx = probe.ctx
    run = ctx.warehouse.execute
    run(create_table(Table(probe.copied, (Column("probe", _NUMBER),))))
    try:
        source = ctx.lake.uri(f"{probe.folder}manifest")
        run(copy(Copy(probe.copied, source, probe.role, manifest=True, format=CopyFormat.PARQUET)))
        _expect(run(select_columns(probe.copied, ["probe"])).rows, "the table that was copied into")
    finally:
        with suppress(TidegateError):
            run(drop_table(probe.copied))
    return f"COPY reads the lake as {probe.role}"


def _expect(rows: object, what: str) -> None:
    if rows != ((_VALUE,),):
        raise DifferenceFound(f"{what} shows {rows}, not the row that was unloaded", hint="Report this.")
