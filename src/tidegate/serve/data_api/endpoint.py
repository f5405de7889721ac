"""The HTTP side: one POST address, awsJson 1.1."""

import json
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from email.utils import formatdate

from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from tidegate.serve.data_api.catalog import Catalog
from tidegate.serve.data_api.faults import ApiError
from tidegate.serve.data_api.operations import Answer, Operations
from tidegate.serve.data_api.shapes import check, operation
from tidegate.serve.data_api.signature import SignedRequest, Verifier

LARGEST_BODY = 8 * 1024 * 1024
"""Bytes of a request: 40 statements of 100 KB, and as much again for how JSON writes them."""

REQUESTS = 200
"""That are worked on at one time; most of them wait for a statement."""

CONTENT_TYPE = "application/x-amz-json-1.1"
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
Handler = Callable[[Mapping[str, object]], Answer]
Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


class Endpoint:
    """Verifies, reads, checks and answers requests."""

    def __init__(
        self, operations: Operations, catalog: Catalog, verifier: Verifier, clock: Callable[[], float]
    ) -> None:
        self._places = (operations, catalog)
        self._verifier = verifier
        self._clock = clock
        self._limiter: CapacityLimiter | None = None

    def application(self, lifespan: Lifespan) -> Starlette:
        return Starlette(
            routes=[Route("/", self._post, methods=["POST"])],
            lifespan=lifespan,
            exception_handlers={Exception: self._broken},
        )

    async def _post(self, request: Request) -> Response:
        if self._limiter is None:
            self._limiter = CapacityLimiter(REQUESTS)
        try:
            body = await _body(request)
        except ClientDisconnect:
            return Response(status_code=400)
        except ApiError as error:
            return self._failed(error)
        signed = SignedRequest(request.method, str(request.url), dict(request.headers), body)
        return await to_thread.run_sync(self._answer, signed, limiter=self._limiter)

    def _answer(self, request: SignedRequest) -> Response:
        try:
            self._verifier.check(request, self._clock())
            model = operation(request.headers.get("x-amz-target", ""))
            answer = self._handler(model.name)(check(model, _document(request.body)))
        except ApiError as error:
            return self._failed(error)
        return self._response(answer if isinstance(answer, bytes) else json.dumps(answer).encode(), 200)

    def _handler(self, name: str) -> Handler:
        method = _WORD.sub("_", name).lower()
        found: Handler = next(getattr(place, method) for place in self._places if hasattr(place, method))
        return found

    async def _broken(self, request: Request, error: Exception) -> Response:
        """A mistake of ours; the server's log has it."""
        return self._failed(ApiError("InternalServerException", "internal error of the server", status=500))

    def _failed(self, error: ApiError) -> Response:
        return self._response(json.dumps(error.document()).encode(), error.status)

    def _response(self, body: bytes, status: int) -> Response:
        date = formatdate(self._clock(), usegmt=True)
        return Response(body, status, {"Date": date}, media_type=CONTENT_TYPE)


async def _body(request: Request) -> bytes:
    """Raises ApiError when it is longer than a request may be."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST_BODY:
            raise ApiError(
                "RequestEntityTooLargeException", f"the request is longer than {LARGEST_BODY} bytes", status=413
            )
        parts.append(part)
    return b"".join(parts)


def _document(body: bytes) -> object:
    try:
        return json.loads(body or b"{}")
    except ValueError as error:
        raise ApiError("SerializationException", "the body is not JSON") from error
