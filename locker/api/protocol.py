"""What is spoken on one connection: HTTP, whose every refusal has our form, of what is no HTTP too."""

import asyncio
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError, InvalidURLError, LineTooLong

from locker.api.refusals import Refused, as_refusal

SPOKEN_HERE = "/v1/openapi.json lists what can be asked, and how"
REASON_CHARACTERS_MOST = 200


class Protocol(web.RequestHandler):
    """A connection whose every refusal is an `ErrorAnswer`, also one made before any route is looked for."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Refuse what is no HTTP; the connection ends behind it."""
        super().handle_error(request, status, exc, message)  # logs, and raises where an answer was begun
        return _refusal(status, exc).answer()

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Answer; what was refused before our own code was asked gets our form here."""
        if isinstance(resp, web.HTTPException):
            resp = as_refusal(resp, request).answer()
        return await super().finish_response(request, resp, start_time)


def speak(server: web.Server, options: dict[str, Any]) -> Protocol:
    """Make the end of a new connection for `server`, with options of the HTTP library."""
    return Protocol(server, loop=asyncio.get_running_loop(), **options)


def _refusal(status: int, exc: BaseException | None) -> Refused:
    if isinstance(exc, LineTooLong):
        return Refused(431, "too-long", "the request line or a header is too long", "ask for less at once")
    if isinstance(exc, InvalidURLError):
        return Refused(status, "no-path", "what is asked for is no path", SPOKEN_HERE)
    if isinstance(exc, HttpProcessingError):
        first = (exc.message.splitlines() or [""])[0].strip().rstrip(":")
        said = first[:REASON_CHARACTERS_MOST] or "it cannot be read"
        return Refused(status, "no-http", f"the request is no HTTP: {said}", SPOKEN_HERE)
    return Refused(status, "internal", "the daemon failed to answer", "read the daemon's log")
