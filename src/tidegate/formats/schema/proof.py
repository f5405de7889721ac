"""The type of a column of texts, proven over every value: a late row may widen it, a sample would lie.

What stands there decides, not what it looks like: `007`, `+49`, `1,000` and ` 5` are texts, since a number would lose
something of them. Numbers keep every digit: DECIMAL where they have a point, DOUBLE PRECISION only where they have an
exponent and a double holds them exactly.
"""

from collections.abc import Callable, Container, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from tidegate.formats.schema.faithful import DAY, MOMENT, ZONE, faithful, is_whole_in
from tidegate.formats.schema.inferred import InferredColumn, varchar
from tidegate.model.tables import SqlType, TypeKind

_INTEGER = r"^-?(0|[1-9][0-9]{0,37})$"
_DECIMAL = r"^-?((0|[1-9][0-9]{0,37})(\.[0-9]{1,37})?|\.[0-9]{1,37})$"
_DOUBLE = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?$"
_BOOLEAN = r"^(?i:true|false)$"
_DOUBLE_DIGITS = 15
"""Every number of so many digits comes back from a double as it was."""

_MAX_PRECISION, _MAX_SCALE = 38, 37
_INTEGER_LIMITS = ((2**31, TypeKind.INTEGER), (2**63, TypeKind.BIGINT))
_BIGINT_DIGITS = 18


class ColumnProof:
    """Feed it the texts of a column, in arrays of `string`; `column()` then tells what they are.

    `null_as`: the text that stands for NULL; the empty text is NULL too, except in a column of texts. `wanted`: the
    type of the column that the values go into: they are looked at closer from the first on of which it would lose
    something, and `column()` tells what those are. Kinds that are `trusted` lose nothing.
    """

    def __init__(
        self,
        name: str,
        null_as: str | None = None,
        kinds: Sequence[TypeKind] | None = None,
        wanted: SqlType | None = None,
        trusted: Container[TypeKind] = (),
    ) -> None:
        self.name = name
        self._null_as = null_as
        self._wanted = wanted
        self._faithful = faithful(wanted) if wanted is not None and wanted.kind not in trusted else None
        self._alive = [kind for kind in _TESTS if kinds is None or kind in kinds]
        self._values, self._nulls, self._empty = 0, 0, 0
        self.longest = 0
        """Bytes."""
        self._whole_digits, self._scale = 1, 0
        self._least, self._most = 0, 0
        self.is_whole = True
        """No value has a point or a power, or is none (NaN, Infinity)."""

    def update(self, texts: pa.Array) -> None:
        if self._null_as is not None:
            texts = pc.if_else(pc.equal(texts, self._null_as), None, texts)
        nulls = texts.null_count
        values = texts.drop_null() if nulls else texts
        lengths = pc.min_max(pc.binary_length(values)).as_py()
        filled = values if lengths["min"] else values.filter(pc.greater(pc.binary_length(values), 0))
        self._nulls += nulls
        self._empty += len(values) - len(filled)
        self._values += len(filled)
        if not len(filled):
            return
        self.longest = max(self.longest, lengths["max"])
        if self._is_faithful(filled):
            return
        self._wanted = None
        first = pa.array([filled[0].as_py()], pa.string())
        self._alive = [kind for kind in self._alive if _TESTS[kind](first) and _TESTS[kind](filled)]
        if TypeKind.BIGINT not in self._alive and self.is_whole:
            self.is_whole = not pc.any(pc.match_substring_regex(filled, "[.eENI]")).as_py()
        if self._alive and self._alive[0] is TypeKind.BIGINT:
            self._measure_integers(filled)
        if TypeKind.DECIMAL in self._alive:
            self._measure_decimals(filled)

    def _is_faithful(self, filled: pa.Array) -> bool:
        if self._wanted is None or self._faithful is None:
            return self._wanted is not None
        digits = is_whole_in(self._wanted, self.longest) and pc.all(pc.ascii_is_decimal(filled)).as_py()
        return digits or _matches(self._faithful)(filled)

    @property
    def has_empty(self) -> bool:
        """Whether a text is empty."""
        return self._empty > 0

    @property
    def empty(self) -> int:
        """How many values are the empty text."""
        return self._empty

    def column(self) -> InferredColumn:
        """Nullable unless every value was there."""
        kind = self._wanted or self._type()
        is_text = kind.kind is TypeKind.VARCHAR
        missing = self._nulls + (0 if is_text and self._values else self._empty)
        return InferredColumn(
            self.name,
            kind,
            nullable=missing > 0 or not (self._values or self._empty),
            longest=self.longest if is_text else None,
            undetermined=not self._values and self._wanted is None,
        )

    def _type(self) -> SqlType:
        if not self._values:
            return varchar(1)
        for kind in self._alive:
            if kind is TypeKind.BIGINT:
                return self._integer()
            if kind is TypeKind.DECIMAL:
                precision = self._whole_digits + self._scale
                if precision <= _MAX_PRECISION and self._scale <= _MAX_SCALE:
                    return SqlType(kind, precision=precision, scale=self._scale)
                continue
            return SqlType(kind)
        return varchar()

    def _integer(self) -> SqlType:
        if self._whole_digits <= _BIGINT_DIGITS + 1:
            for limit, kind in _INTEGER_LIMITS:
                if -limit <= self._least and self._most < limit:
                    return SqlType(kind)
        return SqlType(TypeKind.DECIMAL, precision=self._whole_digits, scale=0)

    def _measure_integers(self, filled: pa.Array) -> None:
        digits = pc.max(pc.binary_length(pc.replace_substring(filled, "-", ""))).as_py()
        self._whole_digits = max(self._whole_digits, digits)
        if digits > _BIGINT_DIGITS + 1:
            return
        numbers = pc.min_max(filled.cast(pa.decimal128(_MAX_PRECISION, 0))).as_py()
        self._least, self._most = min(self._least, int(numbers["min"])), max(self._most, int(numbers["max"]))

    def _measure_decimals(self, filled: pa.Array) -> None:
        whole = pc.binary_length(pc.replace_substring_regex(filled, r"^-|\..*$", ""))
        fraction = pc.binary_length(pc.replace_substring_regex(filled, r"^[^.]*\.?", ""))
        self._whole_digits = max(self._whole_digits, pc.max(whole).as_py())
        self._scale = max(self._scale, pc.max(fraction).as_py())


