"""Functions that ask about the session, its rights and the catalog (System information functions).

The session's owner may do everything. Of the catalog's functions there are those that psql and the drivers call.
"""

from collections.abc import Callable

import duckdb
from sqlglot import exp

from tidegate import __version__
from tidegate.model.tables import SqlType, TypeKind
from tidegate.warehouse.embedded import system_relations as relations
from tidegate.warehouse.embedded.bootstrap import ENGINE
from tidegate.warehouse.embedded.conditions import regular_expression
from tidegate.warehouse.embedded.emitter import Emitter, Expression, folded, only, refused, spelled, text
from tidegate.warehouse.embedded.facts import SessionFacts
from tidegate.warehouse.embedded.functions import Call, Function, FunctionTable
from tidegate.warehouse.embedded.scope import Scope
from tidegate.warehouse.embedded.system_pg import COMMENTS, ENCODINGS
from tidegate.warehouse.embedded.values import BIGINT, BOOLEAN, INTEGER, INTEGERS, TEXT, Value, common_type

VERSION = (
    "PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2 20041017 (Red Hat 3.4.2-6.fc3), "
    f"Redshift 1.0.0 (tidegate {__version__}, duckdb {duckdb.__version__})"
)
"""What VERSION() answers: Redshift's own words, and the engine that computes row hashes."""

_SHORT_NAMES = {"name": 19, "oid": 26, "text": 25, '"char"': 18}
_PLAIN = {
    **{16: "boolean", 20: "bigint", 21: "smallint", 23: "integer", 700: "real", 701: "double precision"},
    **{1082: "date", 1083: "time without time zone", 1114: "timestamp without time zone", 4000: "super"},
    **{1184: "timestamp with time zone", 1266: "time with time zone"},
    **{number: name for name, number in _SHORT_NAMES.items()},
}
_SIZED = {1042: "character", 1043: "character varying", 6551: "varbyte"}


def _told(tell: Callable[[SessionFacts], str | int], type: SqlType) -> Function:
    def write(call: Call) -> Value:
        told = tell(call.emit.facts)
        return Value(text(told) if isinstance(told, str) else f"CAST({told} AS {type.kind.value})", type)

    return Function(write, 0, 0)


def _constant(value: str, type: SqlType, least: int, most: int) -> Function:
    """The same answer to whatever is asked."""
    return Function(lambda call: Value(value, type), least, most)


def _format_type(call: Call) -> Value:
    type, measure = call.value(0).sql, call.value(1).sql
    plain = " ".join(f"WHEN {number} THEN {text(name)}" for number, name in _PLAIN.items())
    sized = " ".join(
        f"WHEN {number} THEN {text(name)} || CASE WHEN {measure} > 4 THEN '(' || ({measure} - 4) || ')' ELSE '' END"
        for number, name in _SIZED.items()
    )
    packed = f"'(' || (({measure} - 4) // 65536) || ',' || (({measure} - 4) % 65536) || ')'"
    decimal = f"WHEN 1700 THEN 'numeric' || CASE WHEN {measure} > 4 THEN {packed} ELSE '' END"
    return Value(f"(CASE {type} {plain} {sized} {decimal} ELSE '???' END)", TEXT)


def _format_encoding(call: Call) -> Value:
    names = ", ".join(text(name) for name in ENCODINGS)
    return Value(f"([{names}])[CAST({call.value(0).sql} AS INTEGER) + 1]", TEXT)


def _constraint_definition(call: Call) -> Value:
    return Value(f"(SELECT k.definition FROM {relations.CONSTRAINTS} AS k WHERE k.id = {call.value(0).sql})", TEXT)


def _is_visible(call: Call) -> Value:
    """On the search path, which is `public`."""
    visible = f"SELECT 1 FROM {ENGINE}.relations AS v WHERE v.id = {call.value(0).sql} AND v.schema_name = 'public'"
    return Value(f"EXISTS ({visible})", BOOLEAN)


def _description(call: Call) -> Value:
    """Comments on tables and views, and on their columns by number."""
    nth = call.value(1).sql if call.name == "COL_DESCRIPTION" else "0"
    found = f"SELECT d.comment FROM {COMMENTS} AS d WHERE d.id = {call.value(0).sql} AND d.nth = {nth}"
    return Value(f"({found})", TEXT)


