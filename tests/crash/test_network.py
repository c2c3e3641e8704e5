"""A few of the troubles that `python -m tests.crash.network` does by the hundred, and silence by itself."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from simulator.broker import Broker, find
from tests.crash import network
from tests.crash.proxy import Proxy, Trouble, proxy
from tests.crash.uplink import LiveAutomat

pytestmark = [
    pytest.mark.broker,
    pytest.mark.skipif(find("mosquitto") is None, reason="install mosquitto to run this"),
]


async def test_nothing_is_lost_and_nobody_waits_over_a_bad_network(tmp_path: Path) -> None:
    outcome = await network.play(tmp_path, seed=11, times=4)
    assert outcome.findings == []
    assert outcome.ran["receipts"] > 3


async def test_a_half_open_connection_is_noticed_and_replaced_while_people_are_served(tmp_path: Path) -> None:
    async with worked(tmp_path, keepalive_s=1) as (automat, between):
        # On a busy machine the link may have been down just now, and everything was picked up meanwhile.
        await automat.until(lambda: automat.expects_parcels, "an announcement")
        served = len(automat.done.handed_over)
        between.become(Trouble.SWALLOW)
        await automat.until(lambda: not automat.link.connected, "the end of silence", network.BACK_WITHIN_S)
        await automat.until(lambda: len(automat.done.handed_over) > served, "a pick-up meanwhile")
        between.become(Trouble.NONE)
        assert await network.is_back(automat)


async def test_without_pings_a_half_open_connection_stays_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "BACK_WITHIN_S", 4.0)
    async with worked(tmp_path, keepalive_s=600) as (automat, between):
        between.become(Trouble.SWALLOW)
        assert not await network.is_back(automat)
        assert automat.link.connected, "it could not know better"


@asynccontextmanager
async def worked(directory: Path, *, keepalive_s: int) -> AsyncIterator[tuple[LiveAutomat, Proxy]]:
    """Run an automat at work that reaches its broker through a proxy."""
    broker = await Broker.start(directory, "mosquitto")
    try:
        async with (
            proxy(broker.host, broker.port) as between,
            LiveAutomat(
                directory,
                broker.host,
                between.port,
                broker_port=broker.port,
                dice=Random(1),
                keepalive_s=keepalive_s,
                connect_limit_s=network.CONNECT_LIMIT_S,
            ) as automat,
            automat.people(),
        ):
            await automat.until(lambda: automat.link.connected, "the link")
            yield automat, between
            between.become(Trouble.NONE)
            between.cut()
    finally:
        await broker.stop()
