"""Carry a load out: batch by batch, so that one bad file never keeps the good ones out."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tidegate.errors import (
    FileRefused,
    Refused,
    SerializationConflict,
    StatementError,
    StillRunning,
    WarehouseLocked,
    WarehouseUnreachable,
)
from tidegate.flows.context import Context
from tidegate.flows.load.apply import lock_of
from tidegate.flows.load.attempt import Attempt, Result
from tidegate.flows.load.contents import Landed, read_files
from tidegate.flows.load.failures import concerns_files
from tidegate.flows.load.known import known_bad, read_known
from tidegate.flows.load.landing import Landing
from tidegate.flows.load.manifests import sweep
from tidegate.flows.load.plan import LoadPlan, seal
from tidegate.flows.load.put_aside import put_aside_by
from tidegate.model.landing import FileVersion
from tidegate.model.loading import LoadedBatch, LoadOutcome, QuarantinedFile
from tidegate.model.tables import SqlType
from tidegate.redshift.identifiers import comment
from tidegate.redshift.load import select_file_batches
from tidegate.redshift.loaded import LoadedFiles
from tidegate.signals.base import Progress

MAX_SEALS = 10
"""How often in a row files are looked at anew, and none of them was loaded, put aside, or found loaded by others."""

TRIES = 4
"""At a batch whose outcome is not known since the warehouse could not be reached."""

PAUSE_SECONDS = 2.0


def run_load(ctx: Context, plan: LoadPlan) -> LoadOutcome:
    """Load what the plan found. Files that cannot be loaded stand in the outcome; the others are loaded.

    Raises:
        Refused: files kept changing while they were loaded.
        StatementError: the warehouse refuses to load into the table at all.
    """
    run = LoadRun(ctx, plan, types=plan.types)
    sweep(ctx, plan.identity.warehouse)
    for note in plan.notes:
        ctx.reporter.notice(note)
    run.put_aside(plan.refused)
    run.pending.extend(tuple(batch.files) for batch in plan.batches)
    while run.pending:
        ctx.check()
        run.next()
    return run.outcome()


@dataclass
class LoadRun:
    """`pending`: groups of files of one shape, each of which is tried as one batch. `types`: see LoadPlan."""

    ctx: Context
    plan: LoadPlan
    pending: deque[tuple[Landed, ...]] = field(default_factory=deque)
    loaded: list[LoadedBatch] = field(default_factory=list)
    aside: list[QuarantinedFile] = field(default_factory=list)
    already: list[FileVersion] = field(default_factory=list)
    stale: list[FileVersion] = field(default_factory=list)
    gone: list[FileVersion] = field(default_factory=list)
    types: Mapping[str, SqlType] = field(default_factory=dict)
    seals: int = 0

    def next(self) -> None:
        """Try the next group. What fails is halved, until the bad files are alone."""
        files = self.pending.popleft()
        total = sum(landed.file.size for landed in files)
        self.ctx.reporter.progress(Progress(f"{self.plan.name} load", total_bytes=total))
        try:
            result = self._tried(files)
        except FileRefused as error:
            self._split(files, error)
            return
        except StatementError as error:
            if isinstance(error, SerializationConflict) or not concerns_files(error):
                raise
            self._split(files, error)
            return
        if result.loaded is not None:
            self.seals = 0
            self.loaded.append(result.loaded)
            self.aside += result.aside
            return
        self.put_aside(result.bad)
        bad = {quarantined.file for quarantined in result.bad}
        others = [landed.file for landed in files if landed.file not in bad]
        if len(others) < len(files):
            self.seals = 0
        if others:
            self._seal_anew(others)

    def _tried(self, files: tuple[Landed, ...]) -> Result:
        """The batch, again when the warehouse could not be reached and nothing was committed."""
        attempt = Attempt(self.ctx, self.plan, files, self.ctx.new_id(), self.types)
        for number in range(1, TRIES + 1):
            try:
                return attempt.run()
            except (WarehouseLocked, StillRunning):
                raise
            except WarehouseUnreachable:
                if number == TRIES:
                    raise
                self.ctx.sleep(PAUSE_SECONDS * 2 ** (number - 1))
                if self._committed(attempt):
                    rows = sum(landed.content.rows for landed in files)
                    versions = tuple(landed.file for landed in files)
                    aside = put_aside_by(self.ctx, self.plan.name, attempt.id)
                    return Result(LoadedBatch(self.plan.name, attempt.id, versions, rows, rows), aside=aside)
                attempt = replace(attempt, id=self.ctx.new_id())
        raise AssertionError

    def _committed(self, attempt: Attempt) -> bool:
        """Whether the transaction was committed, though its answer was lost."""
        table = LoadedFiles(self.ctx.settings.control_schema).loaded_files
        rows = self.ctx.warehouse.execute(select_file_batches(table, self.plan.name, attempt.id)).rows
        return int(str(rows[0][0])) > 0

    def _split(self, files: tuple[Landed, ...], error: StatementError | FileRefused) -> None:
        """A value that does not fit or is too long, or a file that was changed while it was copied."""
        now = Landing(self.ctx).all_now([landed.file for landed in files])
        if any(current != landed.file for current, landed in zip(now, files, strict=True)):
            self._seal_anew([landed.file for landed in files])
        elif len(files) == 1:
            self.put_aside([QuarantinedFile(files[0].file, error.code, error.message, error.hint)])
        else:
            middle = len(files) // 2
            self.pending.extendleft((files[middle:], files[:middle]))

    def _seal_anew(self, files: Sequence[FileVersion]) -> None:
        """Look at the files as they are now, without those that others loaded."""
        landing = Landing(self.ctx)
        now = landing.all_now(files)
        self.gone += [file for file, current in zip(files, now, strict=True) if current is None]
        current = [file for file in now if file is not None]
        known = read_known(self.ctx, self.plan.route, self.plan.name, current).sort(current)
        self.already += known.already
        self.stale += known.stale
        self.seals = self.seals + 1 if len(known.new) == len(files) else 0
        if self.seals > MAX_SEALS:
            raise Refused(
                f"files keep changing while they are loaded into {self.plan.name}: {files[0].uri}",
                hint="What is loaded stays so. Run the same command again when nobody writes to the files.",
            )
        table = self.ctx.warehouse.tables([self.plan.name]).get(self.plan.name)
        landed, refused = read_files(landing, self.plan.route, table, known.new)
        sealed = seal(self.plan.route, table, landed, [one for group in self.pending for one in group])
        self.types = sealed.types
        self.put_aside([*refused, *sealed.unfit])
        self.pending.extendleft(tuple(batch.files) for batch in reversed(sealed.batches))

    def put_aside(self, files: Iterable[QuarantinedFile]) -> None:
        """Record files that are not loaded; each stays where it is."""
        found = list(files)
        if not found:
            return
        control, table, batch = LoadedFiles(self.ctx.settings.control_schema), self.plan.name, self.ctx.new_id()
        statements = [
            lock_of(self.ctx, table),
            *control.delete_quarantined(table, known_bad(self.ctx, table, [quarantined.file for quarantined in found])),
            *control.insert_quarantined(table, batch, found, self.ctx.stamp()),
        ]
        self.ctx.warehouse.transaction([f"{comment(batch, 'quarantine')} {statement}" for statement in statements])
        self.aside += found

    def outcome(self) -> LoadOutcome:
        plan = self.plan
        return LoadOutcome(
            plan.name,
            tuple(self.loaded),
            (*plan.already, *self.already),
            (*plan.stale, *self.stale),
            (*plan.gone, *self.gone),
            tuple(self.aside),
        )
