"""Encrypted connections of redshift_connector whose server is verified against certificates of our choice."""

import select
import socket
import ssl
from importlib.resources import files
from pathlib import Path
from typing import Any

import redshift_connector
from redshift_connector.core import Connection
from redshift_connector.cursor import Cursor
from redshift_connector.error import InterfaceError

from tidegate.errors import ConfigError

_SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"
_CANCEL_REQUEST = b"\x00\x00\x00\x10\x04\xd2\x16\x2e"
_CANCEL_TIMEOUT = 10.0


def verifying_context(ca_file: Path | None) -> ssl.SSLContext:
    """Verifies the server's certificate and its name: against `ca_file`, else as redshift_connector does, against the
    machine's certificates and those of Redshift that it brings.

    Raises:
        ConfigError: the file holds no certificate.
    """
    if ca_file is None:
        context = ssl.create_default_context()
        bundle = files(redshift_connector).joinpath("files", "redshift-ca-bundle.crt")
        context.load_verify_locations(cadata=bundle.read_text(encoding="utf-8"))
        return context
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise ConfigError(
            f'"{ca_file}" holds no certificate: {error.strerror or error}',
            hint="Let ca_file name a PEM file with the certificate of the server's authority.",
        ) from error


class EncryptedSocket:
    """A socket that speaks TLS once it is connected, as PostgreSQL's clients ask for it; else a plain one."""

    def __init__(self, plain: socket.socket, context: ssl.SSLContext, host: str) -> None:
        self._socket = plain
        self._context = context
        self._host = host

    def connect(self, address: tuple[str, int]) -> None:
        """Raises OSError when the server is not there, offers no TLS, or cannot be verified."""
        self._socket.connect(address)
        self._socket.sendall(_SSL_REQUEST)
        if self._socket.recv(1) != b"S":
            raise ConnectionRefusedError("the server offers no TLS")
        self._socket = self._context.wrap_socket(self._socket, server_hostname=self._host)

    @property
    def encrypted(self) -> bool:
        return isinstance(self._socket, ssl.SSLSocket)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)


class EncryptedConnection(Connection):
    """redshift_connector takes its certificates from the process's environment alone; this takes a context.

    It gives the driver, which is told to speak plainly, a socket that does not. Should the driver ever go round it,
    no password is sent.
    """

    def __init__(self, context: ssl.SSLContext, host: str, **options: Any) -> None:
        self._context = context
        self._named = host
        try:
            super().__init__(host=host, ssl=False, **options)
        except BaseException:
            self._encrypted.close()
            raise

    @property  # type: ignore[override]  # stands in for the driver's own socket
    def _usock(self) -> EncryptedSocket:
        return self._encrypted

    @_usock.setter
    def _usock(self, plain: socket.socket) -> None:
        self._encrypted = EncryptedSocket(plain, self._context, self._named)

    def handle_AUTHENTICATION_REQUEST(self, data: bytes, cursor: Cursor) -> None:
        if not self._encrypted.encrypted:
            raise InterfaceError("the connection is not encrypted")
        super().handle_AUTHENTICATION_REQUEST(data, cursor)

    @property
    def idle_input(self) -> bool:
        """Whether something can be read although nothing was asked: an idle server speaks only to say good-bye."""
        readable, _, _ = select.select([self._encrypted.fileno()], [], [], 0)
        return bool(readable)

    def wait_for_ever(self) -> None:
        """From now on a statement may take its time; the options' timeout was for connecting."""
        self._encrypted.settimeout(None)

    def cancel(self) -> None:
        """Ask the server, over a connection of its own, to call off what this one runs; for any thread.

        Raises OSError when the server cannot be reached.
        """
        plain = socket.create_connection(self._encrypted.getpeername()[:2], timeout=_CANCEL_TIMEOUT)
        with plain:
            plain.sendall(_SSL_REQUEST)
            if plain.recv(1) != b"S":
                raise ConnectionRefusedError("the server offers no TLS")
            with self._context.wrap_socket(plain, server_hostname=self._named) as encrypted:
                encrypted.sendall(_CANCEL_REQUEST + (self._backend_key_data or b""))
                encrypted.recv(1)  # the server closes the connection when it has passed the request on
