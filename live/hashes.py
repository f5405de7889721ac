"""Row hashes: the same for the hot rows, for their files, and for what a restore would write back."""

from collections.abc import Sequence
from functools import partial

from live.archived import DAYS, VALUES, Archived, column_of, every_type
from live.assumption import Assumption, expect
from live.site import Site
from tidegate.model.batch import BATCH_COLUMN, StoredColumn
from tidegate.redshift.fingerprint import fingerprint, fingerprint_by_period
from tidegate.redshift.identifiers import literal, qualified, quote
from tidegate.redshift.rows import restored_rows, totals
from tidegate.redshift.storage import stored_columns
from tidegate.warehouse.base import Result


def same_on_both_sides(kind: str, site: Site) -> str:
    """Rows and fingerprints of one column by day: of the hot table, of its files, and of the values brought back."""
    archived = site.once("every type", every_type)
    columns = [column for column in archived.columns if column.name == column_of(kind)]
    function = site.warehouse.capabilities.hash_function
    hot = fingerprint_by_period(columns, function, quote("day"), qualified(archived.hot.name), "TRUE")
    cold = fingerprint_by_period(
        columns, function, "e.tg_period", f"{qualified(archived.external)} AS e", archived.where(), alias="e"
    )
    left, right = (_told(site.warehouse.execute(statement)) for statement in (hot, cold))
    expect(left == right, f"hot rows have {left}, their files {right}")
    back = site.warehouse.execute(totals(columns, function, _restored(archived))).rows[0]
    whole = (sum(rows for _, rows, _ in left), sum(total for *_, total in left))
    expect((int(str(back[0])), int(str(back[1]))) == whole, f"hot rows have {whole}, the values brought back {back}")
    return f"{whole[0]} rows on both sides, and brought back"


def deterministic(site: Site) -> str:
    """Twice in this session, and by another; the planner must not choose another way to compute it."""
    archived = site.once("every type", every_type)
    statement = _sum(site, archived.columns, qualified(archived.hot.name))
    found = {str(warehouse.execute(statement).rows) for warehouse in (site.warehouse, site.warehouse, site.opened())}
    expect(len(found) == 1, f"the same rows have {sorted(found)}")
    return "the same in every session"


def null_is_not_empty(site: Site) -> str:
    """Nor is a text that is cut at another place the same."""
    pairs = ["NULL, ''", "'', NULL", "'ab', 'c'", "'a', 'bc'", "'abc', NULL", "NULL, NULL", "'', ''"]
    name = site.table("pairs", "n INTEGER, a VARCHAR(6), b VARCHAR(6)", [f"({n}, {p})" for n, p in enumerate(pairs)])
    columns = stored_columns(site.warehouse.tables([name])[name])[1:]
    function = site.warehouse.capabilities.hash_function
    rows = site.warehouse.execute(fingerprint_by_period(columns, function, "n", qualified(name), "TRUE")).rows
    sums = {str(total) for *_, total in rows}
    expect(len(sums) == len(pairs), f"{len(pairs)} different rows have {len(sums)} different hashes")
    return f"{len(pairs)} rows that could be mistaken for one another have hashes of their own"


def sum_does_not_overflow(site: Site) -> str:
    """The sum of row hashes is a DECIMAL(38,0) that arrives whole."""
    archived = site.once("every type", every_type)
    total = site.warehouse.execute(_sum(site, archived.columns, qualified(archived.hot.name))).rows[0][0]
    rows = site.count(archived.hot.name)
    table = site.table("many", "n INTEGER", [f"({n})" for n in range(200)])
    joined = f"{qualified(archived.hot.name)} CROSS JOIN {qualified(table)}"
    ((repeated,),) = site.warehouse.execute(_sum(site, archived.columns, joined)).rows
    expect(int(str(repeated)) == 200 * int(str(total)), f"200 times {total} is told as {repeated}")
    return f"the sum over {200 * rows} rows is exact"


def _sum(site: Site, columns: Sequence[StoredColumn], source: str) -> str:
    return f"SELECT {fingerprint(columns, site.warehouse.capabilities.hash_function)} AS total FROM {source}"


def _restored(archived: Archived) -> str:
    return f"({restored_rows(archived.hot, archived.version, archived.where(DAYS))}) AS restored"


def _told(result: Result) -> list[tuple[str, int, int]]:
    return [(str(period), int(str(rows)), int(str(total))) for period, rows, total in result.rows]


def reads_its_batch(site: Site) -> str:
    """The read-back of a batch names the batch alone."""
    archived = site.once("every type", every_type)
    batch = literal(archived.folder.rstrip("/").rpartition("=")[2])
    statement = f"SELECT COUNT(*) FROM {archived.external} WHERE {quote(BATCH_COLUMN)} = {batch}"
    ((rows,),) = site.warehouse.execute(statement).rows
    hot = site.count(archived.hot.name)
    expect(rows == hot, f"{rows} rows of the batch are read, {hot} were unloaded")
    return f"{rows} rows"


CHECKS = (
    *(Assumption(f"hash-{kind}", partial(same_on_both_sides, kind)) for kind in VALUES),
    Assumption("hash-null-and-boundaries", null_is_not_empty),
    Assumption("hash-deterministic", deterministic),
    Assumption("hash-sum", sum_does_not_overflow),
    Assumption("external-reads-batch", reads_its_batch),
)
