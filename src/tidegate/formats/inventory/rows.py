"""From the files of a report to one Parquet file with a row an object version."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
from pyarrow import orc

from tidegate.errors import CorruptRecord
from tidegate.formats.inventory.engine import Engine, identifier, reading, text
from tidegate.formats.inventory.fields import USED, Columns, columns_of, names
from tidegate.formats.inventory.manifest import Report
from tidegate.model.batch import BATCH_COLUMN, PERIOD_COLUMN
from tidegate.model.inventory import ReportFormat

PARKED_CLASSES = ("GLACIER", "DEEP_ARCHIVE")
PARKED_ACCESS = ("ARCHIVE", "ARCHIVE_ACCESS", "DEEP_ARCHIVE", "DEEP_ARCHIVE_ACCESS")
"""Storage classes, and access tiers of INTELLIGENT_TIERING, that cannot be read before a restore.

S3 User Guide, Restoring an archived object. The guide does not list the texts of the access tiers in a report; both
ways of writing them are taken.
"""

_BATCH_MARK = f"/{BATCH_COLUMN}="
_PERIOD_MARK = f"/{PERIOD_COLUMN}="
MAX_PATH_SEGMENT = 120
"""A folder of this length, in bytes, holds a name that was cut (model.names)."""
_WRITING = "COMPRESSION zstd, COMPRESSION_LEVEL 1, DICTIONARY_SIZE_LIMIT 5000"
"""Keys, versions and ETags are nearly all different: it does not pay to collect them in dictionaries."""

_DAY = len("2020-06-20")
_ORC = "orc_rows"


def write_rows(engine: Engine, report: Report, files: Sequence[Path], target: Path, prefix: str) -> tuple[int, Columns]:
    """Write `target`; returns its rows and the columns of the report.

    Columns: key, version_id, is_latest, is_delete_marker, size, last_modified (UTC), etag, storage_class, access_tier,
    needs_restore, table_schema, table_name, batch, period. The last four are taken from keys below `prefix`. Rows stay
    in the report's order, so that the same files give the same bytes.

    Raises:
        CorruptRecord: a file is not of the report's format.
        ConfigError: the report lacks a column.
        LakeUnreachable: no room.
    """
    name = f"the report of {report.source_bucket} of {report.created:%Y-%m-%d %H:%M}"
    with reading(name), _source(engine, report, files) as (columns, source, encoded):
        places = columns.check(name).places
        query = _query(_values(places, source, encoded=encoded), prefix)
        written = engine.execute(
            f"COPY ({query}) TO {text(str(target))} (FORMAT parquet, {_WRITING}, "
            f"KV_METADATA {{tidegate_source_bucket: {text(report.source_bucket)}, "
            f"tidegate_created: {text(report.created.isoformat())}}})"
        ).fetchone()
    return (int(written[0]) if written else 0), columns


@contextmanager
def _source(
    engine: Engine, report: Report, files: Sequence[Path]
) -> Iterator[tuple[Columns, str | None, dict[str, str] | None]]:
    """The columns, what stands in FROM (None for a report without files), and the names by position of CSV."""
    columns = columns_of(report.schema, report.format)
    listed = ", ".join(text(str(file)) for file in files)
    if not files:
        yield columns, None, None
    elif report.format is ReportFormat.CSV:
        places = {name: f"c{number}" for number, name in enumerate(columns.names)}
        yield columns, _csv(columns, listed), places
    elif report.format is ReportFormat.PARQUET:
        source = f"read_parquet([{listed}], hive_partitioning = false)"
        found = engine.execute(f"SELECT column_name FROM (DESCRIBE FROM {source})").fetchall()
        yield names([row[0] for row in found]), source, None
    else:
        reader = _orc_reader(files)
        engine.register(_ORC, reader)
        try:
            yield names(reader.schema.names), _ORC, None
        finally:
            engine.unregister(_ORC)


def _csv(columns: Columns, listed: str) -> str:
    types = ", ".join(
        f"c{number}: {text(USED.get(plain_name, 'VARCHAR'))}"
        for number, plain_name in enumerate(name.replace("_", "").lower() for name in columns.names)
    )
    return (
        f"read_csv([{listed}], header = false, auto_detect = false, delim = ',', quote = '\"', escape = '\"', "
        f"compression = 'gzip', hive_partitioning = false, columns = {{{types}}})"
    )


def _orc_reader(files: Sequence[Path]) -> pa.RecordBatchReader:
    """The stripes of all files, one in memory at a time."""
    try:
        schema = orc.ORCFile(str(files[0])).schema
    except (pa.ArrowException, OSError) as error:
        raise CorruptRecord(
            f"{files[0].name} of the report is no ORC file: {error}", hint="Take another report."
        ) from error
    return pa.RecordBatchReader.from_batches(schema, _stripes(files))


def _stripes(files: Sequence[Path]) -> Iterator[pa.RecordBatch]:
    for file in files:
        opened = orc.ORCFile(str(file))
        for number in range(opened.nstripes):
            yield opened.read_stripe(number)


def _values(places: Mapping[str, str], source: str | None, *, encoded: Mapping[str, str] | None) -> str:
    """The columns that are used, by their plain names and in their types; NULL where the report has none."""
    chosen = []
    for plain_name, kind in USED.items():
        place = places.get(plain_name)
        column = identifier(encoded[place] if encoded and place else place or "")
        value = f"CAST({column} AS {kind})" if place and source else f"CAST(NULL AS {kind})"
        if plain_name == "key" and encoded:
            value = _decoded(column)
        elif kind == "VARCHAR" and plain_name != "key":
            value = f"NULLIF({value}, '')"
        chosen.append(f"{value} AS {plain_name}")
    return f"SELECT {', '.join(chosen)} FROM {source}" if source else f"SELECT {', '.join(chosen)} WHERE false"


def _decoded(column: str) -> str:
    """Keys in CSV are URL-encoded: `+` is a blank there, a plus is %2B (S3 User Guide, Amazon S3 Inventory list)."""
    return (
        f"CASE WHEN contains({column}, '+') THEN url_decode(replace({column}, '+', '%20')) "
        f"ELSE url_decode({column}) END"
    )


def _query(values: str, prefix: str) -> str:
    """See tidegate.model.layout: `…/<schema>/<table>/tg_batch=<id>/…tg_period=<date>/…`, names as `!xx`.

    What a key does not have is empty on the way and NULL in the end. Each piece is cut in a SELECT of its own, so that
    it is cut once a row; a CASE would have it cut again.
    """
    below = f"starts_with(key, {text(prefix)}) AND " if prefix else ""
    marked = f"SELECT *, CASE WHEN {below}true THEN instr(key, {text(_BATCH_MARK)}) ELSE 0 END AS mark FROM ({values})"
    halved = (
        "SELECT *, left(key, greatest(mark - 1, 0)) AS head, "
        f"CASE WHEN mark > 0 THEN substr(key, mark + {len(_BATCH_MARK)}) ELSE '' END AS tail FROM ({marked})"
    )
    cut = (
        "SELECT *, string_split(head, '/') AS folders, left(tail, greatest(instr(tail, '/') - 1, 0)) AS batch_folder, "
        f"NULLIF(instr(tail, {text(_PERIOD_MARK)}), 0) + {len(_PERIOD_MARK)} AS period_at FROM ({halved})"
    )
    return (
        "SELECT key, versionid AS version_id, islatest AS is_latest, isdeletemarker AS is_delete_marker, size, "
        "lastmodifieddate AS last_modified, etag, storageclass AS storage_class, "
        f"intelligenttieringaccesstier AS access_tier, {_needs_restore()} AS needs_restore, "
        f"{_name('schema_folder')} AS table_schema, {_name('table_folder')} AS table_name, "
        f"NULLIF(batch_folder, '') AS batch, TRY_CAST(substr(tail, period_at, {_DAY}) AS DATE) AS period "
        f"FROM (SELECT *, folders[-2] AS schema_folder, folders[-1] AS table_folder FROM ({cut}))"
    )


def _needs_restore() -> str:
    return (
        f"CASE WHEN storageclass IN ({_list(PARKED_CLASSES)}) THEN true WHEN storageclass = 'INTELLIGENT_TIERING' "
        f"THEN COALESCE(UPPER(intelligenttieringaccesstier) IN ({_list(PARKED_ACCESS)}), false) ELSE false END"
    )


def _name(folder: str) -> str:
    """A folder as the name of a schema or a table; one that was cut (model.names) does not tell it."""
    return (
        f"CASE WHEN strlen({folder}) >= {MAX_PATH_SEGMENT} THEN NULL WHEN contains({folder}, '!') "
        f"THEN url_decode(replace({folder}, '!', '%')) ELSE NULLIF({folder}, '') END"
    )


def _list(values: Sequence[str]) -> str:
    return ", ".join(map(text, values))
