"""Every error Tidegate raises, as one tree.

    TidegateError                      exit  code
    ├── UsageError                        2  usage
    │   ├── FileRefused                   2  file.refused         a data file that is broken, or that no table can take
    │   └── StatementError                2  sql.failed           the engine rejected a statement
    │       ├── StatementRefused          2  sql.refused          Redshift, or the embedded engine, does not do this
    │       ├── StatementCancelled        2  sql.cancelled        somebody cancelled it
    │       └── SerializationConflict     7  sql.conflict         another session changed the same table (retry)
    ├── ConfigError                       3  config
    │   ├── ConfigNotFound                3  config.missing
    │   ├── PolicyError                   3  policy               a policy that cannot be carried out as written
    │   └── ObjectMissing                 3  object.missing       a named table or column does not exist
    ├── Refused                           4  refused              a guard said no; nothing was changed
    │   ├── GuardFailed                   4  refused.guard        a guard statement inside a transaction
    │   ├── HoldInForce                   4  refused.hold
    │   ├── ConfirmationNeeded            4  refused.confirmation
    │   ├── BlastRadius                   4  refused.fraction     more of the table than max_delete_fraction
    │   ├── RepeatedRows                  4  refused.repeat       archived rows were brought back into the hot table
    │   ├── ViewTooOpen                   4  refused.protection   the view cannot carry what protects the table
    │   ├── ForeignWarehouse              4  refused.warehouse    a copied or set-back warehouse
    │   ├── ObjectParked                  4  refused.parked       an object that has to be thawed before it is read
    │   └── ObjectLocked                  4  refused.locked       the store keeps an object, whatever we ask
    ├── PartialFailure                    5  partial              some work failed, the rest was done
    ├── DifferenceFound                   6  difference           a verification did not agree
    │   └── CorruptRecord                 6  difference.record    a stored document cannot be read
    ├── Unreachable                       7  unreachable
    │   ├── WarehouseUnreachable          7  unreachable.warehouse
    │   │   ├── WarehouseLocked           7  unreachable.locked
    │   │   └── StillRunning              7  unreachable.running  the caller's time ended before its statement
    │   ├── LakeUnreachable               7  unreachable.lake
    │   │   ├── LakeMissing               7  lake.missing         there is no such bucket or folder
    │   │   ├── ObjectNotFound            7  lake.not_found
    │   │   └── ObjectExists              7  lake.exists          a conditional put lost
    │   ├── LedgerUnreachable             7  unreachable.ledger
    │   ├── NotifyError                   7  unreachable.notify   a channel of [notify] did not take a message
    │   └── LeaseHeld                     7  unreachable.lease    another worker has the job
    └── Interrupted                     130  interrupted

`code` is stable and additive: programs may match on it. `message` is lower case and names the object; `hint` is
one sentence that says what to do. `retryable` means that the same call may succeed without a change by a person.
"""

from typing import ClassVar


class TidegateError(Exception):
    """The root. `str(error)` is the message alone; the hint is kept apart."""

    code: ClassVar[str] = "bug"
    exit_code: ClassVar[int] = 1
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(TidegateError):
    code = "usage"
    exit_code = 2


class FileRefused(UsageError):
    code = "file.refused"


class StatementError(UsageError):
    """`sqlstate`: the five characters that a PostgreSQL client gets, where the engine tells; `position`: the character
    of the statement, counted from 1, at which it went wrong, where that is known.
    """

    code = "sql.failed"

    def __init__(
        self, message: str, *, hint: str = "", sqlstate: str | None = None, position: int | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.sqlstate = sqlstate
        self.position = position


class StatementRefused(StatementError):
    code = "sql.refused"


class StatementCancelled(StatementError):
    code = "sql.cancelled"


class SerializationConflict(StatementError):
    code = "sql.conflict"
    exit_code = 7
    retryable = True


class ConfigError(TidegateError):
    code = "config"
    exit_code = 3


class ConfigNotFound(ConfigError):
    code = "config.missing"


class PolicyError(ConfigError):
    code = "policy"


class ObjectMissing(ConfigError):
    code = "object.missing"


class Refused(TidegateError):
    code = "refused"
    exit_code = 4


class GuardFailed(Refused):
    """`message` is the guard's own text, without the prefix that marks it in an engine error."""

    code = "refused.guard"


class HoldInForce(Refused):
    code = "refused.hold"


class ConfirmationNeeded(Refused):
    code = "refused.confirmation"


class BlastRadius(Refused):
    code = "refused.fraction"


class RepeatedRows(Refused):
    code = "refused.repeat"


class ViewTooOpen(Refused):
    code = "refused.protection"


class ForeignWarehouse(Refused):
    code = "refused.warehouse"


class ObjectParked(Refused):
    code = "refused.parked"


class ObjectLocked(Refused):
    code = "refused.locked"


class PartialFailure(TidegateError):
    code = "partial"
    exit_code = 5


class DifferenceFound(TidegateError):
    code = "difference"
    exit_code = 6


class CorruptRecord(DifferenceFound):
    code = "difference.record"


class Unreachable(TidegateError):
    code = "unreachable"
    exit_code = 7
    retryable = True


class WarehouseUnreachable(Unreachable):
    code = "unreachable.warehouse"


class WarehouseLocked(WarehouseUnreachable):
    code = "unreachable.locked"


class StillRunning(WarehouseUnreachable):
    """The statement goes on in the warehouse; the same call, made again, finds it and waits for it."""

    code = "unreachable.running"


class LakeUnreachable(Unreachable):
    code = "unreachable.lake"


class LakeMissing(LakeUnreachable):
    code = "lake.missing"
    retryable = False


class ObjectNotFound(LakeUnreachable):
    code = "lake.not_found"
    retryable = False


class ObjectExists(LakeUnreachable):
    code = "lake.exists"
    retryable = False


class LedgerUnreachable(Unreachable):
    code = "unreachable.ledger"


class NotifyError(Unreachable):
    code = "unreachable.notify"


class LeaseHeld(Unreachable):
    code = "unreachable.lease"


class Interrupted(TidegateError):
    code = "interrupted"
    exit_code = 130
