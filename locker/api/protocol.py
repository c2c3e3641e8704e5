"""What is spoken on one connection: HTTP, whose every refusal has our form, of what is no HTTP too."""

import asyncio
import select
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError, InvalidURLError, LineTooLong

from locker.api.refusals import Refused, as_refusal

SPOKEN_HERE = "/v1/openapi.json lists what can be asked, and how"
REASON_CHARACTERS_MOST = 200
GONE_LOOK_S = 1.0


class Protocol(web.RequestHandler):
    """A connection whose every refusal is an `ErrorAnswer`, also one made before any route is looked for."""

    __slots__ = ()

    def eof_received(self) -> bool:  # type: ignore[override]  # the library never wants to be kept
        """Keep the connection until its last answer is given, where only the asking has ended."""
        asyncio.get_running_loop().call_soon(self._end_asking)  # what came just before is known by then
        return True

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

    def _end_asking(self) -> None:
        if self._owes_an_answer():
            self.close()  # behind that answer
            self._look_after()
        elif self.transport is not None:
            self.transport.close()

    def _owes_an_answer(self) -> bool:
        waiting = self._waiter is not None and not self._waiter.done()
        bodies = [body for _, body in self._messages]
        if self._current_request is not None:
            bodies.append(self._current_request.content)
        # A body that ends half way will never be whole: such a request is over.
        return not waiting and all(body.is_eof() for body in bodies)

    def _look_after(self) -> None:
        # Nothing tells that one who has ended its asking goes for good, until something is written to it.
        if self.transport is None:
            return
        if _has_gone(self.transport):
            self.transport.close()
        else:
            asyncio.get_running_loop().call_later(GONE_LOOK_S, self._look_after)


def speak(server: web.Server, options: dict[str, Any]) -> Protocol:
    """Make the end of a new connection for `server`, with options of the HTTP library."""
    return Protocol(server, loop=asyncio.get_running_loop(), **options)


def _has_gone(transport: asyncio.BaseTransport) -> bool:
    """Tell whether nobody is at the other end any more, who would hear an answer."""
    looking = select.poll()
    looking.register(transport.get_extra_info("socket").fileno(), select.POLLRDHUP)
    return any(what & (select.POLLHUP | select.POLLERR) for _, what in looking.poll(0))


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
