"""For those without a scheduler: the steps of a cycle, and cycles one after another until somebody asks to stop."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from tidegate.errors import TidegateError
from tidegate.flows.context import Context
from tidegate.flows.plan import Request, plan_archive
from tidegate.flows.queue import archive
from tidegate.flows.queue.afterwards import expire_step, gc_step, tier_step
from tidegate.flows.queue.draft import enqueue
from tidegate.flows.queue.schedule import Schedule, wait_until
from tidegate.flows.queue.tries import Stop
from tidegate.flows.queue.work import WorkRequest, work
from tidegate.flows.telling import problem_of, tell
from tidegate.model.notification import counted
from tidegate.model.outcome import Failure
from tidegate.model.queue import QueueState


class Bell(Stop, Protocol):
    """A Stop that one can wait for; a threading.Event is one."""

    def wait(self, timeout: float) -> bool: ...


@dataclass(frozen=True)
class StepOutcome:
    """What a step of a cycle did: numbers by stable names, and what failed."""

    name: str
    counts: Mapping[str, int] = field(default_factory=dict)
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True)
class CycleOutcome:
    """Cycle `number` counts from 1. `stopped`: it was asked to end before its last step was through."""

    number: int
    began_at: datetime
    ended_at: datetime
    steps: tuple[StepOutcome, ...]
    stopped: bool = False


@dataclass(frozen=True)
class CycleStep:
    """A named part of a cycle. One that fails does not keep the next from its turn."""

    name: str
    run: Callable[[Context, WorkRequest], tuple[Mapping[str, int], Sequence[Failure]]]


def plan_step(ctx: Context, request: WorkRequest) -> tuple[Mapping[str, int], Sequence[Failure]]:
    """Put into the queue what is due."""
    made = enqueue(ctx, archive.draft(ctx, plan_archive(ctx, Request(schema=request.schema))))
    return {"new": len(made.new), "known": made.known}, made.failures


def work_step(ctx: Context, request: WorkRequest) -> tuple[Mapping[str, int], Sequence[Failure]]:
    """Work the queue off."""
    did = work(ctx, request)
    failures = [
        Failure.of(f"job {one.job.id} of {one.job.work.table}", one.error) for one in did.tries if one.error is not None
    ]
    done = sum(one.job.state is QueueState.DONE for one in did.tries)
    return {"done": done, "failed": len(failures), "waiting": did.waiting}, failures


CYCLE: Sequence[CycleStep] = (
    CycleStep("plan", plan_step),
    CycleStep("work", work_step),
    CycleStep("tier", tier_step),
    CycleStep("expire", expire_step),
    CycleStep("gc", gc_step),
)


def run_cycle(ctx: Context, request: WorkRequest, number: int = 1) -> CycleOutcome:
    """Step after step; what fails stands in the outcome, and is told."""
    began, steps = ctx.clock(), list[StepOutcome]()
    for step in CYCLE:
        if request.stop.is_set() or (request.until is not None and ctx.clock() >= request.until):
            break
        try:
            counts, failures = step.run(ctx, request)
        except TidegateError as error:
            steps.append(StepOutcome(step.name, {}, (Failure.of(step.name, error),)))
        else:
            steps.append(StepOutcome(step.name, counts, tuple(failures)))
    problems = [problem_of(failure) for step in steps for failure in step.failures]
    tell(ctx, f"{counted(len(problems), 'failure')} in cycle {number}", problems)
    return CycleOutcome(number, began, ctx.clock(), tuple(steps), request.stop.is_set())


@dataclass(frozen=True)
class Cycles:
    """`window` gives the end of the maintenance window for a cycle that begins at a time, or None without one."""

    schedule: Schedule
    request: WorkRequest
    bell: Bell
    window: Callable[[datetime], datetime | None]

    def over(self, due: datetime) -> bool:
        """Whether the window of a cycle has ended before it begins."""
        end = self.window(due)
        return end is not None and end <= due


def run_cycles(ctx: Context, cycles: Cycles) -> Iterator[CycleOutcome]:
    """Cycle after cycle, each when it is due, until the bell rings or the next one's window has ended before."""
    due, number = cycles.schedule.first(ctx.clock()), 0
    while not cycles.over(due) and wait_until(due, ctx.clock, cycles.bell.wait) and not cycles.bell.is_set():
        number += 1
        request = replace(cycles.request, until=cycles.window(ctx.clock()), stop=cycles.bell)
        yield run_cycle(ctx, request, number)
        due = cycles.schedule.next(due, ctx.clock())
