"""Redshift's own login, which redshift_connector knows: a password hashed with SHA-256 and two nonces.

As redshift_connector answers it (core.py, AUTH_REQ_DIGEST; utils/extensible_digest.py); it cannot read the list of
mechanisms with which PostgreSQL offers SCRAM.
"""

import hashlib
import hmac
import secrets
import struct
from dataclasses import dataclass, field

from tidegate.serve.wire.messages import Fields

_SHA256 = 0


@dataclass(frozen=True)
class PasswordHash:
    salt: bytes
    _hash: bytes = field(repr=False)

    @classmethod
    def create(cls, password: str) -> "PasswordHash":
        salt = secrets.token_bytes(16)
        return cls(salt, hashlib.sha256(password.encode("utf-8") + salt).digest())

    def fits(self, answer: Fields, nonce: bytes) -> bool:
        """Whether the client's answer to a challenge with `nonce` shows that it knows the password."""
        digest, client_nonce = answer.take(answer.int32()), answer.take(answer.int32())
        return hmac.compare_digest(hashlib.sha256(self._hash + nonce + client_nonce).digest(), digest)


def challenge(salt: bytes, nonce: bytes) -> bytes:
    """What the client is asked."""
    return struct.pack("!ii", _SHA256, len(salt)) + salt + struct.pack("!i", len(nonce)) + nonce
