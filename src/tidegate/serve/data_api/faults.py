"""Errors of the Data API as a client sees them."""

from collections.abc import Mapping


class ApiError(Exception):
    """`code` is the exception's name in the service model; `fields` are its members beside the message."""

    def __init__(self, code: str, message: str, *, status: int = 400, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.fields = dict(fields or {})

    def document(self) -> dict[str, str]:
        """The body of the answer. Services write the message under either name; clients look for both."""
        return {"__type": self.code, "message": self.message, "Message": self.message, **self.fields}


def invalid(message: str) -> ApiError:
    return ApiError("ValidationException", message)


def not_found(message: str, resource: str) -> ApiError:
    return ApiError("ResourceNotFoundException", message, fields={"ResourceId": resource})
