"""The text of a first tidegate.toml, with what else can be said as comments."""

import json
from collections.abc import Iterator, Sequence

from tidegate.model.policy import FileFormat, Policy, UnloadOptions

_HEAD = """\
# The configuration of Tidegate. Relative paths are relative to this file; ${VARIABLE} is replaced by the
# environment variable, and $${ stands for a plain ${. Check it with `tidegate config check`.
"""

_OPTIONS = """\
# column_format = "YYYYMMDD"          # of an integer or text column: YYYYMMDD, YYYY-MM-DD, YYYYMM, YYYY-MM
# priority = 100                      # lower runs first
# location = "cold/orders"            # a folder inside the lake for this table's files
# batch_bytes = "100GB"               # the size of one step, as the table's statistics estimate it
# batch_periods = 1000                # the most periods of one step
# min_batch_bytes = 0                 # a smaller remainder waits for more, at most max_wait
# max_wait = "30d"
# max_delete_fraction = 0.95          # refuse to delete more of the table in one run
# vacuum = "auto"                     # auto, always, never
# unload = { max_filesize = "256MB", parallel = true }
"""

_EXAMPLE = """\
# [[archive]]
# table = "public.orders"
# column = "order_date"
# granularity = "monthly"             # or daily
# retention = 3                       # months (or days) that stay in the warehouse
# action = "archive"                  # or copy (delete nothing), or purge (delete without an archive)
"""

_LOAD = """
# [[load]]
# match = "landing/orders/*.parquet"  # files in the lake, or s3://bucket/..., or an absolute path
# table = "public.orders"
# key = ["order_id"]                  # rows of the same key are replaced; without a key rows are added
# version = "updated_at"              # which row of a key is the newest
# contract = "evolve"                 # files add and widen columns; or freeze, or discard
# on_archived = "quarantine"          # rows whose key is archived; or restore the period first, or allow
# checks = [{ kind = "not_null", columns = ["order_id"] }]
# queue = "sqs://landed?region=eu-west-1"
# batch_files = 1000                  # a batch is closed by the number of its files,
# batch_bytes = "4GB"                 # by their size,
# batch_age = "1m"                    # or by the time since the first
"""


def starter(
    *,
    warehouse: str,
    lake: str,
    ledger: str,
    timezone: str = "UTC",
    memory_limit: str | None = None,
    policies: Sequence[Policy] = (),
) -> str:
    """A commented tidegate.toml with these addresses and policies; without policies, examples as comments.

    Addresses and names are taken literally: a `${` in them is escaped.
    """
    head = [
        _HEAD,
        _line(f"timezone = {_text(timezone)}", "decides which day it is"),
        _line('# delete_grace = "1d"', "how long files that count no more stay, for the queries that still read them"),
        "",
        "[warehouse]",
        f"url = {_text(warehouse)}",
        f"memory_limit = {_text(memory_limit)}" if memory_limit else '# memory_limit = "2GB"',
        _line("# lock_timeout = 30", "seconds to wait for another process that holds the file"),
        _line('# schema = "tidegate"', "where the control tables live"),
        "",
        "[lake]",
        f"url = {_text(lake)}",
        "",
        "[ledger]",
        f"url = {_text(ledger)}",
        "",
        "# [queue]",
        _line("# workers = 2", "how many jobs `tidegate work` does at once"),
        "",
        "# [notify]",
        _line('# urls = ["${TEAM_SLACK}"]', "who is told of loads and failures: mail, chats, webhooks by apprise"),
        "",
        "# [catalog]",
        _line('# external_schema = "tidegate_cold"', "the schema of the external tables"),
        "",
    ]
    sections = [_section(policy) for policy in policies] or [_EXAMPLE + _OPTIONS + _LOAD]
    return "\n".join([*head, "\n".join(sections)])


def _line(setting: str, comment: str) -> str:
    return f"{setting:<37} # {comment}"


def _section(policy: Policy) -> str:
    return "\n".join(["[[archive]]", *(f"{key} = {value}" for key, value in _keys(policy)), ""])


def _keys(policy: Policy) -> Iterator[tuple[str, str]]:
    """What differs from the defaults, and always what a reader looks for first."""
    yield "table", _text(str(policy.table))
    if policy.column is not None:
        yield "column", _text(policy.column)
        yield "granularity", _text(policy.granularity)
        yield "retention", str(policy.retention)
    yield "action", _text(policy.action)
    plain = Policy(table=policy.table, column=policy.column)
    for key in ("column_format", "location", "view"):
        if (value := getattr(policy, key)) is not None:
            yield key, _text(value)
    for key in ("priority", "batch_bytes", "batch_periods", "min_batch_bytes", "max_delete_fraction"):
        if (value := getattr(policy, key)) != getattr(plain, key):
            yield key, str(value)
    if policy.max_wait != plain.max_wait:
        yield "max_wait", _text(f"{policy.max_wait}d")
    if policy.vacuum is not plain.vacuum:
        yield "vacuum", _text(policy.vacuum)
    if policy.acknowledge:
        yield "acknowledge", f"[{', '.join(_text(word) for word in sorted(policy.acknowledge))}]"
    yield from _unload_keys(policy.unload)


def _unload_keys(unload: UnloadOptions) -> Iterator[tuple[str, str]]:
    """What differs from the defaults."""
    if unload.max_file_mb is not None:
        yield "unload.max_filesize", _text(f"{unload.max_file_mb}MB")
    if unload.parallel is not None:
        yield "unload.parallel", "true" if unload.parallel else "false"
    if unload.partition_by:
        yield "unload.partition_column", f"[{', '.join(map(_text, unload.partition_by))}]"
    if unload.format is not FileFormat.PARQUET:
        yield "unload.format", _text(unload.format)
    for key in ("header", "add_quotes", "escape"):
        if getattr(unload, key):
            yield f"unload.{key}", "true"
    for key in ("delimiter", "null_as", "compression", "target", "region"):
        if (value := getattr(unload, key)) is not None:
            yield f"unload.{key}", _text(value)


def _text(value: str) -> str:
    """A TOML basic string. JSON escapes the same way, except for DEL."""
    return json.dumps(value.replace("${", "$${"), ensure_ascii=False).replace("\x7f", "\\u007f")
