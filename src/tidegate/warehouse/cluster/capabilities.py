"""What a Redshift can do, and where it lives, as it tells itself."""

import os
import re

from tidegate.errors import ConfigError, StatementError
from tidegate.redshift.catalog import select_isolation, select_place
from tidegate.redshift.fingerprint import NESTED_HASH
from tidegate.redshift.privileges import select_who
from tidegate.warehouse.base import Capabilities
from tidegate.warehouse.cluster.definitions import Run

_LOCAL = re.compile(r"\(tidegate [^,)]+, duckdb ([^)]+)\)")
_REDSHIFT = re.compile(r"\bRedshift (\d+\.\d+)")


def discover(
    run: Run,
    *,
    max_statement_bytes: int,
    max_transaction_statements: int,
    region: str | None = None,
) -> Capabilities:
    """Ask version and isolation level, two short statements.

    `region` is where the driver knows the cluster to be: S3 is read there only (developer guide, Redshift Spectrum
    considerations). A local Redshift reads everywhere.

    The version of Redshift stands for its hash function without the patch level: FNV_HASH is one algorithm (developer
    guide, FNV_HASH). A local Redshift (`tidegate serve`) says so in VERSION(): there DuckDB computes the hashes, and
    they equal those of the embedded warehouse. What a user may not read is left at its default, with a note.

    Raises:
        ConfigError: VERSION() names no Redshift. Raises as `run` does.
    """
    ((_, database, version),) = run(select_who()).rows
    level, note = _isolation(run, str(database))
    engine, engine_version, hash_function = _engine(str(version))
    return Capabilities(
        engine=engine,
        engine_version=engine_version,
        hash_function=hash_function,
        serializable=level.lower() == "serializable",
        max_statement_bytes=max_statement_bytes,
        max_transaction_statements=max_transaction_statements,
        external_region=None if engine == "embedded" else region,
        notes=(note,) if note else (),
    )


def place(run: Run) -> str:
    """Namespace and database, e.g. `5a6b…/dev`: another cluster, and a restored copy of one, has another namespace.

    That of a local Redshift is the absolute path of its file, which is its place by itself.
    """
    ((namespace, database),) = run(select_place()).rows
    return str(namespace) if os.path.isabs(str(namespace)) else f"{namespace}/{database}"


def _engine(version: str) -> tuple[str, str, str]:
    if match := _LOCAL.search(version):
        return "embedded", match[1], "TIDEGATE_HASH"
    match = _REDSHIFT.search(version)
    if match is None:
        raise ConfigError(
            f"the warehouse is no Redshift: {version}", hint="Let warehouse.url name a Redshift, or a local one."
        )
    return "redshift", match[1], NESTED_HASH


def _isolation(run: Run, database: str) -> tuple[str, str]:
    """The level, and a note where it cannot be read; snapshot isolation is the default (Isolation levels, 2025)."""
    try:
        rows = run(select_isolation(database)).rows
    except StatementError as error:
        return "", f"the isolation level is taken for snapshot: {error.message}"
    if not rows or rows[0][0] is None:
        return "", f"the isolation level of {database} is not shown and taken for snapshot"
    return str(rows[0][0]).strip(), ""
