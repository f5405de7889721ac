"""The certificate of the local Redshift."""

import ssl

from tidegate.serve.certificate import Certificate


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
