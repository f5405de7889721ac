"""ListDatabases, ListSchemas, ListTables and DescribeTable, from the warehouse's own system views."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from tidegate.errors import TidegateError
from tidegate.redshift.identifiers import literal
from tidegate.serve.data_api.faults import ApiError, invalid
from tidegate.serve.data_api.runner import error_text
from tidegate.serve.data_api.targets import Targets
from tidegate.serve.data_api.values import type_name
from tidegate.warehouse.base import Row
from tidegate.warehouse.embedded.session import EmbeddedSession

_TYPES = {"BASE TABLE": "TABLE", "VIEW": "VIEW", "EXTERNAL TABLE": "EXTERNAL TABLE"}
_PAGE = 1000
_SCHEMAS = "SELECT DISTINCT table_schema FROM svv_tables", "ORDER BY 1"
_TABLES = "SELECT table_schema, table_name, table_type FROM svv_tables", "ORDER BY 1, 2"
_COLUMNS = (
    "SELECT table_schema, table_name, column_name, column_default, is_nullable, data_type, "
    "character_maximum_length, numeric_precision, numeric_scale FROM svv_columns",
    "ORDER BY table_schema, table_name, ordinal_position",
)
Request = Mapping[str, object]


class Catalog:
    """Answers from a session of its own for each request."""

    def __init__(self, connect: Callable[[Mapping[str, str]], EmbeddedSession], targets: Targets) -> None:
        self._connect = connect
        self._targets = targets

    def list_databases(self, request: Request) -> dict[str, object]:
        self._targets.resolve(dict(request) | {"Database": request.get("Database", self._targets.database)})
        return _page(request, "Databases", [self._targets.database])

    def list_schemas(self, request: Request) -> dict[str, object]:
        rows = self._rows(request, _SCHEMAS, _like("table_schema", request, "SchemaPattern"))
        return _page(request, "Schemas", [str(name) for (name,) in rows])

    def list_tables(self, request: Request) -> dict[str, object]:
        patterns = _like("table_schema", request, "SchemaPattern") + _like("table_name", request, "TablePattern")
        rows = self._rows(request, _TABLES, patterns)
        return _page(
            request,
            "Tables",
            [{"schema": schema, "name": name, "type": _TYPES.get(str(kind), str(kind))} for schema, name, kind in rows],
        )

    def describe_table(self, request: Request) -> dict[str, object]:
        conditions = [
            f"{column} = {literal(str(request[member]))}"
            for column, member in (("table_schema", "Schema"), ("table_name", "Table"))
            if member in request
        ]
        rows = self._rows(request, _COLUMNS, conditions)
        document = _page(request, "ColumnList", [_column(row) for row in rows])
        return document | ({"TableName": request["Table"]} if "Table" in request else {})

    def _rows(self, request: Request, query: tuple[str, str], conditions: list[str]) -> tuple[Row, ...]:
        target = self._targets.resolve(request)
        select, order = query
        where = ["WHERE " + " AND ".join(conditions)] if conditions else []
        with self._session(target) as session:
            return session.execute(" ".join([select, *where, order])).rows

    @contextmanager
    def _session(self, target: Mapping[str, str]) -> Iterator[EmbeddedSession]:
        session = self._connect(target)
        try:
            yield session
        except TidegateError as error:
            raise ApiError("DatabaseConnectionException", error_text(error), status=500) from error
        finally:
            session.close()


def _column(row: Row) -> dict[str, object]:
    schema, table, name, default, nullable, kind, length, precision, scale = row
    column: dict[str, object] = {
        "schemaName": schema,
        "tableName": table,
        "name": name,
        "label": name,
        "nullable": 1 if nullable == "YES" else 0,
        "typeName": type_name(str(kind))[0],
        "length": length or 0,
        "precision": length or precision or 0,
        "scale": scale or 0,
    }
    return column if default is None else column | {"columnDefault": default}


def _like(column: str, request: Request, member: str) -> list[str]:
    return [f"{column} LIKE {literal(str(request[member]))}"] if member in request else []


def _page(
    request: Request, member: str, items: list[object] | list[str] | list[dict[str, object]]
) -> dict[str, object]:
    token, size = str(request.get("NextToken", "0")), int(str(request.get("MaxResults") or _PAGE))
    if not token.isdecimal() or int(token) > len(items):
        raise invalid("The NextToken is not valid.")
    start = int(token)
    document: dict[str, object] = {member: items[start : start + size]}
    return document | ({"NextToken": str(start + size)} if start + size < len(items) else {})
