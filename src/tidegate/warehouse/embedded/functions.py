"""Calls of functions by their Redshift names, aggregates and windows included."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlglot import exp

from tidegate.errors import StatementError
from tidegate.model.tables import SqlType
from tidegate.warehouse.embedded.emitter import Emitter, Expression, only, refused, spelled
from tidegate.warehouse.embedded.queries import ordering
from tidegate.warehouse.embedded.scope import Scope
from tidegate.warehouse.embedded.values import Value


@dataclass(frozen=True)
class Call:
    """One call. `over` is the text of its window with the word OVER, `within` the ORDER BY of WITHIN GROUP.

    `distinct` and `star` are what stands inside of an aggregate's parentheses.
    """

    name: str
    nodes: tuple[exp.Expr, ...]
    emit: Emitter
    scope: Scope
    distinct: bool = False
    star: bool = False
    over: str = ""
    within: exp.Order | None = None
    ignore_nulls: bool = False

    @property
    def order(self) -> str:
        """The text of WITHIN GROUP's ORDER BY, empty when there is none."""
        return "" if self.within is None else f"ORDER BY {ordering(self.emit, self.within, self.scope)}"

    def value(self, at: int) -> Value:
        return self.emit.expr(self.nodes[at], self.scope)

    def values(self) -> list[Value]:
        return [self.emit.expr(node, self.scope) for node in self.nodes]

    def sql(self) -> str:
        return ", ".join(value.sql for value in self.values())

    def typed(self, at: int) -> SqlType:
        """The type of an argument whose meaning depends on it."""
        known = self.value(at).type
        if known is None:
            raise refused(f"{self.name} of a value whose type is not known", hint="Cast the argument.")
        return known

    def text(self, at: int) -> str:
        """A constant argument."""
        node = self.nodes[at]
        if isinstance(node, exp.Literal) and node.is_string:
            return node.name
        raise refused(f"{self.name} without a constant as argument {at + 1}", hint="Write a string there.")

    def part(self, at: int) -> str:
        """A date part: a bare word or a string."""
        node = self.nodes[at]
        if isinstance(node, exp.Var) or (isinstance(node, exp.Column) and not node.args.get("table")):
            return node.name.lower()
        return self.text(at).lower()

    def integer(self, at: int) -> int:
        node = self.nodes[at]
        sign = -1 if isinstance(node, exp.Neg) else 1
        node = node.this if isinstance(node, exp.Neg) else node
        if isinstance(node, exp.Literal) and not node.is_string and node.name.isdigit():
            return sign * int(node.name)
        raise refused(f"{self.name} without a constant number as argument {at + 1}", hint="Write a number there.")


@dataclass(frozen=True)
class Function:
    """`least` and `most` arguments. `kind` is `scalar`, `aggregate`, or `window` for what needs OVER."""

    write: Callable[[Call], Value]
    least: int
    most: int
    kind: str = "scalar"


Functions = Mapping[str, Function]


