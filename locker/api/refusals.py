"""Refused requests: a status, a reason for programs, and for people what was wrong and what to do."""

import logging
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from locker.api.schema import ErrorAnswer, ErrorDetail


class Refused(Exception):  # noqa: N818 - the name says what is the case
    """A request that is not answered with what it asked for."""

    def __init__(self, status: int, reason: str, detail: str, remedy: str) -> None:
        """Give the HTTP status, a word for programs, and two sentences for people."""
        super().__init__(detail)
        self.status = status
        self.error = ErrorDetail(reason=reason, detail=detail, remedy=remedy)
        self.headers: dict[str, str] = {}

    def answer(self) -> web.Response:
        """Make the response; the connection ends, since nobody knows what else lies on it."""
        body = ErrorAnswer(error=self.error).model_dump_json().encode()
        response = web.Response(
            status=self.status, body=body, content_type="application/json", headers=self.headers
        )
        response.force_close()
        return response


def as_refusal(error: web.HTTPException, request: web.BaseRequest) -> Refused:
    """Put what the HTTP library refuses into our form."""
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        refused = Refused(
            405, "wrong-method", f"{error.method[:32]!r} is not possible here", f"use {allowed}"
        )
        refused.headers["Allow"] = allowed
        return refused
    if error.status == 404:
        return Refused(
            404, "no-such-path", f"there is no {request.path[:100]!r}", "/v1/openapi.json lists what there is"
        )
    status = error.status if error.status >= 400 else 500
    return Refused(status, "refused", error.reason, "/v1/openapi.json lists what can be asked, and how")


class Terse(logging.LoggerAdapter[logging.Logger]):
    """What the HTTP library logs by: of a peer that speaks no HTTP a short line, and no traceback."""

    def exception(self, msg: object, *args: object, exc_info: Any = True, **more: Any) -> None:
        """Log a failure of ours as it is, one of the peer's in one line."""
        if isinstance(exc_info, HttpProcessingError):
            self.info("a request that is no HTTP was refused: %.200r", exc_info.message)
        else:
            super().exception(msg, *args, exc_info=exc_info, **more)
