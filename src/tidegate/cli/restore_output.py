"""What `tidegate restore` prints: documents for machines, lines for people."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tidegate.cli.money import amount
from tidegate.cli.output import counted, table
from tidegate.cli.progress import size
from tidegate.warehouse.base import ResultColumn

if TYPE_CHECKING:
    from tidegate.flows.restore_plan import RestorePlan
    from tidegate.model.outcome import DrillOutcome, RestoreOutcome
    from tidegate.model.thawing import FileStates, ThawEstimate

_STATES = ("readable", "parked", "thawing", "thawed")


def plan_document(plan: "RestorePlan", statements: list[str]) -> dict[str, object]:
    return {
        "message_type": "plan",
        "table": str(plan.request.table),
        "into": None if plan.until else str(plan.target.name),
        "create": plan.create and not plan.until,
        "until": plan.until.isoformat() if plan.until else None,
        "rows": plan.rows,
        "bytes": plan.bytes,
        "files": _states_document(plan.states),
        "thaw": _thaw_document(plan.thaw),
        "periods": [
            {
                "batch": part.batch,
                "period": p.period.isoformat(),
                "rows": p.rows,
                "parked": part.parked,
                "thawed_until": until.isoformat() if (until := dict(part.thawed).get(p.period)) else None,
            }
            for part in plan.parts
            for p in part.proofs
        ],
        "sql": statements,
    }


def plan_lines(plan: "RestorePlan", statements: list[str]) -> Iterator[str]:
    heads = [ResultColumn("batch", "varchar"), ResultColumn("period", "varchar"), ResultColumn("rows", "bigint")]
    rows = [(part.batch, p.period.isoformat(), p.rows) for part in plan.parts for p in part.proofs]
    if plan.parked:
        heads.append(ResultColumn("state", "varchar"))
        parked = ["parked" if part.parked else "readable" for part in plan.parts for _ in part.proofs]
        yield from table(heads, [(*row, state) for row, state in zip(rows, parked, strict=True)])
    else:
        yield from table(heads, rows)
    where = f"readable in place until {plan.until}" if plan.until else f"into {plan.target.name}"
    yield f"{counted(plan.rows, 'row')}, {size(plan.bytes)} {where}"
    if plan.parked:
        yield f"files: {_states_text(plan.states)}"
    yield from _thaw_lines(plan.thaw)
    yield from (f"{statement};" for statement in statements)


def _states_document(states: "FileStates") -> dict[str, object]:
    return {name: {"files": getattr(states, name).files, "bytes": getattr(states, name).bytes} for name in _STATES}


def _states_text(states: "FileStates") -> str:
    """`2 readable, 1 parked (3.4 MB)`: states without files are left out."""
    found = [(name, getattr(states, name)) for name in _STATES]
    return ", ".join(f"{each.files:,} {name} ({size(each.bytes)})" for name, each in found if each.files)


def _thaw_document(thaw: "ThawEstimate | None") -> dict[str, object] | None:
    if thaw is None:
        return None
    return {
        "ways": [
            {
                "retrieval": way.retrieval.value,
                "time": way.time,
                "hours": way.hours,
                "price": None if way.price is None else f"{way.price:f}",
            }
            for way in thaw.ways
        ],
        "keeping": f"{thaw.keeping:f}",
        "currency": thaw.currency,
        "region": thaw.region,
        "date": thaw.date,
    }


def _thaw_lines(thaw: "ThawEstimate | None") -> Iterator[str]:
    if thaw is None:
        return
    for way in thaw.ways:
        price = (
            "at a price that the price file does not tell" if way.price is None else amount(way.price, thaw.currency)
        )
        yield f"{way.retrieval} retrieval: {way.time}, {price}"
    yield (
        f"keeping the copies: {amount(thaw.keeping, thaw.currency)}; an estimate with the prices of {thaw.date} "
        f"in {thaw.region}"
    )


def result_document(outcome: "RestoreOutcome") -> dict[str, object]:
    return {
        "message_type": "result",
        "table": str(outcome.table),
        "into": None if outcome.until else str(outcome.into),
        "rows": outcome.rows,
        "already": outcome.already,
        "waiting": outcome.states.waiting,
        "until": outcome.until.isoformat() if outcome.until else None,
        "files": _states_document(outcome.states),
        "hold": outcome.hold,
        "batches": list(outcome.batches),
        "periods": [
            {"period": p.period.isoformat(), "rows": p.rows, "fingerprint": p.fingerprint} for p in outcome.periods
        ],
    }


def result_lines(plan: "RestorePlan", outcome: "RestoreOutcome") -> list[str]:
    if outcome.states.waiting:
        return _waiting_lines(plan, outcome)
    if outcome.already:
        done = "can be read as they are" if outcome.until else f"were restored into {outcome.into} before"
        return [f"{outcome.table}: these periods {done}"]
    amount = f"{counted(outcome.rows, 'row')} of {counted(len({p.period for p in outcome.periods}), 'period')}"
    if outcome.until:
        return _in_place_lines(plan, outcome, amount)
    lines = [f"brought {amount} back into {outcome.into}"]
    if outcome.hold:
        lines.append(f"under hold {outcome.hold}: `tidegate hold release` lets them be archived again")
    return lines


def _in_place_lines(plan: "RestorePlan", outcome: "RestoreOutcome", amount: str) -> list[str]:
    lines = [f"{amount} of {outcome.table} can be read until {outcome.until}"]
    others = sum(len(part.proofs) for part in plan.parts) - len(outcome.periods)
    if others:
        lines.append(f"{counted(others, 'period')} could be read before")
    return lines


def _waiting_lines(plan: "RestorePlan", outcome: "RestoreOutcome") -> list[str]:
    ways = plan.thaw.ways if plan.thaw else ()
    time = next((f", which takes {way.time}" for way in ways if way.retrieval is plan.request.retrieval), "")
    return [
        f"{outcome.table}: nothing came back yet, parked files are being thawed{time}",
        f"files: {_states_text(outcome.states)}",
        "run the same command again to go on, or with --wait",
    ]


def drill_document(outcome: "DrillOutcome") -> dict[str, object]:
    return {
        "message_type": "result",
        "table": str(outcome.table),
        "batch": outcome.batch,
        "period": outcome.proof.period.isoformat(),
        "rows": outcome.proof.rows,
        "fingerprint": outcome.proof.fingerprint,
        "files": outcome.files,
        "bytes": outcome.bytes,
        "seconds": round(outcome.seconds, 3),
    }


def drill_lines(outcome: "DrillOutcome") -> list[str]:
    return [
        f"{outcome.table} {outcome.proof.period}: batch {outcome.batch} can be restored",
        f"{counted(outcome.proof.rows, 'row')} of {counted(outcome.files, 'file')}, {size(outcome.bytes)}, came back "
        f"into a table of their own with the fingerprint of the archive, in {outcome.seconds:.1f} s",
    ]
