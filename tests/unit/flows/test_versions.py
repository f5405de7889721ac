"""Which changes of a table an archive can follow, and what its external tables are called."""

import pytest

from tidegate.errors import PolicyError
from tidegate.flows.versions import check_change, external_name, widens
from tidegate.model.names import TableName
from tidegate.model.tables import Column, Table
from tidegate.redshift.types import parse

T = TableName("public", "t")


def _table(**columns: str) -> Table:
    return Table(T, tuple(Column(name, parse(kind)) for name, kind in columns.items()))


@pytest.mark.parametrize(
    ("old", "new", "fits"),
    [
        ("smallint", "bigint", True),
        ("bigint", "integer", False),
        ("varchar(10)", "varchar(11)", True),
        ("varchar(11)", "varchar(10)", False),
        ("decimal(10,2)", "decimal(12,4)", True),
        ("decimal(10,2)", "decimal(11,4)", False),
        ("decimal(10,2)", "decimal(12,1)", False),
        ("date", "timestamp", False),
        ("timestamp", "timestamp", True),
        ("integer", "varchar(20)", False),
        ("char(3)", "char(5)", True),
    ],
)
def test_widens(old: str, new: str, fits: bool) -> None:
    assert widens(parse(old), parse(new)) is fits


def test_an_added_column_is_no_hindrance() -> None:
    check_change(_table(a="integer"), _table(a="integer", b="date"))


def test_a_renamed_column_is_refused_by_name() -> None:
    with pytest.raises(PolicyError, match=r'public.t: column "a" of the archive is gone from the table \(renamed or'):
        check_change(_table(a="integer"), _table(b="integer"))


def test_a_narrowed_column_is_refused_by_name() -> None:
    message = r'public.t: column "a" changed from VARCHAR\(20\) to VARCHAR\(10\), which the archived values may not fit'
    with pytest.raises(PolicyError, match=message):
        check_change(_table(a="varchar(20)"), _table(a="varchar(10)"))


def test_external_names_are_plain_and_never_meet() -> None:
    names = [
        external_name(TableName(*pair), 1)
        for pair in [("public", "orders"), ("a__b", "c"), ("a", "b__c"), ("public", "été"), ("public", "et!")]
    ]
    assert names[0] == "public__orders"
    assert len(set(names)) == len(names)
    assert all(name.replace("_", "a").isalnum() and name.isascii() for name in names)
    assert external_name(TableName("public", "orders"), 2) == "public__orders__v2"
    assert len(external_name(TableName("s" * 127, "t" * 127), 12).encode()) <= 127
