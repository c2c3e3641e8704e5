"""Answers about putting the automat into service: each step is an event decided in the one inbox."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from aiohttp import web
from pydantic import BaseModel

from locker.api import listening
from locker.api.answers import json_answer
from locker.api.commission_schema import (
    Commission,
    CommissionBegin,
    CommissionDoor,
    CommissionSearch,
    CommissionTest,
    CommissionWrite,
)
from locker.api.refusals import Refused
from locker.api.schema import Strict

Body = TypeVar("Body", bound=Strict)


class Desk(Protocol):
    """Where an automat is put into service; each step raises `StepRefused` where it may not be taken."""

    def progress(self) -> Commission:
        """Tell how far it has come."""

    async def begin(self, user: str, technician: str, *, afresh: bool) -> None:
        """Give the automat to a technician."""

    async def search(self, line: str, *, every_family: bool, last_address: int | None) -> None:
        """Begin to look for boards on a line."""

    async def test(self, user: str, compartment: str) -> None:
        """Pulse one lock once."""

    async def name_door(self, user: str, label: str | None) -> None:
        """Take the label on the door that opened."""

    async def write(self, user: str, *, partial: bool) -> None:
        """Write the map and take it into use."""

    async def end(self, user: str) -> None:
        """Give the automat back."""


class StepRefused(Exception):  # noqa: N818 - the name says what is the case
    """A step that may not be taken: a word for programs, what is the case, what to do."""

    def __init__(self, reason: str, detail: str, remedy: str) -> None:
        """Keep what to tell."""
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.remedy = remedy


class CommissionAnswers:
    """Answers about one automat; without a desk every question is refused."""

    def __init__(self, desk: Desk | None, peer_of: Callable[[web.Request], listening.Peer]) -> None:
        """Answer from `desk`; `peer_of` tells who asks."""
        self._desk = desk
        self._peer_of = peer_of

    async def get(self, _request: web.Request, _query: Strict) -> web.Response:
        """Tell how far it has come."""
        return self._answer()

    async def begin(self, request: web.Request, body: Strict) -> web.Response:
        """Give the automat to a technician."""
        asked = _as(body, CommissionBegin)
        return await self._step(
            lambda desk: desk.begin(self._user(request), asked.technician, afresh=asked.afresh)
        )

    async def search(self, _request: web.Request, body: Strict) -> web.Response:
        """Begin to look for boards on a line."""
        asked = _as(body, CommissionSearch)
        return await self._step(
            lambda desk: desk.search(
                asked.line, every_family=asked.every_family, last_address=asked.last_address
            )
        )

    async def test(self, request: web.Request, body: Strict) -> web.Response:
        """Pulse one lock once."""
        asked = _as(body, CommissionTest)
        return await self._step(lambda desk: desk.test(self._user(request), asked.compartment))

    async def door(self, request: web.Request, body: Strict) -> web.Response:
        """Take the label on the door that opened."""
        asked = _as(body, CommissionDoor)
        return await self._step(lambda desk: desk.name_door(self._user(request), asked.compartment))

    async def write(self, request: web.Request, body: Strict) -> web.Response:
        """Write the map and take it into use."""
        asked = _as(body, CommissionWrite)
        return await self._step(lambda desk: desk.write(self._user(request), partial=asked.partial))

    async def end(self, request: web.Request, _body: Strict) -> web.Response:
        """Give the automat back."""
        return await self._step(lambda desk: desk.end(self._user(request)))

    async def _step(self, take: Callable[[Desk], Awaitable[None]]) -> web.Response:
        try:
            await take(self._known_desk())
        except StepRefused as refusal:
            raise Refused(409, refusal.reason, refusal.detail, refusal.remedy) from refusal
        return self._answer()

    def _answer(self) -> web.Response:
        progress: BaseModel = self._known_desk().progress()
        return json_answer(progress)

    def _known_desk(self) -> Desk:
        if self._desk is None:
            raise Refused(503, "no-hardware", "there is no hardware here", "ask the daemon of an automat")
        return self._desk

    def _user(self, request: web.Request) -> str:
        return self._peer_of(request).user


def _as(body: Strict, model: type[Body]) -> Body:
    if not isinstance(body, model):
        raise TypeError(f"the route's table says {type(body).__name__}, its handler {model.__name__}")
    return body
