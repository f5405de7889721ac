"""Calls of the Data API: retried where repeating is safe, and their errors as ours."""

import random
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConfigNotFound,
    ConnectionError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)
from botocore.loaders import Loader, create_loader
from botocore.session import Session as CoreSession

from tidegate.config.settings import DataApiSettings
from tidegate.errors import ConfigError, StatementRefused, TidegateError, WarehouseUnreachable

if TYPE_CHECKING:
    from mypy_boto3_redshift_data import RedshiftDataAPIServiceClient

ATTEMPTS = 8
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0
"""Tries of one call, and seconds between them: doubled each time, at random up to that."""

READ_TIMEOUT = 60
CONNECT_TIMEOUT = 10

_PASSING = frozenset(
    {
        "ActiveSessionsExceededException",
        "ActiveStatementsExceededException",
        "ActiveWaitingRequestsExceededException",
        "DatabaseConnectionException",
        "InternalFailure",
        "InternalServerException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "ServiceUnavailable",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
"""Codes after which the same call may succeed."""

_HINTS = {
    "AccessDeniedException": "Grant this identity the redshift-data actions and the database user's credentials.",
    "ExpiredTokenException": "Renew the AWS credentials and run the command again.",
    "IncompleteSignatureException": "Check the AWS credentials.",
    "InvalidSignatureException": "Check the secret access key and the clock of this machine.",
    "MissingAuthenticationTokenException": "Configure AWS credentials.",
    "ResourceNotFoundException": "Check the workgroup or cluster, and the region.",
    "UnrecognizedClientException": "Check the AWS credentials, and that they are of this region.",
}
_CREDENTIALS = (
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)
_AGAIN = "Run the command again; look at the data first where it changes any."

Answer = Mapping[str, Any]


def make_client(settings: DataApiSettings) -> "RedshiftDataAPIServiceClient":
    """A client that tries once: we count the tries.

    Raises:
        ConfigError: the profile or the region is missing.
    """
    aws = settings.aws
    try:
        core = CoreSession()
        core.register_component("data_loader", _loader())
        session = boto3.Session(botocore_session=core, profile_name=aws.profile, region_name=aws.region)
        config = Config(connect_timeout=CONNECT_TIMEOUT, read_timeout=READ_TIMEOUT, retries={"total_max_attempts": 1})
        return session.client("redshift-data", endpoint_url=aws.endpoint, config=config)
    except (NoRegionError, ProfileNotFound, ConfigNotFound) as error:
        raise ConfigError(
            f"no client for the warehouse {settings.address}: {_plain(error)}",
            hint="Give region, or profile, in warehouse.url, or set AWS_REGION.",
        ) from error


@cache
def _loader() -> Loader:
    """Reads the API's model once a process: that is most of the work of making a client."""
    return create_loader()


class Caller:
    """Makes calls. `deadline` tells the seconds that are left, None for ever."""

    def __init__(
        self,
        address: str,
        deadline: Callable[[], float | None],
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._address = address
        self._deadline = deadline
        self._pause = pause

    def call(self, operation: Callable[..., Any], request: Mapping[str, object]) -> Answer:
        """The answer of one call, tried again after passing failures; each call of the API may be repeated, since a
        submission carries its token.

        Raises:
            WarehouseUnreachable: it was tried often enough, or the answer will not change. The outcome is unknown.
            StatementRefused: the API refused the request as it is; nothing was run.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                answer: Answer = operation(**request)
                return answer
            except ClientError as error:
                if not _passing(error) or attempt == ATTEMPTS:
                    raise self._failure(error) from error
                last: Exception = error
            except (ConnectionError, HTTPClientError) as error:
                if attempt == ATTEMPTS:
                    raise self._unreachable(error) from error
                last = error
            except ParamValidationError as error:
                raise StatementRefused(_plain(error), hint="Check [warehouse] url.") from error
            except BotoCoreError as error:
                raise self._unreachable(error) from error
            if not self._wait(attempt):
                raise self._unreachable(last) from last
        raise AssertionError("the loop above returns or raises")

    def wait(self, attempt: int) -> bool:
        """Pause before try `attempt` + 1. False when there is no time left for it."""
        return self._wait(attempt)

    def _wait(self, attempt: int) -> bool:
        longest = min(FIRST_PAUSE * 2 ** (attempt - 1), LONGEST_PAUSE)
        seconds = longest * (0.5 + random.random() / 2)  # noqa: S311
        left = self._deadline()
        if left is not None and left <= seconds:
            return False
        self._pause(seconds)
        return True

    def _failure(self, error: ClientError) -> TidegateError:
        code = str(error.response.get("Error", {}).get("Code", ""))
        message = str(error.response.get("Error", {}).get("Message", "")) or code
        if code == "ValidationException":
            return StatementRefused(
                f"the Data API refused the request: {message}", hint="Correct the statement, or [warehouse] url."
            )
        hint = _HINTS.get(code, _AGAIN)
        return WarehouseUnreachable(f"the warehouse {self._address} answered {code}: {message}", hint=hint)

    def _unreachable(self, error: Exception) -> TidegateError:
        hint = "Configure AWS credentials, or renew them." if isinstance(error, _CREDENTIALS) else _AGAIN
        return WarehouseUnreachable(f"the warehouse {self._address} cannot be reached: {_plain(error)}", hint=hint)


def code_of(error: BaseException | None) -> str:
    """The API's code behind one of our errors, or an empty text."""
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def _passing(error: ClientError) -> bool:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return code_of(error) in _PASSING or status >= 500


def _plain(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return " ".join(line.strip() for line in lines) if lines else type(error).__name__