class FunctionTable:
    """Writes calls from one table of functions; a name that is not in it is refused."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions

    def expressions(self) -> dict[type[exp.Expr], Expression]:
        return {
            exp.Anonymous: self._plain,
            exp.Window: self._windowed,
            exp.WithinGroup: self._within,
            exp.CurrentDate: self._bare("CURRENT_DATE"),
            exp.CurrentTimestamp: self._current_timestamp,
            exp.CurrentUser: self._bare("CURRENT_USER"),
            exp.Substring: self._fixed("SUBSTRING", "this", "start", "length"),
            exp.StrPosition: self._fixed("STRPOS", "this", "substr"),
            exp.Extract: self._fixed("EXTRACT", "this", "expression"),
            exp.AtTimeZone: self._fixed("TIMEZONE", "zone", "this"),
            exp.Trim: self._trim,
        }

    def _plain(self, emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
        return self.write(self._call(emit, node, scope))

    def _call(
        self,
        emit: Emitter,
        node: exp.Expr,
        scope: Scope,
        over: str = "",
        within: exp.Order | None = None,
    ) -> Call:
        ignore = isinstance(node, exp.IgnoreNulls)
        if isinstance(node, (exp.IgnoreNulls, exp.RespectNulls)):
            node = node.this
        if not isinstance(node, exp.Anonymous) or not isinstance(node.this, str):
            raise refused(spelled(node))
        nodes = node.expressions
        distinct = len(nodes) == 1 and isinstance(nodes[0], exp.Distinct)
        if distinct:
            only(nodes[0], "expressions")
            nodes = nodes[0].expressions
        star = len(nodes) == 1 and isinstance(nodes[0], exp.Star)
        found = () if star else tuple(nodes)
        return Call(node.this.upper(), found, emit, scope, distinct, star, over, within, ignore)

    def write(self, call: Call) -> Value:
        """Write a call, or refuse it by name."""
        function = self._functions.get(call.name)
        if function is None:
            raise refused(f"the function {call.name}")
        if not call.star and not function.least <= len(call.nodes) <= function.most:
            raise StatementError(
                f"{call.name} takes {_count(function)}, not {len(call.nodes)}", hint="Correct the call."
            )
        if function.kind == "scalar" and (call.over or call.distinct or call.star or call.within):
            raise refused(f"{call.name} as an aggregate or window function")
        if function.kind == "window" and not call.over:
            raise StatementError(f"{call.name} needs OVER (…)", hint="Add the window.")
        return function.write(call)

    def _within(self, emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
        only(node, "this", "expression")
        return self.write(self._call(emit, node.this, scope, within=node.args["expression"]))

    def _windowed(self, emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
        only(node, "this", "partition_by", "order", "spec", "over")
        inner, within = node.this, None
        if isinstance(inner, exp.WithinGroup):
            within, inner = inner.args["expression"], inner.this
        call = self._call(emit, inner, scope, f" OVER ({_window(emit, node, scope)})", within)
        ranked = self._functions.get(call.name)
        aggregate = ranked is not None and ranked.kind == "aggregate"
        if aggregate and node.args.get("order") and not node.args.get("spec") and not within:
            raise StatementError(
                f"aggregate window function {call.name} with ORDER BY needs a frame clause",
                hint="Add ROWS UNBOUNDED PRECEDING, or the frame that is meant (Window functions).",
            )
        return self.write(call)

    def _bare(self, name: str) -> Expression:
        return lambda emit, node, scope: self.write(Call(name, (), emit, scope))

    def _current_timestamp(self, emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
        if not node.args.get("sysdate"):
            raise refused("CURRENT_TIMESTAMP", hint="Use GETDATE() or SYSDATE.")
        return self.write(Call("SYSDATE", (), emit, scope))

    def _fixed(self, name: str, *slots: str) -> Expression:
        """A call that has a syntax of its own."""

        def write(emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
            only(node, *slots)
            nodes = tuple(node.args[slot] for slot in slots if node.args.get(slot) is not None)
            return self.write(Call(name, nodes, emit, scope))

        return write

    def _trim(self, emit: Emitter, node: exp.Expr, scope: Scope) -> Value:
        only(node, "this", "expression", "position")
        names = {"": "BTRIM", "BOTH": "BTRIM", "LEADING": "LTRIM", "TRAILING": "RTRIM"}
        name = names[str(node.args.get("position") or "").upper()]
        nodes = tuple(n for n in (node.this, node.args.get("expression")) if n is not None)
        return self.write(Call(name, nodes, emit, scope))


def _window(emit: Emitter, node: exp.Expr, scope: Scope) -> str:
    parts = []
    if partition := node.args.get("partition_by"):
        parts.append(f"PARTITION BY {emit.list(partition, scope)}")
    if order := node.args.get("order"):
        parts.append(f"ORDER BY {ordering(emit, order, scope)}")
    if spec := node.args.get("spec"):
        parts.append(_frame(spec))
    return " ".join(parts)


def _frame(spec: exp.Expr) -> str:
    only(spec, "kind", "start", "start_side", "end", "end_side")
    if spec.args.get("kind") != "ROWS":
        raise refused(f"{spec.args.get('kind')} in a window frame", hint="Use ROWS.")
    start = _bound(spec.args.get("start"), spec.args.get("start_side"))
    if spec.args.get("end") is None:
        return f"ROWS {start}"
    return f"ROWS BETWEEN {start} AND {_bound(spec.args.get('end'), spec.args.get('end_side'))}"


def _bound(value: object, side: object) -> str:
    if isinstance(value, exp.Literal) and value.name.isdigit():
        return f"{value.name} {side}"
    if value == "CURRENT ROW":
        return "CURRENT ROW"
    if value == "UNBOUNDED":
        return f"UNBOUNDED {side}"
    raise refused("a computed bound in a window frame", hint="Write a number.")


def _count(function: Function) -> str:
    if function.least == function.most:
        return f"{function.least} argument{'' if function.least == 1 else 's'}"
    return f"{function.least} to {function.most} arguments"