def _matches(pattern: str) -> Callable[[pa.Array], bool]:
    return lambda texts: bool(pc.all(pc.match_substring_regex(texts, pattern)).as_py())


def _casts(pattern: str, kind: pa.DataType) -> Callable[[pa.Array], bool]:
    """Of this form, and there is such a day and time."""
    matches = _matches(pattern)

    def fits(texts: pa.Array) -> bool:
        if not matches(texts) or bool(pc.any(pc.starts_with(texts, "0000")).as_py()):
            return False
        try:
            pc.cast(texts, kind)
        except pa.ArrowInvalid:
            return False
        return True

    return fits


def _is_exact_double(texts: pa.Array) -> bool:
    if not _matches(_DOUBLE)(texts):
        return False
    digits = pc.binary_length(pc.replace_substring_regex(texts, r"[eE].*$|[-.]", ""))
    numbers = pc.cast(texts, pa.float64())
    return int(pc.max(digits).as_py()) <= _DOUBLE_DIGITS and bool(pc.all(pc.is_finite(numbers)).as_py())


_TESTS: dict[TypeKind, Callable[[pa.Array], bool]] = {
    TypeKind.BOOLEAN: _matches(_BOOLEAN),
    TypeKind.BIGINT: _matches(_INTEGER),
    TypeKind.DECIMAL: _matches(_DECIMAL),
    TypeKind.DOUBLE: _is_exact_double,
    TypeKind.DATE: _casts(f"^{DAY}$", pa.date32()),
    TypeKind.TIMESTAMP: _casts(f"^{DAY}$|^{MOMENT}$", pa.timestamp("us")),
    TypeKind.TIMESTAMPTZ: _casts(f"^{MOMENT}{ZONE}$", pa.timestamp("us", "UTC")),
}
"""In the order in which the first that fits every value is taken; BIGINT stands for all integers."""
