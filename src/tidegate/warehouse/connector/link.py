"""One connection to Redshift: a statement goes in, a result comes out."""

import contextlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Context, localcontext

from redshift_connector.error import Error

from tidegate.config.settings import ConnectorSettings
from tidegate.errors import TidegateError, WarehouseUnreachable
from tidegate.warehouse.base import ResultColumn, Row
from tidegate.warehouse.cluster.warehouse import session_settings
from tidegate.warehouse.connector.failures import LOST, connect_failure, lost, statement_failure, told
from tidegate.warehouse.connector.login import login
from tidegate.warehouse.connector.tls import EncryptedConnection, verifying_context
from tidegate.warehouse.connector.types import type_text

_CONNECT_TIMEOUT = 60
"""Seconds; a paused serverless workgroup takes a while to answer."""

_EXACT = Context(prec=80)
"""redshift_connector rounds numbers of more than 28 digits in Python's usual context (numeric_in_binary)."""


@dataclass(frozen=True)
class Fetched:
    """`count` is the server's, of INSERT, UPDATE and DELETE; None where it tells none."""

    columns: tuple[ResultColumn, ...]
    rows: tuple[Row, ...]
    count: int | None


class Link:
    """A connection with autocommit: transactions are begun and ended by statements. For one thread but `cancel`."""

    def __init__(self, settings: ConnectorSettings) -> None:
        """Connect and set what the settings say of a session.

        Raises:
            ConfigError: the login, the certificate or the settings are wrong.
            WarehouseUnreachable: nobody answers.
        """
        self._address = settings.address
        self._connection = _connected(settings)
        self.alive = True
        try:
            for statement in session_settings(settings):
                self.run(statement)
        except BaseException:
            self.close()
            raise

    @property
    def in_transaction(self) -> bool:
        return bool(self._connection.in_transaction)

    @property
    def usable(self) -> bool:
        """Whether an idle connection is still there; nothing was in flight, so nothing can be lost."""
        if self.alive and self._connection.idle_input:
            self.close()
        return self.alive

    def run(self, sql: str) -> Fetched:
        """Send one statement and fetch all of its rows.

        Raises:
            TidegateError: as the port says of `execute`; after WarehouseUnreachable the connection is closed.
        """
        if not self.alive:
            raise WarehouseUnreachable(
                f"the connection to {self._address} is closed", hint="Run the command again in a new session."
            )
        cursor = self._connection.cursor()
        try:
            with localcontext(_EXACT):
                cursor.execute(sql)
        except Error as error:
            raise self._failed(error, sql) from error
        except (*LOST, struct.error) as error:
            self.close()
            raise lost(self._address, error) from error
        except BaseException:  # interrupted while it waits: the server shall not go on alone
            self._call_off()
            raise
        columns = tuple(_column(each) for each in cursor.ps["row_desc"]) if cursor.ps else ()
        count = cursor.rowcount if cursor.rowcount >= 0 else None
        return Fetched(columns, _rows(columns, cursor.fetchall()) if columns else (), count)

    def cancel(self) -> None:
        """Call off what runs, if the server can be reached; for any thread."""
        with contextlib.suppress(OSError):
            self._connection.cancel()

    def close(self) -> None:
        """An open transaction is rolled back by the server."""
        if self.alive:
            self.alive = False
            with contextlib.suppress(Error, *LOST):
                self._connection.close()

    def _failed(self, error: Error, sql: str) -> TidegateError:
        fields = told(error)
        if fields is None:
            self.close()
            return lost(self._address, error)
        failure = statement_failure(fields, sql)
        if isinstance(failure, WarehouseUnreachable) and fields.get("S") == "FATAL":
            self.close()
        return failure

    def _call_off(self) -> None:
        self.cancel()
        self.close()


def _connected(settings: ConnectorSettings) -> EncryptedConnection:
    known = login(settings)
    try:
        connection = EncryptedConnection(
            verifying_context(settings.ca_file),
            known.host,
            port=known.port,
            user=known.user,
            password=known.password.reveal(),
            database=settings.database,
            application_name="tidegate",
            timeout=_CONNECT_TIMEOUT,
            max_prepared_statements=0,
        )
    except (Error, *LOST, struct.error) as error:
        raise connect_failure(settings.address, error) from error
    connection.autocommit = True
    connection.wait_for_ever()
    return connection


def _column(described: dict[str, object]) -> ResultColumn:
    label = described["label"]
    name = label.decode("utf-8") if isinstance(label, bytes) else str(label)
    return ResultColumn(name, type_text(int(str(described["type_oid"])), int(str(described["type_modifier"]))))


def _rows(columns: tuple[ResultColumn, ...], rows: Sequence[Sequence[object]]) -> tuple[Row, ...]:
    intervals = [at for at, column in enumerate(columns) if column.type == "interval day to second"]
    if intervals:
        rows = [[_interval(v) if at in intervals else v for at, v in enumerate(row)] for row in rows]
    return tuple(tuple(row) for row in rows)


def _interval(value: object) -> object:
    return timedelta(microseconds=value.microseconds) if hasattr(value, "microseconds") else value
