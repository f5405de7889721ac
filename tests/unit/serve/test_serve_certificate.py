"""The certificate of the local Redshift."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tidegate.errors import WarehouseUnreachable
from tidegate.serve.certificate import Certificate, CertificateFiles


def handshake(certificate: Certificate, name: str, trusted: str) -> str | None:
    """Shake hands in memory; the reason why the client refuses, or None."""
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = certificate.server_context().wrap_bio(to_server, to_client, server_side=True)
    context = ssl.create_default_context(cadata=trusted)
    client = context.wrap_bio(to_client, to_server, server_hostname=name)
    for _ in range(4):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError as error:
                return error.verify_message
    return None if client.version() else "no handshake"


def test_it_is_trusted_for_the_names_of_this_machine() -> None:
    certificate = Certificate.create()
    for name in ("localhost", "127.0.0.1", "::1"):
        assert handshake(certificate, name, certificate.pem) is None
    assert "Hostname mismatch" in str(handshake(certificate, "db.example.com", certificate.pem))


def test_each_one_is_another_and_shows_no_key() -> None:
    one, other = Certificate.create(), Certificate.create()
    assert handshake(one, "localhost", other.pem) is not None
    assert "PRIVATE" not in repr(one) + one.pem


def test_it_is_kept_beside_the_warehouse_file(tmp_path: Path) -> None:
    (tmp_path / "linked.duckdb").symlink_to(tmp_path / "w.duckdb")
    first = Certificate.kept(CertificateFiles.beside(tmp_path / "w.duckdb"))
    again = Certificate.kept(CertificateFiles.beside(tmp_path / "linked.duckdb"))
    assert again == first
    assert handshake(again, "localhost", first.pem) is None
    modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir() if file.suffix == ".pem"}
    assert modes["w.duckdb.serve-key.pem"] == 0o600
    assert sorted(modes) == ["w.duckdb.serve-cert.pem", "w.duckdb.serve-key.pem"]


def test_it_is_renewed_before_it_expires(tmp_path: Path) -> None:
    files, now = CertificateFiles.beside(tmp_path / "w"), datetime.now(UTC)
    first = Certificate.kept(files, now - timedelta(days=363, hours=23))
    assert Certificate.kept(files, now) == first
    later = now + timedelta(hours=2)
    second = Certificate.kept(files, later)
    assert second != first
    assert Certificate.kept(files, later) == second


def test_it_is_made_anew_when_its_files_cannot_be_used(tmp_path: Path) -> None:
    files = CertificateFiles.beside(tmp_path / "w")
    known = [Certificate.kept(files)]
    other = Certificate.create()
    for spoil in (
        lambda: files.certificate.write_text(other.pem),
        lambda: files.certificate.write_text("nothing"),
        files.key.unlink,
        lambda: files.key.chmod(0o640),
    ):
        spoil()
        made = Certificate.kept(files)
        assert made not in known
        assert files.key.stat().st_mode & 0o777 == 0o600
        assert handshake(made, "localhost", files.certificate.read_text()) is None
        known.append(made)


def test_files_that_cannot_be_written_are_told(tmp_path: Path) -> None:
    files = CertificateFiles.beside(tmp_path / "absent" / "w")
    with pytest.raises(
        WarehouseUnreachable, match=r'^cannot keep the certificate .*pem\.new": no such file or directory$'
    ):
        Certificate.kept(files)
