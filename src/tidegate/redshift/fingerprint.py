"""Fingerprints: row count and the order-independent sum of row hashes, over the stored form of every value."""

from collections.abc import Sequence

from tidegate.model.batch import StoredColumn
from tidegate.model.tables import TypeKind
from tidegate.redshift.identifiers import quote
from tidegate.redshift.storage import to_stored

EXPRESSION = "rows-v1"
"""Names the expression below in descriptors; change it whenever the text changes what is hashed."""

NESTED_HASH = "FNV_HASH"
_ABSENT = {
    TypeKind.SMALLINT: "CAST(0 AS SMALLINT)",
    TypeKind.INTEGER: "0",
    TypeKind.BIGINT: "CAST(0 AS BIGINT)",
    TypeKind.DECIMAL: "0",
    TypeKind.REAL: "CAST(0 AS REAL)",
    TypeKind.DOUBLE: "CAST(0 AS DOUBLE PRECISION)",
    TypeKind.BOOLEAN: "FALSE",
    TypeKind.DATE: "DATE '2000-01-01'",
    TypeKind.TIMESTAMP: "TIMESTAMP '2000-01-01 00:00:00'",
    TypeKind.VARCHAR: "''",
}


def row_hash(columns: Sequence[StoredColumn], hash_function: str, alias: str | None = None) -> str:
    """The hash of one row. Over the hot table (`alias` None) values are cast to their stored form first.

    FNV_HASH hashes bytes without boundaries (`FNV_HASH('cd', FNV_HASH('ab'))` = `FNV_HASH('abcd')`; developer
    guide, FNV_HASH), so each value is preceded by a mark: NULL or not, and the length of a text. The values' hashes
    are combined as a balanced tree, so that a wide table does not nest thousands of calls.
    """
    values = [to_stored(c) if alias is None else f"{alias}.{quote(c.name)}" for c in columns]
    if hash_function != NESTED_HASH:
        return f"{hash_function}({', '.join(values)})"
    return _combined([_marked(v, c.stored.kind) for v, c in zip(values, columns, strict=True)])


def _marked(value: str, kind: TypeKind) -> str:
    present = f"OCTET_LENGTH({value})" if kind is TypeKind.VARCHAR else "1"
    mark = f"CASE WHEN {value} IS NULL THEN -1 ELSE {present} END"
    return f"{NESTED_HASH}(COALESCE({value}, {_ABSENT[kind]}), {NESTED_HASH}({mark}))"


def _combined(hashes: Sequence[str]) -> str:
    if len(hashes) == 1:
        return hashes[0]
    middle = (len(hashes) + 1) // 2
    return f"{NESTED_HASH}({_combined(hashes[middle:])}, {_combined(hashes[:middle])})"


def fingerprint(columns: Sequence[StoredColumn], hash_function: str, alias: str | None = None) -> str:
    """The aggregate: a DECIMAL(38,0) that does not overflow, 0 for no rows."""
    return f"COALESCE(SUM(CAST({row_hash(columns, hash_function, alias)} AS DECIMAL(38,0))), 0)"


def fingerprint_by_period(
    columns: Sequence[StoredColumn], hash_function: str, period: str, source: str, where: str, alias: str | None = None
) -> str:
    """Rows and fingerprint per period: columns tg_period, tg_rows, tg_fingerprint, in the order of periods."""
    total = fingerprint(columns, hash_function, alias)
    return (
        f"SELECT {period} AS tg_period, COUNT(*) AS tg_rows, {total} AS tg_fingerprint "
        f"FROM {source} WHERE {where} GROUP BY 1 ORDER BY 1"
    )


def matches(columns: Sequence[StoredColumn], hash_function: str, rows: int, total: str) -> str:
    """A guard's condition over the hot table: exactly these rows and this fingerprint."""
    return f"COUNT(*) = {rows} AND {fingerprint(columns, hash_function)} = CAST('{int(total)}' AS DECIMAL(38,0))"
