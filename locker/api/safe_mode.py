"""Answers while no lock may move: what can be looked at is shown, whatever would change something is not."""

from collections.abc import Callable
from typing import Protocol

from aiohttp import web

from locker.api.answers import json_answer
from locker.api.listening import Peer
from locker.api.maintenance_schema import LeaveSafeMode
from locker.api.refusals import Refused
from locker.api.routes import Route
from locker.api.schema import SafeMode, Status, Strict

LEAVE = "safe-mode/leave"
WORKING_LOCKS = ("commission",)
"""Questions that make no sense where no lock works."""


class SafeModeDesk(Protocol):
    """An automat that is in safe mode."""

    def view(self) -> SafeMode:
        """Tell why, and what to do."""

    def leave(self, user: str, technician: str, reason: str) -> None:
        """Let the daemon end and be started anew."""


class SafeModeAnswers:
    """Answers about one automat; without a desk it is not in safe mode."""

    def __init__(
        self,
        desk: SafeModeDesk | None,
        status: Callable[[], Status],
        peer_of: Callable[[web.Request], Peer],
    ) -> None:
        """Answer from `desk`; `peer_of` tells who asks."""
        self._desk = desk
        self._status = status
        self._peer_of = peer_of

    def view(self) -> SafeMode | None:
        """Tell why it is in safe mode; None if it is not."""
        return None if self._desk is None else self._desk.view()

    def demand_service(self, route: Route) -> None:
        """Refused for what only an automat that serves can do."""
        if self._desk is None or route.name == LEAVE:
            return
        if route.body is not None or route.name in WORKING_LOCKS:
            told = self._desk.view()
            raise Refused(
                503, "safe-mode", f"the automat is in safe mode, no lock moves: {told.detail}", told.remedy
            )

    async def leave(self, request: web.Request, body: Strict) -> web.Response:
        """Let it try to serve again; the answer is the status as it was."""
        if not isinstance(body, LeaveSafeMode):
            raise TypeError(f"the route's table says {type(body).__name__}")
        if self._desk is None:
            raise Refused(
                409, "not-in-safe-mode", "the automat is not in safe mode", "nothing has to be done"
            )
        status = self._status()
        self._desk.leave(self._peer_of(request).user, body.technician, body.reason)
        return json_answer(status)
