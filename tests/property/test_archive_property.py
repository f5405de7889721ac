"""Any table, any rows, any life: what the view shows is what was put in, changed and taken out, each row once."""

import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.flows.tables import archive, policy, rows_of
from tests.world import World

from tidegate.model.names import TableName
from tidegate.model.periods import Granularity
from tidegate.redshift.identifiers import literal, quote

TABLE = TableName("public", "life")
FIRST = date(2020, 1, 1)
MODEL = "public.model"
EXAMPLES = max(1, settings().max_examples // 6)
"""Of each kind of period column: a sixth of what the profile says."""


@dataclass(frozen=True)
class Kind:
    """A kind of period column: its date format, a day and a time as a literal, and values that are no date."""

    format: str | None
    literal: Callable[[date, str], str]
    bad: tuple[str, ...] = ()


PERIODS = {
    "DATE": Kind(None, lambda day, time: f"'{day}'"),
    "TIMESTAMP": Kind(None, lambda day, time: f"'{day} {time}'"),
    "TIMESTAMPTZ": Kind(None, lambda day, time: f"'{day} {time}+00'"),
    "INTEGER": Kind("YYYYMMDD", lambda day, time: f"{day:%Y%m%d}", ("99999999", "20200231")),
    "VARCHAR(12)": Kind("YYYY-MM-DD", lambda day, time: f"'{day}'", ("''", "' '", "'2020-02-31'")),
}
TIMES = st.sampled_from(["00:00:00", "23:59:59.999999", "22:30:00", "12:00:00"])
DAYS = st.sampled_from([FIRST + timedelta(days=n) for n in (0, 1, 30, 31, 59, 60, 90, 91, 120)])
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)
SHORT = st.text("ab c'\\", max_size=9)
VALUES: dict[str, st.SearchStrategy[str]] = {
    "BIGINT": st.integers(-(2**63), 2**63 - 1).map(str),
    "SMALLINT": st.integers(-(2**15), 2**15 - 1).map(str),
    "DECIMAL(20,6)": st.integers(-(10**19), 10**19).map(lambda n: f"'{n / 10**6:.6f}'"),
    "DOUBLE PRECISION": st.floats(allow_nan=False, allow_infinity=False).map(lambda f: f"'{f!r}'"),
    "BOOLEAN": st.sampled_from(["TRUE", "FALSE"]),
    "CHAR(9)": SHORT.map(literal),
    "VARCHAR(40)": TEXTS.map(literal),
    "DATE": st.dates().map(lambda day: f"'{day}'"),
    "TIMESTAMP": st.datetimes().map(lambda moment: f"'{moment}'"),
    "TIMESTAMPTZ": st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)).map(lambda m: f"'{m}+00'"),  # noqa: DTZ001
    "SUPER": SHORT.map(lambda text: f"JSON_PARSE({literal(json.dumps([text, None, 1]))})"),
    "VARBYTE(20)": st.binary(max_size=20).map(lambda data: f"FROM_HEX('{data.hex()}')"),
}
NAMES = st.sampled_from(["a", "B c", 'd"e', "select", "Größe", "it's"])


@dataclass(frozen=True)
class Step:
    """`insert`, `update` (moves rows too) or `delete` hot rows, or `archive` as of a day."""

    verb: str
    day: date
    rows: tuple[tuple[str, ...], ...] = ()
    which: int = 0


@dataclass(frozen=True)
class Life:
    columns: tuple[tuple[str, str], ...]
    granularity: Granularity
    retention: int
    batch_periods: int
    timezone: str
    steps: tuple[Step, ...]


@st.composite
def lives(draw: st.DrawFn, kind: str) -> Life:
    names = draw(st.lists(NAMES, max_size=3, unique=True))
    columns = tuple((name, draw(st.sampled_from(sorted(VALUES)))) for name in names)
    period, granularity = PERIODS[kind], draw(st.sampled_from(Granularity))
    when = st.builds(period.literal, DAYS, TIMES)
    periods = st.one_of(when, when, when, st.sampled_from(("NULL", *period.bad)))
    cells = [st.one_of(VALUES[type], st.just("NULL")) for _, type in columns]
    rows = st.lists(st.tuples(periods, *cells), min_size=1, max_size=6).map(tuple)
    step = st.one_of(
        st.builds(Step, st.just("insert"), DAYS, rows),
        st.builds(Step, st.just("update"), DAYS, rows, st.integers(2, 4)),
        st.builds(Step, st.just("delete"), DAYS, which=st.integers(2, 4)),
        st.builds(Step, st.just("archive"), st.sampled_from([FIRST + timedelta(days=n) for n in (45, 75, 100, 150)])),
    )
    first = Step("insert", FIRST, draw(rows))
    last = Step("archive", FIRST + timedelta(days=draw(st.integers(60, 200))))
    between = draw(st.lists(step, max_size=4))
    return Life(
        columns,
        granularity,
        draw(st.integers(0, 2)),
        draw(st.integers(1, 3)),
        draw(st.sampled_from(["UTC", "Europe/Berlin", "America/Sao_Paulo"])),
        (first, *between, last),
    )


