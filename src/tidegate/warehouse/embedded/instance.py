"""DuckDB without a file. Starting it costs ten times what attaching a file to it does, so one is kept for the next."""

import ctypes
import os
import threading
from dataclasses import dataclass

import duckdb

from tidegate.config.settings import EmbeddedSettings

_DETACHED = "but CHECKPOINT during DETACH failed"
"""DuckDB's words when it let go of a file whose log it could not write into it: a full disk, for example."""

_lock = threading.Lock()
_idle: "list[Instance]" = []
"""At most one in a process: a program that opens many files does not gather threads and memory."""


@dataclass(frozen=True)
class Instance:
    """`temporary` is the folder that it spills into."""

    settings: EmbeddedSettings
    temporary: str
    connection: duckdb.DuckDBPyConnection


def start(settings: EmbeddedSettings, temporary: str) -> Instance:
    """The idle instance if it was started with the same settings, else a new one."""
    with _lock:
        if _idle and (_idle[0].settings, _idle[0].temporary) == (settings, temporary):
            return _idle.pop()
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "temp_directory": temporary,
        # Where it keeps the order of rows, DuckDB 2.0.0 loses those of a big INSERT after one of no rows into the same
        # table in one transaction, without an error (as run). Rows of a table have no order on Redshift either.
        "preserve_insertion_order": "false",
    }
    if settings.memory_limit is not None:
        config["memory_limit"] = settings.memory_limit
    if settings.threads is not None:
        config["threads"] = settings.threads
    connection = duckdb.connect(":memory:", config=config)
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    connection.execute("SET GLOBAL ieee_floating_point_ops = false")  # 1.0::float / 0 is an error, not infinity
    connection.execute("SET GLOBAL enable_external_file_cache = false")  # a proof reads the files, however often
    return Instance(settings, temporary, connection)


def stop(instance: Instance, file: str) -> None:
    """Let go of the attached file, and keep the instance in place of the one that was kept."""
    try:
        instance.connection.execute("USE memory")
        instance.connection.execute(f"DETACH {file}")
    except duckdb.FatalException:
        instance.connection.close()  # who met the failure has reported it, and what was committed is in the log
        return
    except duckdb.Error as error:
        instance.connection.close()
        if _DETACHED in str(error):
            return  # what was committed is in the log, which the next opening replays
        raise
    if os.path.exists(instance.temporary):
        instance.connection.close()  # which removes what was spilled
        return
    with _lock:
        replaced, _idle[:] = list(_idle), [instance]
    for each in replaced:
        each.connection.close()


def forked() -> None:
    """In the child of a fork: never touch the parent's instance, whose threads are not there."""
    global _lock
    _lock = threading.Lock()
    for each in _idle:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(each.connection))
    _idle.clear()
