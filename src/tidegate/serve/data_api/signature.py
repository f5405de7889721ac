"""Signature version 4 of a request, checked by computing it again with botocore's own signer."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tidegate.serve.data_api.faults import ApiError

SERVICE = "redshift-data"
LARGEST_SKEW = 300
"""Seconds that a request's time may differ from ours (AWS General Reference, Signature version 4)."""

_HEADER = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/,\s]+)/(\d{8})/([^/,\s]+)/([^/,\s]+)/aws4_request, ?"
    r"SignedHeaders=([^,\s]+), ?Signature=([0-9a-f]{64})"
)
_MUST_SIGN = frozenset({"host", "x-amz-date"})


@dataclass(frozen=True)
class SignedRequest:
    """What was sent. Header names are in lower case."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


class Verifier:
    """Knows the one pair of keys that is let in, and the region that a request must be signed for."""

    def __init__(self, access_key_id: str, secret_access_key: str, region: str) -> None:
        self._region = region
        self._credentials = Credentials(access_key_id, secret_access_key)

    def check(self, request: SignedRequest, now: float) -> None:
        """Return when the request is signed with our keys. `now` in seconds since the epoch.

        Raises:
            ApiError: 403 with the exception that AWS names for it.
        """
        header = request.headers.get("authorization")
        if not header:
            raise ApiError("MissingAuthenticationTokenException", "Missing Authentication Token", status=403)
        match = _HEADER.fullmatch(header.strip())
        stamp = request.headers.get("x-amz-date", "")
        if match is None or not re.fullmatch(r"\d{8}T\d{6}Z", stamp):
            raise ApiError(
                "IncompleteSignatureException", f"Authorization header is incomplete: {header[:100]}", status=403
            )
        key, day, region, service, signed, signature = match.groups()
        if key != self._credentials.access_key or "x-amz-security-token" in request.headers:
            raise ApiError(
                "UnrecognizedClientException", "The security token included in the request is invalid.", status=403
            )
        if region != self._region:
            raise ApiError(
                "InvalidSignatureException",
                f"Credential should be scoped to a valid region, not '{region}'. This server is in '{self._region}'.",
                status=403,
            )
        names = signed.split(";")
        if service != SERVICE or not stamp.startswith(day) or not set(names) >= _MUST_SIGN:
            raise _mismatch()
        _check_time(stamp, now)
        if not hmac.compare_digest(self._signature(request, names, region, stamp), signature):
            raise _mismatch()

    def _signature(self, request: SignedRequest, names: list[str], region: str, stamp: str) -> str:
        headers = {name: request.headers.get(name, "") for name in names}
        claimed = request.headers.get("x-amz-content-sha256")
        if claimed is not None and claimed != hashlib.sha256(request.body).hexdigest():
            raise _mismatch()
        rebuilt = AWSRequest(method=request.method, url=request.url, headers=headers, data=request.body)
        rebuilt.context["timestamp"] = stamp
        signer = SigV4Auth(self._credentials, SERVICE, region)
        canonical = signer.canonical_request(rebuilt)
        return str(signer.signature(signer.string_to_sign(rebuilt, canonical), rebuilt))


def _check_time(stamp: str, now: float) -> None:
    try:
        sent = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise _mismatch() from error
    if abs(sent.timestamp() - now) > LARGEST_SKEW:
        here = datetime.fromtimestamp(now, UTC)
        raise ApiError(
            "InvalidSignatureException",
            f"Signature expired: {stamp} is more than 5 min. away from {here:%Y%m%dT%H%M%SZ}",
            status=403,
        )


def _mismatch() -> ApiError:
    return ApiError(
        "InvalidSignatureException",
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
        "Key and signing method. Consult the service documentation for details.",
        status=403,
    )
