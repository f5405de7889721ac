"""What only the Data API has."""

from live.assumption import Assumption, Unchecked, expect
from live.site import Site
from tidegate.redshift.identifiers import comment


def same_token_same_statement(site: Site) -> str:
    """Two drivers, as of two processes, submit the same statement under the token that is made of its text."""
    if not site.is_data_api:
        raise Unchecked("the target is reached by the connector, which has no tokens")
    table = site.table("rows", "a INTEGER")
    statement = f"{comment(table.name, 'token')} INSERT INTO {table} VALUES (1)"
    for _ in range(2):
        site.opened().execute(statement)
    rows = site.count(table)
    expect(rows == 1, f"the same token ran the statement {rows} times")
    return "the second call found the statement of the first"


def same_token_same_transaction(site: Site) -> str:
    if not site.is_data_api:
        raise Unchecked("the target is reached by the connector, which has no tokens")
    table = site.table("rows", "a INTEGER")
    statements = [f"{comment(table.name, 'token')} INSERT INTO {table} VALUES ({n})" for n in range(2)]
    counts = [[result.rowcount for result in site.opened().transaction(statements)] for _ in range(2)]
    rows = site.count(table)
    expect(rows == 2, f"the same token ran a transaction of two rows so that {rows} are there")
    expect(counts == [[1, 1], [1, 1]], f"the two calls told {counts}")
    return "the second call found the transaction of the first, with its results"


CHECKS = (
    Assumption("same-token-same-statement", same_token_same_statement),
    Assumption("same-token-same-transaction", same_token_same_transaction),
)
