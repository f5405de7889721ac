"""SCRAM-SHA-256, the server's side (RFC 5802, RFC 7677), as PostgreSQL has it: the name in it is ignored.

scramp's server refuses the empty name that libpq sends.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import unicodedata
from dataclasses import dataclass, field

MECHANISM = "SCRAM-SHA-256"
_ITERATIONS = 4096
_UNBOUND = ("n,,", "y,,")
"""Headers of a client that does not bind the exchange to TLS: only SCRAM-SHA-256-PLUS would."""


class WrongProof(Exception):
    """The client does not know the password, or did not speak SCRAM."""


@dataclass(frozen=True)
class Verifier:
    """What is kept of a password: a proof can be checked with it, but not made."""

    salt: bytes
    stored_key: bytes = field(repr=False)
    server_key: bytes = field(repr=False)

    @classmethod
    def create(cls, password: str) -> "Verifier":
        salt = secrets.token_bytes(16)
        known = unicodedata.normalize("NFKC", password).encode("utf-8")
        salted = hashlib.pbkdf2_hmac("sha256", known, salt, _ITERATIONS)
        stored = hashlib.sha256(_hmac(salted, b"Client Key")).digest()
        return cls(salt, stored, _hmac(salted, b"Server Key"))


class Exchange:
    """One login: `first` answers the client's first message, `final` its last."""

    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier
        self._header = ""
        self._nonce = ""
        self._said = ""

    def first(self, message: str) -> str:
        """The challenge.

        Raises:
            WrongProof: the message is no first message.
        """
        self._header, bare = message[:3], message[3:]
        nonce = _attributes(bare).get("r")
        if self._header not in _UNBOUND or not nonce:
            raise WrongProof("malformed SCRAM message")
        self._nonce = nonce + secrets.token_urlsafe(18)
        salt = base64.b64encode(self._verifier.salt).decode("ascii")
        challenge = f"r={self._nonce},s={salt},i={_ITERATIONS}"
        self._said = f"{bare},{challenge}"
        return challenge

    def final(self, message: str) -> str:
        """The server's own proof, once the client's is right.

        Raises:
            WrongProof: it is not.
        """
        without_proof, _, proof = message.rpartition(",p=")
        given = _attributes(without_proof)
        bound = base64.b64encode(self._header.encode("ascii")).decode("ascii")
        said = f"{self._said},{without_proof}".encode()
        signature = _hmac(self._verifier.stored_key, said)
        key = bytes(a ^ b for a, b in zip(_decoded(proof), signature, strict=False))
        right = hmac.compare_digest(hashlib.sha256(key).digest(), self._verifier.stored_key)
        if not right or given.get("r") != self._nonce or given.get("c") != bound:
            raise WrongProof("the proof does not fit")
        return "v=" + base64.b64encode(_hmac(self._verifier.server_key, said)).decode("ascii")


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


def _attributes(message: str) -> dict[str, str]:
    return {part[:1]: part[2:] for part in message.split(",") if part[1:2] == "="}


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise WrongProof("malformed SCRAM proof") from error
