"""VACUUM, ANALYZE and the settings of a session."""

from enum import StrEnum

from tidegate.errors import UsageError
from tidegate.model.names import TableName
from tidegate.redshift.identifiers import column_list, literal, qualified


class VacuumKind(StrEnum):
    """FULL sorts and reclaims; RECLUSTER sorts the unsorted part only; REINDEX is for interleaved sort keys."""

    FULL = "FULL"
    SORT_ONLY = "SORT ONLY"
    DELETE_ONLY = "DELETE ONLY"
    REINDEX = "REINDEX"
    RECLUSTER = "RECLUSTER"


_WITHOUT_THRESHOLD = (VacuumKind.REINDEX, VacuumKind.RECLUSTER)


def vacuum(
    table: TableName, kind: VacuumKind = VacuumKind.FULL, to_percent: int | None = None, boost: bool = False
) -> str:
    """Return the VACUUM of one table. It must not run inside a transaction. `to_percent` None is Redshift's 95.

    Raises:
        UsageError: a threshold outside 0 to 100, or one, or BOOST, with a kind that does not take it.
    """
    if to_percent is not None and not 0 <= to_percent <= 100:
        raise UsageError(f"the threshold {to_percent} of VACUUM is no percentage", hint="Give a number from 0 to 100.")
    if to_percent is not None and kind in _WITHOUT_THRESHOLD:
        raise UsageError(f"VACUUM {kind} takes no threshold", hint="Leave out the threshold.")
    if boost and kind is VacuumKind.REINDEX:
        raise UsageError(f"VACUUM {kind} does not take BOOST", hint="Leave out BOOST.")
    threshold = "" if to_percent is None else f" TO {to_percent} PERCENT"
    return f"VACUUM {kind} {qualified(table)}{threshold}{' BOOST' if boost else ''}"


def analyze(table: TableName, columns: tuple[str, ...] = (), predicate_columns: bool = False) -> str:
    """Return the ANALYZE of one table: all columns, the given ones, or those that queries filter and join by.

    Raises:
        UsageError: columns are given and predicate columns are asked for.
    """
    if columns and predicate_columns:
        raise UsageError(
            f"ANALYZE of {table} takes either columns or PREDICATE COLUMNS", hint="Leave out one of the two."
        )
    listed = f" ({column_list(columns)})" if columns else ""
    return f"ANALYZE {qualified(table)}{listed}{' PREDICATE COLUMNS' if predicate_columns else ''}"


def set_query_group(group: str) -> str:
    """Return the SET that labels the session's queries, for the history and for workload management."""
    return f"SET query_group TO {literal(group)}"


def set_statement_timeout(seconds: float) -> str:
    """Return the SET that cancels what runs longer in this session, in whole milliseconds."""
    return f"SET statement_timeout TO {round(seconds * 1000)}"
