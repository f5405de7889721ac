"""The proof of a restore: files that are those of the descriptor, rows that are those that left the hot table."""

from dataclasses import replace

from tidegate.errors import DifferenceFound
from tidegate.flows.context import Context
from tidegate.flows.files import check_identities
from tidegate.flows.read_back import read_back
from tidegate.flows.restore_plan import RestorePart
from tidegate.model.batch import HashIdentity
from tidegate.redshift.fingerprint import EXPRESSION


def check_part(ctx: Context, part: RestorePart) -> None:
    """The files still are those of the descriptor, and the rows read through the external table those archived.

    Raises:
        DifferenceFound: names the first file or period that differs.
    """
    check_identities(ctx, part.prefix, part.descriptor.files, periods=frozenset(part.days))
    check_rows(ctx, part)


def check_rows(ctx: Context, part: RestorePart) -> None:
    """Rows of every period and, where engine and version are those of the archive, its fingerprint.

    Raises:
        DifferenceFound: names the first period that differs.
    """
    engine = ctx.warehouse.capabilities
    back = set(read_back(ctx, part.version.external, part.version.columns, part.batch, part.days))
    same_engine = part.descriptor.hash == HashIdentity(engine.engine, engine.engine_version, EXPRESSION)
    expected = set(part.proofs)
    if not same_engine:
        back, expected = {replace(p, fingerprint="") for p in back}, {replace(p, fingerprint="") for p in expected}
    if back != expected:
        period = min(p.period for p in back ^ expected)
        raise DifferenceFound(
            f"{part.descriptor.table.name} {period}: the rows of batch {part.batch} are not those that were archived",
            hint="Nothing was changed. Run `tidegate verify --deep`.",
        )
