"""What S3 and botocore report, as errors that say what to do.

Codes: Amazon S3 API reference, Error responses; AWS General Reference, Common errors.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
)
from botocore.exceptions import ConnectionError as EndpointError

from tidegate.config.settings import S3Settings
from tidegate.errors import ConfigError, LakeMissing, LakeUnreachable, ObjectNotFound, ObjectParked, TidegateError
from tidegate.lake.tiers import THAW_HINT

_SIGN_IN = "Sign in again (aws sso login), or renew the session token, and run the command again."
_CREDENTIALS = "Check the credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or profile under [lake]."
_REGION = "Set region under [lake] in tidegate.toml to the bucket's region, or leave it out."
_LATER = "Run the command again later: it goes on where it stopped."
_LOOK_UP = "Look the code up in the error responses of the Amazon S3 API reference."
_GRANT = (
    "Grant the credentials s3:ListBucket on the bucket and s3:GetObject, s3:PutObject, s3:DeleteObject and "
    "s3:AbortMultipartUpload on its objects, and the use of their KMS key."
)

_REASONS: Mapping[str, tuple[str, str]] = {
    "AccessDenied": ("access is denied", _GRANT),
    "AccountProblem": ("access is denied", _GRANT),
    "AllAccessDisabled": ("access is denied", _GRANT),
    "ExpiredToken": ("the credentials have expired", _SIGN_IN),
    "ExpiredTokenException": ("the credentials have expired", _SIGN_IN),
    "TokenRefreshRequired": ("the credentials have expired", _SIGN_IN),
    "InvalidToken": ("the session token is refused", _SIGN_IN),
    "InvalidAccessKeyId": ("the access key is refused", _CREDENTIALS),
    "SignatureDoesNotMatch": ("the secret key is refused", _CREDENTIALS),
    "AuthorizationHeaderMalformed": ("the bucket is in another region", _REGION),
    "PermanentRedirect": ("the bucket is in another region", _REGION),
    "IllegalLocationConstraintException": ("the bucket is in another region", _REGION),
    "RequestTimeTooSkewed": ("the clock of this machine is wrong", "Set the clock of this machine."),
    "SlowDown": ("S3 asks for fewer requests", _LATER),
    "InternalError": ("S3 fails inside", _LATER),
    "ServiceUnavailable": ("S3 is not available", _LATER),
    "PreconditionFailed": (
        "it was replaced meanwhile",
        "Let no other program write to the lake's prefix, then run the command again.",
    ),
}
_STATUSES = {"401": "AccessDenied", "403": "AccessDenied", "500": "InternalError", "503": "SlowDown"}
"""Codes that stand for an answer without a body, or whose body is not S3's."""


class Failures:
    """Errors of one lake. Their texts hold bucket, prefix and key, never a credential."""

    def __init__(self, settings: S3Settings) -> None:
        self._settings = settings
        self.lake = f"the lake {settings.uri!r}"

    @property
    def bucket(self) -> str:
        return self._settings.bucket

    @contextmanager
    def reported(self, action: str, key: str | None = None, rights: str = "") -> Iterator[None]:
        """Turn an error of S3 or botocore into ours.

        Args:
            action: What was tried, e.g. `read 'a/b'`.
            key: The object that the request is about, where there is one that must exist.
            rights: What the request needs, where that is more than `_GRANT` names.

        Raises:
            ObjectNotFound: there is no `key`.
            ObjectParked: `key` has to be thawed first.
            LakeUnreachable: no such bucket, no access, no answer, or any other refusal.
            ConfigError: the bucket's name is none.
        """
        try:
            yield
        except ClientError as error:
            raise self.of_answer(error, action, key, rights) from error
        except BotoCoreError as error:
            raise self._of_transport(error, action) from error

    def absent(self, key: str) -> ObjectNotFound:
        return ObjectNotFound(
            f"the object {key!r} is not in {self.lake}",
            hint="Check the key, or restore the file from a backup of the lake.",
        )

    def of_answer(self, error: ClientError, action: str, key: str | None = None, rights: str = "") -> TidegateError:
        """The error for what S3 answered."""
        if code_of(error) in ("NoSuchKey", "404") and key is not None:
            return self.absent(key)
        if code_of(error) == "InvalidObjectState" and key is not None:
            return ObjectParked(f"the object {key!r} in {self.lake} is parked", hint=THAW_HINT)
        return self.of_code(code_of(error), error.response["Error"].get("Message", ""), action, rights)

    def of_code(self, code: str, text: str, action: str, rights: str = "") -> TidegateError:
        """The error for a code of S3 and its text."""
        if code == "NoSuchBucket":
            return LakeMissing(
                f"cannot {action} in {self.lake}: the bucket {self._settings.bucket!r} does not exist",
                hint="Create the bucket, or correct url under [lake] in tidegate.toml.",
            )
        if code.startswith("KMS."):
            reason = (f"the KMS key cannot be used ({code})", "Check kms_key under [lake], its state and its policy.")
        else:
            reason = _REASONS.get(_STATUSES.get(code, code)) or (f"{code}: {text.rstrip('.')}", _LOOK_UP)
        hint = f"Grant the credentials {rights}." if rights and reason[1] == _GRANT else reason[1]
        return LakeUnreachable(f"cannot {action} in {self.lake}: {reason[0]}", hint=hint)

    def of_client(self, error: Exception) -> TidegateError:
        """The error for settings that no client can be made of."""
        if isinstance(error, ProfileNotFound):
            return ConfigError(
                f"the profile {self._settings.aws.profile!r} of {self.lake} is not in the AWS configuration",
                hint="Correct profile under [lake] in tidegate.toml, or add it by `aws configure`.",
            )
        if isinstance(error, ValueError):
            return ConfigError(
                f"the endpoint {self._settings.aws.endpoint!r} of {self.lake} is no address",
                hint="Write it as https://host or http://host:port under [lake] in tidegate.toml.",
            )
        return self._of_transport(error, "open a session")

    def _of_transport(self, error: Exception, action: str) -> TidegateError:
        if isinstance(error, ParamValidationError):
            return ConfigError(
                f"the bucket {self._settings.bucket!r} of {self.lake} has no valid name",
                hint="Correct url under [lake] in tidegate.toml: s3://bucket/prefix.",
            )
        if isinstance(error, NoCredentialsError | PartialCredentialsError):
            reason, hint = "there are no AWS credentials", _CREDENTIALS
        elif isinstance(error, SSOError | CredentialRetrievalError):
            reason, hint = "the credentials cannot be renewed", _SIGN_IN
        elif isinstance(error, FlexibleChecksumError):
            reason = "its bytes do not match their checksum"
            hint = "Run the command again; if it stays so, restore the object from another version."
        elif isinstance(error, EndpointError | HTTPClientError | IncompleteReadError):
            where = self._settings.aws.endpoint or "S3"
            reason = f"no answer from {where} ({type(error).__name__})"
            hint = "Check the network, and endpoint under [lake] in tidegate.toml; then run the command again."
        else:
            reason, hint = f"{type(error).__name__}", "Check the AWS settings of this machine."
        return LakeUnreachable(f"cannot {action} in {self.lake}: {reason}", hint=hint)


def code_of(error: ClientError) -> str:
    """S3's code, or the HTTP status as text where the answer had no body (HEAD)."""
    return error.response["Error"].get("Code", "")
