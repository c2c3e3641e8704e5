"""A broker that comes and goes, in virtual time: few attempts, and a fleet that is never in step."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ssl import SSLContext
from typing import Any

import aiomqtt

from locker.sync.settings import LinkSettings
from tests.unit.sync.automat import run_link

LONG_S = 4 * 3_600.0
SETTINGS = LinkSettings("a-1", "127.0.0.1", 1)


class Standing:
    """A connection that takes everything and ends after its time."""

    def __init__(self, lasts_s: float) -> None:
        self._lasts_s = lasts_s

    async def subscribe(self, topic: str) -> None:
        pass

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        pass

    async def publish_event(self, topic: str, payload: bytes) -> None:
        pass

    def acknowledge(self, message: object) -> None:
        pass

    async def messages(self) -> AsyncIterator[Any]:
        await asyncio.sleep(self._lasts_s)
        raise aiomqtt.MqttError("gone")
        yield  # type: ignore[unreachable]  # it makes this an iterator


def connections(dice: Callable[[], float], lasts_s: float, for_s: float) -> list[tuple[float, float]]:
    """Run a link whose connections last so long each; return when each began and when it ended."""
    seen: list[tuple[float, float]] = []

    @asynccontextmanager
    async def connect(_settings: LinkSettings, _tls: SSLContext | None) -> AsyncIterator[Any]:
        began_s = asyncio.get_running_loop().time()
        seen.append((began_s, began_s + lasts_s))
        yield Standing(lasts_s)

    run_link(connect, dice, for_s)
    return seen


def test_a_connection_that_flaps_for_hours_is_tried_seldom() -> None:
    seen = connections(random.Random(3).random, 1.0, LONG_S)
    most = LONG_S / (1.0 + SETTINGS.retry_most_s / 2)
    assert LONG_S / (1.0 + SETTINGS.retry_most_s) < len(seen) < most + 10


def test_a_fleet_whose_broker_restarts_comes_back_spread_over_seconds() -> None:
    fleet = random.Random(4)
    back_s = []
    for _ in range(40):
        (_, lost_s), (again_s, _) = connections(fleet.random, 100.0, 250.0)[:2]
        back_s.append(again_s - lost_s)
    assert min(back_s) < SETTINGS.retry_first_s + 1
    assert SETTINGS.first_connect_within_s - 1 < max(back_s)
    assert max(back_s) <= SETTINGS.first_connect_within_s + SETTINGS.retry_first_s


def test_a_connection_that_stood_for_long_is_sought_again_soon() -> None:
    (_, lost_s), (again_s, _) = connections(lambda: 0.0, 100.0, 250.0)[:2]
    assert again_s - lost_s <= SETTINGS.retry_first_s
