"""A certificate of this machine's loopback addresses, kept beside the warehouse file while it is valid."""

import contextlib
import ipaddress
import os
import ssl
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tidegate.errors import WarehouseUnreachable

_VALID = timedelta(days=365)
_CLOCKS_DIFFER = timedelta(hours=1)
_RENEWED_BEFORE = timedelta(days=1)
_FOR_OTHERS = 0o077


@dataclass(frozen=True)
class Certificate:
    """`pem` is what clients verify the server against; the key is for this server alone."""

    pem: str
    _key: bytes = field(repr=False)

    @classmethod
    def create(cls, now: datetime | None = None) -> "Certificate":
        """A self-signed certificate for `localhost`, 127.0.0.1 and ::1, valid for a year."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        addresses = [
            x509.DNSName("localhost"),
            x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
            x509.IPAddress(ipaddress.ip_address("::1")),
        ]
        now = datetime.now(UTC) if now is None else now
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _CLOCKS_DIFFER)
            .not_valid_after(now + _VALID)
            .add_extension(x509.SubjectAlternativeName(addresses), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(key, hashes.SHA256())
        )
        key_text = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return cls(certificate.public_bytes(serialization.Encoding.PEM).decode("ascii"), key_text)

    @classmethod
    def kept(cls, files: "CertificateFiles", now: datetime | None = None) -> "Certificate":
        """What the files hold, if it is valid for a day at least and the key, which nobody else may read, is its own;
        else a new one, which they hold from then on.

        Raises:
            WarehouseUnreachable: the files cannot be read or written.
        """
        now = datetime.now(UTC) if now is None else now
        try:
            found = cls._read(files, now)
            if found is None:
                found = cls.create(now)
                _write(files.key, found._key, 0o600)
                _write(files.certificate, found.pem.encode("ascii"), 0o644)
        except OSError as error:
            raise WarehouseUnreachable(
                f'cannot keep the certificate of the server at "{error.filename}": {str(error.strerror).lower()}',
                hint="Give this user read and write permission on the file and its folder.",
            ) from error
        return found

    @classmethod
    def _read(cls, files: "CertificateFiles", now: datetime) -> "Certificate | None":
        """Raises OSError when a file is there and cannot be read."""
        try:
            key_text, pem = files.key.read_bytes(), files.certificate.read_bytes()
            private = not files.key.stat().st_mode & _FOR_OTHERS
        except FileNotFoundError:
            return None
        try:
            key = serialization.load_pem_private_key(key_text, password=None)
            certificate = x509.load_pem_x509_certificate(pem)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            return None
        valid = certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc - _RENEWED_BEFORE
        if not (private and valid and certificate.public_key() == key.public_key()):
            return None
        return cls(pem.decode("ascii"), key_text)

    def server_context(self) -> ssl.SSLContext:
        """How a server speaks TLS with it. Python reads keys from files alone: one exists for that moment."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory(prefix="tidegate-") as folder:
            file = Path(folder) / "server.pem"
            file.touch(mode=0o600)
            file.write_bytes(self._key + self.pem.encode("ascii"))
            context.load_cert_chain(file)
        return context


@dataclass(frozen=True)
class CertificateFiles:
    """Where a certificate and its key are kept, as PEM."""

    key: Path
    certificate: Path

    @classmethod
    def beside(cls, warehouse: Path) -> "CertificateFiles":
        """Those of a warehouse file, under whichever name it is opened."""
        file = os.path.realpath(warehouse)
        return cls(Path(f"{file}.serve-key.pem"), Path(f"{file}.serve-cert.pem"))


def _write(path: Path, content: bytes, mode: int) -> None:
    """Replace a file in one step; its content is never readable for others than `mode` says."""
    unfinished = path.with_name(f"{path.name}.new")
    with contextlib.suppress(FileNotFoundError):
        unfinished.unlink()
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
    unfinished.replace(path)
