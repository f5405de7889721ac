"""How a policy is printed: a row for people, an object for machines."""

from typing import TYPE_CHECKING

from tidegate.warehouse.base import ResultColumn

if TYPE_CHECKING:
    from tidegate.model.policy import Policy

POLICY_COLUMNS = (
    ResultColumn("table", "varchar"),
    ResultColumn("action", "varchar"),
    ResultColumn("column", "varchar"),
    ResultColumn("granularity", "varchar"),
    ResultColumn("retention", "integer"),
    ResultColumn("priority", "integer"),
)


def policy_cells(policy: "Policy") -> tuple[object, ...]:
    """The row of a policy below `POLICY_COLUMNS`."""
    return tuple("" if value is None else value for value in _values(policy))


def policy_document(policy: "Policy") -> dict[str, object]:
    return dict(zip((column.name for column in POLICY_COLUMNS), _values(policy), strict=True))


def _values(policy: "Policy") -> tuple[object, ...]:
    dated = policy.column is not None
    return (
        str(policy.table),
        str(policy.action),
        policy.column,
        str(policy.granularity) if dated else None,
        policy.retention if dated else None,
        policy.priority,
    )
