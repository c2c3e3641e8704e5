"""Answers about the wires: what passed on a line, as a page or as it comes, and what a typed frame says."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import aclosing
from difflib import get_close_matches
from typing import Protocol, TypeVar

from aiohttp import web
from pydantic import BaseModel

from locker.api.answers import json_answer
from locker.api.refusals import Refused
from locker.api.schema import DroppedItem, Role, Strict
from locker.api.wire_schema import (
    Decoded,
    DecodeQuery,
    FollowingItem,
    FollowQuery,
    PassageItem,
    PassageView,
    ReadingView,
    Wire,
    WireDump,
    WireLineView,
    WireQuery,
)
from locker.domain.automat import Automat
from locker.domain.incidents import IncidentKind
from locker.wire import FrameReading, Missed, Seen, Way, Wires

FOLLOWERS = 8
"""Clients that may follow lines at once."""

KEPT_FOR_TECHNICIANS = 2
"""Of these, places that no viewer gets."""

Query = TypeVar("Query", bound=Strict)

log = logging.getLogger(__name__)


class Dumps(Protocol):
    """What was kept around incidents; both block for as long as a disk takes."""

    def incidents(self) -> Sequence[int]:
        """The numbers of the incidents of which something is there."""

    def of(self, incident: int) -> Sequence[tuple[str, str]]:
        """Name and text of each file of an incident."""


class NothingKept:
    """No dumps."""

    def incidents(self) -> Sequence[int]:
        """Of none."""
        return ()

    def of(self, incident: int) -> Sequence[tuple[str, str]]:  # noqa: ARG002 - as Dumps has it
        """Nothing."""
        return ()


class WireAnswers:
    """Answers three routes; `lost_parts` tells the parts that do not work now."""

    def __init__(
        self,
        wires: Wires | None,
        dumps: Dumps | None,
        *,
        lost_parts: Callable[[], Collection[str]],
        role_of: Callable[[web.Request], Role],
        stall_s: float,
    ) -> None:
        """Serve nothing yet; None: there is no hardware, nothing is kept."""
        # Records are numbered anew by each process: those of another one must not be taken for ours.
        self._run = secrets.token_hex(4)
        self._wires = wires
        self._dumps = dumps or NothingKept()
        self._lost_parts = lost_parts
        self._role_of = role_of
        self._stall_s = stall_s
        self._following: set[asyncio.Task[object]] = set()
        self._ending: str | None = None

    def end(self, reason: str) -> None:
        """End every stream, saying why."""
        self._ending = reason
        for task in self._following:
            task.cancel()

    async def page(self, _request: web.Request, query: Strict) -> web.StreamResponse:
        """Tell the lines, and what passed on one or was kept around an incident."""
        asked = _as(query, WireQuery)
        passages: Sequence[Seen] = ()
        if asked.line is not None:
            passages = self._line(asked.line).seen(asked.line, after=asked.after, limit=asked.limit)
        number = asked.incident
        kept = () if number is None else await asyncio.to_thread(self._dumps.of, number)
        dumped = await asyncio.to_thread(self._dumps.incidents)
        if number is not None and not kept:
            there = ", ".join(map(str, dumped))
            raise Refused(
                404,
                "nothing-kept",
                f"nothing was kept around incident {number}, or it has been deleted since",
                f"something is kept of incidents: {there}" if dumped else "nothing is kept of any incident",
            )
        return json_answer(
            Wire(
                lines=tuple(self._lines()),
                passages=tuple(_passage(seen) for seen in passages),
                dumps=tuple(WireDump(file=file, text=text) for file, text in kept),
                dumped_incidents=tuple(dumped),
            )
        )

    async def follow(self, request: web.Request, query: Strict) -> web.StreamResponse:
        """Tell what passes on a line as it comes; who does not keep up is dropped with the reason."""
        asked = _as(query, FollowQuery)
        wires = self._line(asked.line)
        kept = 0 if self._role_of(request) == "technician" else KEPT_FOR_TECHNICIANS
        if len(self._following) >= FOLLOWERS - kept:
            raise Refused(
                503,
                "too-many-clients",
                f"{len(self._following)} clients follow lines already",
                "end one of them first",
            )
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        after = wires.lines()[asked.line].newest if asked.after is None else asked.after
        if asked.run not in (None, self._run):
            after = 0
        task: asyncio.Task[object] | None = asyncio.current_task()
        if task is not None:
            self._following.add(task)
        try:
            await response.prepare(request)
            begun = FollowingItem(number=after, run=self._run)
            await response.write(_event("following", begun))
            reason = await self._tell(response, wires, asked.line, after)
            async with asyncio.timeout(self._stall_s):
                await response.write(_event("dropped", DroppedItem(number=0, reason=reason)))
                await response.write_eof()
        except TimeoutError:
            log.warning("a client that followed %s was cut off: it read nothing", asked.line)
            if request.transport is not None:
                request.transport.abort()
        finally:
            if task is not None:
                self._following.discard(task)
        return response

    async def decode(self, _request: web.Request, query: Strict) -> web.StreamResponse:
        """Explain bytes that somebody typed in."""
        asked = _as(query, DecodeQuery)
        families: Sequence[str] = () if self._wires is None else self._wires.families()
        if asked.family is not None and asked.family not in families:
            near = get_close_matches(asked.family.lower(), families, n=3, cutoff=0.4) or families
            raise Refused(
                404,
                "no-such-family",
                f"there is no family {asked.family!r} of lock boards",
                f"did you mean {' or '.join(near)}?" if near else "there is none",
            )
        readings: Sequence[FrameReading] = ()
        if asked.hex is not None and self._wires is not None:
            wires, typed = self._wires, asked.hex
            ways: tuple[Way, ...] = ("sent", "received") if asked.direction == "both" else (asked.direction,)
            try:
                readings = await asyncio.to_thread(wires.decode, typed, asked.family, ways)
            except ValueError as problem:
                raise Refused(400, "bad-hex", f"hex: {problem}", "correct it and ask again") from problem
        return json_answer(
            Decoded(families=tuple(families), readings=tuple(_reading(reading) for reading in readings))
        )

    async def _tell(self, response: web.StreamResponse, wires: Wires, line: str, after: int) -> str:
        """Tell until it has to end; return why. TimeoutError: the client does not read."""
        try:
            async with aclosing(wires.follow(line, after)) as seen:
                async for each in seen:
                    item = PassageItem(number=each.number, passage=_passage(each))
                    async with asyncio.timeout(self._stall_s):
                        await response.write(_event("passage", item, number=each.number))
        except Missed as missed:
            return str(missed)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self._ending is None or task is None:
                raise  # the client has gone
            task.uncancel()
            return self._ending
        return "the line has ended"

    def _line(self, name: str) -> Wires:
        wires = self._wires
        known = {} if wires is None else wires.lines()
        if wires is None or name not in known:
            there = ", ".join(repr(each) for each in known) or "none"
            raise Refused(404, "no-such-line", f"there is no line {name!r}", f"the lines are: {there}")
        return wires

    def _lines(self) -> Iterable[WireLineView]:
        lost = self._lost_parts()
        for line in () if self._wires is None else self._wires.lines().values():
            yield WireLineView(
                name=line.name,
                lost=tuple(part for part in line.parts if part in lost),
                families=line.families,
                keeps_bytes=line.keeps_bytes,
                newest=line.newest,
            )


def lost_parts(automat: Automat) -> Collection[str]:
    """Name the parts and keypads that an open incident says do not work."""
    losses = (IncidentKind.PART_LOST, IncidentKind.SCANNER_LOST)
    open_now = [incident for incident in automat.incidents.values() if incident.cleared_at is None]
    faulty = (f"keypad {name}" for name, keypad in automat.keypads.items() if keypad.fault)
    return {*(incident.about for incident in open_now if incident.kind in losses), *faulty}


def _passage(seen: Seen) -> PassageView:
    return PassageView(
        first=seen.first,
        number=seen.number,
        at=seen.at,
        way=seen.way,
        size_bytes=seen.size_bytes,
        hex=seen.hex,
        meaning=seen.meaning,
    )


def _reading(reading: FrameReading) -> ReadingView:
    return ReadingView(
        family=reading.family,
        way=reading.way,
        is_frame=reading.is_frame,
        meaning=reading.meaning,
        corrected=reading.corrected,
    )


def _as(query: Strict, model: type[Query]) -> Query:
    if not isinstance(query, model):
        raise TypeError(f"the route's table says {type(query).__name__}, its handler {model.__name__}")
    return query


def _event(kind: str, model: BaseModel, *, number: int | None = None) -> bytes:
    head = "" if number is None else f"id: {number}\n"
    return f"{head}event: {kind}\ndata: {model.model_dump_json()}\n\n".encode()
