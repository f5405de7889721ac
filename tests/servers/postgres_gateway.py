"""A door before PostgreSQL that speaks TLS and takes tokens for passwords, as RDS does.

Protocol: PostgreSQL documentation, 54.2 "Message Flow" and 54.7 "Message Formats".
"""

import asyncio
import ipaddress
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HOST = "127.0.0.1"
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)
_CHUNK = 65_536


@dataclass
class Gateway:
    """`ca_file` proves it. `passwords` are what clients sent, oldest first; the server gets `password` in their place.

    Only for a user whose password the server asks for in clear.
    """

    ca_file: Path
    port: int = 0
    passwords: list[str] = field(default_factory=list)


@contextmanager
def running_gateway(server_port: int, password: str, folder: Path) -> Iterator[Gateway]:
    """Serves on a thread of its own until the context ends; its clients must have left by then."""
    gateway = Gateway(folder / "authority.pem")
    encryption = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    encryption.load_cert_chain(gateway.ca_file, _certificate(gateway.ca_file))
    door = _Door(gateway, server_port, password, encryption)
    thread = threading.Thread(target=asyncio.run, args=(door.serve(),))
    thread.start()
    try:
        assert door.ready.wait(10)
        yield gateway
    finally:
        door.end()
        thread.join()


Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class _Door:
    gateway: Gateway
    server_port: int
    password: str
    encryption: ssl.SSLContext
    ready: threading.Event = field(default_factory=threading.Event)
    end: Callable[[], object] = lambda: None
    guests: set["asyncio.Task[None]"] = field(default_factory=set)

    async def serve(self) -> None:
        ended, loop = asyncio.Event(), asyncio.get_running_loop()
        self.end = lambda: loop.call_soon_threadsafe(ended.set)
        async with await asyncio.start_server(self._enter, HOST, 0) as server:
            self.gateway.port = server.sockets[0].getsockname()[1]
            self.ready.set()
            await ended.wait()
        await asyncio.gather(*self.guests)

    def _enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.guests.add(asyncio.create_task(self._relay((reader, writer))))

    async def _relay(self, client: Ends) -> None:
        """Until one side leaves. A client that trusts no stranger leaves before it has sent anything."""
        try:
            assert await client[0].readexactly(8) == _SSL_REQUEST
            client[1].write(b"S")
            await client[1].start_tls(self.encryption)
            startup = await _message(client[0], 0)
        except (OSError, asyncio.IncompleteReadError):
            client[1].close()
            return
        server = await asyncio.open_connection(HOST, self.server_port)
        server[1].write(startup)
        answers = asyncio.create_task(_copy(server[0], client[1]))
        sent = await _message(client[0], 1)
        assert sent[:1] == b"p"
        self.gateway.passwords.append(sent[5:-1].decode())
        own = self.password.encode() + b"\0"
        server[1].write(struct.pack("!ci", b"p", len(own) + 4) + own)
        await _copy(client[0], server[1])
        await answers


async def _message(source: asyncio.StreamReader, start: int) -> bytes:
    """One message whose length stands after `start` bytes."""
    head = await source.readexactly(start + 4)
    return head + await source.readexactly(struct.unpack("!i", head[start:])[0] - 4)


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(_CHUNK):
            target.write(data)
            await target.drain()
    except OSError:
        pass
    finally:
        target.close()


def _certificate(file: Path) -> Path:
    """Write a certificate of 127.0.0.1 that vouches for itself; returns the file of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tests")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file = file.with_suffix(".key")
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    key_file.write_bytes(key.private_bytes(*form))
    return key_file
