"""The verbs that begin: a new warehouse, a copied one, and whether all can be reached."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tidegate.app.opened import Opened
from tidegate.errors import LakeUnreachable

if TYPE_CHECKING:
    from tidegate.flows.adopt import AdoptOutcome
    from tidegate.flows.doctor.run import Report
    from tidegate.flows.identity import Identity
    from tidegate.signals.channels import Named


class Founding(Opened):
    def init(self) -> "tuple[Identity, bool]":
        """Create the control tables and claim a folder in the lake; True when the warehouse was new."""
        from tidegate.flows.identity import initialise

        with self._naming_jobs():
            self._make_lake_folder()
            return initialise(self.context)

    def _make_lake_folder(self) -> None:
        """Only `init` makes it: elsewhere a missing folder means a wrong address."""
        if not isinstance(self.settings.lake, Path):
            return
        try:
            self.settings.lake.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LakeUnreachable(
                f"the folder {self.settings.lake} cannot be made: {(error.strerror or str(error)).lower()}",
                hint="Check [lake] url and the rights on its parent folder.",
            ) from error

    def doctor(self) -> "Report":
        """Check warehouse, lake, ledger and the ways between them. What it writes it removes."""
        from tidegate.flows.doctor.checks import check
        from tidegate.flows.doctor.run import diagnose

        report = diagnose(self.context)
        channels = [check("notify", partial(_known, one)) for one in self.channels.channels]
        return replace(report, checks=(*report.checks, *channels))

    def adopt(self, *, as_copy: bool) -> "AdoptOutcome":
        """Go on with a copied or set-back warehouse, or give it a folder of its own (`as_copy`)."""
        from tidegate.flows import adopt

        with self._naming_jobs():
            return adopt.as_copy(self.context) if as_copy else adopt.take_over(self.context)


def _known(channel: "Named") -> str:
    channel.open()
    return f"{channel.address} is known; nothing was sent"
