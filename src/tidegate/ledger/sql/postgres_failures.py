"""PostgreSQL's errors: its words without statement, values or password, and what to do.

Classes and codes: PostgreSQL documentation, appendix A. A connection that was not made has no code, only words, which
are libpq's in English and the server's in the server's language.
"""

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy.exc import DBAPIError, OperationalError

from tidegate.ledger.sql.engine import Failure, one_line

_BUSY = "Another process has been writing for long: see pg_stat_activity, then run the command again."
_LOST = "The server ended the connection: when it is up again, run the command again."
_FOREIGN = "The tables belong to another program: give the ledger a database, or a role with a search_path, of its own."
_CHANGED = (
    "The tables belong to another program, or were changed by hand: point url under [ledger] to another database."
)
_CROWDED = "Let fewer processes share the server, or raise its max_connections."
_FULL = "Free space on the server's disk, then run the command again."
_HINTS: Mapping[str, str] = {
    "08": _LOST,
    "25006": "This is a replica: name the primary server in url under [ledger].",
    "25P03": _LOST,
    "42501": "Grant the role USAGE and CREATE on its schema, and all rights on the ledger's tables.",
    "42703": _CHANGED,
    "42P01": _CHANGED,
    "42P07": _FOREIGN,
    "42804": _CHANGED,
    "42883": _CHANGED,
    "53100": _FULL,
    "53300": _CROWDED,
    "55P03": _BUSY,
    "57014": _BUSY,
    "57P": _LOST,
}
_CONNECTING: Mapping[str, str] = {
    "password": "Check the user in url under [ledger] and its password.",
    "pam authentication failed": "Check the user in url under [ledger], that it has the role rds_iam, and that this "
    "process has the right rds-db:connect for it.",
    "pg_hba.conf": "The server lets this user in from other addresses or with other encryption only: check sslmode in "
    "url under [ledger], and the server's pg_hba.conf.",
    "root certificate file": "Put the certificates of the server's authority there, or name their file as sslrootcert "
    "in url under [ledger].",
    "certificate": "Check host and sslrootcert in url under [ledger]: this may be another server.",
    "server does not support ssl": "Switch on encryption at the server, or change sslmode in url under [ledger].",
    "too many": _CROWDED,
    "remaining connection slots": _CROWDED,
    "starting up": _LOST,
    "shutting down": _LOST,
    'database "': "Create the database, or correct its name in url under [ledger].",
    'role "': "Create the role, or correct the user in url under [ledger].",
}
_UNREACHED = (
    "Check host and port in url under [ledger], that the server runs, and that the network lets this machine in."
)
_HINT = "Check the database that url under [ledger] in tidegate.toml names, then run the command again."
_PREFIX = re.compile(r"^connection failed: (connection to server at .*? failed: (fatal: )?)?")
_AGAIN = ("40001", "40P01")


def explain(error: DBAPIError) -> Failure:
    original: Any = error.orig
    code: str | None = getattr(original, "sqlstate", None)
    if code is not None:
        hint = next((hint for start, hint in _HINTS.items() if code.startswith(start)), _HINT)
        return Failure(one_line(original.diag.message_primary or str(original)), hint, again=code in _AGAIN)
    reason = _PREFIX.sub("", one_line(str(original).partition("\n")[0]))
    if error.connection_invalidated:
        return Failure(reason, _LOST)
    if not isinstance(error, OperationalError):
        return Failure(reason, _HINT)
    return Failure(reason, next((hint for text, hint in _CONNECTING.items() if text in reason), _UNREACHED))
