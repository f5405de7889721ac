"""What every flow works with: the ports, the settings, and where time and ids come from."""

import getpass
import os
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from tidegate.config.settings import Settings
from tidegate.errors import ConfigError
from tidegate.lake.base import Lake
from tidegate.ledger.base import Ledger
from tidegate.model.names import TableName
from tidegate.redshift.control import Control
from tidegate.signals.base import Metrics, Notifier, Reporter, Silent, TellsNobody, Unmeasured
from tidegate.warehouse.base import Warehouse


def utc_now() -> datetime:
    return datetime.now(UTC)


def random_suffix() -> str:
    return secrets.token_hex(4)


def untold(table: TableName, newest: date) -> None:
    """Nobody wants to know how far a table was archived."""


def no_lake(address: str, region: str | None) -> Lake:
    """Exports elsewhere are not provided for."""
    raise ConfigError(f"{address} cannot be written to from here", hint="Take unload.target out of the policy.")


def this_worker() -> str:
    """`host/pid/start`: names a worker so that another on the same host can tell whether it still lives."""
    return f"{socket.gethostname()}/{os.getpid()}/{process_start(os.getpid())}"


def this_person() -> str:
    """`user@host`: who is told of in the record of what was changed."""
    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (OSError, KeyError):
        return f"{os.getuid()}@{socket.gethostname()}"


def process_start(pid: int) -> str:
    """The start time of a process in clock ticks, where the system tells it (Linux); else an empty text."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[19]
    except OSError:
        return ""


def go_on() -> None:
    """Nothing asks to stop."""


@dataclass(frozen=True)
class Context:
    """Ports and settings of one run. `clock` gives aware UTC times; `suffix` makes ids unique.

    `archived_until` is told, after the ledger, the newest period of a table that left it; it never fails. `lake_at`
    opens the place of an export outside of the lake, by its address and, where that is known, its region.

    `check` is called between the steps of a batch; it raises Interrupted, or another error, to end the run there.
    `sleep` waits for a number of seconds; `pick` gives a random number below the one it is given.
    """

    warehouse: Warehouse
    lake: Lake
    ledger: Ledger
    settings: Settings
    reporter: Reporter = field(default_factory=Silent)
    notifier: Notifier = field(default_factory=TellsNobody)
    metrics: Metrics = field(default_factory=Unmeasured)
    clock: Callable[[], datetime] = utc_now
    suffix: Callable[[], str] = random_suffix
    worker: str = field(default_factory=this_worker)
    person: str = field(default_factory=this_person)
    archived_until: Callable[[TableName, date], None] = untold
    lake_at: Callable[[str, str | None], Lake] = no_lake
    check: Callable[[], None] = go_on
    sleep: Callable[[float], None] = time.sleep
    pick: Callable[[int], int] = secrets.randbelow

    @property
    def control(self) -> Control:
        return Control(self.settings.control_schema)

    def today(self) -> date:
        """Today in the configured time zone."""
        return self.clock().astimezone(ZoneInfo(self.settings.timezone)).date()

    def new_id(self) -> str:
        """A sortable, unique id: `20200620-121314-3f9a2c1b`."""
        return f"{self.clock():%Y%m%d-%H%M%S}-{self.suffix()}"

    def stamp(self) -> str:
        """Now as a TIMESTAMP literal's text, in UTC."""
        return f"{self.clock():%Y-%m-%d %H:%M:%S}"
