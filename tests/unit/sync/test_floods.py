"""A broker that hands over commands without end fills no memory: its connection ends, sought seldom."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ssl import SSLContext
from typing import Any

import pytest

from locker.domain.events import Event
from locker.sync.link import COMMANDS_WAITING_MOST, NUMBERS_HEARD_MOST, Link, _Heard
from locker.sync.messages import Ack, Topics
from locker.sync.settings import LinkSettings
from simulator.virtual_loop import run
from tests.unit.sync.automat import AutomatInMemory, run_link
from tests.unit.sync.test_flapping import Standing

SETTINGS = LinkSettings("a-1", "127.0.0.1", 1)
LONG_S = 3_600.0


@dataclass
class Forged:
    """A message as the library gives it."""

    topic: str = Topics.of("a-1").commands
    payload: bytes = b"noise"
    retain: bool = False


class Flood(Standing):
    """A connection that hands over more commands than anybody may have waiting, as fast as they are read."""

    def __init__(self) -> None:
        super().__init__(LONG_S)
        self.handed_over = 0

    async def messages(self) -> AsyncIterator[Any]:
        while self.handed_over < 3 * COMMANDS_WAITING_MOST:
            self.handed_over += 1
            yield Forged()
        await asyncio.sleep(LONG_S)


class Stuck(AutomatInMemory):
    """An automat whose inbox is full."""

    async def post(self, _event: Event) -> None:
        await asyncio.Event().wait()


@pytest.mark.parametrize("posted", [True, False])
def test_acknowledgements_without_end_fill_no_memory(*, posted: bool) -> None:
    heard, told = _Heard(), 0
    for first in range(1, 50_000, 1_000):
        refused = [{"sequence": number, "reason": "no"} for number in range(first, first + 1_000)]
        forks, at = list(range(first, first + 100)), "2026-05-04T12:00:00Z"
        said = {"epoch": 1, "through": 0, "refused": refused, "forks": forks, "time": at}
        ack = Ack.model_validate_json(json.dumps(said))
        heard.add(ack)
        if posted:
            told += len(heard.news()[1])
            heard.add(ack)
            assert heard.news()[1:] == ((), []), "it was told before"
    assert told == (50_000 if posted else 0)
    kept = (heard.refused, heard.told_refused, heard.forks, heard.told_forks)
    assert all(len(each) <= NUMBERS_HEARD_MOST for each in kept)


def test_commands_without_end_end_the_connection_and_not_the_memory() -> None:
    seen: list[Flood] = []

    @asynccontextmanager
    async def connect(_settings: LinkSettings, _tls: SSLContext | None) -> AsyncIterator[Any]:
        seen.append(Flood())
        yield seen[-1]

    async def main() -> None:
        automat = Stuck()
        link = Link(
            SETTINGS,
            post=automat.post,
            payloads=automat.payloads,
            position=automat.position,
            state=automat.state,
            dice=lambda: 1.0,
            connect=connect,
        )
        running = asyncio.create_task(link.run())
        await asyncio.sleep(LONG_S)
        assert link.trouble == "the broker hands over more commands at once than can be taken"
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    run(main())
    assert sum(each.handed_over for each in seen) <= COMMANDS_WAITING_MOST + 1 + len(seen)
    assert len(seen) <= 10 + LONG_S / SETTINGS.retry_most_s


def test_noise_in_place_of_acknowledgements_fills_no_log(caplog: pytest.LogCaptureFixture) -> None:
    class Noise(Standing):
        async def messages(self) -> AsyncIterator[Any]:
            for _ in range(1_000):
                yield Forged(Topics.of("a-1").journal_ack)
                await asyncio.sleep(0.1)

    @asynccontextmanager
    async def connect(_settings: LinkSettings, _tls: SSLContext | None) -> AsyncIterator[Any]:
        yield Noise(LONG_S)

    with caplog.at_level(logging.INFO):
        run_link(connect, lambda: 0.0, 60.0)
    assert 5 <= sum("cannot be read" in record.getMessage() for record in caplog.records) <= 7