@pytest.fixture(scope="module")
def initialised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("initialised")
    World(folder).initialise()
    return folder


class Living:
    """The table and, beside it, `public.model`: the same rows, which are never archived."""

    def __init__(self, world: World, life: Life, kind: str) -> None:
        self.world, self.ids = world, 0
        self.names = [quote(name) for name in ("p", *(name for name, _ in life.columns))]
        types = [kind, *(type for _, type in life.columns)]
        columns = ", ".join(f"{name} {type}" for name, type in zip(self.names, types, strict=True))
        world.sql(*(f"CREATE TABLE {table} (id BIGINT, {columns})" for table in (TABLE, MODEL)))
        world.timezone = life.timezone
        world.policies = (
            policy(
                str(TABLE),
                "p",
                life.granularity,
                retention=life.retention * (1 if life.granularity is Granularity.MONTHLY else 20),
                batch_periods=life.batch_periods,
                column_format=PERIODS[kind].format,
            ),
        )

    def take(self, step: Step) -> None:
        """Hot rows alone can be changed: the model changes those that are hot, before they change."""
        chosen = f"id % {step.which} = 0 AND id IN (SELECT id FROM {TABLE})" if step.which else ""
        if step.verb == "archive":
            archive(self.world, step.day)
        elif step.verb == "insert":
            rows = ", ".join(f"({self.ids + n}, {', '.join(row)})" for n, row in enumerate(step.rows))
            self.ids += len(step.rows)
            self.world.sql(*(f"INSERT INTO {table} VALUES {rows}" for table in (TABLE, MODEL)))
        elif step.verb == "update":
            values = ", ".join(f"{name} = {value}" for name, value in zip(self.names, step.rows[0], strict=True))
            self.world.sql(*(f"UPDATE {table} SET {values} WHERE {chosen}" for table in (MODEL, TABLE)))
        else:
            self.world.sql(*(f"DELETE FROM {table} WHERE {chosen}" for table in (MODEL, TABLE)))

    def seen(self, relation: str) -> list[str]:
        return [repr(row) for row in rows_of(self.world, relation)]

    def check(self) -> None:
        has_view = self.world.sql("SELECT 1 FROM svv_tables WHERE table_name = 'life_all'")
        assert self.seen("public.life_all" if has_view else str(TABLE)) == self.seen(MODEL)

    def check_files(self) -> None:
        """pyarrow alone finds the rows that are not hot, each once and with its values."""
        cold = self.world.sql(f"SELECT * FROM {MODEL} WHERE id NOT IN (SELECT id FROM {TABLE}) ORDER BY id")
        paths = (self.world.folder / "lake").rglob("tg_period=*/*.parquet")
        rows = [row for path in paths for row in pq.read_table(path, partitioning=None).to_pylist()]
        rows.sort(key=lambda row: row["id"])
        assert [row["id"] for row in rows] == [row[0] for row in cold]
        for number, name in enumerate(["id", *(name[1:-1].replace('""', '"') for name in self.names)]):
            assert [_plain(row[name]) for row in rows] == [_plain(row[number]) for row in cold], name


def _plain(value: Any) -> Any:
    """A TIMESTAMPTZ lies in the files as a TIMESTAMP in UTC."""
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", list(PERIODS))
def test_no_row_is_lost_or_doubled(initialised: Path, kind: str) -> None:
    @given(lives(kind))
    def lived(life: Life) -> None:
        with tempfile.TemporaryDirectory() as folder:
            living = Living(World(shutil.copytree(initialised, Path(folder) / "world")), life, kind)
            for step in life.steps:
                living.take(step)
                living.check()
            living.check_files()
            assert living.world.verify().differences == ()
            if living.world.value("SELECT COUNT(*) FROM tidegate.published"):
                living.world.restore(table=TABLE)
            assert living.seen(str(TABLE)) == living.seen(MODEL)

    settings(max_examples=EXAMPLES)(lived)()
