"""How often a link knocks at a broker that is not there, in virtual time: seldom, bounded, never in step."""

import asyncio
import itertools
import logging
import random
from collections.abc import Callable
from ssl import SSLContext
from typing import NoReturn

import aiomqtt
import pytest

from locker.sync.settings import LinkSettings
from tests.unit.sync.automat import run_link

DAY_S = 86_400.0
SETTINGS = LinkSettings("a-1", "127.0.0.1", 1)


def knocks(dice: Callable[[], float], for_s: float) -> list[float]:
    """Run a link whose broker is not there for so long; return when it tried."""
    tried: list[float] = []

    def nobody(_settings: LinkSettings, _tls: SSLContext | None) -> NoReturn:
        tried.append(asyncio.get_running_loop().time())
        raise aiomqtt.MqttError("connection refused")

    run_link(nobody, dice, for_s)
    return tried


def test_the_pauses_grow_to_the_longest_and_are_half_of_it_at_least() -> None:
    tried = knocks(random.Random(1).random, DAY_S)
    pauses_s = [after - before for before, after in itertools.pairwise(tried)]
    whole_s = SETTINGS.retry_first_s
    for pause_s in pauses_s:
        assert whole_s / 2 <= pause_s <= whole_s
        whole_s = min(SETTINGS.retry_most_s, whole_s * 2)
    assert len(tried) <= 10 + 2 * DAY_S / SETTINGS.retry_most_s


def test_a_fleet_that_starts_at_once_connects_spread_over_seconds() -> None:
    fleet = random.Random(2)
    first_s = sorted(knocks(fleet.random, SETTINGS.first_connect_within_s + 1)[0] for _ in range(40))
    assert first_s[0] < 1
    assert SETTINGS.first_connect_within_s - 1 < first_s[-1] <= SETTINGS.first_connect_within_s


def test_a_fleet_that_lost_its_broker_does_not_come_back_in_step() -> None:
    slow, quick = knocks(lambda: 1.0, 600), knocks(lambda: 0.0, 600)
    settled_s = SETTINGS.retry_most_s
    assert slow[-1] - slow[-2] == pytest.approx(settled_s)
    assert quick[-1] - quick[-2] == pytest.approx(settled_s / 2)


def test_thirty_days_without_a_broker_are_one_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert len(knocks(lambda: 1.0, 30 * DAY_S)) > 30 * DAY_S / SETTINGS.retry_most_s - 1
    assert [record.getMessage() for record in caplog.records] == ["broker 127.0.0.1:1: connection refused"]
