"""Statements that write the control rows of one table anew, in several transactions."""

from tidegate.model.names import TableName
from tidegate.redshift.guard import guard
from tidegate.redshift.identifiers import literal, qualified


def delete_rows_of(target: TableName, table: TableName) -> str:
    """Take every row of `table` out of a control table."""
    return f"DELETE FROM {_of(target, table)}"


def guard_rows_of(target: TableName, table: TableName, count: int) -> str:
    """A control table has exactly `count` rows of `table`: those that this rebuild has written so far."""
    return guard(_of(target, table), f"COUNT(*) = {count}", f"somebody else rebuilds {target.name}")


def _of(target: TableName, table: TableName) -> str:
    return f"{qualified(target)} WHERE table_name = {literal(str(table))}"
