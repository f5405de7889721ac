"""The verbs of what loads put aside: look at it, try it again, forget it."""

from typing import TYPE_CHECKING

from tidegate.app.opened import Opened
from tidegate.model.quarantine import Quarantined, QuarantinedBatch, QuarantineFilter, RedriveOutcome

if TYPE_CHECKING:
    from tidegate.flows.landing.redrive import RedrivePlan


class Redriving(Opened):
    def quarantined_batches(self, wanted: QuarantineFilter | None = None, limit: int = 100) -> list[QuarantinedBatch]:
        """What is in quarantine, by table and batch, the newest first."""
        from tidegate.flows.landing.quarantine import read_batches

        with self._naming_jobs():
            return read_batches(self.context, wanted or QuarantineFilter(), limit)

    def quarantined_files(self, wanted: QuarantineFilter | None = None) -> list[Quarantined]:
        """Every file in quarantine, and rows of files. Raises ObjectMissing for a batch that has none."""
        from tidegate.flows.landing.quarantine import read_entries

        with self._naming_jobs():
            return read_entries(self.context, wanted or QuarantineFilter())

    def plan_redrive(self, wanted: QuarantineFilter | None = None) -> "RedrivePlan":
        """What of the quarantine would be tried again, by the routes of the configuration. Changes nothing."""
        from tidegate.flows.landing.redrive import plan_redrive

        with self._naming_jobs():
            return plan_redrive(self.context, wanted or QuarantineFilter())

    def run_redrive(self, plan: "RedrivePlan") -> RedriveOutcome:
        """Carry out a plan made by `plan_redrive`: what is loaded leaves the quarantine, the rest stays there."""
        from tidegate.flows.landing.redrive import run_redrive

        with self._naming_jobs():
            return run_redrive(self.context, plan)

    def redrive(self, wanted: QuarantineFilter | None = None) -> RedriveOutcome:
        """Load again what was put aside, each version once."""
        return self.run_redrive(self.plan_redrive(wanted))

    def forget_quarantined(self, batch: str) -> list[Quarantined]:
        """Take the files of a batch off the list. Neither files nor rows are touched. Raises ObjectMissing."""
        from tidegate.flows.landing.quarantine import forget_batch

        with self._naming_jobs():
            return forget_batch(self.context, batch)
