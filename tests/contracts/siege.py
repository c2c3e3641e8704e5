"""An automat behind its socket, in states that matter, and whoever asks it by hand."""

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from locker.api.schema import ErrorAnswer
from locker.api.stream import EventStream
from locker.domain.automat import Automat, Decision
from locker.domain.events import Door, MaintenanceAsked, Woke
from locker.domain.journal import ChainHead
from locker.domain.maintenance import (
    Action,
    BeginAudit,
    BlockDoor,
    CycleLock,
    Device,
    Maintainer,
    OpenDoor,
    TryDevice,
)
from locker.domain.times import Now
from tests.contracts.forgery import Due, Forged
from tests.unit.api.house import House
from tests.unit.api.raw import Reply, reply_of

LIMIT_S = 20.0
NOBODY = 65_534
TECHNICIAN = Maintainer("root (0)", "T-1")

KNOWN: dict[str, tuple[Any, ...]] = {
    "compartment": ("1", "2", "3", "4", "5", "6"),
    "keypad": ("front", "side"),
    "incident": (1, 2, 3),
    "technician": ("T-1", "T-2"),
    "line": ("locks",),
    "tracking_id": ("JJFI65432110000070773", "JJFI65432110000070774"),
    "subject": ("JJFI65432110000070773",),
}


@dataclass(frozen=True)
class State:
    """What an automat is like at one moment; nothing of it ever changes."""

    automat: Automat
    head: ChainHead
    length: int
    now: Now


class Siege(House):
    """A house that can be put back into one of its states."""

    def __init__(self, path: Path) -> None:
        """Live through what makes a difference to a technician, and keep every stage of it."""
        super().__init__()
        self.path = path
        self.events = EventStream()
        self.use()
        self.states = [self._state()]
        self._maintain(OpenDoor("4", "a look"))
        self.states.append(self._state())
        if self.unlocks and self.unlocks[-1].compartment == "4":
            self.opens()
        self.states.append(self._state())
        self.door("4", Door.SHUT)
        self._maintain(BlockDoor("5", "wet"))
        self._maintain(TryDevice("side", Device.KEYS))
        self.states.append(self._state())
        self._maintain(BeginAudit(afresh=False))
        self._maintain(CycleLock("6"))
        self.wait(60)  # it never opens: an incident
        self.states.append(self._state())
        self._written = tuple(self.journal)

    def put_back(self, number: int) -> State:
        """Be as it was."""
        state = self.states[number]
        self.automat, self.head, self.now = state.automat, state.head, state.now
        self.journal[:] = self._written[: state.length]
        self.desk.asked.clear()
        self.events.note(Decision(self.automat), (), self.head)  # it remembers what it told
        return state

    def _maintain(self, action: Action) -> None:
        self.do(MaintenanceAsked(TECHNICIAN, action))

    def _state(self) -> State:
        self.do(Woke())  # it knows what time it is
        return State(self.automat, self.head, len(self.journal), self.now)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Be another user for a moment; only root can."""
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def connect(path: Path, *, viewer: bool) -> socket.socket:
    """Connect, as another user if told so: the kernel notes who connected, not who asks."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if viewer:
            with as_nobody():
                connection.connect(os.fspath(path))
        else:
            connection.connect(os.fspath(path))
    except OSError:
        connection.close()
        raise
    connection.setblocking(False)
    return connection


async def ask(path: Path, raw: bytes, *, viewer: bool = False, end: bool = False) -> Reply | None:
    """Say something and read until the other end closes, or tells events; None if it only closes."""
    async with asyncio.timeout(LIMIT_S):
        reader, writer = await asyncio.open_unix_connection(sock=connect(path, viewer=viewer))
        heard = b""
        try:
            writer.write(raw)
            if end:
                writer.write_eof()
            while chunk := await reader.read(65_536):
                heard += chunk
                if b"text/event-stream" in heard and b"\r\n\r\n" in heard:
                    break
        except ConnectionError:
            pass  # it did not want to hear all of it
        finally:
            writer.close()
        return reply_of(heard) if heard else None


def judge_form(reply: Reply) -> None:
    """Fail if a refusal is not in our form, or tells of our insides."""
    assert "Content-Type: application/json" in reply.headers
    assert b"Traceback" not in reply.body
    error = ErrorAnswer.model_validate_json(reply.body).error
    assert error.reason
    assert error.detail
    assert error.remedy


def judge(forged: Forged, reply: Reply | None, *, refused: int | None = None) -> None:
    """Fail if an answer is not what the request deserves, or not `refused` where nothing may be answered."""
    assert reply is not None, "no answer"
    if reply.status == 200:
        assert forged.due is Due.ANSWER
        assert refused is None
        return
    assert 400 <= reply.status < 500
    if forged.method != "HEAD":
        judge_form(reply)
    if refused is not None:
        assert reply.status == refused
    elif forged.due is Due.REFUSAL:
        # It must not get as far as to be decided, or looked up.
        assert reply.status != 409
        assert reply.status != 404 or forged.why == "wrong path"
    elif forged.due is Due.ANSWER:
        # Nothing is wrong with it but what the automat is like now.
        assert reply.status in (404, 409), reply.body
