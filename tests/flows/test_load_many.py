"""Many files, few of them bad: the others are loaded, and the bad ones cost a few COPYs more, not one for each file."""

import pyarrow as pa
import pytest
from tests.flows.landing import TABLE, Land, appending, names
from tests.flows.test_load_quarantine import Spied, spied
from tests.world import World

from tidegate.model.route import Contract

FILES = 500
LONG, CUT, TYPED = 321, 77, 200
HALVINGS = (FILES - 3).bit_length()


@pytest.fixture
def land(empty: World) -> Land:
    land = Land(empty)
    land.world.sql(f"CREATE TABLE {TABLE} (id BIGINT, note VARCHAR(10))")
    for n in range(FILES):
        kind = pa.array([1.5]) if n == TYPED else [n]
        land.write(f"{n:03}.parquet", {"id": kind, "note": ["x" * 11 if n == LONG else "x" * 10]}, minute=n)
    cut = land.folder / f"{CUT:03}.parquet"
    cut.with_suffix(".new").write_bytes(cut.read_bytes()[:-9])
    land.landed(cut, CUT)
    return land


def test_three_bad_files_of_five_hundred_keep_no_other_out(land: Land) -> None:
    spy = Spied(None)
    outcome = spied(land, spy).load(route=appending(contract=Contract.FREEZE))
    assert (outcome.rows, outcome.files) == (FILES - 3, FILES - 3)
    assert {names([q])[0]: q.reason.replace(f"{land.folder}/", "") for q in outcome.quarantined} == {
        "077.parquet": "077.parquet is no Parquet file: it does not end with PAR1",
        "200.parquet": 'column "id" of public.sales is BIGINT, and DOUBLE PRECISION in the file: one cannot be turned '
        "into the other without loss",
        "321.parquet": 'column "note" of public.sales takes 10 bytes, and the file has a value of 11',
    }
    assert [row[0] for row in land.quarantined()] == ["077.parquet", "200.parquet", "321.parquet"]
    expected = sum(range(FILES)) - LONG - CUT - TYPED
    assert land.world.sql(f"SELECT COUNT(*), COUNT(DISTINCT id), SUM(id) FROM {TABLE}") == [
        (FILES - 3, FILES - 3, expected)
    ]
    copies = sum(" COPY " in sql for sql in spy.ran)
    assert copies == 1 + 2 * HALVINGS, "only the text is found by COPY: the whole, and two halves at each halving"
    assert len(outcome.batches) == HALVINGS
    assert len(land.loaded()) == FILES - 3
