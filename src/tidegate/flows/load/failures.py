"""Whether a statement failed over what is in the files, or would fail with any files."""

import re

from tidegate.errors import StatementCancelled, StatementError, StatementRefused

_STATES = ("42501", "42P01", "3F000", "53", "57", "58", "25", "0A")
"""Privileges, tables and schemas that are not there, resources, operators, transactions, what is not supported."""

_GENERAL = re.compile(
    r"permission denied|not authorized|access ?denied|unauthorized|assume role|relation .* does not exist|"
    r"schema .* does not exist|disk full|out of memory|memory limit|transaction is aborted",
    re.IGNORECASE,
)


def concerns_files(error: StatementError) -> bool:
    """False when no other set of files would fare better: a privilege, a table that is gone, a full disk."""
    if isinstance(error, StatementRefused | StatementCancelled):
        return False
    if error.sqlstate is not None and error.sqlstate.startswith(_STATES):
        return False
    return _GENERAL.search(error.message) is None
