"""The messages of one connection, from the first after its startup to the last."""

from collections.abc import Callable
from dataclasses import replace

from tidegate.errors import StatementError, StatementRefused, TidegateError
from tidegate.serve.failures import ClientError, client_error
from tidegate.serve.wire import messages, prepared
from tidegate.serve.wire.answers import Answer
from tidegate.serve.wire.channel import LONGEST_STATEMENT, Channel, TooLong
from tidegate.serve.wire.encode import data_rows
from tidegate.serve.wire.executor import IDLE, Executor
from tidegate.serve.wire.messages import Fields, ProtocolViolation, RowShape, TextTooLong, spread
from tidegate.serve.wire.prepared import Portal, Prepared
from tidegate.serve.wire.text import Piece, pieces
from tidegate.warehouse.base import ResultColumn
from tidegate.warehouse.connector.types import wire_type

_ENDS_REQUEST = (b"S", b"H", b"X")
"""Sync, Flush and Terminate: what was executed before them does not share its transaction with what follows."""


class Conversation:
    """`redshift`: the client speaks Redshift's protocol 2, see `RowShape`."""

    def __init__(self, channel: Channel, executor: Executor, *, redshift: bool) -> None:
        self._channel = channel
        self._executor = executor
        self._redshift = redshift
        self._portals: dict[str, Portal] = {}
        self._skipping = False
        self._handlers: dict[bytes, Callable[[Fields], None]] = {
            b"P": self._parse,
            b"B": self._bind,
            b"D": self._describe,
            b"E": self._execute,
            b"C": self._close,
        }

    def run(self) -> None:
        """Answer messages until the client ends the connection.

        Raises:
            Disconnected: it went away without saying so.
            ProtocolViolation: it sent what nobody understands.
        """
        self._ready()
        while True:
            kind, body = self._channel.receive()
            if kind == b"X":
                return
            if isinstance(body, TooLong):
                self._refuse(kind, body.size - 1)  # without the zero byte at the end of a text
            elif kind == b"Q":
                self._query(Fields(body))
            elif kind == b"S":
                self._sync()
            elif kind == b"H":
                self._channel.flush()
            elif kind in b"dcf":
                continue  # COPY data, which PostgreSQL ignores outside of a COPY too
            elif kind in self._handlers:
                if not self._skipping:
                    self._handle(self._handlers[kind], Fields(body))
            elif kind == b"F":
                self._fail(StatementRefused("the function call protocol is not supported", hint="Send SQL."))
                self._ready()
            else:
                raise ProtocolViolation(f"invalid frontend message type {kind[0]}")

    def close(self) -> None:
        self._forget_portals()
        self._executor.close()

    def _handle(self, handler: Callable[[Fields], None], fields: Fields) -> None:
        try:
            handler(fields)
        except TidegateError as error:
            self._fail(error)
            self._skipping = True

    def _ready(self) -> None:
        self._channel.send(messages.ready(self._executor.state))
        self._channel.flush()

    def _fail(self, error: TidegateError, offset: int = 0) -> None:
        """Tell of an error. `offset`: where its statement begins in what the client sent."""
        self._forget_portals()
        self._executor.failed()
        told = client_error(error)
        if told.position is not None:
            told = replace(told, position=told.position + offset)
        self._channel.send(messages.error(told))

    def _refuse(self, kind: bytes, size: int) -> None:
        """Answer a message whose body was too long to be kept."""
        simple = kind == b"Q"
        if not simple and kind not in self._handlers:
            raise ProtocolViolation("invalid message length")
        if simple or not self._skipping:
            self._fail(_too_large(size))
        self._skipping = not simple
        if simple:
            self._ready()

    def _query(self, fields: Fields) -> None:
        """A simple query: all of its statements, and their rows as text."""
        self._forget_portals()
        offset = 0
        try:
            found = pieces(_statement(fields))
            for piece in found:
                offset = piece.offset
                self._answer(piece, len(found) > 1)
            if not found:
                self._channel.send(messages.EMPTY_QUERY)
            self._executor.settle()
        except TidegateError as error:
            self._fail(error, offset)
        self._skipping = False
        self._ready()

    def _answer(self, piece: Piece, together: bool) -> None:
        answer = self._executor.start(piece, together=together)
        try:
            if answer.columns is not None:
                shape = RowShape(answer.columns, spread((), len(answer.columns)), self._redshift)
                self._channel.send(shape.description())
                self._rows(answer, shape, 0)
        finally:
            answer.close()
        self._channel.send(messages.complete(answer.tag))

    def _rows(self, answer: Answer, shape: RowShape, limit: int) -> None:
        encoded = data_rows(shape)
        for batch in self._executor.batches(answer, limit):
            self._channel.send(encoded(batch))

    def _parse(self, fields: Fields) -> None:
        name, sql = fields.text(), _statement(fields)
        oids = [fields.int32() for _ in range(fields.int16())]
        if name and name in self._executor.prepared:
            raise StatementError(
                f'prepared statement "{name}" already exists', hint="Close it first.", sqlstate="42P05"
            )
        self._executor.prepared[name] = prepared.prepared(sql, oids)
        self._channel.send(messages.PARSE_COMPLETE)

    def _bind(self, fields: Fields) -> None:
        name, statement = fields.text(), fields.text()
        if name and name in self._portals:
            raise StatementError(f'portal "{name}" already exists', hint="Close it first.", sqlstate="42P03")
        self._forget_portal(name)
        self._portals[name] = prepared.bound(fields, prepared.named(statement, self._executor.prepared))
        self._channel.send(messages.BIND_COMPLETE)

    def _describe(self, fields: Fields) -> None:
        kind, name = fields.byte(), fields.text()
        if kind == b"S":
            statement = prepared.named(name, self._executor.prepared)
            try:
                columns = self._columns(statement)
            except TidegateError:  # what cannot be described was never prepared: its name stays free
                del self._executor.prepared[name]
                raise
            self._channel.send(messages.parameter_description(statement.described_oids))
            self._send_shape(columns, ())
        elif name in self._executor.cursors and name not in self._portals:
            self._send_shape(self._executor.cursors[name].columns, ())
        else:
            portal = self._portal(name)
            self._send_shape(self._columns(portal.prepared, portal.sql), portal.formats)

    def _columns(self, statement: Prepared, sql: str | None = None) -> tuple[ResultColumn, ...]:
        """What a statement returns. It is looked up once: a client may rely on what it was told."""
        if statement.columns is None:
            text = statement.sample() if sql is None else sql
            found = pieces(text)
            statement.columns = self._executor.describe(found[0] if found else None, text)
        return statement.columns

    def _send_shape(self, columns: tuple[ResultColumn, ...], formats: tuple[int, ...]) -> None:
        if columns:
            self._channel.send(RowShape(columns, spread(formats, len(columns)), self._redshift).description())
        else:
            self._channel.send(messages.NO_DATA)

    def _execute(self, fields: Fields) -> None:
        portal, limit = self._portal(fields.text()), max(fields.int32(), 0)
        found = pieces(portal.sql)
        if not found:
            self._channel.send(messages.EMPTY_QUERY)
            return
        if portal.answer is None:
            together = self._executor.state == IDLE and self._channel.ahead() not in _ENDS_REQUEST
            portal.answer = self._executor.start(found[0], together=together)
        answer = portal.answer
        if answer.columns is not None:
            columns = _as_described(portal.prepared.columns, answer.columns)
            self._rows(answer, RowShape(columns, spread(portal.formats, len(columns)), self._redshift), limit)
            if limit and not answer.exhausted:
                self._channel.send(messages.PORTAL_SUSPENDED)
                return
        answer.close()
        self._channel.send(messages.complete(answer.tag))

    def _close(self, fields: Fields) -> None:
        kind, name = fields.byte(), fields.text()
        if kind == b"S":
            self._executor.prepared.pop(name, None)
        else:
            self._forget_portal(name)
        self._channel.send(messages.CLOSE_COMPLETE)

    def _sync(self) -> None:
        if not self._skipping:
            try:
                self._forget_portal("")
                self._executor.settle()
            except TidegateError as error:
                self._fail(error)
        self._skipping = False
        if self._executor.state == IDLE:
            self._forget_portals()
        self._ready()

    def _portal(self, name: str) -> Portal:
        try:
            return self._portals[name]
        except KeyError:
            raise StatementError(f'portal "{name}" does not exist', hint="Bind it first.", sqlstate="34000") from None

    def _forget_portal(self, name: str) -> None:
        portal = self._portals.pop(name, None)
        if portal is not None:
            portal.close()

    def _forget_portals(self) -> None:
        for name in list(self._portals):
            self._forget_portal(name)


def _as_described(
    described: tuple[ResultColumn, ...] | None, columns: tuple[ResultColumn, ...]
) -> tuple[ResultColumn, ...]:
    """The columns in the types that the client was told.

    Raises:
        StatementError: the statement returns others by now.
    """
    if described is None:
        return columns
    if [wire_type(c.type).oid for c in described] != [wire_type(c.type).oid for c in columns]:
        raise StatementError(
            "cached plan must not change result type", hint="Prepare the statement anew.", sqlstate="0A000"
        )
    return described


def _statement(fields: Fields) -> str:
    """The text of a statement. Raises StatementError when it has more bytes than Redshift takes."""
    try:
        return fields.text(LONGEST_STATEMENT)
    except TextTooLong as error:
        raise _too_large(error.size) from error


def _too_large(size: int) -> StatementError:
    """As Redshift words it (psycopg2, issue 1091)."""
    return StatementError(
        f"Statement is too large. Statement Size: {size} bytes. Maximum Allowed: {LONGEST_STATEMENT} bytes",
        hint="Send several statements, or load the rows with COPY.",
        sqlstate="42601",
    )


def farewell(error: ClientError) -> bytes:
    """The message after which a connection ends."""
    return messages.error(error, "FATAL")