def _first(call: Call) -> Value:
    return Value(call.value(0).sql, TEXT)


def _setting(call: Call) -> Value:
    name = call.text(0).lower()
    return Value(text(call.emit.facts.settings.get(name, "")), TEXT)


SESSION_FUNCTIONS: dict[str, Function] = {
    "VERSION": _constant(text(VERSION), TEXT, 0, 0),
    "CURRENT_USER": _told(lambda facts: facts.user, TEXT),
    "SESSION_USER": _told(lambda facts: facts.user, TEXT),
    "CURRENT_USER_ID": _constant("CAST(100 AS INTEGER)", INTEGER, 0, 0),
    "CURRENT_DATABASE": _told(lambda facts: facts.database, TEXT),
    "CURRENT_NAMESPACE": _told(lambda facts: facts.namespace, TEXT),
    "CURRENT_SCHEMA": _constant("'public'", TEXT, 0, 0),
    "CURRENT_SETTING": Function(_setting, 1, 1),
    "PG_BACKEND_PID": _told(lambda facts: facts.id, INTEGER),
    "PG_LAST_COPY_COUNT": _told(lambda facts: facts.last_copy_count, BIGINT),
    "PG_LAST_COPY_ID": _told(lambda facts: facts.last_copy_id, INTEGER),
    "PG_LAST_UNLOAD_COUNT": _told(lambda facts: facts.last_unload_count, BIGINT),
    "PG_LAST_UNLOAD_ID": _told(lambda facts: facts.last_unload_id, INTEGER),
    "PG_LAST_QUERY_ID": _told(lambda facts: facts.last_query_id, INTEGER),
    "HAS_TABLE_PRIVILEGE": _constant("true", BOOLEAN, 2, 3),
    "HAS_SCHEMA_PRIVILEGE": _constant("true", BOOLEAN, 2, 3),
    "HAS_DATABASE_PRIVILEGE": _constant("true", BOOLEAN, 2, 3),
    "FORMAT_TYPE": Function(_format_type, 2, 2),
    "FORMAT_ENCODING": Function(_format_encoding, 1, 1),
    "PG_GET_CONSTRAINTDEF": Function(_constraint_definition, 1, 2),
    "PG_GET_EXPR": Function(_first, 2, 3),
    "PG_GET_USERBYID": Function(lambda call: Value(text(call.emit.facts.user), TEXT), 1, 1),
    "PG_ENCODING_TO_CHAR": _constant("'UTF8'", TEXT, 1, 1),
    "PG_TABLE_IS_VISIBLE": Function(_is_visible, 1, 1),
    "OBJ_DESCRIPTION": Function(_description, 1, 2),
    "COL_DESCRIPTION": Function(_description, 2, 2),
    "ARRAY_LENGTH": _constant("CAST(NULL AS INTEGER)", INTEGER, 2, 2),
}

_NAME = SqlType(TypeKind.VARCHAR, length=128)
_TRIGGER = 2279
"""The number of the type that a trigger's function returns (PostgreSQL, pg_type)."""


def _object_cast(emit: Emitter, node: exp.Expr, scope: Scope) -> Value | None:
    """A cast to one of the types that name things of the catalog; None for all others."""
    target, inner = node.args["to"], node.this
    if isinstance(target, exp.DataType) and target.this is exp.DType.NAME:
        value = emit.expr(inner, scope)
        return Value(f"CAST({value.sql} AS VARCHAR)", _NAME, literal=value.literal)
    if not isinstance(target, exp.ObjectIdentifier):
        return None
    kind, literal = target.name.upper(), isinstance(inner, exp.Literal) and inner.is_string
    if kind == "OID" or (literal and inner.name.isdigit()):
        return Value(f"CAST({emit.sql(inner, scope)} AS INTEGER)", INTEGER)
    if kind == "REGCLASS" and not literal:
        named = f"SELECT n.name FROM {ENGINE}.relations AS n WHERE n.id = {emit.sql(inner, scope)}"
        return Value(f"({named})", _NAME)
    if kind == "REGTYPE" and literal and inner.name.removeprefix(f"{_CATALOG}.") == "trigger":
        return Value(f"CAST({_TRIGGER} AS INTEGER)", INTEGER)
    if kind == "REGTYPE" and not literal:
        return _format_type(Call("FORMAT_TYPE", (inner, exp.Literal.number(0)), emit, scope))
    raise refused(f"the cast {spelled(node)}")


