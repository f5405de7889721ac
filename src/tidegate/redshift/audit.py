"""Who changed what, and when: the records, searched."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tidegate.model.names import TableName
from tidegate.redshift.identifiers import literal, qualified


@dataclass(frozen=True)
class AuditSearch:
    """What is looked for; an empty part asks for nothing. `since` and `until` are ISO times in UTC, `until` excluded.

    `by` is a part of who it was. The newest `limit` records are found.
    """

    tables: Sequence[TableName] = ()
    kinds: Sequence[str] = ()
    since: str | None = None
    until: str | None = None
    by: str | None = None
    limit: int = 100


def select_audit(log: TableName, search: AuditSearch) -> str:
    """The record documents found, the newest first."""
    conditions = [
        *([f"table_name IN ({_list(str(table) for table in search.tables)})"] if search.tables else []),
        *([f"kind IN ({_list(search.kinds)})"] if search.kinds else []),
        *([f"recorded_at >= {literal(search.since)}"] if search.since is not None else []),
        *([f"recorded_at < {literal(search.until)}"] if search.until is not None else []),
        *([f"STRPOS(recorded_by, {literal(search.by)}) > 0"] if search.by else []),
    ]
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return (
        f"SELECT record FROM {qualified(log)}{where} ORDER BY recorded_at DESC, table_name, number DESC "
        f"LIMIT {search.limit}"
    )


def _list(values: Iterable[str]) -> str:
    return ", ".join(literal(value) for value in values)
