"""The rule that takes a file as it is."""

from dataclasses import replace

from tidegate.formats.convert.rule import Rule, RuleColumn, RuleOutput
from tidegate.formats.schema.inferred import MAX_TEXT, InferredColumn, InferredFile
from tidegate.model.tables import SqlType, TypeKind


def found_rule(inferred: InferredFile, name: str, place: str = "in the rule") -> Rule:
    """Every column in its type, the records under `name`, each child under its own. `place`: see Rule."""
    outputs = [RuleOutput(name, (), tuple(map(_column, inferred.columns)))]
    for child in (child for child in inferred.children if child.columns):
        outputs.append(RuleOutput(f"{name}_{child.name}", child.rows, tuple(map(_column, child.columns))))
    return Rule(tuple(outputs), place)


def _column(column: InferredColumn) -> RuleColumn:
    return RuleColumn(column.name, column.path or (column.name,), _bounded(column))


def _bounded(column: InferredColumn) -> SqlType:
    if column.type.kind is not TypeKind.VARCHAR or column.type.length is not None:
        return column.type
    return replace(column.type, length=max(1, column.longest) if column.longest is not None else MAX_TEXT)
