"""Files into a staging table of the session, and what is known of the rows there."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tidegate.errors import DifferenceFound
from tidegate.flows.context import Context
from tidegate.flows.load.contents import Landed
from tidegate.flows.load.copying import copied_as
from tidegate.flows.load.manifests import aside_prefix, manifest, manifest_key
from tidegate.model.elements import RECORD
from tidegate.model.landing import FileVersion
from tidegate.model.loading import QuarantinedFile
from tidegate.model.route import Route
from tidegate.redshift.copy import Copy, copy
from tidegate.redshift.fingerprint import row_hash
from tidegate.redshift.identifiers import comment
from tidegate.redshift.load import Stage
from tidegate.redshift.storage import select_list, stored_columns
from tidegate.redshift.unload import Unload, unload

KEYLESS = "load.key"
UNDECIDED = "load.version"


@dataclass
class Staging:
    """The staging of one batch in one session. `stage` is numbered when it has to be known which file a row is of."""

    ctx: Context
    warehouse: str
    route: Route
    files: Sequence[Landed]
    stage: Stage
    lengths: dict[str, int] = field(default_factory=dict)
    rows: int = 0
    keyless: int = 0
    repeated: bool = False
    _keys: list[str] = field(default_factory=list)
    _asides: int = 0

    def run(self) -> list[QuarantinedFile]:
        """COPY the files and look at the rows. Returns the files that must be taken out before the others are loaded.

        Raises:
            DifferenceFound: other rows arrived than the files hold.
        """
        self._copy_all()
        self._read_facts()
        if self.is_linked and self.keyless:
            return self.blamed(f"NOT ({self.stage.has_key})", KEYLESS, self._has_no_key(), "Give every record a key.")
        if not self.stage.keys:
            return []
        self.repeated = bool(self.number(self.stage.repeated()))
        undecided = self._undecided() if self.repeated else {}
        if undecided and len(self.files) > 1:
            self.number_files()
            undecided = self._undecided()
        return [self._ambiguous(self.files[number].file, keys) for number, keys in undecided.items()]

    def statements(self) -> list[str]:
        """What staging would submit where nothing is wrong with the rows."""
        return [self._tagged(self.stage.create()), self._tagged(self._copy(None)), self._tagged(self.stage.facts())]

    def keyless_rows(self) -> list[QuarantinedFile]:
        """Put the rows without a key aside, whole."""
        if not self.keyless:
            return []
        return self.put_aside(
            f"NOT ({self.stage.has_key})",
            KEYLESS,
            self._has_no_key(),
            "They are not in the table: give them a key, and load them as a file of their own.",
        )

    def put_aside(self, condition: str, code: str, what: str, hint: str) -> list[QuarantinedFile]:
        """Write rows of a condition into the lake, and say of which files they are. They stay staged."""
        self.number_files()
        self._asides += 1
        folder = code if self._asides == 1 else f"{code}-{self._asides}"
        prefix = f"{aside_prefix(self.warehouse, self.stage.target, self.stage.id)}{folder}/"
        columns = stored_columns(self.stage.table)[: len(self.stage.columns)]
        kms_key = self.ctx.lake.capabilities.kms_key
        self.execute(
            unload(
                Unload(
                    select=self.stage.some(select_list(columns), condition),
                    to=self.ctx.lake.uri(prefix),
                    iam_role=self.ctx.settings.iam_role,
                    encrypted=kms_key is not None,
                    kms_key_id=kms_key,
                )
            )
        )
        return [
            QuarantinedFile(
                self.files[number].file,
                code,
                self._some(number, rows, what),
                hint,
                rows,
                self.ctx.lake.uri(prefix),
            )
            for number, rows in self._by_file(condition).items()
        ]

    @property
    def is_linked(self) -> bool:
        """Whether elements of lists are staged beside: then no row goes aside without its file."""
        return any(column.name == RECORD for column in self.stage.columns)

    def blamed(self, condition: str, code: str, what: str, hint: str) -> list[QuarantinedFile]:
        """The files that have rows of a condition, to be taken out whole."""
        self.number_files()
        return [
            QuarantinedFile(self.files[number].file, code, self._some(number, rows, what), hint)
            for number, rows in self._by_file(condition).items()
        ]

    def _by_file(self, condition: str) -> dict[int, int]:
        """How many rows of a condition there are, by the number of the file."""
        return {int(str(n or 0)): int(str(rows)) for n, rows in self.execute(self.stage.count_some(condition))}

    def _some(self, number: int, rows: int, what: str) -> str:
        return f"{rows} of its {self.files[number].content.rows} rows {what}"

    def _has_no_key(self) -> str:
        return f"have no {', '.join(self.stage.keys)}"

    def number_files(self) -> None:
        """See that it is known which file a row came from."""
        if len(self.files) > 1 and not self.stage.numbered:
            self.stage = self.stage.with_numbers()
            self._copy_each()

    def refresh(self) -> None:
        """Look at the rows anew, after some were taken out."""
        _, keyless, *_ = (int(str(value)) for value in self.execute(self.stage.facts())[0])
        self.keyless = keyless

    def drop_manifests(self) -> None:
        copied = [self.ctx.lake.key(landed.copied.uri) for landed in self.files if landed.copied is not None]
        self.ctx.lake.delete([*self._keys, *copied])

    def _copy_all(self) -> None:
        self.execute(self.stage.create())
        self._put(None, self.files)
        self.execute(self._copy(None))

    def _copy_each(self) -> None:
        """Once more, file by file: COPY does not tell which file a row came from."""
        self.execute(self.stage.create())
        for number, landed in enumerate(self.files):
            self._put(number, [landed])
            self.execute(self._copy(number))
            self.execute(self.stage.number(number))
        self._read_facts()

    def _put(self, number: int | None, files: Sequence[Landed]) -> None:
        key = manifest_key(self.warehouse, self.stage.id, number)
        self._keys.append(key)
        self.ctx.lake.put(key, manifest([landed.copied or landed.file for landed in files]))

    def _copy(self, number: int | None) -> str:
        base = Copy(
            table=self.stage.name,
            source=self.ctx.lake.uri(manifest_key(self.warehouse, self.stage.id, number)),
            iam_role=self.ctx.settings.iam_role,
            columns=tuple(column.name for column in self.stage.columns),
            manifest=True,
        )
        return copy(copied_as(base, self.files[0], self.route.copy))

    def _read_facts(self) -> None:
        rows, keyless, *lengths = (int(str(value)) for value in self.execute(self.stage.facts())[0])
        expected = sum(landed.content.rows for landed in self.files)
        if rows != expected:
            raise DifferenceFound(
                f"{self.stage.target}: {rows} rows were copied from files that hold {expected}",
                hint="Nothing was loaded. Run the same command again.",
            )
        self.rows, self.keyless = rows, keyless
        self.lengths = dict(zip(self.stage.measured, lengths, strict=True))

    def _undecided(self) -> dict[int, int]:
        """Files with keys of which nothing says which row is the newest; file 0 stands for all where not numbered."""
        columns = [c for c in stored_columns(self.stage.table)[: len(self.stage.columns)] if c.name != RECORD]
        found = self.execute(self.stage.undecided(row_hash(columns, self.ctx.warehouse.capabilities.hash_function)))
        return {int(str(number or 0)): int(str(keys)) for number, keys in found}

    def _ambiguous(self, file: FileVersion, keys: int) -> QuarantinedFile:
        names = ", ".join(self.stage.keys)
        same = f" with the same {self.stage.version}" if self.stage.version else ""
        return QuarantinedFile(
            file,
            UNDECIDED,
            f"{keys} values of {names} come more than once{same} and with different rows: nothing says which is newer",
            "Name a column that orders them as `version`, or write the file with one row a key.",
        )

    def number(self, statement: str) -> int:
        """The first value of the first row."""
        return int(str(self.execute(statement)[0][0]))

    def execute(self, statement: str) -> Sequence[tuple[object, ...]]:
        """The rows of a statement of this session."""
        return self.ctx.warehouse.execute(self._tagged(statement)).rows

    def _tagged(self, statement: str) -> str:
        return f"{comment(self.stage.id, 'stage')} {statement}"
