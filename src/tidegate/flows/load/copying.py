"""How COPY reads files of one shape."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tidegate.flows.load.contents import Landed
from tidegate.model.route import FileFormat
from tidegate.redshift.copy import CompUpdate, Copy, CopyFormat


def copied_as(base: Copy, one: Landed, options: Mapping[str, object]) -> Copy:
    """`base` for files that are like this one; `options`, by the names of Copy, win over what the files say.

    JSON is Parquet before it is copied.
    Dates and times are recognised by their form; nothing but ISO 8601 is taken for one.
    """
    given: dict[str, Any] = dict(options)
    if given.get("comp_update") is not None:
        given["comp_update"] = CompUpdate(given["comp_update"])
    if one.content.format is not FileFormat.CSV:
        return replace(base, **{"serialize_to_json": one.content.serialize_to_json, **given})
    dialect = one.content.dialect
    assert dialect is not None
    quoted = bool(dialect.quote)
    said: dict[str, Any] = {
        "format": CopyFormat.CSV if quoted else CopyFormat.TEXT,
        "quote": dialect.quote if quoted and dialect.quote != '"' else None,
        "delimiter": dialect.delimiter,
        "ignore_header": 1 if dialect.header else None,
        "null_as": dialect.null_as,
        "compression": one.compression,
        "date_format": "auto",
        "time_format": "auto",
        "ignore_blank_lines": True,
        "comp_update": CompUpdate.OFF,
    }
    return replace(base, **{**said, **given})
