"""What the reader of a view asks of the SELECTs that the view consists of."""

from collections.abc import Sequence

from sqlglot import exp

from tidegate.warehouse.embedded.emitter import folded

Demanded = dict[int, list[exp.Expr]]
"""Conditions on qualified columns by `id` of the SELECT: rows for which one is not true are of no use to the reader,
give or take a day."""

_CHANGES_ROWS = ("group", "having", "qualify", "limit", "offset")


def output_names(tree: exp.Expr) -> list[str]:
    """The names of a query's columns, folded; none when it selects `*` or gives a column no name."""
    selects = _selects(tree)
    items = selects[0].expressions if selects else []
    named = all(isinstance(item, (exp.Alias, exp.Column)) and not isinstance(item.this, exp.Star) for item in items)
    return [folded(item.args["alias"] if isinstance(item, exp.Alias) else item.this) for item in items] if named else []


def demanded(tree: exp.Expr, conditions: Sequence[exp.Expr]) -> Demanded:
    """Conditions on the columns of a query as conditions on what its SELECTs read, where one is the other."""
    if not conditions:
        return {}
    places = {name: at for at, name in enumerate(output_names(tree))}
    found: Demanded = {}
    for select in _selects(tree):
        for condition in conditions:
            columns = [places[folded(c.this)] for c in condition.find_all(exp.Column)]
            if len(select.expressions) == len(places) and (read := _read(select.expressions[columns[0]])) is not None:
                asked = condition.copy()
                for column in list(asked.find_all(exp.Column)):
                    column.replace(read.copy())
                if len(set(columns)) == 1:
                    found.setdefault(id(select), []).append(asked)
    return found


def _selects(tree: exp.Expr) -> list[exp.Select]:
    """The SELECTs whose rows are those of a query; none where rows depend on other rows."""
    if isinstance(tree, exp.Subquery):
        tree = tree.this
    if any(tree.args.get(part) for part in _CHANGES_ROWS) or tree.args.get("with_"):
        return []
    if isinstance(tree, exp.Union):
        sides = [_selects(tree.this), _selects(tree.expression)]
        return [select for side in sides for select in side] if all(sides) else []
    if not isinstance(tree, exp.Select) or tree.find(exp.Window) is not None:
        return []
    return [tree]


def _read(item: exp.Expr) -> exp.Column | None:
    """The qualified column that an output column is, but for a cast between days and times."""
    node = item.this if isinstance(item, exp.Alias) else item
    while isinstance(node, (exp.Paren, exp.Cast, exp.AtTimeZone)):
        if isinstance(node, exp.Cast) and not node.to.is_type(exp.DataType.Type.DATE, exp.DataType.Type.TIMESTAMP):
            return None
        node = node.this
    return node if isinstance(node, exp.Column) and node.args.get("table") else None
