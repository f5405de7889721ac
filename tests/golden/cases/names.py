"""Names, literals and comments in a query, as every statement uses them."""

from tidegate.model.names import TableName
from tidegate.redshift.identifiers import comment, literal, qualified, quote


def _select(column: str, table: TableName, text: str) -> str:
    return f"SELECT {quote(column)} FROM {qualified(table)} WHERE {quote(column)} = {literal(text)}"


CASES = {
    "plain": _select("note", TableName("public", "orders"), "paid"),
    "folded": _select("Note", TableName("Public", "ORDERS"), "Paid"),
    "reserved words": _select("timestamp", TableName("user", "order"), "null"),
    "quotes": _select('say "hi"', TableName('a"b', "c'd"), 'it\'s "so"'),
    "backslashes": _select("a\\backslash", TableName("public", "c:\\temp"), "\\N and \\' and \\\\"),
    "dots, spaces and line ends": _select("a.b c", TableName("x.y", "two\nlines"), "first\nsecond\ttab"),
    "percent signs, colons and dollars": _select("100%", TableName("public", "a$$b"), "%s :p $1 $$ ? {x}"),
    "not ASCII": _select("größe", TableName("sélect", "表"), "日本語 🜁 ÄÖÜ"),
    "127 bytes": _select("é" * 63 + "x", TableName("s" * 127, "t" * 127), ""),
    "comment end in a value": _select("*/", TableName("public", "--x"), "*/ -- /* ;"),
    "temporary table": _select("note", TableName("pg_temp", "stage_7"), "x"),
    "comment": f"{comment('01J0ARCHIVE', 'unload')}\nSELECT 1",
    "comment that would close": f"{comment('a*/; DROP TABLE x; /*', 'b' + chr(10) + '-- c')}\nSELECT 1",
}
