"""What tier and expire print: plans and outcomes, for people and for machines."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import typer

from tidegate.cli.failures import exit_code
from tidegate.cli.output import counted, table
from tidegate.cli.progress import size
from tidegate.errors import TidegateError
from tidegate.model.aging import Expiry, Kept, TierMove
from tidegate.warehouse.base import ResultColumn

if TYPE_CHECKING:
    from tidegate.flows.planned import PlannedStatement

_NUMBERS = ("periods", "rows", "objects")


def move_document(move: TierMove) -> dict[str, object]:
    return {
        "table": str(move.table),
        "batch": move.batch,
        "step": move.step.value,
        "source": move.source.value,
        "tier": move.tier.value,
        "periods": [day.isoformat() for day in move.periods],
        "rows": move.rows,
        "objects": move.objects,
        "bytes": move.bytes,
    }


def expiry_document(expiry: Expiry) -> dict[str, object]:
    return {
        "table": str(expiry.table),
        "batch": expiry.batch,
        "tier": expiry.tier.value,
        "periods": [day.isoformat() for day in expiry.periods],
        "rows": expiry.rows,
        "objects": expiry.objects,
        "bytes": expiry.bytes,
        "parked": expiry.parked,
        "copies": expiry.copies,
        "early_days": expiry.early_days,
    }


def kept_document(kept: Kept) -> dict[str, object]:
    return {"table": str(kept.table), "batch": kept.batch, "periods": [day.isoformat() for day in kept.periods]}


def sql_documents(statements: "Sequence[PlannedStatement]") -> list[dict[str, object]]:
    return [{"table": str(s.table), "batch": s.batch, "step": s.step, "statement": s.sql} for s in statements]


def problem_document(name: object, problem: TidegateError) -> dict[str, object]:
    return {"table": str(name), "code": problem.code, "message": problem.message, "hint": problem.hint}


def move_lines(moves: Iterable[TierMove]) -> Iterator[str]:
    heads = ("table", "batch", "step", "from", "to", "periods", "rows", "objects", "size")
    rows = [
        (
            str(m.table),
            m.batch,
            m.step.value.replace("_", " "),
            m.source.value,
            m.tier.value,
            len(m.periods),
            m.rows,
            m.objects,
            size(m.bytes),
        )
        for m in moves
    ]
    return _table(heads, rows)


def expiry_lines(expiries: Iterable[Expiry]) -> Iterator[str]:
    heads = ("table", "batch", "tier", "first", "last", "periods", "rows", "objects", "size")
    rows = [
        (
            str(e.table),
            e.batch,
            e.tier.value,
            min(e.periods).isoformat(),
            max(e.periods).isoformat(),
            len(e.periods),
            e.rows,
            e.objects,
            size(e.bytes),
        )
        for e in expiries
    ]
    return _table(heads, rows)


def held_lines(held: Iterable[Kept]) -> Iterator[str]:
    for kept in held:
        yield f"{kept.table}: under hold: {counted(len(kept.periods), 'period')} of batch {kept.batch}"


def problem_lines(problem: TidegateError, word: str) -> Iterator[str]:
    yield f"{word}: {problem.message}"
    yield f"hint: {problem.hint}"


def end(codes: Sequence[int], *, done: bool) -> None:
    """The exit code of what could not be done, if anything."""
    if codes:
        raise typer.Exit(exit_code(codes, done=done))


def _table(heads: Sequence[str], rows: Sequence[tuple[object, ...]]) -> Iterator[str]:
    columns = [ResultColumn(name, "bigint" if name in _NUMBERS else "varchar") for name in heads]
    return table(columns, rows) if rows else iter(())
