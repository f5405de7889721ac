import pytest

from tidegate.errors import UsageError
from tidegate.model.tables import SqlType, TypeKind
from tidegate.redshift.types import parse, render

SPELLINGS = {
    "SMALLINT": ("smallint", "int2"),
    "INTEGER": ("integer", "INT", "int4"),
    "BIGINT": ("bigint", "int8"),
    "DECIMAL(18,0)": ("decimal", "NUMERIC", "numeric(18)", "decimal(18,0)"),
    "DECIMAL(10,2)": ("decimal(10,2)", "numeric( 10 , 2 )"),
    "DECIMAL(38,37)": ("decimal(38, 37)",),
    "REAL": ("real", "float4"),
    "DOUBLE PRECISION": ("double precision", "Double  Precision", "float8", "float"),
    "BOOLEAN": ("boolean", "bool"),
    "CHAR(1)": ("char", "character", "nchar", "national character"),
    "CHAR(12)": ("char(12)", "character (12)", "nchar(12)"),
    "CHAR(256)": ("bpchar",),
    "CHAR(4096)": ("char(max)", "char(4096)"),
    "VARCHAR(256)": ("varchar", "character varying", "nvarchar", "text", "national character varying"),
    "VARCHAR(12)": ("varchar(12)", "character varying(12)", "char varying(12)", "nvarchar(12)"),
    "VARCHAR(65535)": ("varchar(max)", "VARCHAR( MAX )", "character varying(65535)"),
    "DATE": ("date",),
    "TIME": ("time", "time without time zone"),
    "TIMETZ": ("timetz", "time with time zone"),
    "TIMESTAMP": ("timestamp", "timestamp without time zone"),
    "TIMESTAMPTZ": ("timestamptz", "TIMESTAMP WITH TIME ZONE", "timestamp\n with time zone"),
    "INTERVAL YEAR TO MONTH": ("interval year to month", "intervaly2m"),
    "INTERVAL DAY TO SECOND": ("interval day to second", "interval day to second(6)", "intervald2s"),
    "SUPER": ("super",),
    "VARBYTE(64000)": ("varbyte", "varbinary", "binary varying"),
    "VARBYTE(16777216)": ("varbyte(16777216)", "varbinary(16777216)", "binary varying(16777216)"),
    "GEOMETRY": ("geometry",),
    "GEOGRAPHY": ("geography",),
    "HLLSKETCH": ("hllsketch",),
}


@pytest.mark.parametrize(
    ("spelling", "canonical"), [(spelling, name) for name, spellings in SPELLINGS.items() for spelling in spellings]
)
def test_every_spelling_has_one_canonical_form(spelling: str, canonical: str) -> None:
    assert render(parse(spelling)) == canonical


@pytest.mark.parametrize("canonical", SPELLINGS)
def test_the_canonical_form_reads_back_as_the_same_type(canonical: str) -> None:
    assert parse(render(parse(canonical))) == parse(canonical)
    assert render(parse(canonical)) == canonical


def test_every_kind_has_a_spelling() -> None:
    assert {parse(name).kind for name in SPELLINGS} == set(TypeKind)


def test_defaults_are_spelled_out() -> None:
    assert parse("varchar") == SqlType(TypeKind.VARCHAR, length=256)
    assert parse("decimal") == SqlType(TypeKind.DECIMAL, precision=18, scale=0)
    assert render(SqlType(TypeKind.VARBYTE)) == "VARBYTE(64000)"


LENGTH = "The length of {} is 1 to {} bytes."
PRECISION = "Precision is 1 to 38, scale 0 to 37 and not more than the precision."
NO_MEASURE = "Write VARCHAR(n) or CHAR(n)."
A_TYPE = "Write a type that Redshift has, e.g. BIGINT, DECIMAL(18, 2), VARCHAR(256) or TIMESTAMPTZ."


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("varchar(0)", "VARCHAR(0) is outside Redshift's limits", LENGTH.format("VARCHAR", 65535)),
        ("varchar(65536)", "VARCHAR(65536) is outside Redshift's limits", LENGTH.format("VARCHAR", 65535)),
        ("char(4097)", "CHAR(4097) is outside Redshift's limits", LENGTH.format("CHAR", 4096)),
        ("varbyte(16777217)", "VARBYTE(16777217) is outside Redshift's limits", LENGTH.format("VARBYTE", 16777216)),
        ("numeric(39,2)", "DECIMAL(39,2) is outside Redshift's limits", PRECISION),
        ("decimal(38,38)", "DECIMAL(38,38) is outside Redshift's limits", PRECISION),
        ("decimal(5,6)", "DECIMAL(5,6) is outside Redshift's limits", PRECISION),
        ("decimal(0)", "DECIMAL(0,0) is outside Redshift's limits", PRECISION),
        ("text(300)", "text takes no length in 'text(300)'", NO_MEASURE),
        ("bpchar(3)", "bpchar takes no length in 'bpchar(3)'", NO_MEASURE),
        ("bigint(20)", "BIGINT takes no (20)", A_TYPE),
        ("varchar(3,4)", "VARCHAR takes no (3,4)", A_TYPE),
        ("interval day to second(3)", "INTERVAL DAY TO SECOND takes no (3)", A_TYPE),
        ("varbyte(max)", "'varbyte(max)' is not a Redshift type", A_TYPE),
        ("varchar(-1)", "'varchar(-1)' is not a Redshift type", A_TYPE),
        ("varchar()", "'varchar()' is not a Redshift type", A_TYPE),
        ("json", "'json' is not a Redshift type", A_TYPE),
        ("int[]", "'int[]' is not a Redshift type", A_TYPE),
        ("varchar(10) not null", "'varchar(10) not null' is not a Redshift type", A_TYPE),
        ("", "'' is not a Redshift type", A_TYPE),
    ],
)
def test_other_texts_are_refused(text: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as error:
        parse(text)
    assert (error.value.message, error.value.hint) == (message, hint)


@pytest.mark.parametrize(
    ("type", "message"),
    [
        (SqlType(TypeKind.DATE, length=3), "DATE has no length"),
        (SqlType(TypeKind.VARCHAR, length=3, scale=2), "VARCHAR has no precision or scale"),
        (SqlType(TypeKind.BIGINT, precision=3), "BIGINT has no precision or scale"),
        (SqlType(TypeKind.CHAR, length=5000), "CHAR(5000) is outside Redshift's limits"),
    ],
)
def test_types_that_cannot_be_are_not_rendered(type: SqlType, message: str) -> None:
    with pytest.raises(UsageError) as error:
        render(type)
    assert error.value.message == message
