"""Statements that rewrite archived periods, and that find the rows of a condition."""

from datetime import date

from tests.golden.cases.protocol import COLD, CONTROL, KINDS, ORDERS, STORED, TABLE

from tidegate.model.batch import PERIOD_COLUMN
from tidegate.model.records import BatchPeriods
from tidegate.redshift.condition import parse_condition
from tidegate.redshift.rewrite import (
    archived_proofs,
    archived_rows,
    count_archived,
    count_hot,
    count_rows,
    going,
    guard_hot,
    guard_new,
    over_archive,
    staying,
)
from tidegate.redshift.unload import Unload, unload
from tidegate.redshift.view import ExternalVersion

PARTS = [BatchPeriods("b1", "", (date(2020, 1, 1), date(2020, 2, 1))), BatchPeriods("b2", "", (date(2020, 1, 1),))]
NAMED = {
    "a number and a text": "id = 4711 or \"Note's\" like 'O''Brien\\\\%'",
    "a padded text and a list": "code in ('ab', 'cd') and not paid",
    "times": "at >= '2020-01-01 00:00:00+00' and day between '2020-01-01' and date '2020-02-29'",
    "JSON": "json_extract_path_text(json_serialize(doc), 'customer', 'id') = '4711'",
    "functions": "lower(trim(\"Note's\")) = 'x' and coalesce(weight, 0) > 1.5 and substring(code, 1, 2) = 'ab'",
    "a case": "case when amount is null then id % 2 = 0 else amount::varchar(20) <> '1' end",
    "NULL": "amount is not null and (id is null or -id < 3)",
}
EXTERNAL = ExternalVersion(COLD, STORED)
WITHOUT_NOTE = ExternalVersion(COLD, tuple(c for c in STORED if c.name != "Note's"))
CONDITION = over_archive(parse_condition(NAMED["a number and a text"], TABLE), TABLE, EXTERNAL)


def _found(name: str) -> list[str]:
    condition = parse_condition(NAMED[name], TABLE)
    cold = over_archive(condition, TABLE, EXTERNAL)
    return [count_hot(ORDERS, '"day"', condition.over_table), count_archived(COLD, going(PARTS[:1], cold))]


CASES = {
    **{f"rows of a condition: {name}": _found(name) for name in NAMED},
    "rows of a condition in a version without its column": count_archived(
        COLD, going(PARTS[:1], over_archive(parse_condition("\"Note's\" = 'x'", TABLE), TABLE, WITHOUT_NOTE))
    ),
    "all hot rows": count_rows(ORDERS),
    "guard on hot rows of a condition": guard_hot(ORDERS, '"id" = 4711', 3, "hot rows changed"),
    "guard on new batches": [*guard_new(CONTROL, ["b3"]), *guard_new(CONTROL, ["b3", "b4"])],
    "proofs of what is there and of what goes": [
        archived_proofs(STORED[:3], "FNV_HASH", COLD, staying(PARTS, None)),
        archived_proofs(STORED[:3], "TIDEGATE_HASH", COLD, going(PARTS, CONDITION)),
    ],
    "unload of what stays": unload(
        Unload(
            archived_rows(STORED[: len(KINDS)], COLD, staying(PARTS, CONDITION)),
            "s3://lake/w1/public/orders/tg_batch=b3/",
            partition_by=(PERIOD_COLUMN,),
            manifest=True,
            verbose=True,
            parallel=False,
        )
    ),
    "rows of several batches": archived_rows(STORED[:2], COLD, staying(PARTS, None)),
}
