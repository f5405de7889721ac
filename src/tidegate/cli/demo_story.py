"""The main job from beginning to end on sample orders, through the same verbs that a user calls."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from tidegate.app import App, open_app
from tidegate.cli.output import counted
from tidegate.config.writer import starter
from tidegate.errors import DifferenceFound, UsageError
from tidegate.model.batch import PeriodProof
from tidegate.model.names import TableName
from tidegate.model.outcome import BatchOutcome
from tidegate.model.periods import Granularity, Period
from tidegate.model.policy import Policy
from tidegate.model.tables import Table
from tidegate.redshift.copy import Copy, copy
from tidegate.redshift.ddl import create_table
from tidegate.redshift.fingerprint import fingerprint_by_period
from tidegate.redshift.identifiers import qualified
from tidegate.redshift.periods import PeriodColumn, period_expression
from tidegate.redshift.rows import totals
from tidegate.redshift.storage import stored_columns
from tidegate.samples.orders import OrdersFiles, write_orders
from tidegate.samples.shop import DEFAULT_UNTIL
from tidegate.samples.tables import ORDERS_TABLES
from tidegate.signals.base import Reporter

ORDERS = TableName("public", "orders")
ITEMS = TableName("public", "order_items")
RETENTION = 3
MEMORY_LIMIT = "1GB"
"""Of the engine; enough for any number of orders."""

AS_OF = DEFAULT_UNTIL + timedelta(days=1)


@dataclass(frozen=True)
class MonthLine:
    """One month of orders at the end. `fingerprint` as the archive proved it, or as the hot rows give it."""

    period: Period
    rows: int
    where: str
    files: int
    bytes: int
    fingerprint: str


@dataclass(frozen=True)
class Proof:
    """One thing that must be equal before and after."""

    what: str
    before: str
    after: str

    @property
    def holds(self) -> bool:
        return self.before == self.after


class DemoStory:
    """Load, archive, query hot and cold, restore. Each step yields the line that says what it did."""

    def __init__(self, folder: Path, rows: int, reporter: Reporter) -> None:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise UsageError(f"{folder} is not an empty folder", hint="Name a new or an empty folder with --dir.")
        if rows < 1:
            raise UsageError(f"{rows} orders are too few to show anything", hint="Ask for 1 order or more.")
        self.folder, self.rows, self.reporter = folder, rows, reporter
        self.months: list[MonthLine] = []
        self.proofs: list[Proof] = []

    def run(self) -> Iterator[str]:
        """Raises DifferenceFound when a proof does not hold; the folder is left for a look."""
        files = write_orders(self.folder / "orders", self.rows)
        made = f"{counted(files.order_count, 'order')} with {counted(files.item_count, 'item')}"
        yield f"made     {made} in {self.folder / 'orders'}"
        self._configure()
        with open_app(self.folder / "tidegate.toml", self.reporter) as app:
            app.init()
            yield from self._load(app, files)
            before = {table: self._whole(app, table) for table in (ORDERS, ITEMS)}
            outcome = app.archive(as_of=AS_OF, max_delete_fraction=1.0)
            for failure in outcome.failures:
                raise DifferenceFound(f"{failure.name}: {failure.message}", hint=failure.hint)
            for batch in outcome.batches:
                amount = f"{counted(len(batch.periods), 'month')}, {counted(batch.files, 'file')}"
                yield f"archived {counted(batch.rows, 'row')} of {batch.table} in {amount}"
            for table, total in before.items():
                after = self._whole(app, TableName(table.schema, f"{table.name}_all"))
                self._prove(f"{table}: rows before = rows through {table}_all after", total, after)
            orders = [b for b in outcome.batches if b.table == ORDERS]
            yield from self._restore(app, orders)
            self.months = self._months(app, orders)
            audit = app.verify(deep=True)
            self._prove("differences found by verify --deep", "0", str(len(audit.differences)))
            checked = f"{counted(audit.files, 'file')} and {counted(audit.rows, 'archived row')}"
            yield f"verified {checked}, byte by byte and row by row"
        broken = [proof.what for proof in self.proofs if not proof.holds]
        if broken:
            raise DifferenceFound(f"not proven: {broken[0]}", hint=f"The folder {self.folder} is left for a look.")

    def _configure(self) -> None:
        policies = [
            Policy(table, "order_date", Granularity.MONTHLY, RETENTION, priority=number)
            for number, table in enumerate((ORDERS, ITEMS), start=1)
        ]
        text = starter(
            warehouse="duckdb:///warehouse.duckdb",
            lake="lake",
            ledger="sqlite:///tidegate.sqlite",
            memory_limit=MEMORY_LIMIT,
            policies=policies,
        )
        (self.folder / "tidegate.toml").write_text(text, encoding="utf-8")

    def _load(self, app: App, files: OrdersFiles) -> Iterator[str]:
        with app.warehouse.session() as session:
            for table in ORDERS_TABLES:
                session.execute(create_table(table))
                rows = sum(
                    session.execute(copy(Copy(table.name, str(path.resolve())))).rowcount
                    for path in files.by_table[table.name]
                )
                yield f"loaded   {counted(rows, 'row')} into {table.name}"

    def _restore(self, app: App, batches: Sequence[BatchOutcome]) -> Iterator[str]:
        """Bring the newest archived month back."""
        month = max((p for b in batches for p in b.periods), key=lambda p: p.period, default=None)
        if month is None:
            return
        period = Period(month.period, Granularity.MONTHLY)
        back = app.restore(ORDERS, period.start, period.end - timedelta(days=1))
        hot = {p.period: p for p in self._by_month(app)}
        self._prove(f"{period} after the restore = {period} as archived", _text(month), _text(hot.get(month.period)))
        yield f"restored {counted(back.rows, 'row')} of {ORDERS} for {period}"

    def _months(self, app: App, batches: Sequence[BatchOutcome]) -> list[MonthLine]:
        hot = {p.period: p for p in self._by_month(app)}
        lines = [_line(p, "hot", 0, 0) for p in hot.values()]
        for batch in batches:
            files = app.ledger.files(batch.batch)
            for proof in batch.periods:
                if proof.period not in hot:
                    own = [f for f in files if f.period == proof.period]
                    lines.append(_line(proof, "cold", len(own), sum(f.size for f in own)))
        return sorted(lines, key=lambda line: line.period)

    def _prove(self, what: str, before: str, after: str) -> None:
        self.proofs.append(Proof(what, before, after))

    def _whole(self, app: App, relation: TableName) -> str:
        """Rows and fingerprint of a table, or of the view over it."""
        columns = stored_columns(_definition(relation))
        function = app.warehouse.capabilities.hash_function
        rows, total = app.warehouse.execute(totals(columns, function, qualified(relation))).rows[0]
        return f"{counted(int(str(rows)), 'row')}, fingerprint {total}"

    def _by_month(self, app: App) -> list[PeriodProof]:
        table = _definition(ORDERS)
        column = PeriodColumn("order_date", table.columns[2].type, Granularity.MONTHLY)
        statement = fingerprint_by_period(
            stored_columns(table),
            app.warehouse.capabilities.hash_function,
            period_expression(column),
            qualified(ORDERS),
            "TRUE",
        )
        return [
            PeriodProof(p if isinstance(p, date) else date.fromisoformat(str(p)), int(str(rows)), str(total))
            for p, rows, total in app.warehouse.execute(statement).rows
        ]


def _definition(relation: TableName) -> Table:
    name = relation.name.removesuffix("_all")
    return next(table for table in ORDERS_TABLES if table.name.name == name)


def _line(proof: PeriodProof, where: str, files: int, size: int) -> MonthLine:
    return MonthLine(Period(proof.period, Granularity.MONTHLY), proof.rows, where, files, size, proof.fingerprint)


def _text(proof: PeriodProof | None) -> str:
    return f"{counted(proof.rows, 'row')}, fingerprint {proof.fingerprint}" if proof else "no rows"
