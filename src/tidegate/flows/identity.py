"""One warehouse, one lake folder: who this warehouse is, and whether it is still the one that the lake knows."""

import os
from dataclasses import dataclass

from tidegate.errors import ConfigError, ForeignWarehouse, GuardFailed, ObjectExists, ObjectNotFound
from tidegate.flows.context import Context
from tidegate.flows.pinned import pinned
from tidegate.flows.records import TAKE_OVER_HINT
from tidegate.formats.stored import dump, load
from tidegate.model.layout import CLAIMS, all_logs, claim_key, data_root
from tidegate.model.records import Claim
from tidegate.redshift.lock import lock


@dataclass(frozen=True)
class Identity:
    """`warehouse` is the id that names the lake folder; `place` is where the warehouse lived when it was claimed."""

    warehouse: str
    place: str


def place_of(ctx: Context) -> str:
    """Where the warehouse lives; a file beside a local lake as seen from there, so that both can be moved together.

    The same file has the same place whichever way it is reached, and a copy of it has another.
    """
    place, root = ctx.warehouse.place(), ctx.lake.uri("")
    if not (os.path.isabs(place) and os.path.isabs(root)):
        return place
    return os.path.relpath(place, os.path.realpath(root))


def stored_identity(ctx: Context) -> Identity | None:
    """What the warehouse says of itself; None when it was never initialised."""
    table = ctx.control.warehouse
    if table not in ctx.warehouse.tables([table]):
        return None
    rows = ctx.warehouse.execute(ctx.control.select_identity()).rows
    return Identity(str(rows[0][0]), str(rows[0][1])) if rows else None


def attach(ctx: Context) -> Identity:
    """The identity of the configured warehouse, checked against its place and the lake.

    Raises:
        ConfigError: it was never initialised.
        ForeignWarehouse: it lives elsewhere than it did, or the lake has no folder of it.
    """
    identity = stored_identity(ctx)
    if identity is None:
        raise ConfigError("the warehouse has no Tidegate control tables", hint="Run `tidegate init` first.")
    place = place_of(ctx)
    if place != identity.place:
        raise ForeignWarehouse(
            f"the warehouse at {place} says that it lives at {identity.place}: it is a copy", hint=TAKE_OVER_HINT
        )
    try:
        claim = read_claim(ctx, identity.warehouse)
    except ObjectNotFound as error:
        raise ForeignWarehouse(
            f"the lake has no folder of warehouse {identity.warehouse}",
            hint="Check [lake] url: it must name the lake that this warehouse was initialised with.",
        ) from error
    if claim.place != place:
        raise ForeignWarehouse(
            f"the lake says that warehouse {identity.warehouse} lives at {claim.place}, not at {place}",
            hint=TAKE_OVER_HINT,
        )
    return identity


def read_claim(ctx: Context, warehouse: str) -> Claim:
    """Raises ObjectNotFound."""
    key = claim_key(warehouse)
    return load(Claim, ctx.lake.get(key), key)


def claims(ctx: Context) -> list[Claim]:
    """Every warehouse that has a folder in the lake."""
    found = []
    for folder in ctx.lake.folders(CLAIMS):
        try:
            found.append(read_claim(ctx, folder.removeprefix(CLAIMS).rstrip("/")))
        except ObjectNotFound:
            continue
    return found


def initialise(ctx: Context) -> tuple[Identity, bool]:
    """Give the warehouse an id and a folder in the lake; harmless when repeated. True when it was new.

    Raises:
        ForeignWarehouse: the lake holds archives of another warehouse that lived at this place.
    """
    with pinned(ctx) as ctx:
        return _initialise(ctx)


def _initialise(ctx: Context) -> tuple[Identity, bool]:
    create_control_tables(ctx)
    if stored_identity(ctx) is not None:
        return attach(ctx), False
    place = place_of(ctx)
    warehouse = _claim(ctx, place)
    try:
        write_identity(ctx, Identity(warehouse, place))
    except GuardFailed:
        return _second(ctx, warehouse), False
    return attach(ctx), True


def _second(ctx: Context, claimed: str) -> Identity:
    """Another process initialised the warehouse meanwhile: go by its id, and take our own claim back."""
    identity = attach(ctx)
    if identity.warehouse != claimed:
        ctx.lake.delete([claim_key(claimed)])
    return identity


def create_control_tables(ctx: Context) -> None:
    """Create those that are missing, in as few requests as the warehouse takes."""
    statements = ctx.control.create()
    size = ctx.warehouse.capabilities.max_transaction_statements
    for start in range(0, len(statements), size):
        ctx.warehouse.transaction(statements[start : start + size])


def _claim(ctx: Context, place: str) -> str:
    for claim in claims(ctx):
        if claim.place == place:
            if _in_use(ctx, claim.warehouse):
                raise ForeignWarehouse(
                    f"the lake holds the archive of warehouse {claim.warehouse}, which lived at {place}",
                    hint="Run `tidegate ledger rebuild` to bring it back from the lake alone.",
                )
            return claim.warehouse
    while True:
        warehouse = f"w{ctx.suffix()}"
        try:
            write_claim(ctx, Claim(warehouse, place, ctx.clock().isoformat()), if_absent=True)
        except ObjectExists:
            continue
        return warehouse


def write_claim(ctx: Context, claim: Claim, *, if_absent: bool = False) -> None:
    ctx.lake.put(claim_key(claim.warehouse), dump(claim), if_absent=if_absent)


def _in_use(ctx: Context, warehouse: str) -> bool:
    roots = (all_logs(warehouse), data_root(warehouse))
    return any(next(iter(ctx.lake.list(root)), None) is not None for root in roots)


def write_identity(ctx: Context, identity: Identity) -> None:
    """Give an id to a warehouse that has none. Raises GuardFailed: it has one."""
    first = lock(
        ctx.settings.control_schema, [ctx.control.warehouse], serializable=ctx.warehouse.capabilities.serializable
    )
    insert = ctx.control.insert_identity(identity.warehouse, identity.place, ctx.stamp())
    ctx.warehouse.transaction([first, *insert])
