"""What the drivers of a cluster ask its catalog."""

from tidegate.model.names import TableName
from tidegate.redshift.catalog import (
    select_definitions,
    select_history,
    select_isolation,
    select_place,
    select_present,
    select_table_stats,
)
from tidegate.redshift.identifiers import comment

_NAMES = [TableName("public", "orders"), TableName("Odd 'schema'", 'a "b"'), TableName("public", "items")]

CASES = {
    "definitions": select_definitions(_NAMES),
    "tables that exist": select_present(_NAMES),
    "sizes": select_table_stats(_NAMES),
    "isolation": select_isolation("dev"),
    "place": select_place(),
    "history": select_history(comment("01JOB", "delete")),
}
