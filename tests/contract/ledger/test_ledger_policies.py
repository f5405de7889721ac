"""Imported policies in the ledger."""

from dataclasses import replace

from tests.contract.ledger.drivers import NOW, ORDERS

from tidegate.ledger.base import Ledger
from tidegate.model.lifecycle import ImportedPolicy
from tidegate.model.names import TableName

ITEMS = TableName("public", "items")
RULE = ImportedPolicy(ORDERS, "a.csv", {"schema_name": "Public", "delimiter": " "}, None, NOW)


def test_an_import_replaces_what_came_from_its_source(ledger: Ledger) -> None:
    items = replace(RULE, table=ITEMS, checkpoint="2020-01-01")
    other = replace(RULE, table=TableName("b", "b"), source="b.csv")
    assert ledger.import_policies("a.csv", [RULE, items], replace_all=False) == []
    assert ledger.import_policies("b.csv", [other], replace_all=False) == []
    assert ledger.imported_policies() == (other, items, RULE)
    changed = replace(RULE, cells={"schema_name": "public"})
    assert ledger.import_policies("a.csv", [changed], replace_all=False) == [ITEMS]
    assert ledger.imported_policies() == (other, changed)
    assert ledger.import_policies("c.csv", [], replace_all=True) == [other.table, ORDERS]
    assert ledger.imported_policies() == ()


def test_a_checkpoint_survives_an_import_and_a_rebuild(ledger: Ledger) -> None:
    ledger.import_policies("a.csv", [RULE], replace_all=False)
    ledger.set_imported_checkpoint(ORDERS, "2020-02-01")
    ledger.set_imported_checkpoint(ITEMS, "2020-03-01")
    ledger.import_policies("b.csv", [replace(RULE, source="b.csv", checkpoint="2019-01-01")], replace_all=True)
    ledger.clear()
    assert ledger.imported_policies() == (replace(RULE, source="b.csv", checkpoint="2020-02-01"),)
