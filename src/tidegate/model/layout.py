"""Where everything lies in the lake, as keys.

<warehouse>/[<location>/]<schema>/<table>/tg_batch=<id>/tg_period=<date>/*.parquet    the rows
<warehouse>/…/tg_batch=<id>/tg_thaw=<date>/tg_period=<date>/*.parquet                 parked rows, thawed until then
<warehouse>/…/tg_batch=<id>/manifest                                                  UNLOAD's manifest
<warehouse>/…/tg_batch=<id>/_export/                                                  its second UNLOAD, if any
<warehouse>/…/tg_batch=<id>/_tidegate/batch.json                                      the descriptor
_tidegate/<warehouse>/warehouse.json                                                  whose folder this is
_tidegate/<warehouse>/tables/<schema>/<table>/<version>.json                          external table versions
_tidegate/<warehouse>/log/<schema>/<table>/<number>.json                              the record of what counts
"""

import re
from datetime import date

from tidegate.model.batch import BATCH_COLUMN, DESCRIPTOR_PATH, PERIOD_COLUMN
from tidegate.model.names import TableName

CLAIMS = "_tidegate/"
PROBES = "tidegate-doctor/"
"""Where `doctor` puts what it writes; not below `_`, since external tables do not read what begins with it."""
EXPORT = "_export/"
"""Below a batch's prefix. Spectrum ignores names that begin with an underscore."""
_BATCH = re.compile(rf"^(.*/{BATCH_COLUMN}=([^/]+)/)")
_PERIOD = f"{PERIOD_COLUMN}="
THAW_FOLDER = "tg_thaw="
"""How the names of folders with thawed copies begin, below a batch's prefix."""
_THAWED = re.compile(rf"{THAW_FOLDER}(\d{{4}}-\d\d-\d\d)/(.+)")


def claim_key(warehouse: str) -> str:
    return f"{CLAIMS}{warehouse}/warehouse.json"


def data_root(warehouse: str) -> str:
    return f"{warehouse}/"


def table_root(warehouse: str, table: TableName, location: str | None = None) -> str:
    folder = f"{location.strip('/')}/" if location else ""
    return f"{data_root(warehouse)}{folder}{table.path}/"


def batch_prefix(warehouse: str, table: TableName, batch: str, location: str | None = None) -> str:
    return f"{table_root(warehouse, table, location)}{BATCH_COLUMN}={batch}/"


def manifest_key(prefix: str) -> str:
    return f"{prefix}manifest"


def descriptor_key(prefix: str) -> str:
    return f"{prefix}{DESCRIPTOR_PATH}"


def thaw_prefix(prefix: str, until: date) -> str:
    """Where the copies of a parked batch's files lie that can be read until that day."""
    return f"{prefix}{THAW_FOLDER}{until.isoformat()}/"


def thawed_copy(key: str) -> tuple[date, str] | None:
    """Of a key relative to a batch's prefix: until when the copy can be read, and the key of the file; else None."""
    match = _THAWED.fullmatch(key)
    return (date.fromisoformat(match.group(1)), match.group(2)) if match else None


def period_folder(key: str) -> str | None:
    """Of a key relative to a batch's prefix: the date of the period's folder that it lies in, as text; else None."""
    name, slash, _ = key.partition("/")
    return name[len(_PERIOD) :] if slash and name.startswith(_PERIOD) else None


def versions_root(warehouse: str, table: TableName) -> str:
    return f"{CLAIMS}{warehouse}/tables/{table.path}/"


def version_key(warehouse: str, table: TableName, version: int) -> str:
    return f"{versions_root(warehouse, table)}{version:06d}.json"


def all_logs(warehouse: str) -> str:
    return f"{CLAIMS}{warehouse}/log/"


def log_root(warehouse: str, table: TableName) -> str:
    return f"{all_logs(warehouse)}{table.path}/"


def record_key(warehouse: str, table: TableName, number: int) -> str:
    return f"{log_root(warehouse, table)}{number:010d}.json"


def batch_of(key: str) -> tuple[str, str] | None:
    """The prefix and the id of the batch that a data key belongs to, or None."""
    match = _BATCH.match(key)
    return (match.group(1), match.group(2)) if match else None