_BITWISE: dict[type[exp.Expr], str] = {exp.BitwiseAnd: "&", exp.BitwiseOr: "|", exp.BitwiseRightShift: ">>"}


def _bitwise(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
    only(node, "this", "expression")
    left, right = emit.expr(node.this, scope), emit.expr(node.expression, scope)
    if left.kind not in INTEGERS or right.kind not in INTEGERS:
        raise refused(spelled(node), hint="Cast both sides to INTEGER or BIGINT.")
    return Value(f"({left.sql} {_BITWISE[type(node)]} {right.sql})", common_type([left, right]))


def _schema_on_path(node: exp.Expr) -> Value | None:
    """`(current_schemas(true))[n]`, counted from 1; None for any other element."""
    inner = node.this
    while isinstance(inner, (exp.Paren, exp.Dot)):
        inner = inner.this if isinstance(inner, exp.Paren) else inner.expression
    if not isinstance(inner, exp.Anonymous) or inner.name.lower() != "current_schemas" or len(node.expressions) != 1:
        return None
    implicit = (
        len(inner.expressions) == 1 and isinstance(inner.expressions[0], exp.Boolean) and inner.expressions[0].this
    )
    path = [_CATALOG, "public"] if implicit else ["public"]
    at = node.expressions[0].name
    return Value(text(path[int(at) - 1]) if at.isdigit() and 0 < int(at) <= len(path) else "NULL", _NAME)


def _of_array(emit: Emitter, node: exp.Expr, scope: Scope) -> Value | None:
    """An element of PG_CONSTRAINT's arrays of columns, counted from 1; None for any other element."""
    column, at = node.this, node.expressions
    if not isinstance(column, exp.Column) or folded(column.this) not in _ARRAYS or len(at) != 1:
        return None
    if not at[0].name.isdigit():
        return None
    array = f"string_split(trim({emit.sql(column, scope)}, '{{}}'), ',')"
    return Value(f"CAST(nullif({array}[{at[0].name}], '') AS INTEGER)", INTEGER)


_ARRAYS = ("conkey", "confkey")
_WORDS = ("current_namespace", "current_schema", "current_database", "session_user")
_CATALOG = "pg_catalog"


Expressions = dict[type[exp.Expr], Expression]


def session_expressions(known: Expressions, functions: FunctionTable) -> Expressions:
    """What `known` writes, and beside it these functions as words without parentheses, with `pg_catalog.` before
    them, and the operators that are written so.
    """

    def word(name: str) -> Expression:
        return lambda emit, node, scope: functions.write(Call(name, (), emit, scope))

    def column(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
        name = folded(node.this) if not node.args.get("table") and isinstance(node.this, exp.Identifier) else ""
        if name in _WORDS and not node.this.args.get("quoted") and scope.owner(name) is None:
            return word(name.upper())(emit, node, scope)
        return known[exp.Column](emit, node, scope)

    def dot(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
        if isinstance(node.this, exp.Identifier) and folded(node.this) == _CATALOG:
            return emit.expr(node.expression, scope)
        return known[exp.Dot](emit, node, scope)

    def operator(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
        only(node, "this", "operator", "expression")
        if node.args["operator"] != f"{_CATALOG}.~":
            raise refused(spelled(node))
        return regular_expression(emit, exp.RegexpLike(this=node.this, expression=node.expression), scope)

    def bracket(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
        return _schema_on_path(node) or _of_array(emit, node, scope) or known[exp.Bracket](emit, node, scope)

    return {
        **known,
        **dict.fromkeys(_BITWISE, _bitwise),
        exp.Bracket: bracket,
        exp.Cast: lambda emit, node, scope: _object_cast(emit, node, scope) or known[exp.Cast](emit, node, scope),
        exp.Column: column,
        exp.Dot: dot,
        exp.Operator: operator,
        exp.CurrentSchema: word("CURRENT_SCHEMA"),
        exp.SessionUser: word("SESSION_USER"),
    }
