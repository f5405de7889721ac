"""SYS_QUERY_HISTORY: what this process has run since it opened the file."""

import json

from tidegate.warehouse.embedded.context import Context
from tidegate.warehouse.embedded.emitter import text
from tidegate.warehouse.embedded.system_view import SystemView
from tidegate.warehouse.embedded.values import BIGINT, INTEGER, TEXT, TIMESTAMP

_VARIABLE = "tidegate_history"
_COLUMNS = {
    **{"user_id": INTEGER, "query_id": BIGINT, "query_label": TEXT, "transaction_id": BIGINT},
    **{"session_id": INTEGER, "database_name": TEXT, "query_type": TEXT, "status": TEXT},
    **{"start_time": TIMESTAMP, "end_time": TIMESTAMP, "elapsed_time": BIGINT},
    **{"error_message": TEXT, "query_text": TEXT, "returned_rows": BIGINT},
}
_DUCKDB = {INTEGER: "INTEGER", BIGINT: "BIGINT", TEXT: "VARCHAR", TIMESTAMP: "TIMESTAMP"}
_SHAPE = json.dumps([{name: _DUCKDB[type] for name, type in _COLUMNS.items()}])


def _history(ctx: Context) -> str:
    """The rows pass through a variable of the session: they are a thousand at most."""
    ctx.cursor.execute(f"SET VARIABLE {_VARIABLE} = $1", [json.dumps(ctx.history())])
    columns = {name: f"q.{name}" for name in _COLUMNS}
    columns |= {"user_id": "CAST(100 AS INTEGER)", "database_name": text(ctx.facts.database)}
    selected = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
    return f"SELECT {selected} FROM (SELECT unnest(from_json(getvariable('{_VARIABLE}'), '{_SHAPE}')) AS q)"


ACTIVITY_VIEWS = {"sys_query_history": SystemView(_COLUMNS, _history)}
